import pytest
from upstream import KEY, OTHER, World, answer

from connector import Configuration, Connection, MissingCredential, UnknownName

BASE = "https://parcels.example/api"


@pytest.fixture
def world(tmp_path):
    environ = {"CONNECTOR_MASTER_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "SECRET": "first"}
    return World(tmp_path, *map(told, "123456"), integration=OTHER, environ=environ)


def told(token):
    return lambda request: answer(200, {"access_token": token} if "token" in request.url.path else {})


def store(world, secret, base_url=BASE):
    fields = {"client_id": "me", "client_secret": secret}
    one = Configuration("live", ("live",), True, base_url, fields=fields)
    world.connector.workspace.connections.save(Connection("mine", "parcels", (one,)), {"client_secret"})


def invoke(world):
    """The base URL and the credential of a token request."""
    world.upstream.requests.clear()
    world.connector.invoke("track-parcel-of-the-day")
    return [(request.url.host, request.headers.get("authorization")) for request in world.upstream.requests]


def test_a_stored_secret_that_is_replaced_is_used_at_the_next_invocation(world):
    """A connection may be changed, here or in another process, while somebody uses it."""
    store(world, "first")
    before = invoke(world)[0]
    store(world, "second")
    after = invoke(world)[0]
    assert before != after


def test_a_base_url_that_is_replaced_is_used_at_the_next_invocation(world):
    """All of the connection is looked at each time, not only its secrets."""
    store(world, "first")
    invoke(world)
    store(world, "first", "https://other.example/api")
    assert {host for host, _ in invoke(world)} == {"other.example"}


def test_a_reference_is_resolved_at_each_use(world):
    """What a reference resolves to is kept nowhere."""
    store(world, "env:SECRET")
    before = invoke(world)[0]
    world.environ["SECRET"] = "second"
    after = invoke(world)[0]
    assert before != after


def test_an_unchanged_secret_is_opened_once(world):
    """The token that was got with it stays in use, and the master key is not asked for again."""
    store(world, "first")
    invoke(world)
    world.environ["CONNECTOR_MASTER_KEY"] = ""
    assert len(invoke(world)) == 1


def test_a_place_is_named_without_any_secret(world):
    """Where it leads is known also where nobody can open what is stored for it."""
    store(world, "env:SECRET")
    world.environ.clear()
    assert world.connector.place() == ("live", "mine")
    assert world.connector.place(environment="live", connection="mine") == ("live", "mine")
    with pytest.raises(UnknownName):
        world.connector.place(environment="nowhere")


def test_without_a_connection_the_place_is_the_environment(world):
    """Whether or not there is a credential for it."""
    default = world.connector.integration.default_environment
    assert world.connector.place() == (default, "")
    assert world.connector.place(environment=default) == (default, "")
    with pytest.raises(UnknownName, match="no environment"):
        world.connector.place(environment="nowhere")


@pytest.mark.parametrize("written", ["{}", "\ufeff{}", "{}\r\n", "\ufeff{}\n"], ids=repr)
def test_a_key_of_the_environment_is_used_without_what_editors_add(tmp_path, written):
    """A byte order mark and the newline at the end are no part of it."""
    environ = {"STABILITY_API_KEY": written.format(KEY)}
    world = World(tmp_path, answer(200, {"credits": 5}), environ=environ)
    world.connector.invoke("balance")
    assert [one.headers["authorization"] for one in world.upstream.requests] == [f"Bearer {KEY}"]


def test_a_variable_of_nothing_but_a_newline_holds_no_key(tmp_path):
    with pytest.raises(MissingCredential):
        World(tmp_path, environ={"STABILITY_API_KEY": "\ufeff\n"}).connector.invoke("balance")
