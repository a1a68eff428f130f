"""How much of the vendor's limit four processes use that share one key, and how often they pass it.

The sandbox keeps the limit as the vendor states it. A request that is refused is not tried again, so that
each is counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROCESSES = 4
# Enough that somebody waits for every slot.
THREADS = 8
# At first they find the limit unused, as at the vendor, and at last they wait for what will not come.
WARM = 11.0
REST = 2.0


def measure(folder: Path, seconds: float) -> dict[str, float]:
    """The share of the limit that was used, and the requests that were refused for it."""
    with _sandbox() as url:
        found, until = ask(folder, url, seconds)
    counted = sum((Counter(one["outcomes"]) for one in found), Counter[str]())
    begun = until - REST - seconds
    used = sum(begun <= moment < begun + seconds for one in found for moment in one["moments"])
    allowed = found[0]["pace"] * seconds
    return {"used": used / allowed, "refused": counted["rate_limited"], "failed": _others(counted)}


def ask(folder: Path, url: str, seconds: float) -> tuple[list[dict[str, Any]], float]:
    """What each process tells of its requests to an address that nobody asked before, and until when."""
    made = _integration(folder / "shared-key", url)
    until = time.time() + WARM + seconds + REST
    told = [sys.executable, str(HERE / "sharing.py"), str(made), str(folder / "home-shared"), str(until)]
    asking = [subprocess.Popen(told, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    return [json.loads(process.communicate()[0]) for process in asking], until


def _others(counted: Counter[str]) -> int:
    return sum(counted.values()) - counted["success"] - counted["rate_limited"]


@contextmanager
def _sandbox() -> Iterator[str]:
    command = [sys.executable, "-m", "connector", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        finally:
            process.terminate()


def _integration(folder: Path, url: str) -> Path:
    """The shipped one's free actions, at this address, where nothing is tried again."""
    import yaml

    shipped = HERE.parents[1]
    told = yaml.safe_load((shipped / "integration.yaml").read_text())
    told["environments"] = {"local": {"base_url": url, "credential": {"api_key": "sk-shared"}}}
    told["default_environment"] = "local"
    told["defaults"]["retry"]["attempts"] = 1
    told["actions"] = ["actions/balance.yaml"]
    told.pop("workflows", None)
    (folder / "actions").mkdir(parents=True)
    (folder / "actions" / "balance.yaml").write_text((shipped / "actions" / "balance.yaml").read_text())
    (folder / "integration.yaml").write_text(yaml.safe_dump(told))
    return folder


def main(folder: str, home: str, until: str) -> None:
    """Asks as fast as it may, and prints when it was answered and how."""
    from connector import Connector

    outcomes: Counter[str] = Counter()
    moments: list[float] = []
    with Connector(Path(folder), home=Path(home)) as connector, ThreadPoolExecutor(THREADS) as threads:

        def ask(_: int) -> None:
            while time.time() < float(until):
                outcomes[_asked(connector)] += 1
                moments.append(time.time())

        list(threads.map(ask, range(THREADS)))
        limit = connector.integration.rate_limit
        assert limit is not None
        pace = limit.requests / limit.window
    print(json.dumps({"outcomes": outcomes, "moments": moments, "pace": pace}), flush=True)
    os._exit(0)


def _asked(connector: Any) -> str:
    from connector.errors import ConnectorError

    try:
        return str(connector.invoke("balance").outcome)
    except ConnectorError as error:
        return error.code


if __name__ == "__main__":
    main(*sys.argv[1:])
