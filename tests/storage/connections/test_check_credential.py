"""What was given for a credential is checked before it is kept, whoever took it in."""

import pytest

from connector.errors import Problem
from connector.secret import Secret
from connector.spec.model import Auth, Environment, Integration
from connector.storage.connections import check_credential
from connector.storage.connections.secret_references import Reference

FIELDS = {
    "key": {"type": "string", "secret": True, "pattern": "^sk-"},
    "team": {"type": "string", "maxLength": 4},
}
SCHEMA = {"type": "object", "additionalProperties": False, "required": ["key"], "properties": FIELDS}
LIVE = {"live": Environment("live", "https://api.example")}


def _integration(auth="bearer"):
    return Integration(
        "small",
        "Small",
        "1",
        "",
        LIVE,
        "live",
        {},
        credential=SCHEMA,
        auth=Auth(auth, {"token": "{{ key }}"}),
    )


@pytest.mark.parametrize(
    ("given", "path", "says"),
    [
        ({"key": Secret("pk-1")}, "key", "is not accepted; must match ^sk-"),
        ({"key": "pk-1"}, "key", "is not accepted; must match ^sk-"),
        ({"key": Secret("Bearer sk-1")}, "key", "begins with the word Bearer; give the key alone"),
        ({"team": "abcde"}, "team", "has 5 characters; at most 4 characters"),
        ({"kee": "sk-1"}, "kee", "is not a field of the credential; did you mean 'key'?"),
    ],
)
def test_each_mistake_is_told_once_at_its_field(given, path, says):
    """In a sentence that holds no secret; the path begins where the caller says."""
    assert list(check_credential.problems(_integration(), given)) == [Problem(path, says)]
    assert list(check_credential.problems(_integration(), given, "fields")) == [
        Problem(f"fields.{path}", says)
    ]


@pytest.mark.parametrize(
    "given", [{}, {"key": Secret("sk-1"), "team": "a"}, {"key": Reference("env:KEY")}, {"key": "env:KEY"}]
)
def test_what_is_elsewhere_or_may_still_come_is_no_problem(given):
    """A reference names no value; what is missing can be asked for."""
    assert list(check_credential.problems(_integration(), given)) == []


def test_a_scheme_is_only_in_the_way_where_it_is_added():
    """In a header of its own a key may well begin so."""
    (problem,) = check_credential.problems(_integration("api_key"), {"key": "Bearer sk-1"})
    assert "must match" in problem.message


def test_an_environment_of_ones_own_needs_an_address():
    """One that the integration declares has it."""
    (said,) = check_credential.homeless(_integration(), ["live", "lvie"], None)
    assert said.startswith("Small has no environment 'lvie'; one of your own needs a base URL")
    assert said.endswith("; did you mean 'live'?")
    assert list(check_credential.homeless(_integration(), ["lvie"], "https://other.example")) == []
