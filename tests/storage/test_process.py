"""A process is said to be gone only where that is certain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from connector.storage.process import is_gone, this_process


def test_this_process_is_here():
    """A process that runs is not gone."""
    assert not is_gone(this_process())


def test_another_process():
    """Another process is here until it ends, and is gone from then on, even before it is waited for."""
    script = "from connector.storage.process import this_process; print(this_process(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        name = process.stdout.readline().strip()
        assert name != this_process()
        assert not is_gone(name)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not taken away yet
        assert is_gone(name)
    assert is_gone(name)


def test_same_id_again():
    """Another process that got the same id is not taken for the one of before."""
    machine, pid, started = this_process().split(" ")
    assert is_gone(f"{machine} {pid} {int(started) - 1}")


def test_elsewhere_is_not_known():
    """Of another machine, or where the system does not tell, nothing is certain."""
    assert not is_gone("another-boot/1 999999 5")
    assert not is_gone(" 999999 ")


def test_fork_has_its_own_name():
    """A forked process is not its parent."""
    before, (reader, writer) = this_process(), os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, this_process().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 200).decode() != before
    os.close(reader)
    os.close(writer)
