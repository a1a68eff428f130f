"""Where one process keeps its data: in its own folder, or on the server that others use too."""

import pytest

from connector.errors import InvocationError, MissingCredential
from connector.storage.connections.encryption import new_key
from connector.storage.connections.model import Configuration, Connection
from connector.storage.database.database import FILE_NAME, Database
from connector.storage.workspace import Workspace, where

SERVER = "postgresql://somebody:secret@db.test/connector"
HIDDEN = Connection(
    "c", "i", (Configuration("live", ("production",), True, fields={"api_key": "sk-hidden"}),)
)
REFERRED = Connection(
    "c", "i", (Configuration("live", ("production",), True, fields={"api_key": "env:KEY"}),)
)


def opened(home, environ, database=None):
    return Workspace(home, environ, lambda: 1000.0, database)


@pytest.mark.parametrize(
    ("environ", "given", "expected"),
    [
        ({}, None, None),
        ({"CONNECTOR_DATABASE": ""}, None, None),
        ({"CONNECTOR_DATABASE": SERVER}, None, SERVER),
        ({"CONNECTOR_DATABASE": "other"}, SERVER, SERVER),
    ],
)
def test_where_the_database_is(tmp_path, environ, given, expected):
    """What is given counts before the environment, and both before the folder."""
    assert where(tmp_path, environ, given) == (expected or tmp_path / FILE_NAME)


def test_a_server_is_shown_without_its_secret(tmp_path):
    """Neither user nor password are in what is shown of a database."""
    database = opened(tmp_path, {"CONNECTOR_DATABASE": SERVER}).database
    assert (database.name, database.path) == ("postgresql://db.test/connector", None)
    assert "secret" not in f"{database.url} {database.url!r}"


@pytest.mark.parametrize("url", ["mysql://a:secret@b/c", "postgresql://a:secret@b:port:port/c?what=so"])
def test_a_url_that_cannot_be_read(tmp_path, url):
    """It is refused with what it should be, and is not repeated."""
    with pytest.raises(InvocationError, match="postgresql://USER:PASSWORD@HOST") as caught:
        _ = opened(tmp_path, {}, url).database
    assert "secret" not in str(caught.value)


def test_a_database_can_be_shared(tmp_path):
    """Who gave it goes on using it."""
    with_others = Database()
    workspace = opened(tmp_path, {}, with_others)
    assert workspace.database is with_others
    workspace.close()
    assert workspace.ledger.entries() == []


def test_a_shared_database_needs_a_key_of_the_operators(tmp_path, postgres_url):
    """A key that one machine makes opens nothing on the others, so none is made; references need none."""
    workspace = opened(tmp_path, {"KEY": "sk-outside"}, postgres_url)
    with pytest.raises(MissingCredential, match=r"CONNECTOR_MASTER_KEY; make one with: openssl rand"):
        workspace.connections.add(HIDDEN, {"api_key"})
    workspace.connections.add(REFERRED, {"api_key"})
    assert workspace.connections.credential("c", "live")["api_key"].reveal() == "sk-outside"
    assert list(tmp_path.iterdir()) == []
    workspace.close()


def test_what_one_machine_keeps_another_opens(tmp_path, postgres_url):
    """With the same key and the same URL."""
    environ = {"CONNECTOR_MASTER_KEY": new_key(), "CONNECTOR_DATABASE": postgres_url}
    here, there = opened(tmp_path / "here", environ), opened(tmp_path / "there", environ)
    here.connections.add(HIDDEN, {"api_key"})
    assert there.connections.credential("c", "live")["api_key"].reveal() == "sk-hidden"
    assert here.database.fingerprint("x") == there.database.fingerprint("x")
    here.close()
    there.close()
