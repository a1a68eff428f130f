"""Applications on other origins: the allowed ones call the API with a token, never with a cookie."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from server.support import SANDBOX, Place, place

from connector.errors import InvalidArguments
from connector.server import cross_origin, serve_command
from connector.server.auth import cookie_name

APP = "https://app.example"
ALLOWED = "access-control-allow-origin"
CORE = "/api/actions/stable-image-core"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("home"), allowed_origins=(APP,)) as opened:
        yield opened


def preflight(host: Place, origin: str, headers: str = "authorization, content-type, idempotency-key"):
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": headers,
    }
    return host("OPTIONS", CORE, bearer=None, headers=asked)


def test_a_preflight_needs_no_token(host: Place) -> None:
    """A browser sends none with it. It tells what the request itself may be."""
    answer = preflight(host, APP)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, APP)
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("origin", ["https://other.example", "http://app.example", f"{APP}:8443", "null"])
def test_other_origins_are_not_allowed(host: Place, origin: str) -> None:
    """Nor is an answer theirs to read."""
    assert ALLOWED not in preflight(host, origin).headers
    assert ALLOWED not in host.get("/api/runs", headers={"origin": origin}).headers


def test_a_page_of_an_allowed_origin_uses_an_action(host: Place) -> None:
    """It reads the answer, its headers, and refusals too."""
    asked = {"json": {"inputs": {"prompt": "a boat"}}, "params": SANDBOX}
    answer = host.post(CORE, headers={"origin": APP}, **asked)
    assert (answer.status_code, answer.headers[ALLOWED], answer.headers["vary"]) == (200, APP, "Origin")
    assert "X-Run-Id" in answer.headers["access-control-expose-headers"]
    refused = host.post(CORE, headers={"origin": APP}, bearer=None, **asked)
    assert refused.status_code in (401, 403)
    assert refused.headers[ALLOWED] == APP


def test_no_cookie_is_taken_from_another_origin(host: Place) -> None:
    """Credentials are never allowed, so that browsers send none; one that comes is refused."""
    cookie = f"{cookie_name(host.host.settings.port)}={host.tokens['manage']}"
    headers = {"origin": APP, "cookie": cookie, "sec-fetch-site": "cross-site"}
    answer = host.post(CORE, bearer=None, headers=headers, json={"inputs": {"prompt": "a boat"}})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    for each in (answer, preflight(host, APP)):
        assert "access-control-allow-credentials" not in each.headers


def test_without_the_setting_no_origin_is_allowed(tmp_path: Path) -> None:
    with place(tmp_path) as plain:
        assert plain("OPTIONS", CORE, bearer=None, headers={"origin": APP}).status_code == 401
        assert ALLOWED not in plain.get("/api/runs", headers={"origin": APP}).headers


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (APP, True),
        ("http://localhost:5173", True),
        ("http://[::1]:3000", True),
        ("*", False),
        ("https://*.example", False),
        ("null", False),
        ("app.example", False),
        (f"{APP}/", False),
        (f"{APP}:443", False),
        ("https://App.example", False),
        ("https://user@app.example", False),
        ("file:///tmp", False),
        ("https://app.example:port", False),
    ],
)
def test_an_origin_is_as_browsers_write_it(text: str, is_one: bool) -> None:
    """Anything else would be allowed and never match."""
    assert cross_origin.is_origin(text) is is_one


def test_every_origin_that_is_none_is_named_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(InvalidArguments) as failed:
        serve(["--home", str(tmp_path), "--allow-origin", "*", "--allow-origin", f"{APP}/"])
    assert [problem.path for problem in failed.value.problems] == ["--allow-origin"] * 2
    assert not [*tmp_path.iterdir()]


def serve(words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    serve_command.add_arguments(parser)
    return serve_command.run(parser.parse_args(words), "unused")


def test_the_document_is_public_where_that_is_wanted(tmp_path: Path) -> None:
    """And says so; nothing else is. By default it needs a token."""
    with place(tmp_path / "open", public_openapi=True) as opened:
        told = opened.get("/openapi.json", bearer=None)
        assert told.status_code == 200
        assert told.json()["paths"]["/openapi.json"]["get"]["security"] == []
        assert opened.get("/api/runs", bearer=None).status_code == 401
    with place(tmp_path / "closed") as closed:
        assert closed.get("/openapi.json", bearer=None).status_code == 401
