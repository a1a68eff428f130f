"""Who may come in, what is refused at the door, and what every answer says to a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server.support import Place, cases, place

from connector.server import auth
from connector.server.routes import OPERATIONS

TLS = "https://localhost:8760"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One host for all: nothing here changes it."""
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _cookie(host: Place, role: str) -> dict[str, str]:
    return {"cookie": f"{auth.cookie_name(host.host.settings.port)}={host.tokens[role]}"}


@pytest.mark.parametrize("case", cases("doors"), ids=lambda case: case["name"])
def test_a_door_opens_to_whom_it_should(host: Place, case: dict[str, Any]) -> None:
    """By the host's name, the site that asks, and the token."""
    headers = case.get("headers", {}) | (_cookie(host, case["cookie"]) if "cookie" in case else {})
    body = {"json": {}} if case.get("method") == "POST" else {}
    path = f"{case['path']}?environment=sandbox" if case["path"].endswith("check") else case["path"]
    answer = host(case.get("method", "GET"), path, bearer=case.get("bearer"), headers=headers, **body)
    assert answer.status_code == case["status"], answer.text
    if case["status"] == 303:
        assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("case", cases("refusals"), ids=lambda case: case["name"])
def test_a_refusal_is_a_problem_document(host: Place, case: dict[str, Any]) -> None:
    """With a status, a code, each field that is wrong, and no word of where the host keeps things."""
    asked = dict(case["request"])
    if "latin" in asked:
        asked["content"] = asked.pop("latin").encode("latin-1")
    answer = host(asked.pop("method", "GET"), asked.pop("path"), **asked)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (case["status"], case["code"]), told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["type"] == f"urn:connector:{case['code']}"
    assert told["status"] == case["status"]
    assert told["billed"] == "no"
    assert {problem["field"] for problem in told["problems"]} >= set(case.get("fields", ()))
    assert case.get("says", "") in told["detail"]
    assert str(host.host.settings.home) not in answer.text
    assert "root:" not in answer.text
    for name, value in case.get("headers", {}).items():
        assert value in answer.headers[name]


@pytest.mark.parametrize(
    "path",
    sorted({one.path for one in OPERATIONS if one.method == "GET"} - {"/healthz", "/readyz", "/login"}),
)
def test_nothing_is_read_without_a_token(host: Place, path: str) -> None:
    """Whatever is added later is closed, too, as long as nobody opens it on purpose."""
    assert host.get(path, bearer=None).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [(one.method, one.path) for one in OPERATIONS if one.role == "manage"], ids=str
)
def test_what_is_managed_needs_the_role(host: Place, method: str, path: str) -> None:
    """A token that may use the host changes nothing about it."""
    answer = host(method, path, bearer="use", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "role")


@pytest.mark.parametrize("path", ["/healthz", "/api/actions", "/api/nothing", "/openapi.json", "/login"])
def test_every_answer_tells_a_browser_to_take_nothing_from_elsewhere(host: Place, path: str) -> None:
    """Failures too."""
    headers = host.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-host-request-id"]


@pytest.mark.parametrize("path", ["/healthz", "/api/actions", "/api/actions/erase", "/api/runs", "/metrics"])
def test_head_is_get_without_a_body(host: Place, path: str) -> None:
    """With the same status, kind and length."""
    whole, head = host.get(path), host("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    if path != "/metrics":  # which counts meanwhile
        assert head.headers["content-length"] == whole.headers["content-length"]


def test_a_link_signs_in_and_leads_on(host: Place) -> None:
    """The token becomes a cookie that no script and no other site gets, and is in no further address."""
    answer = host.get("/login", params={"token": host.tokens["use"]}, bearer=None)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    kept = answer.headers["set-cookie"].partition(";")[0]
    assert host.get("/api/actions", bearer=None, headers={"cookie": kept}).status_code == 200
    host.said.clear()  # the cookie is the one place where the token is told again


def test_a_form_signs_in(host: Place) -> None:
    """From our own page; a wrong token leads back to it."""
    ours = {"sec-fetch-site": "same-origin"}
    good = host.post("/login", data={"token": f" {host.tokens['use']}\n"}, bearer=None, headers=ours)
    assert (good.status_code, good.headers["location"]) == (303, "/")
    bad = host.post("/login", data={"token": "wrong"}, bearer=None, headers=ours)
    assert (bad.status_code, bad.headers["location"]) == (303, "/login?failed=1")
    assert "set-cookie" not in bad.headers
    host.said.clear()


def test_who_signs_in_arrives_where_they_wanted_to_be(host: Place) -> None:
    """By the page that a stranger is led to, also at the second try; a session that ended says so."""
    ours, browser = {"sec-fetch-site": "same-origin"}, {"accept": "text/html"}
    led = host.get("/runs?state=failed", bearer=None, headers=browser).headers["location"]
    assert led == "/login?next=%2Fruns%3Fstate%3Dfailed"
    bad = host.post(led, data={"token": "wrong"}, bearer=None, headers=ours).headers["location"]
    assert bad == "/login?failed=1&next=%2Fruns%3Fstate%3Dfailed"
    form = f"/login?{bad.partition('&')[2]}"
    good = host.post(form, data={"token": host.tokens["use"]}, bearer=None, headers=ours)
    assert good.headers["location"] == "/runs?state=failed"
    ended = host.get(
        "/", bearer=None, headers={**browser, "cookie": f"connector-{host.host.settings.port}=gone"}
    )
    assert ended.headers["location"] == "/login?has_ended=1"
    host.said.clear()


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "evil",
        "/\t/evil.example",
        "/login?token=x",
        "/é",
    ],
)
def test_a_link_to_sign_in_leads_to_nobody_else(host: Place, wanted: str) -> None:
    answer = host.get("/login", params={"token": host.tokens["use"], "next": wanted}, bearer=None)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    host.said.clear()


