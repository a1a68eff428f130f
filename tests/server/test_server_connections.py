"""Connections over HTTP: secrets go in, never come out, and never go where they were not meant for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.support import KEY, Place, place

from connector.server import connection_form
from connector.spec.loader import default_folder, load
from connector.spec.model import Auth
from connector.storage.connections.encryption import Sealed
from connector.storage.connections.model import Configuration, Connection

OTHER_KEY = "sk-other-77aa66bb55"


def _configuration(**more: Any) -> dict[str, Any]:
    return {"environments": ["production"], "fields": {"api_key": KEY}} | more


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Place]:
    """A host whose upstream tells which key it was shown: to the test, and to nobody else."""
    seen: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers["authorization"]))
        if OTHER_KEY in request.headers["authorization"]:
            return httpx.Response(401, json={"id": "e", "name": "unauthorized", "errors": ["not you"]})
        return httpx.Response(200, json={"credits": 12.5})

    with place(tmp_path, upstream=httpx.MockTransport(answer)) as opened:
        opened.seen = seen  # type: ignore[attr-defined]
        yield opened


def _add(host: Place, *configurations: dict[str, Any], name: str = "work") -> httpx.Response:
    told = list(configurations or (_configuration(),))
    return host.post("/api/connections", json={"name": name, "configurations": told})


def _problems(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {problem["field"]: problem["message"] for problem in answer.json()["problems"]}


def test_a_connection_is_made_tried_and_used(host: Place) -> None:
    """The whole path of a new operator; the key is told to the upstream alone."""
    made = _add(host)
    assert (made.status_code, made.headers["location"]) == (201, "/api/connections/work")
    (one,) = made.json()["configurations"]
    assert (one["fields"], one["default"]) == ({"api_key": {"stored": True}}, True)
    tried = host.post("/api/connections/work/test").json()
    assert tried["ok"] is True
    assert tried["tests"][0]["said"] == "the key works; the balance is 12.5 credits"
    assert host.get("/api/balance").json() == {"credits": 12.5}
    assert host.seen[-1] == ("api.stability.ai", f"Bearer {KEY}")  # type: ignore[attr-defined]
    assert host.get("/api/connections/work").json() == made.json()
    assert host.get("/api/connections").json()["connections"] == [made.json()]
    assert host("DELETE", "/api/connections/work").status_code == 204
    assert host.get("/api/connections").json() == {"connections": []}


def test_a_test_says_what_is_wrong(host: Place) -> None:
    """In words, and as a problem document, without failing itself."""
    _add(host, _configuration(fields={"api_key": OTHER_KEY}))
    tried = host.post("/api/connections/work/test", json={"environment": "production"}).json()
    assert (tried["ok"], tried["tests"][0]["problem"]["code"]) == (False, "unauthorized")
    assert host.post("/api/connections/work/test", json={"environment": "moon"}).status_code == 404


def test_a_name_is_taken_once(host: Place) -> None:
    """A second one of that name would replace the first one's secrets."""
    _add(host)
    assert _add(host).json()["code"] == "conflict"


def test_several_environments_have_their_own(host: Place) -> None:
    """One of them is the default; caps and headers stand beside."""
    staging = _configuration(
        environments=["staging"], fields={"api_key": OTHER_KEY}, cap=100, headers={"x-team": "a"}
    )
    made = _add(host, _configuration(default=True), staging)
    configurations = made.json()["configurations"]
    assert [one["name"] for one in configurations] == ["production", "staging"]
    assert [one["default"] for one in configurations] == [True, False]
    assert (configurations[1]["cap"], configurations[1]["headers"]) == (100, {"x-team": {"stored": True}})


