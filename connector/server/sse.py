"""Server-sent events (text/event-stream), with ids, and a sign of life while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from connector.server.json_reply import written
from connector.storage.runs.model import RunEvent

# A client that lost the connection comes again after so many milliseconds.
OPENING = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
MEDIA_TYPE = "text/event-stream"


def framed(event: RunEvent) -> bytes:
    """One event. JSON has no bare line breaks, so that its data is one line."""
    frame = f"id: {event.seq}\nevent: {event.kind}\ndata: {written(event.data)}\n\n"
    return frame.encode("utf-8", "backslashreplace")


async def stream(
    events: AsyncIterator[RunEvent], heartbeat: float, stopping: asyncio.Event
) -> AsyncIterator[bytes]:
    """The events as they come, until there are no more or the host stops."""
    yield OPENING
    stop = asyncio.ensure_future(stopping.wait())
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while not stop.done():
            await asyncio.wait((coming, stop), timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                event = coming.result()
                if event is None:
                    return
                yield framed(event)
                coming = asyncio.ensure_future(anext(events, None))
            elif not stop.done():
                yield HEARTBEAT
    finally:
        await _ended(stop, coming)


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def last_seen(header: str | None) -> int:
    """The number of the last event that a client has, by its ``Last-Event-ID``."""
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 16 else 0
