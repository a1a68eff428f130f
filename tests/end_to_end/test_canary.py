"""Canaries: secrets are given in every way there is, echoed in every form, and looked for in every output."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.support import Place, place
from upstream import forms

from connector.cli import main

# A stored key, a header of the connection, a header of one request, a key of the environment.
# None begins or ends as another does, so that each is found by itself.
STORED, HEADER, GIVEN, REFERRED = (
    f"{sha256(each).hexdigest()[:20]}/{each.decode()}+=?{sha256(each).hexdigest()[-9:]}"
    for each in (b"key", b"header", b"given", b"referred")
)
CANARIES = (STORED, HEADER, GIVEN, REFERRED)


def seen(text: str) -> list[str]:
    """The forms of canaries of which a good part is in a text."""
    known = [form for canary in CANARIES for form in forms(canary)]
    flat = text.replace("\\\\", "\\").replace("\\/", "/")
    return [form for form in known if form[6:34] in text or form[6:34] in flat]


def echo(request: httpx.Request) -> httpx.Response:
    """Sends back every secret that it was shown, as a success and as a failure, in headers and body."""
    told = [*(request.headers.get(name, "") for name in ("authorization", "x-token", "x-one"))]
    shown = [form for value in told if value for form in forms(value.removeprefix("Bearer "))]
    status = 401 if request.url.path.endswith("/refused") else 200
    body = {"errors": shown, "message": " ".join(shown), "credits": 1, **{form: form for form in shown}}
    return httpx.Response(status, json=body, headers={"x-request-id": " ".join(shown[:2])})


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Place]:
    environ = {"STABILITY_API_KEY": REFERRED}
    with place(tmp_path / "home", upstream=httpx.MockTransport(echo), environ=environ) as opened:
        for name, key in (("work", STORED), ("referred", "env:STABILITY_API_KEY")):
            one = {"environments": ["production"], "fields": {"api_key": key}, "headers": {"x-token": HEADER}}
            made = opened.post("/api/connections", json={"name": name, "configurations": [one]})
            assert made.status_code == 201, made.text
        yield opened


def disk(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes().decode("latin-1")


@pytest.mark.parametrize("connection", ["work", "referred"])
@pytest.mark.parametrize("path", ["/echoed", "/refused"])
def test_no_output_of_a_host_has_a_canary(host: Place, connection: str, path: str, tmp_path: Path) -> None:
    """Answers, problems, pages, previews, runs, events, documents, metrics, the log, and the home's files."""
    asked: dict[str, Any] = {"params": {"environment": "production", "connection": connection}}
    inputs = {"path": path, "headers": {"x-one": GIVEN}}
    body = {"json": {"inputs": inputs}}
    host.post("/api/actions/generic-http-request", **asked, **body)
    host.post("/api/actions/generic-http-request/preview", **asked, **body)
    typed = {"prompt": f"{STORED if connection == 'work' else REFERRED} {HEADER}"}
    host.post("/api/actions/stable-image-core/preview", **asked, json={"inputs": typed})
    host.post(f"/api/connections/{connection}/test", json={})
    runs = host.get("/api/runs").json()["runs"]
    assert runs
    pages = [
        "/",
        "/runs",
        "/settings",
        "/integrations/stabilityai",
        "/metrics",
        "/openapi.json",
        "/api/usage",
    ]
    pages += [f"/integrations/stabilityai/connections/{connection}", "/api/connections", "/api/integrations"]
    for run in runs:
        pages += [f"/api/runs/{run['id']}", f"/api/runs/{run['id']}/events", f"/runs/{run['id']}"]
    for page in pages:
        host.get(page)
    found = {"told": seen(host.everything())}
    found |= {name: seen(text) for name, text in disk(tmp_path)}
    assert {name: forms for name, forms in found.items() if forms} == {}
    assert "********" in host.everything()


def test_no_export_and_no_line_of_a_command_has_a_canary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listings, previews, exports and complaints, and what they leave on disk."""
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STABILITY_API_KEY", REFERRED)
    monkeypatch.chdir(tmp_path)
    typed = f"{STORED} {HEADER}"
    lines: list[list[str]] = [
        ["connections", "add", "work", "--api-key", "-", "--header", f"X-Token={HEADER}"],
        ["connections", "add", "bad", "--api-key", f"Bearer {STORED}", f"--header=Authorization={HEADER}"],
        ["connections", "show", "work", "--json"],
        ["connections", "list"],
        ["preview", "stable-image-core", "-c", "work", "--prompt", typed],
        ["preview", "balance", "--json"],
        ["export", "superblocks", "stable-image-core", "--prompt", typed, "-o", "step.json"],
        ["export", "openapi", "-o", "document.json", "--host", "https://connector.example"],
        ["export", "n8n", "-o", "node", "--host", "http://127.0.0.1:8760"],
        ["connections", "remove", "nobody"],
    ]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for line in lines:
            monkeypatch.setattr(sys, "stdin", io.StringIO(STORED))
            main(line)
    found = {"said": seen(said.getvalue())} | {name: seen(text) for name, text in disk(tmp_path)}
    assert {name: forms for name, forms in found.items() if forms} == {}


_WAITING = """
import sys, threading, httpx
from connector import Connector
from connector.engine.http.transport import HttpTransport

def far(request):
    print("sent", flush=True)
    sys.stdin.readline()
    return httpx.Response(200, json={"credits": 1})

with Connector(home=sys.argv[1], transport=HttpTransport(httpx.MockTransport(far))) as connector:
    connector.invoke("balance", {})
"""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the process list is read from /proc")
def test_no_process_shows_a_canary_in_its_command_line(tmp_path: Path) -> None:
    """While a request is under way: of the process, and of whatever it has started."""
    environ = os.environ | {"STABILITY_API_KEY": REFERRED}
    line = [sys.executable, "-c", _WAITING, str(tmp_path)]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stdout.readline() == "sent\n"
        listed = [path.read_bytes().decode("latin-1") for path in _of(running.pid)]
        running.stdin.write("\n")
        running.stdin.flush()
    assert running.returncode == 0
    assert any(str(tmp_path) in one for one in listed)
    assert seen(json.dumps(listed)) == []


def _of(pid: int) -> Iterator[Path]:
    """The command lines of a process and of its descendants."""
    yield Path(f"/proc/{pid}/cmdline")
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _of(int(child))
