"""Secrets go into the store, come out for a request, and are shown to nobody."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from connector.errors import (
    CredentialError,
    InvalidArguments,
    InvocationError,
    MissingCredential,
    UnknownName,
)
from connector.secret import Secret
from connector.storage.connections.encryption import MasterKeys, Sealed, new_key
from connector.storage.connections.secret_references import Reference
from connector.storage.connections.store import Configuration, Connection, ConnectionStore
from connector.storage.database.database import Database

KEY = "sk-the-secret-itself"
SECRET = {"api_key"}
MASTER = new_key()
KEYS = MasterKeys({"CONNECTOR_MASTER_KEY": MASTER})


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database, clock):
    return ConnectionStore(database, KEYS, environ={"API_KEY": "sk-from-outside"}, clock=clock)


def connection(**fields):
    live = Configuration(
        "live", ("production", "eu"), default=True, fields={"api_key": KEY, "team": "blue"} | fields
    )
    trial = Configuration(
        "trial",
        ("staging",),
        False,
        "https://trial.test/v1",
        (("x-a", "1"),),
        25.5,
        {"api_key": "env:API_KEY"},
    )
    return Connection("stability", "stability-ai", (live, trial))


def fields(connection, name="live"):
    return next(one.fields for one in connection.configurations if one.name == name)


def test_added_and_found(store):
    """What was added is found again as it was, its secrets apart."""
    added = store.add(connection(), SECRET)
    found = store.get("stability")
    assert found == added
    assert found.configurations[1] == replace(
        connection().configurations[1], fields={"api_key": Reference("env:API_KEY")}
    )
    assert (found.created, found.updated) == (1000.0, 1000.0)
    assert store.configuration_for(found, "eu").name == "live"


def test_secrets_are_opened_for_use(store):
    """A credential has its secrets as secrets, and the rest as it is."""
    store.add(connection(), SECRET)
    assert store.credential("stability", "live") == {"api_key": Secret(KEY), "team": "blue"}
    assert store.credential("stability", "trial") == {"api_key": Secret("sk-from-outside")}


def test_nothing_readable_is_kept(tmp_path):
    """Neither the file nor anything the store gives out holds the secret."""
    with closing(Database(tmp_path / "connector.db")) as database:
        store = ConnectionStore(database, MasterKeys({}, tmp_path))
        store.add(connection(api_key=Secret(KEY)), SECRET)
        assert KEY not in repr(store.get("stability")) + str(store.get("stability").to_dict())
        assert all(KEY.encode() not in file.read_bytes() for file in tmp_path.iterdir())
        assert store.credential("stability", "live")["api_key"].reveal() == KEY


def with_headers(*headers):
    live, trial = connection().configurations
    return replace(connection(), configurations=(live, replace(trial, headers=headers)))


def test_headers_are_sealed_and_opened(tmp_path):
    """As the credential is; one that may be seen stays readable, and a reference is resolved."""
    with closing(Database(tmp_path / "connector.db")) as database:
        store = ConnectionStore(database, KEYS, environ={"TOKEN": "tk-outside"})
        given = (("x-token", Secret("tk-the-secret")), ("x-team", "blue"), ("x-b", Secret("env:TOKEN")))
        shown = store.add(with_headers(*given), SECRET).to_dict()["configurations"][1]["headers"]
        opened = store.headers("stability", "trial")
        assert opened == {"x-token": Secret("tk-the-secret"), "x-team": "blue", "x-b": Secret("tk-outside")}
        assert store.headers("stability", "live") == {}
    assert shown == {
        "x-token": {"stored": True},
        "x-team": {"plain": "blue"},
        "x-b": {"reference": "env:TOKEN"},
    }
    assert b"tk-the-secret" not in (tmp_path / "connector.db").read_bytes()


def test_sealed_headers_stay_where_they_are(store, database):
    """Handed back they are kept, also in other environments and under another master key; none moves."""
    kept = store.add(with_headers(("x-token", Secret("tk-1"))), SECRET)
    live, trial = kept.configurations
    moved = replace(kept, configurations=(live, replace(trial, environments=("qa",))))
    kept = store.save(moved, SECRET)
    rotated = ConnectionStore(database, MasterKeys({"CONNECTOR_MASTER_KEY": f"{new_key()},{MASTER}"}))
    assert rotated.rotate() == 2
    assert rotated.headers("stability", "trial") == {"x-token": Secret("tk-1")}
    renamed = replace(trial, headers=(("x-other", trial.headers[0][1]),))
    with pytest.raises(MissingCredential, match="store the secret again"):
        store.save(replace(kept, configurations=(live, renamed)), SECRET)


def test_headers_of_an_older_release_are_secrets(store, database):
    """It wrote them down as texts: they are shown no more, and are sealed with the next change."""
    added = store.add(connection(), SECRET)
    row = database.read("SELECT configurations FROM connections", {})[0]["configurations"]
    told = json.loads(row)
    told[1]["headers"] = [["x-token", "tk-old"], ["accept", "a/b"]]
    database.write("UPDATE connections SET configurations = :told", {"told": json.dumps(told)})
    found = store.get(added.name)
    shown = found.to_dict()["configurations"][1]["headers"]
    assert shown == {"x-token": {"stored": True}, "accept": "a/b"}
    for keep in (lambda: store.save(found, SECRET), store.rotate):
        database.write("UPDATE connections SET configurations = :told", {"told": json.dumps(told)})
        keep()
        assert store.headers("stability", "trial") == {"x-token": Secret("tk-old"), "accept": "a/b"}
        assert (
            "tk-old" not in database.read("SELECT configurations FROM connections", {})[0]["configurations"]
        )


def test_kept_and_replaced(store, clock):
    """A secret stays where its sealed value is handed back, and a new text replaces it."""
    first = store.add(connection(), SECRET)
    clock.now = 2000.0
    second = store.save(replace(first, configurations=(replace(first.configurations[0], cap=5.0),)), SECRET)
    assert fields(second) == fields(first)
    assert (second.created, second.updated) == (1000.0, 2000.0)
    assert store.credential("stability", "live")["api_key"].reveal() == KEY
    store.save(connection(api_key="sk-new"), SECRET)
    assert store.credential("stability", "live")["api_key"].reveal() == "sk-new"
    assert store.get("stability").created == 1000.0


def test_kept_in_other_environments(store):
    """A secret that stays is bound to the environments that its configuration has from now on."""
    first = store.add(connection(), SECRET)
    live, trial = first.configurations
    changed = replace(first, configurations=(replace(live, environments=("production", "us")), trial))
    second = store.save(changed, SECRET)
    assert fields(second)["api_key"] != fields(first)["api_key"]
    assert store.credential("stability", "live")["api_key"].reveal() == KEY


def test_sealed_value_does_not_move(store):
    """A sealed value that was taken from elsewhere, or is out of date, is not stored."""
    first = store.add(connection(), SECRET)
    live, trial = first.configurations
    stolen = replace(trial, fields={"api_key": live.fields["api_key"]})
    with pytest.raises(MissingCredential, match=r"'api_key' of connection 'stability' \(staging\).*again"):
        store.save(replace(first, configurations=(live, stolen)), SECRET)
    with pytest.raises(MissingCredential, match="store the secret again"):
        store.add(replace(first, name="copy"), SECRET)
    store.save(connection(api_key="sk-new"), SECRET)
    with pytest.raises(MissingCredential, match="store the secret again"):
        store.save(first, SECRET)
    assert store.credential("stability", "live")["api_key"].reveal() == "sk-new"


def test_swapped_rows_do_not_open(store, database):
    """A secret that is copied into another connection behind the store's back stays shut."""
    store.add(connection(), SECRET)
    store.add(replace(connection(), name="other"), SECRET)
    database.write(
        "UPDATE connections SET configurations = (SELECT configurations FROM connections WHERE name = :a)"
        " WHERE name = :b",
        {"a": "stability", "b": "other"},
    )
    with pytest.raises(CredentialError, match="'api_key' of connection 'other'"):
        store.credential("other", "live")


