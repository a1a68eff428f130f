"""The same jobs done in several ways: by bare httpx, by the connector, and by sockets, which is the limit."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from threading import local
from typing import Any

HERE = Path(__file__).parent
FIELDS: dict[str, Any] = {
    "prompt": "a lighthouse on a cliff in a storm, seen from the sea",
    "negative_prompt": "people, boats",
    "seed": 5,
    "output_format": "png",
    "style_preset": "enhance",
    "strength": 0.5,
    "grow_mask": 5,
    "creativity": 0.3,
    "aspect_ratio": "1:1",
}
Job = Callable[[], int]


class Httpx:
    """What somebody would write with httpx: one client, ``files=`` and ``data=``."""

    def __init__(self, port: int, image: Path) -> None:
        import httpx

        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": "Bearer k"}, timeout=60
        )
        self._image = image

    def get(self) -> int:
        response = self._client.get("/balance")
        response.raise_for_status()
        return len(response.json())

    def edit(self) -> int:
        with self._image.open("rb") as file:
            return self._edited(file)

    def edit_bytes(self) -> int:
        return self._edited(("image.png", _content(self._image), "image/png"))

    def _edited(self, image: Any) -> int:
        data = {name: str(value) for name, value in FIELDS.items()}
        response = self._client.post("/edit", data=data, files={"image": image})
        response.raise_for_status()
        return len(response.content)


class Connected:
    """The connector, with a stored connection whose key is encrypted; an edit is paid and written down."""

    def __init__(self, port: int, image: Path) -> None:
        self._connector = connector(port, Path(os.environ["CONNECTOR_HOME"]))
        self._image = image

    def get(self) -> int:
        return len(self._connector.invoke("balance").value)

    def edit(self) -> int:
        return len(self._connector.invoke("edit", {**FIELDS, "image": self._image}).bytes)

    def edit_bytes(self) -> int:
        return len(self._connector.invoke("edit", {**FIELDS, "image": _content(self._image)}).bytes)


class ConnectedAsync:
    """The same, from asyncio."""

    def __init__(self, port: int, image: Path) -> None:
        self._connector = async_connector(port, Path(os.environ["CONNECTOR_HOME"]))
        self._image = image

    async def edit(self) -> int:
        return len((await self._connector.invoke("edit", {**FIELDS, "image": self._image})).bytes)


class Sockets:
    """No library at all: what the machine and the server allow."""

    def __init__(self, port: int, image: Path) -> None:
        self._port = port
        self._own = local()
        self._get = b"GET /balance HTTP/1.1\r\nhost: localhost\r\n\r\n"
        content = image.read_bytes()
        head = f"POST /edit HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(content)}\r\n\r\n"
        self._edit = head.encode() + content

    def get(self) -> int:
        return self._exchanged(self._get)

    def edit(self) -> int:
        return self._exchanged(self._edit)

    def _exchanged(self, request: bytes) -> int:
        own = self._own.__dict__
        if "socket" not in own:
            own["socket"] = socket.create_connection(("127.0.0.1", self._port))
            own["buffer"] = bytearray(2 * 1024 * 1024)
        connected, buffer = own["socket"], own["buffer"]
        connected.sendall(request)
        count = connected.recv_into(buffer)
        head = bytes(buffer[: min(count, 4096)]).partition(b"\r\n\r\n")[0]
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        left = size - (count - len(head) - 4)
        while left > 0:
            left -= connected.recv_into(buffer)
        return size


def _content(image: Path) -> bytes:
    """The file's bytes as they lie in a program's memory: read once."""
    if image not in _CONTENTS:
        _CONTENTS[image] = image.read_bytes()
    return _CONTENTS[image]


_CONTENTS: dict[Path, bytes] = {}


def connector(port: int, home: Path) -> Any:
    from connector import Connector

    made = Connector(HERE / "integration", home=home)
    _connect(made, port)
    return made


def async_connector(port: int, home: Path, **options: Any) -> Any:
    from connector import AsyncConnector

    made = AsyncConnector(HERE / "integration", home=home, **options)
    _connect(made, port)
    return made


def _connect(connector: Any, port: int) -> None:
    from connector.storage.connections.model import Configuration, Connection

    base_url = f"http://127.0.0.1:{port}"
    local = Configuration("local", ("local",), True, base_url, fields={"key": "sk-0123456789abcdef"})
    connector.workspace.connections.save(Connection("bench", "bench", (local,)), {"key"})


async def together(job: Callable[[], Any], count: int, workers: int) -> None:
    """The job so many times, so many at once."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await job()

    await asyncio.gather(*(work() for _ in range(workers)))


WAYS: dict[str, Any] = {
    "httpx": Httpx,
    "connector": Connected,
    "async": ConnectedAsync,
    "sockets": Sockets,
}
