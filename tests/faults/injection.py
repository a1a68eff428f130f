"""System calls of another process: listed by strace, and killed or refused one at a time."""

import re
import shutil
import subprocess
from dataclasses import dataclass

# What a use does that can be seen from outside, or that its files hang on.
WATCHED = (
    "openat", "write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "link",
    "linkat", "unlink", "unlinkat", "mkdir", "connect", "sendto", "recvfrom", "close",
)  # fmt: skip
# What a full disk can refuse.
STARVED = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate")
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)")


@dataclass(frozen=True)
class Point:
    """The n-th call of that name in a thread, and what becomes of it: ``signal=KILL`` or ``error=ENOSPC``."""

    call: str
    number: int
    fault: str

    def __str__(self):
        return f"{self.call} {self.number} {self.fault}"

    @property
    def kills(self):
        return self.fault == "signal=KILL"

    @property
    def options(self):
        # Without --seccomp-bpf, as strace 6.1 then delivers no signal.
        inject = f"inject={self.call}:{self.fault}:when={self.number}"
        return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={self.call}", "-e", inject]


def missing():
    """Why nothing can be injected here; empty where it can."""
    if shutil.which("strace") is None:
        return "there is no strace, and it could not be installed (apt-get install strace)"
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True)
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else ""


def listing(path):
    """The options that list the watched calls in a file."""
    return ["strace", "-f", "-y", "-qq", "-o", str(path), "-e", f"trace={','.join(WATCHED)}"]


def points(path):
    """Every point of a listed use, from the first write to the ledger to the end."""
    counts, found, began = {}, [], False
    for line in path.read_text(errors="replace").splitlines():
        if (match := _LINE.match(line)) is None or "resumed>" in line:
            continue
        thread, call, arguments = match.groups()
        number = counts[thread, call] = counts.get((thread, call), 0) + 1
        began = began or (call == "pwrite64" and "connector.db-wal" in arguments)
        if not began:
            continue
        found.append(Point(call, number, "signal=KILL"))
        if call in STARVED:
            found.append(Point(call, number, "error=ENOSPC"))
    return list(dict.fromkeys(found))