def test_rotated(store, database):
    """After a rotation the first key opens everything, and the old one is needed no more."""
    store.add(connection(), SECRET)
    store.add(replace(connection(), name="other"), SECRET)
    fresh = new_key()
    both = ConnectionStore(database, MasterKeys({"CONNECTOR_MASTER_KEY": f"{fresh},{MASTER}"}))
    alone = ConnectionStore(database, MasterKeys({"CONNECTOR_MASTER_KEY": fresh}))
    with pytest.raises(CredentialError, match="master key"):
        alone.credential("other", "live")
    assert both.rotate() == 2
    assert alone.credential("other", "live")["api_key"].reveal() == KEY
    assert alone.credential("stability", "live")["api_key"].reveal() == KEY
    assert fields(alone.get("other"), "trial") == {"api_key": Reference("env:API_KEY")}


def test_rotation_holds_together(store, database):
    """Where one secret cannot be opened none is changed."""
    store.add(connection(), SECRET)
    elsewhere = ConnectionStore(database, MasterKeys({"CONNECTOR_MASTER_KEY": new_key()}))
    elsewhere.add(replace(connection(), name="zzz"), SECRET)
    before = store.list()
    with pytest.raises(CredentialError, match="zzz"):
        store.rotate()
    assert store.list() == before


