"""A connection says which configuration serves an environment, and all that is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.errors import UnknownName
from connector.secret import Secret
from connector.storage.connections.encryption import Sealed
from connector.storage.connections.model import Configuration, Connection, check, configuration_for, header
from connector.storage.connections.secret_references import Reference

LIVE = Configuration("live", ("production", "eu"), fields={"api_key": Secret("sk-live")})
TRIAL = Configuration("trial", ("staging",), default=True, fields={"api_key": Reference("env:KEY")})
BOTH = Connection("stability", "stability-ai", (LIVE, TRIAL))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("production", LIVE), ("eu", LIVE), ("staging", TRIAL), (None, TRIAL)],
)
def test_configuration_for(environment, expected):
    """The configuration that names the environment serves it, or the default one where none is named."""
    assert configuration_for(BOTH, environment) is expected


@pytest.mark.parametrize("environment", ["prodution", "", "Staging", "live"])
def test_never_another_environment(environment):
    """An environment that nobody named gets no credential at all, but a list of what there is."""
    with pytest.raises(
        UnknownName, match=rf"no environment '{environment}'; it has 'production', 'eu', 'staging'"
    ):
        configuration_for(BOTH, environment)


def test_says_what_was_meant():
    """The nearest name is offered."""
    with pytest.raises(UnknownName, match="did you mean 'production'"):
        configuration_for(BOTH, "prodution")


def test_to_dict_shows_no_secret():
    """Every face may show a connection: of a secret it tells that it is there, or its reference."""
    fields = {"api_key": Secret("sk-live"), "old": Sealed("k1", "bm9uY2U=", "c2VjcmV0"), "team": "blue"}
    configuration = Configuration(
        "live",
        ("production",),
        default=True,
        base_url="https://api.test",
        headers=(("x-team", "blue"), ("x-token", Secret("tk-live")), ("accept", "a/b")),
        cap=50.0,
        fields=fields | {"other": Reference("file:/run/key")},
    )
    shown = Connection("stability", "stability-ai", (configuration,), created=0.0, updated=1.5).to_dict()
    assert shown == {
        "name": "stability",
        "integration": "stability-ai",
        "created": "1970-01-01T00:00:00.000Z",
        "updated": "1970-01-01T00:00:01.500Z",
        "configurations": [
            {
                "name": "live",
                "environments": ["production"],
                "default": True,
                "base_url": "https://api.test",
                "headers": {"x-team": {"plain": "blue"}, "x-token": {"stored": True}, "accept": "a/b"},
                "cap": 50.0,
                "fields": {
                    "api_key": {"stored": True},
                    "old": {"stored": True},
                    "team": "blue",
                    "other": {"reference": "file:/run/key"},
                },
            }
        ],
    }
    assert "sk-live" not in repr(configuration)
    assert "tk-live" not in repr(configuration)


@pytest.mark.parametrize(("name", "is_shown"), [("Accept", True), ("x_request_id", True), ("X-Team", False)])
def test_a_header_is_a_secret_unless_its_name_is_harmless(name, is_shown):
    """Who gives one need not think of it."""
    assert isinstance(header(name, "blue"), str) is is_shown


@pytest.mark.parametrize(
    ("base_url", "fields", "warns"),
    [
        ("http://api.test", {"api_key": Secret("x")}, True),
        ("HTTP://10.0.0.1:80/v1", {"api_key": Reference("env:X")}, True),
        ("http://api.test", {"team": "blue"}, False),
        ("https://api.test", {"api_key": Secret("x")}, False),
        ("http://127.0.0.1:8000", {"api_key": Secret("x")}, False),
        ("http://localhost", {"api_key": Secret("x")}, False),
        (None, {"api_key": Secret("x")}, False),
    ],
)
def test_a_secret_that_is_sent_in_clear_is_told(base_url, fields, warns):
    """Wherever the connection is shown."""
    shown = Configuration("live", ("production",), True, base_url, (), None, fields).to_dict()
    assert ["in clear" in said for said in shown.get("warnings", [])] == [True] * warns


def problems(**changes):
    changed = replace(TRIAL, **changes)
    return [str(problem) for problem in check(replace(BOTH, configurations=(LIVE, changed)), {"api_key"})]


def test_nothing_wrong():
    """A sound connection has no problem."""
    assert check(BOTH, {"api_key"}) == []
    assert problems(base_url="http://127.0.0.1:8080/v1", cap=0, headers=(("X-Team", "a b"),)) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "a/b"}, "configurations.1.name: is no name"),
        ({"name": "live"}, "configurations: the configuration 'live' is there more than once"),
        ({"environments": ()}, "configurations.1.environments: is empty; name at least one"),
        ({"environments": ("a\nb",)}, "configurations.1.environments: is no name"),
        ({"environments": ("eu",)}, "configurations: the environment 'eu' is there more than once"),
        ({"default": False}, "configurations: make one configuration the default"),
        *(
            ({"base_url": f"http://{host}/latest"}, "configurations.1.base_url: is a link-local address")
            for host in ("169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]")
        ),
        ({"cap": -1}, "configurations.1.cap: must be a number of credits, 0 or more"),
        ({"cap": float("nan")}, "configurations.1.cap: must be a number of credits"),
        ({"headers": (("a b", "c"),)}, "configurations.1.headers: 'a b' is no header name"),
        (
            {"headers": (("Authorization", "Bearer x"),)},
            "configurations.1.headers.Authorization: is set by the credential or the transport",
        ),
        (
            {"headers": (("x", "a\r\nb: c"),)},
            "configurations.1.headers.x: has characters that no header may have",
        ),
        ({"fields": {"api_key": ""}}, "configurations.1.fields.api_key: is empty"),
        ({"fields": {"api_key": Secret("")}}, "configurations.1.fields.api_key: is empty"),
        ({"fields": {"api_key": Reference("sk-oops")}}, "configurations.1.fields.api_key: is no reference"),
        ({"fields": {"team": "env:TEAM"}}, "configurations.1.fields.team: is not declared secret"),
        ({"fields": {"team": Secret("x")}}, "configurations.1.fields.team: is not declared secret"),
        *(
            ({"base_url": url}, "configurations.1.base_url: is no base URL")
            for url in ("api.test", "ftp://api.test", "https://user:pw@api.test", "https://api.test?a=1")
        ),
        *(
            ({"base_url": url}, "is no base URL")
            for url in ("https://api.test:port", "https://a b", "https://")
        ),
    ],
)
def test_each_mistake_is_named(changes, says):
    """A mistake is named by its path, and no secret is quoted."""
    assert len(problems(**changes)) == 1
    assert says in problems(**changes)[0]
    assert "sk-oops" not in problems(**changes)[0]


def test_all_mistakes_at_once():
    """Every mistake is found, not only the first."""
    found = check(Connection("", "stability-ai", ()), set())
    assert [problem.path for problem in found] == ["name", "configurations"]
    assert len(problems(name="", environments=(), cap=-1, default=False)) == 4
