"""A crowd of clients that use one host's sandbox at once: what they are answered, and whether a run is lost.

The sandbox has the vendor's rate limit, and so each of them waits for a turn. Nobody who uses an action may
be answered with a failure of the host's, and each run that was begun must have ended. Beside it everybody
reads: these requests the host may put off. Whoever asks for its health meanwhile is answered at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat
from pathlib import Path
from typing import Any

import httpx

OUT = Path(__file__).parents[2] / "out" / "crowd.json"
CLIENTS = 200
SECONDS = 60.0
# What whoever asks for the health of the host may wait, in seconds, but for one time in a hundred.
HEALTHY = 0.25
# What they do in turn. A third of it costs 3 credits, so that those of the sandbox last for a minute.
_ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stable-image-core", {"prompt": "a paper boat", "output_format": "jpeg"}),
    ("balance", {}),
    ("engines", {}),
)
# What they read after each use.
_READS = ("/openapi.json", "/api/runs?limit=50", "/api/actions", "/api/spend")
_PATIENCE = 300.0


@dataclass(slots=True)
class Tally:
    """What became of the requests.

    ``refusals`` are those that were answered with a failure, ``broken`` those without any answer, and
    ``lost`` the runs that did not end. ``reads`` are counted by themselves; one that was put off is asked for
    again when that was said.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    reads: Counter[int] = field(default_factory=Counter)
    put_off: int = 0
    seconds: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    runs: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """The answers for which the host is to blame."""
        answers = self.statuses + self.reads
        return sum(number for status, number in answers.items() if status >= 500) + len(self.broken)

    def shown(self) -> dict[str, Any]:
        times = sorted(self.seconds)
        waited = {f"p{at}": round(times[int(len(times) * at / 100)], 2) for at in (50, 99)}
        return {
            "statuses": _counted(self.statuses),
            "reads": _counted(self.reads),
            "put_off": self.put_off,
            "refusals": dict(self.refusals),
            "seconds": waited | {"slowest": round(times[-1], 2)},
            "runs": self.runs,
            "broken": self.broken,
            "lost": self.lost,
        }


def _counted(statuses: Counter[int]) -> dict[str, int]:
    return {str(status): number for status, number in sorted(statuses.items())}


async def crowd(url: str, token: str, clients: int, until: Iterator[bool]) -> Tally:
    """The tally of so many clients, each of which asks again as soon as it is answered, while it is so."""
    tally, number = Tally(), count()
    headers = {"authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=_PATIENCE, limits=limits) as client:

        async def one() -> None:
            while next(until):
                turn = next(number)
                await _ask(client, _ACTIONS[turn % len(_ACTIONS)], tally)
                await _read(client, _READS[turn % len(_READS)], tally)

        await asyncio.gather(*(one() for _ in range(clients)))
        await _look_at_runs(client, tally)
    return tally


async def _ask(client: httpx.AsyncClient, what: tuple[str, dict[str, Any]], tally: Tally) -> None:
    action, inputs = what
    began = time.perf_counter()
    try:
        answer = await client.post(
            f"/api/actions/{action}", params={"environment": "sandbox"}, json={"inputs": inputs}
        )
    except httpx.HTTPError as error:
        tally.broken.append(type(error).__name__)
        return
    tally.statuses[answer.status_code] += 1
    if not answer.is_success:
        tally.refusals[f"{answer.json()['code']}: {answer.json()['detail']}"] += 1
    tally.seconds.append(time.perf_counter() - began)


async def _read(client: httpx.AsyncClient, path: str, tally: Tally) -> None:
    """Asks again where the host puts it off, as long as that takes."""
    while True:
        try:
            answer = await client.get(path)
        except httpx.HTTPError as error:
            tally.broken.append(f"{path}: {type(error).__name__}")
            return
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            tally.reads[answer.status_code] += 1
            return
        tally.put_off += 1
        await asyncio.sleep(float(answer.headers["retry-after"]))


async def _look_at_runs(client: httpx.AsyncClient, tally: Tally) -> None:
    """Every run that the host wrote down, page by page."""
    before: dict[str, str] = {}
    while True:
        page = (await client.get("/api/runs", params={"limit": 200, **before})).json()
        tally.runs += len(page["runs"])
        tally.lost += [run["id"] for run in page["runs"] if run["state"] in ("queued", "running")]
        if page["before"] is None:
            return
        before = {"before": page["before"]}


def for_seconds(seconds: float) -> Iterator[bool]:
    """Yes until so many seconds are over."""
    end = time.monotonic() + seconds
    return (time.monotonic() < end for _ in repeat(None))


def main(clients: str = str(CLIENTS), seconds: str = str(SECONDS)) -> None:
    from host import hosted  # beside this script; tests that use the crowd have a host of their own
    from probe import percentiles, probing

    with (
        tempfile.TemporaryDirectory(prefix="crowd-") as name,
        hosted(Path(name)) as (url, token),
        probing(url) as health,
    ):
        tally = asyncio.run(crowd(url, token, int(clients), for_seconds(float(seconds))))
    told = {"clients": int(clients), "asked_for_seconds": float(seconds)} | tally.shown()
    told["health"] = {path: percentiles(taken) for path, taken in health["seconds"].items()}
    told["unhealthy"] = health["failures"]
    told["load"] = os.getloadavg()[0]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))
    slow = any(times["p99"] > HEALTHY for times in told["health"].values())
    lost = tally.lost or tally.runs != sum(tally.statuses.values())
    sys.exit(1 if tally.failures or lost or slow or health["failures"] else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
