"""What a connector is made with holds for each of its calls; a mistake in it is told at once."""

import asyncio

import pytest
from PIL import Image
from upstream import World, picture, started

from connector import AsyncConnector, Configuration, Connection, Connector, InvocationError, UnknownName

CORE = ("stable-image-core", {"prompt": "a cat"})
FACES = pytest.mark.parametrize("face", [Connector, AsyncConnector])
CALLS = {
    "invoke": CORE,
    "submit": CORE,
    "stream": CORE,
    "preview": CORE,
    "estimate": CORE,
    "wait": ("0" * 64,),
    "cancel": ("0" * 64,),
    "test": (),
    "balance": (),
    "place": (),
}


def keep(world, name, *environments):
    fields = {"api_key": f"sk-{name}-0123456789"}
    one = Configuration("all", environments, True, fields=fields)
    world.connector.workspace.connections.add(Connection(name, "stabilityai", (one,)), {"api_key"})


@pytest.mark.parametrize("call", ["invoke", "preview", "estimate", "stream", "test", "balance", "place"])
def test_the_environment_of_the_constructor_holds_where_a_call_names_none(tmp_path, call):
    """A program that says where it works once cannot reach another place by forgetting it."""
    connector = World(tmp_path, environment="nowhere").connector
    with pytest.raises(UnknownName, match="'nowhere'"):
        getattr(connector, call)(*CALLS[call])


def test_a_call_may_name_another_environment_and_connection(tmp_path):
    """What is said last counts."""
    world = World(tmp_path, environment="staging", connection="work")
    keep(world, "work", "staging", "production")
    keep(world, "play", "production")
    assert world.connector.place() == ("staging", "work")
    assert world.connector.place(environment="production") == ("production", "work")
    assert world.connector.place(environment="production", connection="play") == ("production", "play")


def test_the_connection_of_the_constructor_sends_with_its_own_key(tmp_path):
    world = World(tmp_path, picture(), connection="two")
    keep(world, "one", "production")
    keep(world, "two", "production")
    result = world.connector.invoke(*CORE)
    assert result.connection == "two"
    assert world.upstream.requests[0].headers["authorization"] == "Bearer sk-two-0123456789"


def test_a_job_is_asked_for_where_it_was_started(tmp_path):
    """Whatever the defaults of the one who waits for it are."""
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    given = {"prompt": "x", "image": tmp_path / "a.png"}
    job = World(tmp_path, started()).connector.submit("start-creative-upscale", given)
    other = World(tmp_path, picture(), environment="sandbox", connection="nobody")
    result = other.connector.wait(job.job_id)
    assert (result.environment, result.connection) == ("production", None)


@FACES
def test_a_keyword_that_is_not_known_is_refused(face, tmp_path):
    """All of them at once, with what was probably meant."""
    with pytest.raises(TypeError) as caught:
        face(home=tmp_path, enviroment="sandbox", api_key="sk-1")
    said = str(caught.value)
    assert said.startswith(f"{face.__name__}() got an unexpected keyword argument")
    assert "'enviroment'; did you mean 'environment'?" in said
    assert "'api_key'" in said
    assert "sk-1" not in said


@pytest.mark.parametrize("call", [name for name in CALLS if name != "place"])
def test_a_wrong_call_is_told_by_the_class_that_was_called(tmp_path, call):
    """Also where the work is another class's."""
    with Connector(home=tmp_path) as connector, pytest.raises(TypeError) as caught:
        getattr(connector, call)(*CALLS[call], nonsense=1)
    assert str(caught.value).startswith(f"Connector.{call}() got an unexpected keyword argument 'nonsense'")
    assert getattr(Connector, call).__qualname__ == f"Connector.{call}"


@pytest.mark.parametrize("call", CALLS)
def test_a_closed_connector_refuses_every_call(tmp_path, call):
    """Before anything is sent."""
    world = World(tmp_path)
    world.connector.close()
    with pytest.raises(InvocationError, match="the connector is closed"):
        getattr(world.connector, call)(*CALLS[call])
    assert world.sent() == []
    world.connector.close()


@pytest.mark.parametrize("call", CALLS)
def test_a_closed_asynchronous_connector_refuses_every_call(tmp_path, call):
    async def called():
        async with AsyncConnector(home=tmp_path) as connector:
            pass
        outcome = getattr(connector, call)(*CALLS[call])
        if call != "place":
            await outcome

    with pytest.raises(InvocationError, match="the connector is closed"):
        asyncio.run(called())
