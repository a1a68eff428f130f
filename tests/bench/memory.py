"""How far resident memory grows, at its peak, while 100 MB go up or come down to a file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from ways import connector

HERE = Path(__file__).parent
SIZE = 100 * 1024 * 1024


def growth(which: str, port: int, folder: Path) -> float:
    """The growth in MB of a process that does one such transfer and nothing else."""
    environ = os.environ | {"CONNECTOR_HOME": str(folder / f"home-{which}")}
    command = [sys.executable, str(HERE / "memory.py"), which, str(port), str(folder)]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    grown: float = json.loads(done.stdout)
    return grown


def _up(made: object, folder: Path) -> None:
    file = folder / "large.bin"
    with file.open("wb") as opened:
        opened.truncate(SIZE)
    made.invoke("upload", {"file": file})  # type: ignore[attr-defined]


def _down(made: object, folder: Path) -> None:
    saved = made.invoke("download").save(folder / "down.bin")  # type: ignore[attr-defined]
    assert saved.stat().st_size == SIZE


def _kilobytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def main(which: str, port: str, folder: str) -> None:
    made = connector(int(port), Path(os.environ["CONNECTOR_HOME"]))
    # What is loaded at the first use is no part of a transfer.
    made.invoke("balance")
    made.invoke("upload", {"file": b"small"})
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = _kilobytes("VmRSS")
    {"up": _up, "down": _down}[which](made, Path(folder))
    print(json.dumps((_kilobytes("VmHWM") - before) / 1024))


if __name__ == "__main__":
    main(*sys.argv[1:])
