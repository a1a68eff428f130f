"""A sealed secret opens in its own place, with its own key, and nowhere else."""

from __future__ import annotations

import base64
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from connector.errors import CredentialError, MissingCredential
from connector.storage.connections.encryption import MasterKeys, Sealed, SecretAddress, new_key

FORMATS = Path(__file__).parents[2] / "cases" / "formats" / "secrets.yaml"
PINNED = yaml.safe_load(FORMATS.read_text("utf-8"))
SECRET = "sk-the-secret-itself"
PLACE = SecretAddress("stability", ("production", "eu"), "api_key")


def keys(*written):
    return MasterKeys({"CONNECTOR_MASTER_KEY": ",".join(written)})


@pytest.fixture
def key():
    return new_key()


def test_seals_and_opens(key):
    """What was sealed to a place opens there; the order of the environments does not matter."""
    sealed = keys(key).seal(SECRET, PLACE)
    assert keys(key).unseal(sealed, PLACE).reveal() == SECRET
    assert keys(key).unseal(sealed, replace(PLACE, environments=("eu", "production"))).reveal() == SECRET
    assert SECRET not in repr(sealed)
    assert SECRET.encode() not in base64.b64decode(sealed.ciphertext)


@pytest.mark.parametrize("case", PINNED["secrets"], ids=lambda case: case["connection"])
def test_what_was_sealed_before_opens(case):
    """By its master key, whichever place that has among the others; and in its place."""
    place = SecretAddress(case["connection"], tuple(case["environments"]), case["field"])
    sealed = Sealed(**case["sealed"])
    for written in (PINNED["master_keys"], PINNED["master_keys"][::-1]):
        assert keys(*written).unseal(sealed, place).reveal() == case["secret"]


@pytest.mark.parametrize("case", PINNED["secrets"], ids=lambda case: case["connection"])
def test_sealing_anew_gives_the_same_form(case):
    """So that the version before, which others may still run, opens it: version, key and lengths."""
    place = SecretAddress(case["connection"], tuple(case["environments"]), case["field"])
    for master in PINNED["master_keys"]:
        sealed = keys(master).seal(case["secret"], place)
        then = case["sealed"] if sealed.kid == case["sealed"]["kid"] else case["sealed"] | {"kid": sealed.kid}
        assert {name: type(value) for name, value in asdict(sealed).items()} == {
            name: type(value) for name, value in then.items()
        }
        assert (sealed.v, sealed.kid, len(sealed.nonce), len(sealed.ciphertext)) == (
            then["v"], then["kid"], len(then["nonce"]), len(then["ciphertext"])
        )  # fmt: skip


def test_the_name_of_a_master_key_is_the_same_for_ever():
    """It is not the key's own digest, by which a guess at a weak key could be tried out elsewhere."""
    names = [keys(master).seal("", PLACE).kid for master in PINNED["master_keys"]]
    assert names == ["b419b839", "9a636036"]


def test_never_the_same_twice(key):
    """Sealing again gives another text, so that equal secrets cannot be told."""
    assert keys(key).seal(SECRET, PLACE).ciphertext != keys(key).seal(SECRET, PLACE).ciphertext


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, connection="other"),
        replace(PLACE, environments=("staging",)),
        replace(PLACE, environments=("production",)),
        replace(PLACE, environments=("production,eu",)),
        replace(PLACE, field="other_key"),
    ],
    ids=str,
)
def test_bound_to_its_place(key, elsewhere):
    """Copied to another connection, environment or field, a sealed secret stays shut."""
    sealed = keys(key).seal(SECRET, PLACE)
    with pytest.raises(CredentialError, match=r"does not open.*store the secret again"):
        keys(key).unseal(sealed, elsewhere)


@pytest.mark.parametrize(
    "change",
    [
        {"ciphertext": base64.b64encode(b"x" * 40).decode()},
        {"ciphertext": "no base64!"},
        {"nonce": base64.b64encode(b"x" * 12).decode()},
        {"nonce": ""},
        {"nonce": "no base64!"},
    ],
)
def test_changed(key, change):
    """A sealed secret that was tampered with stays shut."""
    sealed = replace(keys(key).seal(SECRET, PLACE), **change)
    with pytest.raises(CredentialError, match="does not open"):
        keys(key).unseal(sealed, PLACE)


def test_several_keys(key):
    """The first key seals, all open, and a key that is gone is named by its id."""
    old, new = keys(key), keys(new_key(), key)
    sealed = old.seal(SECRET, PLACE)
    assert new.unseal(sealed, PLACE).reveal() == SECRET
    again = new.seal(SECRET, PLACE)
    assert again.kid != sealed.kid
    with pytest.raises(
        CredentialError, match=rf"master key '{again.kid}'.*add that key to CONNECTOR_MASTER_KEY"
    ):
        old.unseal(again, PLACE)


@pytest.mark.parametrize("written", ["short", base64.b64encode(b"x" * 31).decode(), "*" * 44])
def test_no_key(written):
    """Something that is no key is refused without being shown."""
    with pytest.raises(MissingCredential, match=r"32 bytes in base64.*openssl rand") as caught:
        keys(written).seal(SECRET, PLACE)
    assert written not in str(caught.value)


