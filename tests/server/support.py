"""What the tests of the host share: a host on a quick sandbox, and somebody who visits it."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from hosting import serving
from PIL import Image
from port import QuickThreads, TinyStudio
from upstream import Clock

from connector.engine.http.transport import HttpTransport
from connector.sandbox import InProcess, Sandbox
from connector.sandbox import Settings as SandboxSettings
from connector.server import json_logs
from connector.server.app import create
from connector.server.host import Host
from connector.server.settings import Settings

HERE = Path(__file__).parent
# Stands for a person's key; whatever happens, it is in no body, log or metric.
KEY = "sk-live-5d0c7a2be91f"
# Whoever waits longer than this waits for nothing, in seconds.
PATIENCE = 60
BASE = "http://localhost:8760"
SANDBOX = {"environment": "sandbox"}


def cases(name: str) -> list[dict[str, Any]]:
    told = yaml.safe_load((HERE / "cases" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(told, list)
    return told


class Place:
    """A host with its world: a clock that only moves when somebody waits, a sandbox, and two tokens.

    Everything it answers, logs and counts is kept, to be looked through for secrets.
    """

    def __init__(self, home: Path, upstream: Any = None, **settings: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(SandboxSettings(credits=10_000), studio=TinyStudio(), world=self.clock)
        self.loop = asyncio.Runner()
        self.said: list[bytes] = []
        self.log = io.StringIO()
        self.stop_log = json_logs.start(self.log)
        far = upstream or InProcess(self.sandbox, sleep=self.clock.sleep)
        told: dict[str, Any] = {
            "home": home,
            "allowed_hosts": ("host.example",),
            "environ": {"STABILITY_API_KEY": ""},
            "clock": self.clock,
            "transport": HttpTransport(far),
            "io": QuickThreads(self.clock),
            "drain": 5.0,
        }
        self.app = create(Settings(**(told | settings)))
        self.host: Host = self.app.state.host
        self.tokens = {"manage": self.host.tokens.first(), "use": self.host.tokens.add("guest", "use")}

    def __call__(
        self, method: str, path: str, *, bearer: str | None = "manage", **more: Any
    ) -> httpx.Response:
        """One request, by somebody with a token of that role or with none."""
        return self.run(self.asked(method, path, bearer=bearer, **more))

    async def asked(
        self, method: str, path: str, *, bearer: str | None = "manage", **more: Any
    ) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if bearer:
            headers.setdefault("authorization", f"Bearer {self.tokens[bearer]}")
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            answer = await client.request(method, path, headers=headers, **more)
        self.said += [answer.content, repr(answer.headers.raw).encode()]
        return answer

    def run(self, coroutine: Any) -> Any:
        return self.loop.run(coroutine)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self("POST", path, **more)

    def invoke(self, action: str, inputs: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """An action with JSON inputs, in the sandbox."""
        asked = SANDBOX | more.pop("params", {})
        return self.post(f"/api/actions/{action}", json={"inputs": inputs or {}}, params=asked, **more)

    def lines(self) -> list[str]:
        return self.log.getvalue().splitlines()

    def close(self) -> None:
        self.run(self.host.stop())
        self.loop.close()
        self.sandbox.close()
        self.stop_log()

    def everything(self) -> str:
        """All that was told to anybody."""
        metrics = self.host.metrics.page()[0].decode()
        return b"\n".join(self.said).decode("latin-1") + self.log.getvalue() + metrics


@contextmanager
def place(home: Path, **more: Any) -> Iterator[Place]:
    """A host for as long as the block takes. No secret is told by it, whatever it is asked."""
    opened = Place(home, **more)
    try:
        yield opened
    finally:
        opened.close()
    told = opened.everything()
    assert KEY not in told
    kept = opened.log.getvalue() + opened.host.metrics.page()[0].decode()
    assert not [token for token in opened.tokens.values() if token and token in kept]


@contextmanager
def served(home: Path, **settings: Any) -> Iterator[httpx.Client]:
    """A host with a worker, on a port, and a client with its token."""
    kept = {}

    def make(port: int) -> Any:
        told = {"environ": {}, "worker": True, **settings}
        app = create(Settings(home=home, port=port, **told))
        kept["token"] = app.state.host.tokens.first()
        return app

    stop_log = json_logs.start(io.StringIO())
    with serving(make) as url:
        headers = {"authorization": f"Bearer {kept['token']}"}
        with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE) as client:
            yield client
    stop_log()


def until(look: Callable[[], Any]) -> Any:
    """What is looked for, as soon as it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


def picture(side: int = 64, kind: str = "png", colour: str = "teal") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(written, kind)
    return written.getvalue()


Asked = Callable[..., httpx.Response]
