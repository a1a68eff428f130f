"""The system calls of a process with many threads, stopped one by one: counted, and killed or refused.

It is Linux's ptrace, as strace uses it. Strace counts the calls of each thread by itself; here all threads
count together, so that each number from the first to the last is a point that is met, whichever thread comes
to it.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
from contextlib import suppress
from pathlib import Path

# What changes a disk or is seen by the far side, by its number on x86-64.
CALLS = {
    1: "write", 18: "pwrite64", 20: "writev", 42: "connect", 44: "sendto", 45: "recvfrom", 46: "sendmsg",
    74: "fsync", 75: "fdatasync", 77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir", 86: "link",
    87: "unlink", 90: "chmod", 91: "fchmod", 257: "openat", 258: "mkdirat", 263: "unlinkat",
    264: "renameat", 265: "linkat", 316: "renameat2",
}  # fmt: skip
# What a full disk refuses, in files.
STARVED = {"write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate"}
# What a disk that has become read-only refuses: these of open files, and the rest by the paths among their
# arguments.
_OF_FILES = STARVED | {"fchmod"}
_PATHS = {
    "openat": (1,), "rename": (0, 1), "mkdir": (0,), "rmdir": (0,), "link": (0, 1), "unlink": (0,),
    "chmod": (0,), "mkdirat": (1,), "unlinkat": (1,), "renameat": (1, 3), "linkat": (1, 3),
    "renameat2": (1, 3),
}  # fmt: skip
_OPENAT, _MAKES, _WRITES = 257, os.O_CREAT, os.O_CREAT | os.O_WRONLY | os.O_RDWR

_CONT, _POKE, _SYSCALL, _SEIZE, _INTERRUPT, _LISTEN, _INFO = 7, 6, 24, 0x4206, 0x4207, 0x4208, 0x420E
_SYSGOOD, _CLONE, _EXITKILL = 1, 8, 1 << 20
_EVENT_CLONE, _EVENT_STOP = 3, 128
_WALL = 0x40000000
# Where the registers lie that hold a call's number and its answer.
_NUMBER, _ANSWER = 15 * 8, 10 * 8
_AT_ENTRY, _AT_EXIT = 1, 2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


def missing():
    """Why no process can be traced here; empty where one can."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "system calls are traced on Linux for x86-64 only"
    pid = os.fork()
    if pid == 0:
        signal.pause()
    try:
        _ptrace(_SEIZE, pid, 0, _EXITKILL)
    except OSError as error:
        return f"this process may not trace its children ({error.strerror})"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return ""


class Tracer:
    """Traces one child of this process, from ``attach`` to its end.

    ``fault`` befalls the call of that ``number``; the first is 1. ``kill`` counts all watched calls. ``once``
    and ``full`` count what a full disk refuses, and refuse that one, or it and all that follow; ``sealed``
    counts what changes something below ``home``, and from that one on refuses it as a read-only disk does.
    ``counted`` is how many there were, ``struck`` the one that the fault met.
    """

    def __init__(self, pid, number=0, fault="kill", home="/"):
        self.pid, self.counted, self.struck = pid, 0, ""
        self._home = home
        self._number, self._fault = number, fault
        self._refused = set()
        self._threads = set()

    def attach(self):
        """Every thread is traced when this returns."""
        while new := {int(path.name) for path in Path(f"/proc/{self.pid}/task").iterdir()} - self._threads:
            for thread in new:
                with suppress(
                    ProcessLookupError, PermissionError
                ):  # it has ended, or is traced as another's child
                    _ptrace(_SEIZE, thread, 0, _SYSGOOD | _CLONE | _EXITKILL)
                    _ptrace(_INTERRUPT, thread)
                self._threads.add(thread)

    def run(self):
        """Lets it go on to its end; the exit code, negative for a signal."""
        while True:
            thread, status = os.waitpid(-1, _WALL)
            if os.WIFSTOPPED(status):
                with suppress(ProcessLookupError):  # somebody else has killed it
                    self._go_on(thread, status >> 8)
            elif thread == self.pid:
                return os.waitstatus_to_exitcode(status)

    def _go_on(self, thread, stop):
        received, event = stop & 0xFF, stop >> 8
        if received == signal.SIGTRAP | 0x80:
            self._at_call(thread)
            received = 0
        elif event == _EVENT_STOP and received in (signal.SIGSTOP, signal.SIGTSTP):
            _ptrace(_LISTEN, thread)
            return
        elif event:
            received = 0
        _ptrace(_SYSCALL, thread, 0, received)

    def _at_call(self, thread):
        kind, number, arguments = _info(thread)
        if kind == _AT_EXIT:
            if thread in self._refused:
                self._refused.discard(thread)
                refusal = errno.EROFS if self._fault == "sealed" else errno.ENOSPC
                _ptrace(_POKE, thread, _ANSWER, -refusal)
            return
        if kind != _AT_ENTRY or number not in CALLS:
            return
        if number == _OPENAT and not arguments[2] & (_WRITES if self._fault == "sealed" else _MAKES):
            return
        name, kills = CALLS[number], self._fault == "kill"
        if not kills and not self._is_met(name, arguments):
            return
        self.counted += 1
        if not self._number or self.counted < self._number or (self.struck and self._fault == "once"):
            return
        self.struck = self.struck or name
        if kills:
            os.kill(self.pid, signal.SIGKILL)
        else:
            self._refused.add(thread)
            _ptrace(_POKE, thread, _NUMBER, -1)

    def _is_met(self, name, arguments):
        if self._fault != "sealed":
            return name in STARVED and self._is_file(arguments[0])
        if name in _OF_FILES:
            return self._is_file(arguments[0]) and self._is_below(f"fd/{arguments[0]}")
        return any(self._text(arguments[place]).startswith(self._home) for place in _PATHS.get(name, ()))

    def _is_below(self, handle):
        return str(Path(f"/proc/{self.pid}/{handle}").readlink()).startswith(self._home)

    def _text(self, address):
        with Path(f"/proc/{self.pid}/mem").open("rb") as memory:
            memory.seek(address)
            return os.fsdecode(memory.read(min(1024, 4096 - address % 4096)).partition(b"\0")[0])

    def _is_file(self, handle):
        # Not a pipe or a socket, which need no room on a disk; what it says goes to nobody's disk either.
        try:
            return handle > 2 and str(Path(f"/proc/{self.pid}/fd/{handle}").readlink())[0] == "/"
        except OSError:
            return False


def _info(thread):
    """Whether a call begins or ends, its number, and its arguments."""
    read = ctypes.create_string_buffer(88)
    _ptrace(_INFO, thread, len(read), ctypes.addressof(read))
    kind, number, *arguments = struct.unpack_from("B23xQ6Q", read.raw)
    return kind, number, arguments


def _ptrace(request, pid, address=0, data=0):
    if _libc.ptrace(request, pid, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
