"""How long whole processes take, as a multiple of ``python -c pass``, in turn and in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from pairs import Compared
from ways import connector

HERE = Path(__file__).parent
_CONSOLE = str(Path(sys.executable).parent / "connector")
_GET = "import httpx, sys; print(httpx.get(sys.argv[1] + '/balance').json())"


def compare(port: int, folder: Path, rounds: int) -> Compared:
    """Each command so many times, after once that nobody counts and that fills the caches."""
    home = folder / "home-start"
    connector(port, home).close()
    environ = os.environ | {"CONNECTOR_HOME": str(home)}
    # What pip installs has its bytecode; where this is set, a checkout would be compiled in each process.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "actions": [_CONSOLE, "actions"],
        "help": [_CONSOLE, "--help"],
        "describe": [_CONSOLE, "describe", "erase"],
        "invoke": [_CONSOLE, "invoke", "balance", "--integration", str(HERE / "integration")],
        "httpx": [sys.executable, "-c", _GET, f"http://127.0.0.1:{port}"],
    }
    found: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            taken = _seconds(command, environ)
            if number:
                found[name].append(taken)
    return Compared(found)


def _seconds(command: list[str], environ: dict[str, str]) -> float:
    before = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - before