@pytest.mark.parametrize(
    ("configuration", "field"),
    [
        (_configuration(fields={}), "fields.api_key"),
        (_configuration(fields={"api_key": ""}), "fields.api_key"),
        (_configuration(fields={"api_key": f"Bearer {KEY}"}), "fields.api_key"),
        (_configuration(fields={"api_key": KEY, "api_kee": "x"}), "fields.api_kee"),
        (_configuration(fields={"api_key": KEY, "client_id": {"stored": True}}), "fields.client_id"),
        (_configuration(environments=["moon"]), "environments"),
        (_configuration(environments=[]), "environments"),
        (_configuration(base_url="nowhere"), "base_url"),
        (_configuration(cap=-1), "cap"),
        (_configuration(headers={"authorization": "x"}), "headers.authorization"),
        (_configuration(headers={"x-token": "env:HOME"}), "headers.x-token"),
        (_configuration(headers={"x-token": {"reference": "env:HOME"}}), "headers.x-token"),
        (_configuration(headers={"x-token": {"stored": True}}), "headers.x-token"),
        (_configuration(kap=1), "kap"),
    ],
)
def test_each_mistake_is_told_at_its_field(host: Place, configuration: dict[str, Any], field: str) -> None:
    """And the secret is in no sentence."""
    assert f"configurations.0.{field}" in _problems(_add(host, configuration))


@pytest.mark.parametrize("text", ["file:/etc/passwd", "env:HOME", "env:AWS_SECRET_ACCESS_KEY", "vault:a/b#c"])
def test_a_reference_does_not_read_the_hosts_own_secrets(host: Place, text: str) -> None:
    """Whoever sets an address, too, could have them sent there."""
    for value in (text, {"reference": text}):
        found = _add(host, _configuration(base_url="https://evil.example", fields={"api_key": value}))
        assert "configurations.0.fields.api_key" in _problems(found)


def test_the_variable_that_is_meant_for_it_may_be_named(host: Place) -> None:
    """It holds the key of this integration and nothing else."""
    made = _add(host, _configuration(fields={"api_key": "env:STABILITY_API_KEY"}))
    assert made.json()["configurations"][0]["fields"] == {"api_key": {"reference": "env:STABILITY_API_KEY"}}
    kept = host("PUT", "/api/connections/work", json={"configurations": made.json()["configurations"]})
    assert kept.json()["configurations"] == made.json()["configurations"]


@pytest.mark.parametrize(
    "text", ["https://evil.example", "https://api.stability.ai.evil.example", "http://api.stability.ai"]
)
def test_a_reference_goes_to_no_address_of_a_client(host: Place, text: str) -> None:
    """Neither when it is made, nor by a change of what is kept, nor by a trial."""
    aimed = _configuration(base_url=text, fields={"api_key": "env:STABILITY_API_KEY"})
    told = {"name": "work", "configurations": [aimed]}
    assert "configurations.0.fields.api_key" in _problems(_add(host, aimed))
    tried = host.post("/integrations/stabilityai/try", json=told)
    assert "configurations.0.fields.api_key" in _problems(tried)
    _add(host, _configuration(fields={"api_key": "env:STABILITY_API_KEY"}))
    for fields in ({"api_key": "env:STABILITY_API_KEY"}, {"api_key": {"stored": True}}, {}):
        moved = host("PUT", "/api/connections/work", json={"configurations": [aimed | {"fields": fields}]})
        assert "configurations.0.fields.api_key" in _problems(moved)


def test_a_reference_goes_to_an_address_that_the_operator_allows(tmp_path: Path) -> None:
    """However it is spelt; and to no other path of that server."""
    with place(tmp_path, allowed_urls=("https://eu.example/stability/",)) as host:
        for base_url, status in (("https://EU.example:443/stability", 201), ("https://eu.example/else", 422)):
            aimed = _configuration(base_url=base_url, fields={"api_key": "env:STABILITY_API_KEY"})
            assert _add(host, aimed, name=f"work{status}").status_code == status


@pytest.mark.parametrize(
    ("realm", "is_taken"), [("https://api.example", True), ("https://evil.example", False), (None, False)]
)
def test_a_secret_follows_no_token_url_of_a_client(realm: str | None, is_taken: bool) -> None:
    """Where a plain field says where tokens are had, a change of it asks for the secret again."""
    auth = Auth("oauth2_client_credentials", {"token_url": "{{ credential.realm }}/token"})
    fields = {"secret": {"type": "string", "secret": True, "variable": "SECRET"}, "realm": {"type": "string"}}
    integration = replace(
        load(default_folder()), auth=auth, credential={"type": "object", "properties": fields}
    )
    before = Configuration(
        "main",
        ("production",),
        True,
        fields={"secret": Sealed("k", "n", "c"), "realm": "https://api.example"},
    )
    stands = Connection("work", integration.id, (before,))
    for secret in ({"stored": True}, "env:SECRET"):
        sent = {"name": "main", "environments": ["production"], "fields": {"realm": realm, "secret": secret}}
        made, wrong = connection_form.connection(integration, "work", {"configurations": [sent]}, stands)
        expected = is_taken and secret != "env:SECRET"
        assert [problem.path for problem in wrong] == ["configurations.0.fields.secret"] * (not expected)
        assert ("secret" in made.configurations[0].fields) is expected


