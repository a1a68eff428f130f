"""What Airflow keeps of a connection becomes a place of ours."""

from dataclasses import dataclass

import pytest

from connector import InvalidArguments
from connector.airflow.settings import AirflowTarget, place
from connector.secret import Secret


@dataclass
class Kept:
    conn_id: str = "mine"
    host: str | None = None
    password: str | None = None


def placed(tmp_path, extra=None, **kept) -> AirflowTarget:
    return place(Kept(**kept), extra or {}, tmp_path / "cache")


def test_a_secret_is_that_of_the_credential(tmp_path):
    """The form's secret is the field that the integration says is one."""
    found = placed(tmp_path, password="sk-0123456789", host="https://proxy.example")
    (one,) = found.given.configurations
    assert (found.environment, found.connection, found.given.name) == (None, "mine", "mine")
    assert (one.environments, one.base_url) == (("production",), "https://proxy.example")
    assert one.fields == {"api_key": Secret("sk-0123456789")}


@pytest.mark.parametrize("told", [{"organization": "org-1"}, '{"organization": "org-1"}'])
def test_the_other_fields_are_json(tmp_path, told):
    """As an object in a connection of the environment, and as text in one of the form."""
    found = placed(
        tmp_path, {"credential": told, "cap": "12.5", "environment": "staging"}, password="sk-0123"
    )
    (one,) = found.given.configurations
    assert one.fields == {"organization": "org-1", "api_key": Secret("sk-0123")}
    assert (one.cap, one.environments, found.environment) == (12.5, ("staging",), "staging")


def test_a_sandbox_needs_nothing(tmp_path):
    """Its credential is no secret, and stands in the integration."""
    found = placed(tmp_path, {"environment": "sandbox"})
    assert (found.environment, found.connection, found.given) == ("sandbox", None, None)


def test_a_connection_of_ours_is_named(tmp_path):
    """Then the secret stays where the connector keeps it."""
    found = placed(tmp_path, {"connection": "work", "environment": "staging"})
    assert (found.environment, found.connection, found.given) == ("staging", "work", None)


def test_another_integration_has_its_own_credential(tmp_path):
    """No API is known here by name."""
    found = placed(
        tmp_path, {"integration": "tests/other", "credential": {"client_id": "me"}}, password="s3cr3t"
    )
    (one,) = found.given.configurations
    assert (found.integration.id, one.fields) == (
        "parcels",
        {"client_id": "me", "client_secret": Secret("s3cr3t")},
    )


@pytest.mark.parametrize(
    ("extra", "kept", "fields"),
    [
        ({"credential": "{"}, {}, ["credential"]),
        ({"credential": {"organization": 1}, "cap": "much"}, {}, ["credential", "cap"]),
        ({"cap": -1, "environment": 3}, {}, ["environment", "cap"]),
        ({"cap": 5, "environment": "sandbox"}, {}, ["cap"]),
        ({"connection": "work", "cap": 5}, {}, ["cap"]),
        ({"connection": "work"}, {"password": "sk-0123"}, ["connection"]),
        ({"connection": "work"}, {"host": "https://proxy.example"}, ["connection"]),
    ],
)
def test_mistakes_are_told_at_their_fields(tmp_path, extra, kept, fields):
    """All at once."""
    with pytest.raises(InvalidArguments) as raised:
        placed(tmp_path, extra, **kept)
    assert [problem.path for problem in raised.value.problems] == fields
