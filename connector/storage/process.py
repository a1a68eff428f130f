"""Process identity: whether the process that wrote something down is certainly gone."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str:
    """A name for this process that no other one ever has: machine, process id and time of start."""
    return _named(os.getpid())


def is_gone(name: str) -> bool:
    """True only where it is certain, on the same machine since the same boot.

    A process id alone is not enough, because it is used again.
    """
    machine, pid, started = name.split(" ")
    return bool(machine) and machine == _machine() and _started(int(pid)) != started


def is_alive(name: str) -> bool:
    """True only where it is certain: on the same machine since the same boot."""
    machine, pid, started = name.split(" ")
    return bool(machine and started) and machine == _machine() and _started(int(pid)) == started


@cache  # by process id: a fork is another process
def _named(pid: int) -> str:
    return f"{_machine()} {pid} {_started(pid)}"


@cache
def _machine() -> str:
    """This boot of this machine, seen from this container; empty where the system does not tell."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks; empty when it has ended."""
    try:
        # The name of the program stands in brackets, and may hold spaces and brackets.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    has_ended = fields[0] in ("Z", "X")
    return "" if has_ended else fields[19]
