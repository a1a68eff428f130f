"""Which connection is used where a call names none: nobody is surprised where the money goes."""

import json

import pytest
from PIL import Image
from upstream import KEY, World, picture, started

from connector import Configuration, Connection, MissingCredential, UnknownName

CORE = ("stable-image-core", {"prompt": "a cat"})
# The connections that are kept, each with its environments, the first of which is its default.
TWO = {"work": ["production", "staging"], "play": ["sandbox"]}
SAME = {"work": ["production"], "home": ["production", "staging"]}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, environ={"CONNECTOR_MASTER_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="})
    yield made
    made.connector.close()


def keep(world, connections):
    for name, environments in connections.items():
        fields = {"api_key": f"sk-{name}-0123456789"}
        configurations = tuple(
            Configuration(each, (each,), each == environments[0], fields=fields) for each in environments
        )
        connection = Connection(name, "stabilityai", configurations)
        world.connector.workspace.connections.add(connection, {"api_key"})


def default(world, name):
    world.connector.workspace.connections.set_default(name)


@pytest.mark.parametrize(
    ("kept", "environment", "expected"),
    [
        ({"work": ["production"]}, None, ("production", "work")),
        ({"work": ["staging"]}, None, ("staging", "work")),
        ({"play": ["sandbox"]}, "sandbox", ("sandbox", "play")),
        (TWO, None, ("production", "work")),
        (TWO, "production", ("production", "work")),
        (TWO, "staging", ("staging", "work")),
        (TWO, "sandbox", ("sandbox", "play")),
        (SAME, "staging", ("staging", "home")),
        (SAME, "sandbox", ("sandbox", "")),
        ({**SAME, "default": ["production"]}, "production", ("production", "default")),
    ],
)
def test_the_only_one_that_has_the_environment_is_used(world, kept, environment, expected):
    """Whatever else is kept, also for an environment that has a credential of its own."""
    keep(world, kept)
    assert world.connector.place(environment=environment) == expected


@pytest.mark.parametrize("environment", [None, "production"])
def test_where_several_could_be_meant_the_candidates_are_listed(world, environment):
    """And nothing is sent. What could not be meant is not among them."""
    keep(world, {**SAME, "play": ["sandbox"]})
    with pytest.raises(UnknownName, match=r"\(home, work\).*connections default NAME"):
        world.connector.invoke(*CORE, environment=environment)
    assert world.sent() == []


@pytest.mark.parametrize("how", ["kept", "variable", "both"])
@pytest.mark.parametrize("environment", [None, "production"])
def test_the_default_is_used_among_several(world, how, environment):
    """A variable goes before what is kept."""
    keep(world, SAME)
    if how != "variable":
        default(world, "work" if how == "both" else "home")
    if how != "kept":
        world.environ["CONNECTOR_CONNECTION"] = "home"
    assert world.connector.place(environment=environment) == ("production", "home")


def test_the_default_has_its_own_environment(world):
    """Where none is named it acts where it acts by itself."""
    keep(world, TWO)
    default(world, "play")
    assert world.connector.place() == ("sandbox", "play")
    assert world.connector.place(environment="staging") == ("staging", "work")


def test_a_default_that_lacks_the_environment_is_not_replaced_by_a_variable(world):
    """Whoever named a connection hears that it cannot be used there. What costs nothing is used."""
    keep(world, {"work": ["production"], "home": ["production"]})
    default(world, "work")
    world.environ["STABILITY_API_KEY"] = KEY
    with pytest.raises(UnknownName, match="connection 'work' has no environment 'staging'"):
        world.connector.invoke(*CORE, environment="staging")
    assert world.connector.place(environment="sandbox") == ("sandbox", "")


def test_a_variable_that_names_no_connection_is_told(world):
    """By its own name, also where there is but one connection that could be used."""
    keep(world, {"work": ["production"]})
    world.environ["CONNECTOR_CONNECTION"] = "wrok"
    with pytest.raises(UnknownName, match=r"CONNECTOR_CONNECTION.*'wrok'.*did you mean 'work'"):
        world.connector.invoke(*CORE)
    assert world.sent() == []


def test_the_key_of_a_variable_serves_where_no_connection_does(world):
    """A connection that is added for another environment breaks nothing."""
    world.environ["STABILITY_API_KEY"] = KEY
    keep(world, {"play": ["sandbox"]})
    result = world.connector.invoke(*CORE, environment="production")
    assert world.upstream.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert (result.environment, result.connection, result.variable) == (
        "production",
        None,
        "STABILITY_API_KEY",
    )


def test_a_connection_that_is_kept_for_the_sandbox_is_used_there(world):
    keep(world, {"play": ["sandbox"]})
    result = world.connector.invoke(*CORE, environment="sandbox")
    assert world.upstream.requests[0].headers["authorization"] == "Bearer sk-play-0123456789"
    assert (result.environment, result.connection, result.variable) == ("sandbox", "play", None)


@pytest.mark.parametrize("connection", [None, "work"])
def test_what_was_meant_by_an_environment_is_said_beside_any_connection(world, connection):
    """All environments are meant that there are: those of the manifest, and those of connections."""
    keep(world, {"work": ["production", "staging"]})
    with pytest.raises(UnknownName, match=r"no environment 'sanbox'.*did you mean 'sandbox'"):
        world.connector.place(environment="sanbox", connection=connection)


def test_a_job_is_asked_for_without_a_connection_where_it_was_started_without(world, tmp_path):
    """One that was added meanwhile has another key."""
    world.environ["STABILITY_API_KEY"] = KEY
    world.upstream.answers = [started(), picture()]
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    given = {"prompt": "x", "image": tmp_path / "a.png"}
    job = world.connector.submit("start-creative-upscale", given)
    keep(world, {"work": ["production"]})
    result = world.connector.wait(job.job_id)
    assert (result.connection, result.variable) == (None, "STABILITY_API_KEY")
    assert world.upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_a_default_is_kept_for_each_integration(world, tmp_path):
    """It is readable text, which holds no secret, and goes with the connection."""
    keep(world, SAME)
    default(world, "home")
    (kept,) = tmp_path.glob("default-connections.json")
    assert json.loads(kept.read_text()) == {"stabilityai": "home"}
    world.connector.workspace.connections.remove("home")
    assert json.loads(kept.read_text()) == {}
    with pytest.raises(UnknownName, match="no connection 'hoem'"):
        default(world, "hoem")


def test_a_preview_says_whose_credential_it_would_use(world):
    """The connection, or the variable; nothing where the environment has its own."""
    keep(world, {"play": ["sandbox"]})
    world.environ["STABILITY_API_KEY"] = KEY
    told = world.connector.preview(*CORE, environment="production").to_dict()
    assert (told["environment"], told["variable"]) == ("production", "STABILITY_API_KEY")
    assert "connection" not in told
    told = world.connector.preview(*CORE, environment="sandbox").to_dict()
    assert (told["environment"], told["connection"]) == ("sandbox", "play")
    assert "variable" not in told


def test_without_any_key_the_way_to_one_is_told(world):
    keep(world, {"play": ["sandbox"]})
    with pytest.raises(MissingCredential, match="set STABILITY_API_KEY"):
        world.connector.invoke(*CORE, environment="production")