def test_signing_out_takes_the_cookie_back(host: Place) -> None:
    """And leads to the page to sign in."""
    answer = host.post("/logout", bearer=None, headers={"sec-fetch-site": "same-origin"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "max-age=0" in answer.headers["set-cookie"].lower()


def test_over_tls_the_cookie_stays_there(tmp_path: Path) -> None:
    """And browsers are told to come back by TLS only."""
    with place(tmp_path) as host:
        answer = host.get(f"{TLS}/login", params={"token": host.tokens["use"]}, bearer=None)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]


def test_a_token_that_is_revoked_ends_its_sessions(tmp_path: Path) -> None:
    """At once, without a restart."""
    with place(tmp_path) as host:
        cookie = _cookie(host, "use")
        assert host.get("/api/actions", bearer=None, headers=cookie).status_code == 200
        assert host("DELETE", "/api/tokens/guest").status_code == 204
        assert host.get("/api/actions", bearer=None, headers=cookie).status_code == 401
        assert host.get("/api/actions", bearer="use").status_code == 401


def test_a_token_is_shown_once(tmp_path: Path) -> None:
    """And works from then on; a name is taken once, and the last that may manage stays."""
    with place(tmp_path) as host:
        made = host.post("/api/tokens", json={"name": "ci", "role": "use"})
        assert made.status_code == 201
        host.tokens["ci"] = made.json()["token"]
        assert host.get("/api/actions", bearer="ci").status_code == 200
        listed = host.get("/api/tokens")
        assert [each["name"] for each in listed.json()["tokens"]] == ["ci", "first", "guest"]
        assert host.tokens["ci"] not in listed.text
        assert (
            host.post("/api/tokens", json={"name": "ci", "role": "use"}).json()["problems"][0]["field"]
            == "name"
        )
        assert host("DELETE", "/api/tokens/first").status_code == 400


def test_a_body_that_says_it_is_too_large_is_refused(tmp_path: Path) -> None:
    """Its sender hears why."""
    with place(tmp_path, max_body=1000) as host:
        answer = host.post("/api/files", content=b"x" * 1001, headers={"content-type": "text/plain"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert host.get("/api/files").json()["files"] == []


def test_a_body_that_becomes_too_large_is_refused(tmp_path: Path) -> None:
    """It need not say its length beforehand."""

    async def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 100

    with place(tmp_path, max_body=1000) as host:
        answer = host.post("/api/files", content=pieces(), headers={"content-type": "text/plain"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert host.get("/api/files").json()["files"] == []
        assert not [*(tmp_path / "files").rglob("*.*")]


def test_json_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """It is in memory; files are uploaded."""
    with place(tmp_path, max_json=100) as host:
        answer = host.invoke("balance", {"x": "y" * 100})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert "/api/files" in answer.json()["detail"]


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    """A client that holds its body back holds nothing else up."""

    async def slow() -> Any:
        import asyncio

        yield b"{"
        await asyncio.Event().wait()

    with place(tmp_path, max_silence=0.01) as host:
        answer = host.post("/api/tokens", content=slow(), headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")


def test_more_requests_than_the_host_takes_are_turned_away(tmp_path: Path) -> None:
    """With the time after which to try again."""
    with place(tmp_path, max_requests=0) as host:
        answer = host.get("/api/actions")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert answer.headers["retry-after"] == "1"


def test_a_mistake_of_ours_is_a_problem_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which says nothing of it; the log says where, and not with which words."""
    with place(tmp_path) as host:
        monkeypatch.setattr(host.host.history, "list", lambda **_: 1 / 0)
        answer = host.get("/api/runs")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "division" not in answer.text + host.log.getvalue()
        assert "ZeroDivisionError" in host.log.getvalue()
