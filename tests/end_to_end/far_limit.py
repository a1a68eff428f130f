"""A far side that keeps a rate limit by when requests arrive, behind a network that is late and stalls.

    python far_limit.py '{"requests": 30, "window": 1.0, "jitter": [0.02, 0.3], "stall": 1.0, "every": 60}'

It prints its address, serves until its standard input ends, and then prints what it has counted. A request
arrives some ``jitter`` seconds after it was received; in the last ``stall`` of ``every`` so many seconds
nothing arrives. Who passes the limit is locked out for the rest.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import deque
from typing import Any

_ANSWER = b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"


class Far:
    def __init__(self, told: dict[str, Any]) -> None:
        self.requests, self.window = told["requests"], told["window"]
        self.jitter, self.stall, self.every = told["jitter"], told.get("stall", 0.0), told.get("every", 60.0)
        self.began = time.monotonic()
        self.recent: deque[float] = deque()
        self.arrivals: list[float] = []
        self.most = self.refused = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(random.uniform(*self.jitter))
                await asyncio.sleep(self._stalled())
                allowed = self._count(time.monotonic())
                body = b'{"credits": 1}' if allowed else b'{"errors": ["too many"]}'
                status = (200, b"OK") if allowed else (429, b"Too Many Requests")
                writer.write(_ANSWER % (*status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _stalled(self) -> float:
        phase = (time.monotonic() - self.began) % self.every
        return self.every - phase if phase >= self.every - self.stall else 0.0

    def _count(self, now: float) -> bool:
        self.arrivals.append(now - self.began)
        self.recent.append(now)
        while self.recent[0] <= now - self.window:
            self.recent.popleft()
        self.most = max(self.most, len(self.recent))
        self.refused += len(self.recent) > self.requests or bool(self.refused)
        return not self.refused


async def main(told: dict[str, Any]) -> None:
    far = Far(told)
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({"most": far.most, "refused": far.refused, "arrivals": far.arrivals}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
