"""Webhooks over HTTP: a delivery is run once, whoever signed it, however often it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.support import Place, place

from connector.runs.service import standard_webhooks

INPUTS = {"prompt": "a boat", "seeds": [1]}
THEIRS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A host that nobody works for."""
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def told(answer: httpx.Response, status: int = 202) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def made(host: Place, **more: Any) -> Any:
    asked = {"workflow": "variations", "environment": "sandbox", **more}
    return told(host.post("/api/webhooks", json=asked), 201)


def delivered(host: Place, hook: Any, headers: Mapping[str, str], body: Any = INPUTS) -> httpx.Response:
    own = {"x-hook-secret": hook["secret"], **headers}
    return host.post(hook["path"], json=body, headers=own, bearer=None)


def signed(host: Place, hook: Any, secret: str, id: str = "msg_1", body: Any = INPUTS) -> httpx.Response:
    text = json.dumps(body).encode()
    headers = standard_webhooks.headers(secret, id, host.clock.now, text)
    headers["content-type"] = "application/json"
    return host.post(hook["path"], content=text, headers=headers, bearer=None)


@pytest.mark.parametrize("header", ["webhook-id", "Idempotency-Key"])
def test_a_delivery_that_comes_again_is_not_run_again(header: str, host: Place) -> None:
    """By either header; another delivery is another run, and none is one of its own."""
    hook = made(host)
    first = told(delivered(host, hook, {header: "msg_1"}))["run"]
    assert told(delivered(host, hook, {header: "msg_1"}))["run"] == first
    others = [told(delivered(host, hook, headers))["run"] for headers in ({header: "msg_2"}, {}, {})]
    assert len({first, *others}) == 4


def test_the_same_id_with_other_inputs_is_refused(host: Place) -> None:
    """It would be taken for done."""
    hook = made(host)
    told(delivered(host, hook, {"webhook-id": "msg_1"}))
    refused = told(delivered(host, hook, {"webhook-id": "msg_1"}, INPUTS | {"seeds": [2]}), 422)
    assert refused["code"] == "key_reused"


def test_a_webhook_names_the_header_of_its_sender(host: Place) -> None:
    """Before those that are usual, which count where it is missing."""
    hook = made(host, key_header="X-GitHub-Delivery")
    assert hook["key_header"] == "X-GitHub-Delivery"
    both = {"x-github-delivery": "d1", "webhook-id": "other"}
    first = told(delivered(host, hook, both))["run"]
    assert told(delivered(host, hook, {"x-github-delivery": "d1"}))["run"] == first
    usual = told(delivered(host, hook, {"webhook-id": "w1"}))["run"]
    assert told(delivered(host, hook, {"webhook-id": "w1"}))["run"] == usual != first


def test_a_webhook_names_the_member_of_its_sender(host: Place) -> None:
    """Which is no input of a workflow that does not declare it."""
    hook = made(host, key_member="event.id")
    first = told(delivered(host, hook, {}, INPUTS | {"event": {"id": 7}}))["run"]
    assert told(delivered(host, hook, {}, INPUTS | {"event": {"id": "7", "attempt": 2}}))["run"] == first
    assert "event" not in told(host.get(f"/api/runs/{first}"), 200)["run"]["inputs"]
    for body in (INPUTS, INPUTS | {"event": "7"}, INPUTS | {"event": {"id": True}}):
        problem = told(delivered(host, hook, {}, body), 422)["problems"][0]
        assert problem["field"] == "event.id"
    assert (
        told(delivered(host, hook, {}, INPUTS | {"event": {"id": "x" * 300}}), 400)["code"] == "bad_request"
    )


def test_a_member_may_be_an_input(host: Place) -> None:
    """Then it is given to the workflow as well."""
    hook = made(host, key_member="prompt")
    run = told(delivered(host, hook, {}))["run"]
    assert told(host.get(f"/api/runs/{run}"), 200)["run"]["inputs"]["prompt"] == "a boat"


@pytest.mark.parametrize("how", [{"signed": True}, {"secret": THEIRS}])
def test_signed_deliveries_are_verified(how: dict[str, Any], host: Place) -> None:
    """With a secret that is made here, or that the sender made; it does not travel."""
    hook = made(host, **how)
    assert hook["signed"] is True
    assert hook["secret"].startswith("whsec_")
    run = told(signed(host, hook, hook["secret"]))["run"]
    assert told(signed(host, hook, hook["secret"]))["run"] == run
    told(signed(host, hook, hook["secret"], "msg_2"))
    wrong = told(signed(host, hook, standard_webhooks.new_secret()), 401)
    assert "webhook-signature" in wrong["detail"]
    # The secret itself is no way in.
    assert "has no webhook-id" in told(delivered(host, hook, {}), 401)["detail"]
    bearer = {"authorization": f"Bearer {hook['secret']}"}
    told(host.post(hook["path"], json=INPUTS, headers=bearer, bearer=None), 401)


def test_an_old_delivery_is_refused(host: Place) -> None:
    """Somebody may have kept it."""
    hook = made(host, signed=True)
    text = json.dumps(INPUTS).encode()
    headers = standard_webhooks.headers(hook["secret"], "msg_1", host.clock.now - 400, text)
    refused = host.post(hook["path"], content=text, headers=headers, bearer=None)
    assert "5 minutes" in told(refused, 401)["detail"]


def test_a_signing_secret_is_sealed(host: Place) -> None:
    """It is in no list and in no file of the host, outlives a new master key, and goes with its webhook."""
    hook = made(host, secret=THEIRS)
    assert THEIRS not in host.get("/api/webhooks").text
    home: Path = host.host.settings.home
    assert all(THEIRS.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())
    workspace = host.host.served(None).connector.workspace
    assert workspace.connections.rotate() >= 1
    told(signed(host, hook, THEIRS))
    assert host("DELETE", f"/api/webhooks/{hook['id']}").status_code == 204
    assert workspace.signing_secrets.get(f"webhook {hook['id']}") is None
    told(signed(host, hook, THEIRS, "msg_3"), 401)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"secret": "whsec_short"}, ["secret"]),
        ({"secret": "a word"}, ["secret"]),
        ({"key_header": "x y"}, ["key_header"]),
        ({"secret": "no", "key_header": "X-Id", "key_member": "id"}, ["secret", "key_member"]),
    ],
)
def test_mistakes_are_told_at_their_members(given: dict[str, Any], fields: list[str], host: Place) -> None:
    """All at once, before the webhook is made."""
    before = len(told(host.get("/api/webhooks"), 200)["webhooks"])
    asked = {"workflow": "variations", "environment": "sandbox", **given}
    problems = told(host.post("/api/webhooks", json=asked), 422)["problems"]
    assert [each["field"] for each in problems] == fields
    assert len(told(host.get("/api/webhooks"), 200)["webhooks"]) == before
