"""The connection type: its form, its test button, and what is never shown of it."""

import asyncio
import json
import logging

import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk.log import _secrets_masker
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime
from office import KEY, Office
from upstream import answer

import connector
from connector.airflow.hook import ConnectorHook
from connector.airflow.provider import get_provider_info

FIELDS = {"environment", "integration", "connection", "credential", "cap"}


@pytest.fixture
def office(monkeypatch, tmp_path):
    return Office(monkeypatch, tmp_path)


def test_airflow_knows_the_provider():
    """By the entry point, with its version."""
    provider = ProvidersManager().providers["stability-connector"]
    assert (provider.version, provider.data["name"]) == (connector.__version__, "Connector")
    assert "connector.airflow.operators" in json.dumps(get_provider_info())


def test_the_form_has_our_fields():
    """And asks for no login; what is secret is shown to nobody."""
    manager = ProvidersManager()
    widgets = {
        name.removeprefix("extra__connector__"): one
        for name, one in manager.connection_form_widgets.items()
        if name.startswith("extra__connector__")
    }
    assert {*widgets} == FIELDS
    assert [name for name, one in widgets.items() if one.is_sensitive] == ["credential"]
    behaviour = manager.field_behaviours["connector"]
    assert behaviour["relabeling"] == {"host": "Base URL", "password": "Secret"}
    assert {*behaviour["hidden_fields"]} == {"login", "schema", "port"}
    assert ProvidersManagerTaskRuntime().hooks["connector"].hook_name == "Connector"


def test_the_test_button_says_what_the_cheapest_call_saw(office):
    office.upstream.answers = [answer(200, {"credits": 12.5})]
    assert ConnectorHook().test_connection() == (True, "the key works; the balance is 12.5 credits")


def test_the_test_button_says_what_is_wrong(office):
    """Without the key that it tried."""
    office.upstream.answers = [answer(401, {"errors": [f"{KEY} is no key"]})]
    works, message = ConnectorHook().test_connection()
    assert not works
    assert "refused the API key" in message
    assert KEY not in message


def test_the_test_button_says_which_field_is_wrong(office):
    office.connection(password="Bearer sk-0123456789", extra={"cap": "much"})
    assert "cap: must be a number" in ConnectorHook().test_connection()[1]
    office.connection(password="Bearer sk-0123456789")
    assert "begins with the word Bearer" in ConnectorHook().test_connection()[1]


def test_a_hook_gives_a_connector(office):
    """With the connection's credential, for whatever no operator does."""
    office.upstream.answers = [answer(200, {"credits": 3})]
    with ConnectorHook().get_conn() as made:
        assert made.balance() == 3
    assert office.upstream.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_secrets_are_masked_in_logs(office):
    """Those of the form, and those of the credential's other fields."""
    other = json.dumps({"client_id": "me", "client_secret": "s3cr3t-of-parcels"})
    office.connection(extra={"integration": "tests/other", "credential": other})
    ConnectorHook().place()
    office.connection(password=KEY)
    ConnectorHook().place()
    masked = _secrets_masker().redact(f"see {KEY} and s3cr3t-of-parcels")
    assert masked == "see *** and ***"


def test_secrets_are_masked_in_the_triggerer(office):
    """Where the connection is read without blocking."""
    key = "sk-trigger-0123456789"
    office.connection(password=key)

    async def read():
        async with ConnectorHook().uses_in_triggerer():
            return _secrets_masker().redact(f"see {key}")

    assert asyncio.run(read()) == "see ***"


def test_no_secret_is_told_of(office, caplog):
    """Whatever the connector tells while it works."""
    office.upstream.answers = [answer(200, {"credits": 3})]
    with caplog.at_level(logging.DEBUG), ConnectorHook().get_conn() as made:
        made.balance()
    assert KEY not in caplog.text
