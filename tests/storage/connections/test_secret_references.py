"""A reference is resolved when it is used, and whatever goes wrong says what to do and not what it read."""

from __future__ import annotations

import logging
import traceback

import httpx
import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from connector.errors import MissingCredential
from connector.storage.connections import secret_references
from connector.storage.connections.secret_references import is_reference, resolve

VALUE = "sk-the-secret-itself"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env:API_KEY", True),
        ("file:/run/secrets/key", True),
        ("keyring:stability/me", True),
        ("vault:secret/stability#key", True),
        ("sk-abc:def", False),
        ("user:password", False),
        ("env:", False),
        ("env: x", False),
        ("", False),
    ],
)
def test_is_reference(text, expected):
    """A text whose scheme is known is a reference; any other is a secret itself."""
    assert is_reference(text) is expected


def refused(text, **world):
    """The message of a reference that leads nowhere; no part of the failure may show the secret."""
    with pytest.raises(MissingCredential) as caught:
        resolve(text, **world)
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_env():
    """An environment variable is read at each use."""
    environ = {"KEY": VALUE}
    assert resolve("env:KEY", environ=environ).reveal() == VALUE
    environ["KEY"] = "another"
    assert resolve("env:KEY", environ=environ).reveal() == "another"


@pytest.mark.parametrize(
    ("text", "environ", "says"),
    [
        ("env:KEY", {}, "env:KEY: the environment variable is not set; set KEY where the connector runs"),
        ("env:KEY", {"KEY": ""}, "env:KEY: it is empty; put the secret there"),
        ("env:KEY", {"KEY": "\ufeff\n"}, "env:KEY: it is empty; put the secret there"),
        ("sm:key", {}, "sm:key: nothing resolves `sm:`; write one of env:, file:, keyring:, vault:"),
        (VALUE, {}, "this is no reference to a secret; write one of env:, file:, keyring:, vault:"),
        ("keyring:stability", {}, "keyring:stability: write keyring:SERVICE/USER"),
        ("file:key", {}, "file:key: write the whole path, as in file:/run/secrets/key or file:~/key"),
        ("vault:secret/key", {}, "vault:secret/key: write vault:MOUNT/PATH#FIELD"),
        ("vault:secret/../key#x", {}, "vault:secret/../key#x: write vault:MOUNT/PATH#FIELD"),
    ],
)
def test_leads_nowhere(text, environ, says):
    """A reference that leads nowhere is named, with what to do."""
    assert refused(text, environ=environ) == says


