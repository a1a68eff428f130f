"""Uses that change what is kept: afterwards the old state is there or the new one, and every secret opens."""

import base64
import shutil
from contextlib import suppress

import yaml
from formats.reading import read
from runs.world import TESTS

from connector.errors import ConnectorError
from connector.storage.connections.encryption import MasterKeys
from connector.storage.connections.signing_secrets import SigningSecrets
from connector.storage.database.migrations import NEWEST
from faults.uses import ALL

_HOME = TESTS / "cases" / "formats" / f"home-{NEWEST - 1}"
_OLD, _NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
_NAMES = ("first", "second", "third")


class _Change:
    """It is done once more, as its user would."""

    kinds, most, large = ALL, 0, ""

    def act(self, scene, prompt, fault):
        return scene.command(*self.words, fault=fault)

    def again(self, scene, found):
        ended = scene.command(*self.words)
        if ended.code:
            found.wrong.append(f"it fails afterwards: {ended.err[-300:]}")


class Added(_Change):
    """A connection with its secrets, in a home that has no master key yet."""

    words = (
        "connections",
        "add",
        "work",
        "-e",
        "far",
        "--api-key",
        "sk-work-0123",
        "--header",
        "X-Team=quiet",
        "--replace",
    )

    def next(self, scene, prompt, ended, found):
        listed = scene.json("connections", "list")["connections"]
        if listed or ended.code == 0:
            _tested(scene, found)
        self.again(scene, found)
        _tested(scene, found)


class Rotated(_Change):
    """Three connections and a signing secret, sealed again with another master key."""

    words = ("connections", "rotate")

    def act(self, scene, prompt, fault):
        ready = scene.place / "sealed"
        if not ready.exists():
            scene.environ = {"CONNECTOR_MASTER_KEY": _OLD}
            for name in _NAMES:
                added = scene.command("connections", "add", name, "-e", "far", "--api-key", f"sk-{name}-0123")
                assert added.code == 0, added
            with scene.connector() as connector:
                _signing(connector, scene, _OLD).put("a-webhook", "whsec")
            shutil.copytree(scene.home, ready)
        shutil.copytree(ready, scene.home, dirs_exist_ok=True)
        scene.environ = {"CONNECTOR_MASTER_KEY": f"{_NEW},{_OLD}"}
        return super().act(scene, prompt, fault)

    def next(self, scene, prompt, ended, found):
        _tested(scene, found)
        opened = {key: _opened(scene, key) for key in (_OLD, _NEW)}
        if sorted(opened.values()) != [0, len(_NAMES) + 1]:
            found.wrong.append(f"sealed by the old key: {opened[_OLD]}, by the new one: {opened[_NEW]}")
        if ended.code == 0 and not opened[_NEW]:
            found.wrong.append("it said that it was done")
        self.again(scene, found)
        if _opened(scene, _NEW) != len(_NAMES) + 1:
            found.wrong.append("not every secret is sealed by the new key afterwards")


class Migrated(_Change):
    """The home of an earlier version, which is opened by this one."""

    words = ("spend",)

    def act(self, scene, prompt, fault):
        if not self._whole(scene).exists():
            self._prepare(scene)
            assert scene.command(*self.words).code == 0
            shutil.copytree(scene.home, self._whole(scene))
        self._prepare(scene)
        return super().act(scene, prompt, fault)

    def _prepare(self, scene):
        shutil.rmtree(scene.home)
        shutil.copytree(_HOME, scene.home)

    def _whole(self, scene):
        """The same home, after it was opened undisturbed."""
        return scene.place / "migrated"

    def next(self, scene, prompt, ended, found):
        self.again(scene, found)
        shown = yaml.safe_load(_HOME.with_suffix(".yaml").read_text("utf-8"))["shown"]
        if read(scene.home, shown) != read(self._whole(scene), shown):
            found.wrong.append("it does not say what it said")


STATES = {"add": Added(), "rotate": Rotated(), "migrate": Migrated()}


def _tested(scene, found):
    """Every connection is accepted by the far side, which takes its secrets to be open and whole."""
    ended = scene.command("connections", "test")
    if ended.code:
        found.wrong.append(f"a connection does not work: {(ended.out + ended.err)[-300:]}")


def _signing(connector, scene, key):
    return SigningSecrets(connector.workspace.database, MasterKeys({"CONNECTOR_MASTER_KEY": key}, scene.home))


def _opened(scene, key):
    """How many secrets a master key opens."""
    count = 0
    with scene.connector(CONNECTOR_MASTER_KEY=key) as connector:
        for name in _NAMES:
            with suppress(ConnectorError):
                connector.balance(connection=name)
                count += 1
        with suppress(ConnectorError):
            count += _signing(connector, scene, key).get("a-webhook").reveal() == "whsec"
    return count
