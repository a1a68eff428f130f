"""A process that serves a host, and tells by how many MB it grew while a large file went up and came down."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep

import httpx
from hosting import serving
from starlette.applications import Starlette

from connector.server import json_logs
from connector.server.app import create
from connector.server.settings import Settings

PIECE = b"\0\1\2\3" * (1 << 16)
PIECES = 384  # 100 MB
HEAD = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'


def used() -> float:
    """The memory that this process has now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Watch(Thread):
    """The most that is used while the block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.over = used(), False

    def run(self) -> None:
        while not self.over:
            self.most = max(self.most, used())
            sleep(0.002)

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.over = True
        self.join()


def body() -> Iterator[bytes]:
    for _ in range(PIECES):
        yield PIECE


def form() -> Iterator[bytes]:
    yield HEAD
    yield from body()
    yield b"\r\n--b--\r\n"


def main(home: Path) -> dict[str, float]:
    json_logs.start(io.StringIO())
    tokens = []

    def make(port: int) -> Starlette:
        app = create(Settings(home=home, port=port, max_body=1 << 30, environ={}))
        tokens.append(app.state.host.tokens.first())
        return app

    grown: dict[str, float] = {}
    with serving(make) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.headers["authorization"] = f"Bearer {tokens[0]}"
        client.post("/api/files", content=PIECE, headers={"content-type": "application/x-odd"})
        kinds = {"raw": ("application/x-odd", body), "form": ("multipart/form-data; boundary=b", form)}
        for name, (kind, make_body) in kinds.items():
            before = used()
            with Watch() as watch:
                answer = client.post("/api/files", content=make_body(), headers={"content-type": kind})
            assert answer.status_code == 201, answer.text
            grown[f"{name} up"] = watch.most - before
        before = used()
        with Watch() as watch, client.stream("GET", f"/api/files/{answer.json()['id']}/content") as coming:
            assert sum(map(len, coming.iter_raw())) == len(PIECE) * PIECES
        grown["down"] = watch.most - before
    return grown


print(json.dumps(main(Path(sys.argv[1]))))