def test_listed_and_removed(store):
    """Connections are listed by name, of one integration or all, until they are removed."""
    for name, integration in (("b", "stability-ai"), ("a", "other"), ("c", "stability-ai")):
        store.add(replace(connection(), name=name, integration=integration), SECRET)
    assert [one.name for one in store.list()] == ["a", "b", "c"]
    assert [one.name for one in store.list("stability-ai")] == ["b", "c"]
    store.remove("b")
    assert [one.name for one in store.list()] == ["a", "c"]


def test_unknown_names(store):
    """A name that is not there is told apart, with the nearest one."""
    with pytest.raises(UnknownName, match="no connection 'x' yet; add one first"):
        store.get("x")
    with pytest.raises(UnknownName, match="no connection 'x' yet"):
        store.remove("x")
    store.add(connection(), SECRET)
    for act in (store.get, store.remove, lambda name: store.credential(name, "live")):
        with pytest.raises(UnknownName, match=r"no connection 'stabilty'; .*did you mean 'stability'"):
            act("stabilty")
    with pytest.raises(
        UnknownName, match="no configuration 'lvie'; it has 'live', 'trial'; did you mean 'live'"
    ):
        store.credential("stability", "lvie")


def test_refused(store):
    """A connection with mistakes, or a name that is taken, changes nothing."""
    store.add(connection(), SECRET)
    with pytest.raises(InvocationError, match="already"):
        store.add(connection(api_key="sk-new"), SECRET)
    with pytest.raises(InvalidArguments) as caught:
        store.save(connection(team="env:TEAM", api_key=""), SECRET)
    assert [problem.path for problem in caught.value.problems] == [
        "configurations.0.fields.api_key",
        "configurations.0.fields.team",
    ]
    assert store.credential("stability", "live")["api_key"].reveal() == KEY


def test_looking_creates_nothing(tmp_path):
    """Whoever only looks leaves neither a database nor a master key behind."""
    with closing(Database(tmp_path / "connector.db")) as database:
        assert ConnectionStore(database, MasterKeys({}, tmp_path)).list() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_reference_needs_no_key(tmp_path):
    """Where all secrets are references no master key is made."""
    with closing(Database(tmp_path / "connector.db")) as database:
        ConnectionStore(database, MasterKeys({}, tmp_path)).add(connection(api_key="file:/run/key"), SECRET)
    assert not (tmp_path / "master.key").exists()


def test_missing_reference_is_told(database):
    """A reference that leads nowhere is an error of the moment of use."""
    store = ConnectionStore(database, KEYS, environ={})
    store.add(connection(), SECRET)
    with pytest.raises(MissingCredential, match="env:API_KEY"):
        store.credential("stability", "trial")


def test_threads(store):
    """Many threads may store and read at once."""

    def work(number):
        store.add(replace(connection(api_key=f"sk-number-{number}"), name=f"c{number}"), SECRET)
        return store.credential(f"c{number}", "live")["api_key"].reveal()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(12))) == [f"sk-number-{number}" for number in range(12)]
    assert isinstance(fields(store.get("c3"))["api_key"], Sealed)