def private(path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    return f"file:{path}"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"], ids=repr)
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_what_editors_add(tmp_path, caplog, start, end):
    """A byte order mark and the newline at the end are no part of it; a private file is read in silence."""
    written = start + VALUE + end
    assert resolve(private(tmp_path / "key", written.encode())).reveal() == VALUE
    assert resolve("env:KEY", environ={"KEY": written}).reveal() == VALUE
    assert caplog.text == ""


def test_file_at_home(tmp_path, monkeypatch):
    """`~` is the user's folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    private(tmp_path / "key", VALUE.encode())
    assert resolve("file:~/key").reveal() == VALUE


def test_file_open_to_all(tmp_path, caplog):
    """A file that everybody can read is used, with a warning that says how to close it."""
    text = private(tmp_path / "key", VALUE.encode())
    (tmp_path / "key").chmod(0o644)
    with caplog.at_level(logging.WARNING, "connector"):
        assert resolve(text).reveal() == VALUE
    assert f"every user of this machine can read {tmp_path}/key; run: chmod 600" in caplog.text
    assert VALUE not in caplog.text


def test_file_that_holds_no_secret(tmp_path):
    """A file that is missing, empty, too long or not text is said to be so."""
    assert "cannot be read (No such file or directory)" in refused(f"file:{tmp_path}/none")
    assert "cannot be read (Is a directory)" in refused(f"file:{tmp_path}")
    assert "it is empty" in refused(private(tmp_path / "a", b"\n"))
    assert "too long" in refused(private(tmp_path / "b", VALUE.encode() * 9999))
    assert "no UTF-8" in refused(private(tmp_path / "c", VALUE.encode() + b"\xff"))


class Pocket(keyring.backend.KeyringBackend):
    """A keyring that holds one entry."""

    priority = 1

    def get_password(self, service, username):
        if service == "locked":
            raise keyring.errors.KeyringLocked(VALUE)
        return VALUE if (service, username) == ("stability/eu", "me") else None

    set_password = delete_password = None


@pytest.fixture
def use_keyring():
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_keyring(use_keyring):
    """An entry is found by service and user; the service may hold slashes."""
    use_keyring(Pocket())
    assert resolve("keyring:stability/eu/me").reveal() == VALUE
    assert refused("keyring:stability/you").endswith("run: keyring set stability you")
    with pytest.raises(MissingCredential, match=r"refused \(KeyringLocked\); unlock it"):
        resolve("keyring:locked/me")


def test_no_keyring_service(use_keyring):
    """A machine without a keyring is told what to use in its place."""
    use_keyring(keyring.backends.fail.Keyring())
    assert "no keyring service" in refused("keyring:a/b")
    assert "use an env: or file: reference" in refused("keyring:a/b")


def test_package_not_there(monkeypatch):
    """Without the package its name is told."""
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    assert "pip install 'stability-connector[keyring]'" in refused("keyring:a/b")


VAULT = {"VAULT_ADDR": "https://vault.test:8200/", "VAULT_TOKEN": "vt-123", "VAULT_NAMESPACE": "team"}


def vault(request):
    """A KV version 2 engine at `secret` with one secret in it."""
    if request.headers.get("x-vault-token") != "vt-123":
        return httpx.Response(403, json={"errors": ["permission denied"]})
    if request.url.path == "/v1/secret/data/apps/moved":
        return httpx.Response(307, headers={"location": "https://elsewhere.test/"})
    if request.url.path == "/v1/secret/data/apps/page":
        return httpx.Response(200, text=VALUE)
    if request.url.raw_path != b"/v1/secret/data/apps/stability%20ai":
        return httpx.Response(404, json={"errors": []})
    assert request.headers["x-vault-namespace"] == "team"
    data = {"key": VALUE, "port": 1, "blank": ""}
    return httpx.Response(200, json={"data": {"data": data, "metadata": {"version": 3}}})


def test_vault():
    """A field of a secret is fetched with the token and within the namespace."""
    found = resolve("vault:secret/apps/stability ai#key", environ=VAULT, transport=httpx.MockTransport(vault))
    assert found.reveal() == VALUE


def test_vault_token_file(tmp_path):
    """The token may stand in a file."""
    private(tmp_path / "token", b"vt-123\n")
    environ = VAULT | {"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": str(tmp_path / "token")}
    found = resolve(
        "vault:secret/apps/stability ai#key", environ=environ, transport=httpx.MockTransport(vault)
    )
    assert found.reveal() == VALUE


@pytest.mark.parametrize(
    ("target", "environ", "says"),
    [
        ("stability ai#no", VAULT, "the secret has no field 'no'"),
        ("stability ai#port", VAULT, "the field 'port' is no text"),
        ("stability ai#blank", VAULT, "it is empty"),
        ("none#key", VAULT, "the vault has no such secret; check the path"),
        ("page#key", VAULT, "the secret has no field 'key'"),
        ("moved#key", VAULT, "the vault answered 307; check VAULT_ADDR"),
        ("none#key", VAULT | {"VAULT_TOKEN": "vt-124"}, "the vault refuses the token; renew VAULT_TOKEN"),
        ("none#key", VAULT | {"VAULT_TOKEN": ""}, "there is no VAULT_TOKEN"),
        ("none#key", VAULT | {"VAULT_TOKEN": f"{VALUE}\n1"}, "characters that no header may have"),
        ("none#key", {}, "VAULT_ADDR holds no http URL"),
        ("none#key", VAULT | {"VAULT_ADDR": "vault:x"}, "VAULT_ADDR holds no http URL"),
        (
            "none#key",
            VAULT | {"VAULT_ADDR": "http://vault:port"},
            "the vault at VAULT_ADDR cannot be reached (InvalidURL)",
        ),
    ],
)
def test_vault_refuses(target, environ, says):
    """Whatever the vault answers in place of a secret is told, with what to do."""
    assert says in refused(
        f"vault:secret/apps/{target}", environ=environ, transport=httpx.MockTransport(vault)
    )


def test_vault_unreachable():
    """A vault that does not answer is said to be unreachable."""

    def refuse(request):
        raise httpx.ConnectError("no route")

    said = refused("vault:secret/a#b", environ=VAULT, transport=httpx.MockTransport(refuse))
    assert "cannot be reached (ConnectError)" in said


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Another package, installed, that resolves `pocket:`."""
    module = (
        "def find(target, sources):\n"
        "    if target == 'hole': raise KeyError('sk-the-secret-itself')\n"
        "    return sources.environ['IN_POCKET'] + target\n"
    )
    (tmp_path / "pocket_plugin.py").write_text(module)
    info = tmp_path / "pocket_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pocket-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[connector.references]\npocket = pocket_plugin:find\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    secret_references._plugins.cache_clear()
    yield
    secret_references._plugins.cache_clear()


@pytest.mark.usefixtures("plugin")
def test_schemes_of_other_packages():
    """A package that is installed adds its scheme, and its failures are told without their text."""
    assert is_reference("pocket:left")
    assert resolve("pocket:left", environ={"IN_POCKET": "my-"}).reveal() == "my-left"
    assert "its resolver pocket_plugin:find failed (KeyError)" in refused("pocket:hole")
    assert "keyring:, vault:, pocket:" in refused("sm:key")


def test_resolved_secret_is_masked():
    """What comes back shows itself masked."""
    assert VALUE not in repr(resolve("env:KEY", environ={"KEY": VALUE}))
