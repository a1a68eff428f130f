"""Text that is read is compressed; files, streams and answers that may hold a secret are sent as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from server.support import SANDBOX, Place, place

from connector.server.console.rendering import STATIC

GZIP = {"accept-encoding": "gzip"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def encoding(answer) -> str | None:
    return answer.headers.get("content-encoding")


@pytest.mark.parametrize(
    "path", ["/actions", "/openapi.json", "/api/actions", "/static/console.css", "/static/form.js"]
)
def test_text_is_compressed_for_whoever_takes_it(host: Place, path: str) -> None:
    """And says so, for caches between; for others it is as it was."""
    small, plain = (host.get(path, headers={"accept-encoding": way}) for way in ("gzip", "identity"))
    assert (encoding(small), encoding(plain)) == ("gzip", None)
    assert "accept-encoding" in small.headers["vary"].lower()
    assert int(small.headers["content-length"]) * 2 < len(plain.content)
    assert small.content == plain.content


def test_a_compressed_file_of_ours_is_known_again(host: Place) -> None:
    first = host.get("/static/console.css", headers=GZIP)
    again = host.get("/static/console.css", headers=GZIP | {"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, encoding(again)) == (304, b"", None)


@pytest.mark.parametrize("kind", ["application/json", "text/html", "text/plain", "image/svg+xml"])
def test_a_file_of_somebody_is_sent_as_it_is(host: Place, kind: str) -> None:
    """Whole or in part: its tag, its length and its ranges are those of its own bytes."""
    content = b"[" + b"1, " * 2000 + b"1]"
    stored = host.post("/api/files", content=content, headers={"content-type": kind}).json()
    address = f"/api/files/{stored['id']}/content"
    whole = host.get(address, headers=GZIP)
    part = host.get(address, headers=GZIP | {"range": "bytes=0-999"})
    assert (whole.status_code, encoding(whole), whole.content) == (200, None, content)
    assert (part.status_code, encoding(part), part.content) == (206, None, content[:1000])


def test_events_are_not_held_back_to_be_compressed(host: Place) -> None:
    run = host.invoke("stable-image-core", {"prompt": "a boat"}).json()["run"]["id"]
    events = host.get(f"/api/runs/{run}/events", headers=GZIP)
    assert events.status_code == 200
    assert encoding(events) is None


def test_an_answer_with_a_secret_is_not_compressed(host: Place) -> None:
    """Its length would tell of the secret to whoever adds text of their own."""
    long = {"name": "n" * 100, "role": "use"}
    assert encoding(host.post("/api/tokens", json=long, headers=GZIP)) is None
    hook = {"workflow": "variations", **SANDBOX, "key_member": "m" * 200}
    told = host.post("/api/webhooks", json=hook, headers=GZIP)
    assert (told.status_code, encoding(told)) == (201, None)


def test_every_import_names_its_content(host: Place) -> None:
    """So that each module is kept for long, and is one module whoever imports it."""
    for path in STATIC.glob("*.js"):
        sent = host.get(f"/static/{path.name}").text
        imported = re.findall(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""", sent)
        for address in imported:
            assert re.fullmatch(r"/static/[\w-]+\.js\?v=[0-9a-f]{10}", address), (path.name, address)
            assert "immutable" in host.get(address).headers["cache-control"]


@pytest.mark.parametrize("path", ["/", "/actions/erase", "/runs", "/settings"])
def test_a_page_names_all_modules_that_its_scripts_import(host: Place, path: str) -> None:
    """None is found only when another one has come."""
    shown = host.get(path, headers={"accept": "text/html"}).text
    named = {*re.findall(r'(?:href|src)="(/static/[\w-]+\.js\?v=\w+)"', shown)}
    imported = {
        address
        for module in named
        for address in re.findall(r'^import\b[^("]*"([^"]+)"', host.get(module).text, re.MULTILINE)
    }
    assert imported <= named
