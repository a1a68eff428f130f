"""n8n itself, with our node in it, and a host of ours with its sandbox: both on ports of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from farside import Model, free_port
from flows import CREDENTIALS, WORKFLOWS

OUT = Path(__file__).parents[2] / "out" / "n8n"
PYTHON_BIN = Path(sys.executable).parent
# A machine that is busy with other things starts n8n slowly.
PATIENCE = 240.0
OWNER = {"email": "owner@connector.example", "password": "Sandbox-0000", "firstName": "A", "lastName": "B"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "default")


class Host:
    """``connector serve``, which can be killed and started again, and a token of it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._log = (home / "log").open("w")
        self._process, told = self._started(0, "--add-token", "n8n")
        self.url: str = told["url"]
        self.headers = {"authorization": f"Bearer {told['token']}"}
        self.token: str = told["token"]

    def get(self, path: str, **query: Any) -> Any:
        answer = httpx.get(f"{self.url}{path}", params=query, headers=self.headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def die_and_come_back(self) -> None:
        self._process.kill()
        self._ended()
        self._process, _ = self._started(int(self.url.rpartition(":")[2]))

    def stop(self) -> None:
        self._process.terminate()
        self._ended()
        self._log.close()

    def _ended(self) -> None:
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _started(self, port: int, *more: str) -> tuple[subprocess.Popen[str], Any]:
        command = [
            PYTHON_BIN / "connector",
            "serve",
            "--port",
            str(port),
            "--home",
            self._home,
            "--json",
            *more,
        ]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert started.stdout is not None
        return started, json.loads(started.stdout.readline())


@dataclass(frozen=True)
class N8n:
    """A running n8n, and its owner's session."""

    url: str
    rest: httpx.Client

    def hook(self, path: str, **request: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/webhook/{path}", timeout=PATIENCE, **request)


@pytest.fixture(scope="session")
def package() -> Path:
    """The package as ``connector export n8n`` writes it; its tools are beside it."""
    folder = OUT / "n8n-nodes-stabilityai"
    command = [PYTHON_BIN / "connector", "export", "n8n", "-o", folder, "--force"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def tools_env() -> dict[str, str]:
    """The environment in which npm's programs find the Node.js that they need."""
    bins = [OUT / part / "node_modules" / ".bin" for part in ("node", "tools", "n8n")]
    return os.environ | {"PATH": os.pathsep.join([*map(str, bins), os.environ["PATH"]])}


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    opened = Host(tmp_path_factory.mktemp("host"))
    try:
        yield opened
    finally:
        opened.stop()


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    with Model.listening() as opened:
        yield opened


@pytest.fixture(scope="session")
def n8n(package: Path, host: Host, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[N8n]:
    home = tmp_path_factory.mktemp("n8n")
    port = free_port()
    world = _world(home, port, package)
    _import(home, world, "credentials", CREDENTIALS(host, model))
    _import(home, world, "workflow", WORKFLOWS)
    for workflow in WORKFLOWS:
        _n8n(world, "publish:workflow", f"--id={workflow['id']}")
    log = (OUT / "n8n.log").open("w")
    with log, subprocess.Popen(_command("start"), env=world, stdout=log, stderr=log) as running:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as rest:
                yield _signed_in(N8n(f"http://127.0.0.1:{port}", rest), running)
        finally:
            running.terminate()


def _world(home: Path, port: int, package: Path) -> dict[str, str]:
    """Nothing of n8n's goes anywhere but to this folder and this machine."""
    off = ("DIAGNOSTICS", "VERSION_NOTIFICATIONS", "TEMPLATES", "PERSONALIZATION", "DYNAMIC_BANNERS")
    return tools_env() | {
        "HOME": str(home),
        "N8N_USER_FOLDER": str(home),
        "N8N_CUSTOM_EXTENSIONS": str(package),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_ENCRYPTION_KEY": "a-key-of-this-test",
        "N8N_SECURE_COOKIE": "false",
        "N8N_COMMUNITY_PACKAGES_REGISTRY": "http://127.0.0.1:9",
        "N8N_HIRING_BANNER_ENABLED": "false",
        **{f"N8N_{name}_ENABLED": "false" for name in off},
    }


def _command(*words: str) -> list[str]:
    return ["node", str(OUT / "n8n" / "node_modules" / "n8n" / "bin" / "n8n"), *words]


def _n8n(world: dict[str, str], *words: str) -> None:
    done = subprocess.run(_command(*words), env=world, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def _import(home: Path, world: dict[str, str], kind: str, told: list[dict[str, Any]]) -> None:
    written = home / f"{kind}.json"
    written.write_text(json.dumps(told))
    _n8n(world, f"import:{kind}", f"--input={written}")


def _signed_in(n8n: N8n, running: subprocess.Popen[bytes]) -> N8n:
    """The owner's session, as soon as n8n takes requests and its workflows listen."""
    _until(running, lambda: n8n.rest.get("/healthz/readiness").status_code == 200)
    answer = n8n.rest.post("/rest/owner/setup", json=OWNER)
    assert answer.status_code == 200, answer.text
    _until(running, lambda: n8n.hook("balance", json={}).status_code == 200)
    return n8n


def _until(running: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert running.poll() is None, f"n8n ended; see {OUT / 'n8n.log'}"
        try:
            if is_so():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"n8n does not answer; see {OUT / 'n8n.log'}")
