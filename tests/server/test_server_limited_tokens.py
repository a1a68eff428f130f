"""A token that is limited: it does what it is for, sees what it began itself, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server.support import PATIENCE, Place, place, served

from connector.server.routes import OPERATIONS

PROMPT = {"prompt": "a harbour at dawn"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def token(host: Place, name: str, **limits: Any) -> str:
    """A token of that name, made over HTTP; it is then known to the host by the name."""
    made = host.post("/api/tokens", json={"name": name, "role": "use", **limits})
    assert made.status_code == 201, made.text
    host.tokens[name] = made.json()["token"]
    return name


@pytest.fixture(scope="module")
def core(host: Place) -> str:
    return token(host, "core", actions=["stable-image-core"], environments=["sandbox"])


def test_it_does_what_it_is_for(host: Place, core: str) -> None:
    answer = host.invoke("stable-image-core", PROMPT, bearer=core)
    assert answer.status_code == 200, answer.text
    run = answer.json()["run"]
    assert run["token_name"] == core
    assert host.get(f"/api/runs/{run['id']}", bearer=core).status_code == 200
    assert host.get(f"/api/files/{run['file']}/content", bearer=core).status_code == 200


@pytest.mark.parametrize("durable", ["true", "false"])
def test_no_other_action_and_no_other_environment(host: Place, core: str, durable: str) -> None:
    """Nothing is sent, and no run is kept."""
    before = len(host.get("/api/runs", params={"limit": 200}).json()["runs"])
    asked = {"durable": durable}
    for action, where in (("stable-image-ultra", "sandbox"), ("stable-image-core", "staging")):
        answer = host.post(
            f"/api/actions/{action}",
            bearer=core,
            json={"inputs": PROMPT},
            params=asked | {"environment": where},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "role"), answer.text
        assert answer.json()["billed"] == "no"
        assert "is for the" in answer.json()["detail"]
    assert len(host.get("/api/runs", params={"limit": 200}).json()["runs"]) == before


def test_a_batch_of_another_action_is_refused(host: Place, core: str) -> None:
    for subject, status in (("stable-image-ultra", 403), ("stable-image-core", 201)):
        asked = {"subject": subject, "items": [PROMPT], "environment": "sandbox", "name": f"of-{subject}"}
        answer = host.post("/api/batches", bearer=core, json=asked)
        assert answer.status_code == status, answer.text
    assert answer.json()["token_name"] == core


def test_it_sees_only_what_it_began(host: Place, core: str) -> None:
    run = host.invoke("stable-image-core", PROMPT).json()["run"]["id"]
    for path in (f"/api/runs/{run}", f"/api/runs/{run}/result", f"/api/runs/{run}/events"):
        assert host.get(path, bearer=core).status_code == 404
    assert host.post(f"/api/runs/{run}/cancel", bearer=core).status_code == 404


def test_all_else_is_refused(host: Place, core: str) -> None:
    """Whatever operation is not said to be for such a token, and every page."""
    for one in OPERATIONS:
        if not one.limited and one.role is not None:
            path = one.path.replace("{id}", "some").replace("{name}", "some")
            answer = host(one.method, path, bearer=core, json={})
            assert answer.status_code == 403, f"{one.method} {path}: {answer.status_code}"
    for page in ("/", "/runs", "/settings", "/reference"):
        assert host.get(page, bearer=core).status_code == 403
    signed = host("GET", "/login", bearer=None, params={"token": host.tokens[core]})
    assert signed.headers["location"].startswith("/login")
    assert "set-cookie" not in signed.headers


def test_it_spends_no_more_than_its_limit(host: Place) -> None:
    """In each environment; another token goes on."""
    thrifty = token(host, "thrifty", limit_daily=7)
    for status in (200, 200, 402):
        answer = host.invoke("stable-image-core", PROMPT, bearer=thrifty)
        assert answer.status_code == status, answer.text
    assert "the token 'thrifty' in 'sandbox' may spend 7 credits a day; 6 are spent" in answer.text
    assert host.invoke("stable-image-core", PROMPT).status_code == 200
    host.clock.now += 86400
    assert host.invoke("stable-image-core", PROMPT, bearer=thrifty).status_code == 200


def test_rows_of_a_batch_and_steps_of_a_workflow_keep_its_limit(tmp_path: Path) -> None:
    """The worker that does them is held to it, whatever was estimated before."""
    with served(tmp_path) as client:
        made = {"role": "use", "limit_daily": 7, "environments": ["sandbox"]}
        for name in ("rows", "steps"):
            token = client.post("/api/tokens", json={"name": name, **made}).json()["token"]
            bearer = {"authorization": f"Bearer {token}"}
            if name == "rows":
                asked = {"subject": "stable-image-core", "environment": "sandbox", "items": [PROMPT] * 4}
                begun = client.post("/api/batches", json=asked, headers=bearer)
                assert begun.status_code == 201, begun.text
                path = begun.headers["location"]
            else:
                asked = {"inputs": {"prompt": "a boat", "seeds": [1, 2, 3, 4], "models": []}}
                begun = client.post(
                    "/api/workflows/variations?environment=sandbox", json=asked, headers=bearer
                )
                assert begun.status_code == 202, begun.text
                path = begun.headers["location"]
            until = time.monotonic() + PATIENCE
            while (now := client.get(path, headers=bearer).json()) and not _has_ended(now):
                assert time.monotonic() < until, now
                time.sleep(0.1)
            spent = sum(
                one["credits"] or 0
                for one in client.get("/api/runs?limit=200", params={"token_name": name}).json()["runs"]
                if one["kind"] == "action" and one["state"] == "succeeded"
            )
            assert 0 < spent <= 7, (name, now)


def _has_ended(now: dict[str, Any]) -> bool:
    return now["left"] == 0 if "left" in now else now["run"]["state"] not in ("queued", "running")


def test_it_is_for_pages_of_a_site(host: Place) -> None:
    shop = token(host, "shop", origins=["https://shop.example"])
    for origin, status in (("https://shop.example", 200), ("https://other.example", 403), (None, 403)):
        headers = {"origin": origin} if origin else {}
        assert host.get("/api/actions", bearer=shop, headers=headers).status_code == status


def test_what_is_not_there_is_told_when_it_is_made(host: Place) -> None:
    made = host.post(
        "/api/tokens",
        json={
            "name": "odd",
            "role": "use",
            "actions": ["stable-image-cor"],
            "environments": ["sandbx"],
            "expires": "soon",
        },
    )
    assert made.status_code == 422
    told = {one["field"]: one["message"] for one in made.json()["problems"]}
    assert "did you mean 'stable-image-core'" in told["actions.0"]
    assert "did you mean 'sandbox'" in told["environments.0"]
    assert "no date and time" in told["expires"]


def test_it_ends(host: Place) -> None:
    week = token(host, "week", expires="2099-01-01T00:00:00Z")
    assert host.get("/api/actions", bearer=week).status_code == 200
    listed = {one["name"]: one for one in host.get("/api/tokens").json()["tokens"]}
    assert listed["week"]["expires"] == "2099-01-01T00:00:00.000Z"
    assert listed["week"]["last_used"]
