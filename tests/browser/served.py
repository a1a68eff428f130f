"""What the browser's tests run against: the host as its command starts it, and an upstream on a port."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from connector.sandbox import Sandbox, serving
from connector.sandbox import Settings as SandboxSettings
from connector.sandbox.store import fingerprint

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "actions" / "samples"
_PATIENCE = 120


@dataclass(frozen=True)
class Served:
    """A host that runs. ``link`` is the one that it printed, which signs in."""

    link: str
    home: Path
    log: Path
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        whole = urlsplit(self.link)
        return f"{whole.scheme}://{whole.netloc}"

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.link).query)["token"][0]

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """What a program would ask, for arranging what a test begins with."""
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=_PATIENCE, **more)

    def run(self, action: str, environment: str = "sandbox", **inputs: Any) -> str:
        """The id of a run that has ended, however it ended."""
        told = self.ask(
            "POST", f"/api/actions/{action}", params={"environment": environment}, json={"inputs": inputs}
        ).json()
        run = told["run"]
        return str(run["id"] if isinstance(run, Mapping) else run)

    def look(self, run: str) -> str:
        """The small picture of a run, which is made after its end; its address."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            found = self.ask("GET", f"/api/runs/{run}").json()["run"]
            if found["thumbnail"]:
                return f"/api/files/{found['thumbnail']}/content"
        raise AssertionError(f"the run {run} got no small picture")

    def connect(self, name: str, key: str, base_url: str) -> None:
        """Stores a connection for production."""
        one = {
            "environments": ["production"],
            "default": True,
            "base_url": base_url,
            "fields": {"api_key": key},
        }
        told = {"name": name, "integration": "stabilityai", "configurations": [one]}
        self.ask("POST", "/api/connections", json=told).raise_for_status()

    def upload(self, name: str) -> str:
        """The reference of a sample."""
        sample = {"file": (name, (SAMPLES / name).read_bytes())}
        return str(self.ask("POST", "/api/files", files=sample).json()["file"])


@contextmanager
def host(home: Path, port: int = 0) -> Iterator[Served]:
    """``connector serve`` with a home, empty at first. It ends well when it is asked to."""
    home.mkdir(exist_ok=True)
    environ = os.environ | {"CONNECTOR_HOME": str(home), "STABILITY_API_KEY": ""}
    command = [Path(sys.executable).with_name("connector"), "serve", "--port", str(port), "--quiet"]
    log = home / "host.log"
    with (
        log.open("a") as written,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=written, env=environ, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            link = process.stdout.readline().strip()
            assert link, log.read_text()
            yield Served(link, home, log, process)
        finally:
            was_killed = process.poll() is not None
            process.send_signal(signal.SIGINT)
        assert was_killed or process.wait(_PATIENCE) == 0, log.read_text()


@dataclass(frozen=True)
class Upstream:
    """An upstream on a port. Its jobs take no time."""

    url: str

    def key(self, credits: int = 1000) -> str:
        """The key of a new account."""
        key = f"sk-live-{secrets.token_hex(12)}"
        told = {"key": key, "credits": credits}
        httpx.post(f"{self.url}/_sandbox/accounts", json=told).raise_for_status()
        return key

    def paid(self, key: str) -> list[dict[str, Any]]:
        """What the account of a key paid for."""
        found = httpx.get(f"{self.url}/_sandbox/ledger").json()
        return [each for each in found if each["key"] == fingerprint(key)]


@contextmanager
def upstream() -> Iterator[Upstream]:
    sandbox = Sandbox(SandboxSettings(job_seconds=0, poll_floor=False))
    with serving(sandbox) as url:
        yield Upstream(url)
    sandbox.close()