def test_what_is_shown_can_be_sent_back(host: Place) -> None:
    """A secret that is left out, or stands there as stored, is kept."""
    shown = _add(host).json()["configurations"]
    shown[0]["cap"] = 50
    for fields in ({"api_key": {"stored": True}}, {}):
        shown[0]["fields"] = fields
        changed = host("PUT", "/api/connections/work", json={"configurations": shown})
        assert changed.json()["configurations"][0]["cap"] == 50, changed.text
        host.get("/api/balance")
        assert host.seen[-1][1] == f"Bearer {KEY}"  # type: ignore[attr-defined]


def test_a_secret_can_be_replaced(host: Place) -> None:
    """By a new text; taking a required one away is refused."""
    _add(host)
    new = _configuration(fields={"api_key": OTHER_KEY})
    assert host("PUT", "/api/connections/work", json={"configurations": [new]}).status_code == 200
    assert host.get("/api/balance").json()["code"] == "unauthorized"
    gone = host(
        "PUT", "/api/connections/work", json={"configurations": [_configuration(fields={"api_key": None})]}
    )
    assert "configurations.0.fields.api_key" in _problems(gone)


@pytest.mark.parametrize(
    "moved",
    [
        {"base_url": "https://evil.example"},
        {"environments": ["sandbox"]},
        {"environments": ["moon"], "base_url": "https://evil.example"},
    ],
)
def test_a_kept_secret_goes_nowhere_else(host: Place, moved: dict[str, Any]) -> None:
    """A new address needs the secret once more, so that nobody can have it sent to themselves."""
    _add(host, _configuration(name="main"))
    asked = _configuration(name="main", fields={}) | moved
    refused = host("PUT", "/api/connections/work", json={"configurations": [asked]})
    assert "configurations.0.fields.api_key" in _problems(refused)
    given = host(
        "PUT", "/api/connections/work", json={"configurations": [asked | {"fields": {"api_key": OTHER_KEY}}]}
    )
    assert given.status_code == 200, given.text


def test_a_kept_header_goes_nowhere_else(host: Place) -> None:
    """What is shown of headers can be sent back, and a secret one follows no address."""
    given = {"x-token": OTHER_KEY, "x-team": {"plain": "blue"}, "accept": "a/b"}
    shown = _add(host, _configuration(headers=given)).json()["configurations"]
    assert shown[0]["headers"] == {"x-token": {"stored": True}, "x-team": {"plain": "blue"}, "accept": "a/b"}
    kept = host("PUT", "/api/connections/work", json={"configurations": shown})
    assert kept.json()["configurations"] == shown
    tried = host.post("/integrations/stabilityai/try", json={"name": "work", "configurations": shown}).json()
    assert tried["ok"] is True
    preview = host.post("/api/actions/balance/preview", json={"inputs": {}}).json()
    assert (preview["headers"]["x-token"], preview["headers"]["x-team"]) == ("********", "blue")
    shown[0] |= {"base_url": "https://evil.example", "fields": {"api_key": KEY}}
    moved = host("PUT", "/api/connections/work", json={"configurations": shown})
    assert "configurations.0.headers.x-token" in _problems(moved)
    assert OTHER_KEY not in host.everything()


def test_a_connection_stays_what_it_is(host: Place) -> None:
    """Its name and integration are not changed by the way."""
    _add(host)
    for member in ("name", "integration"):
        asked = {member: "other", "configurations": [_configuration()]}
        assert member in _problems(host("PUT", "/api/connections/work", json=asked))