def test_key_file(tmp_path, key):
    """Keys may stand in a file that the operator keeps, one a line or separated by commas."""
    path = tmp_path / "keys"
    path.write_text(f"{key}\n{new_key()},{new_key()}\n")
    filed = MasterKeys({"CONNECTOR_MASTER_KEY_FILE": str(path)}, tmp_path)
    assert keys(key).unseal(filed.seal(SECRET, PLACE), PLACE).reveal() == SECRET
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("mode", [0o777, 0o644, 0o640, 0o620, 0o604])
def test_a_key_that_others_can_use_is_refused(tmp_path, mode):
    """As ssh does; with the command that mends it."""
    homely = MasterKeys({}, tmp_path)
    sealed = homely.seal(SECRET, PLACE)
    (tmp_path / "master.key").chmod(mode)
    for use in (lambda: homely.seal(SECRET, PLACE), lambda: homely.unseal(sealed, PLACE)):
        with pytest.raises(CredentialError, match=rf"mode 0{mode:o}\); run: chmod 600 {tmp_path}/master.key"):
            use()
    (tmp_path / "master.key").chmod(0o600)
    assert homely.unseal(sealed, PLACE).reveal() == SECRET


@pytest.mark.parametrize(("mode", "is_taken"), [(0o400, True), (0o444, True), (0o664, False), (0o602, False)])
def test_a_key_that_is_mounted_may_be_read_by_all_and_written_by_none(tmp_path, key, mode, is_taken):
    """Containers get theirs so; who can write it can have everything sealed for themselves."""
    path = tmp_path / "keys"
    path.write_text(key)
    path.chmod(mode)
    filed = MasterKeys({"CONNECTOR_MASTER_KEY_FILE": str(path)}, tmp_path)
    if is_taken:
        assert filed.seal(SECRET, PLACE)
        return
    with pytest.raises(CredentialError, match="chmod 600"):
        filed.seal(SECRET, PLACE)


def test_what_the_environment_holds_comes_before_a_file(tmp_path, key):
    """Also where keys stand apart by spaces and lines."""
    path = tmp_path / "keys"
    path.write_text(new_key())
    environ = {"CONNECTOR_MASTER_KEY": f" {key} , \n{new_key()}\n", "CONNECTOR_MASTER_KEY_FILE": str(path)}
    assert keys(key).unseal(MasterKeys(environ, tmp_path).seal(SECRET, PLACE), PLACE).reveal() == SECRET


def test_the_key_file_may_be_named_from_home(tmp_path, key, monkeypatch):
    """As a shell would have it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "keys").write_text(key)
    filed = MasterKeys({"CONNECTOR_MASTER_KEY_FILE": "~/keys"})
    assert keys(key).unseal(filed.seal(SECRET, PLACE), PLACE).reveal() == SECRET


def test_base64_with_anything_else_in_it_is_no_key(key):
    """Python would read over it, and take a mistyped key for another."""
    with pytest.raises(MissingCredential, match="32 bytes in base64"):
        keys(f"{key[:20]}!{key[20:]}").seal(SECRET, PLACE)


@pytest.mark.parametrize("content", [None, ""])
def test_key_file_is_not_made_up(tmp_path, content):
    """Where the operator's key file is missing or empty no other key is made in its place."""
    path = tmp_path / "keys"
    if content is not None:
        path.write_text(content)
    with pytest.raises(MissingCredential, match=r"no master key in .*keys; make one"):
        MasterKeys({"CONNECTOR_MASTER_KEY_FILE": str(path)}, tmp_path).seal(SECRET, PLACE)
    with pytest.raises(MissingCredential, match="no master key in CONNECTOR_MASTER_KEY"):
        MasterKeys({}).seal(SECRET, PLACE)


def test_an_empty_setting_is_none(tmp_path):
    """As where it is not set, the data folder has the key."""
    keys = MasterKeys({"CONNECTOR_MASTER_KEY": "", "CONNECTOR_MASTER_KEY_FILE": ""}, tmp_path)
    assert keys.unseal(keys.seal(SECRET, PLACE), PLACE).reveal() == SECRET
    assert (tmp_path / "master.key").is_file()


def test_key_is_made_on_first_use(tmp_path):
    """Without settings the data folder gets a private key when the first secret is sealed, and keeps it."""
    home = tmp_path / "data"
    with pytest.raises(CredentialError, match=r"master key '0000'.*master\.key"):
        MasterKeys({}, home).unseal(Sealed("0000", "", ""), PLACE)
    assert not home.exists()
    sealed = MasterKeys({}, home).seal(SECRET, PLACE)
    assert (home / "master.key").stat().st_mode & 0o777 == 0o600
    assert MasterKeys({}, home).unseal(sealed, PLACE).reveal() == SECRET


def test_key_that_cannot_be_made(tmp_path):
    """A folder that cannot be written is an error that says what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(MissingCredential, match=r"cannot be read.*check its path"):
        MasterKeys({}, tmp_path / "file").seal(SECRET, PLACE)


SEALER = """
import sys
from pathlib import Path
from connector.storage.connections.encryption import MasterKeys, SecretAddress
sys.stdin.readline()
print(MasterKeys({}, Path(sys.argv[1])).seal("x", SecretAddress("c", ("e",), "f")).kid)
"""


def test_processes_make_one_key(tmp_path):
    """Processes that all find no key end up with the same one."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", SEALER, str(tmp_path / "data")]
    started = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    used = {process.communicate()[0] for process in started}
    assert len(used) == 1
    assert used != {""}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["master.key"]


def test_package_not_there(tmp_path, monkeypatch):
    """Without the package its name is told, and that references need none; no key is left behind."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingCredential, match=r"stability-connector\[secrets\].*env:NAME needs none"):
        MasterKeys({}, tmp_path).seal(SECRET, PLACE)
    assert list(tmp_path.iterdir()) == []
