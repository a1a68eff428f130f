"""A home, an integration that leads to the far side, folders for files, and processes that use them."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from runs.world import TESTS, asking

from connector.engine.connector import Connector
from connector.spec.loader import load

LONGEST = 120.0


@dataclass(frozen=True)
class Fault:
    """What befalls which watched call, counted over all threads: the process is killed there (``kill``), or
    finds the disk full at this call alone (``once``), or from it on (``full``), or its home read-only from it
    on (``sealed``). Without a number the calls are counted.
    """

    kind: str = "kill"
    number: int = 0

    def __str__(self):
        return f"{self.kind} at call {self.number}"


@dataclass(frozen=True)
class Ended:
    """How a process ended. ``struck`` is the call that the fault met, ``counted`` how many there were."""

    code: int
    out: str
    err: str
    counted: int = 0
    struck: str = ""


class Scene:
    """What a user has on the machine. Every process is a child of one ``cradle``."""

    def __init__(self, place, folder):
        self.place, self.folder = place, folder
        self.home, self.out, self.temp = place / "home", place / "out", place / "tmp"
        self.environ = {}
        self._numbers = iter(range(1 << 30))
        self._logs = place / "logs"
        self._logs.mkdir()
        self._cradle = subprocess.Popen(
            [sys.executable, "-m", "faults.cradle"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            env={**os.environ, "PYTHONPATH": str(TESTS)}, start_new_session=True,
        )  # fmt: skip
        self.fresh = place / "fresh"
        self._prepare()

    def close(self):
        """Ends every process that was made here."""
        os.killpg(self._cradle.pid, signal.SIGKILL)
        self._cradle.communicate()

    def _prepare(self):
        """A home that has been used before, also by a host and a worker."""
        self.clear()
        assert self.command("balance").code == 0
        with self.host("--json") as (_, told):
            self.token = told["token"]
        with self.worker():
            pass
        with self.connector() as connector:
            connector.workspace.database.write("DELETE FROM invocations", {})
        shutil.rmtree(self.fresh, ignore_errors=True)
        shutil.copytree(self.home, self.fresh)

    def clear(self):
        """As it was before the use."""
        for each in (self.home, self.out, self.temp, self._logs):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir()
        self.environ = {}
        if self.fresh.exists():
            shutil.copytree(self.fresh, self.home, dirs_exist_ok=True)

    def connector(self, **environ):
        return Connector(load(self.folder), home=self.home, environ=environ)

    def command(self, *words, fault=None):
        """One command, in a process of its own, to its end."""
        told, out, err = self._told(words)
        if fault is not None:
            told |= {"traced": True, "number": fault.number, "fault": fault.kind}
        self._say(told)
        self._heard()
        ended = self._heard()
        return Ended(**ended, out=_read(out), err=_read(err))

    def json(self, *words):
        """What a command prints as JSON."""
        ended = self.command(*words, "--json")
        assert ended.code == 0, ended
        return json.loads(ended.out)

    @contextmanager
    def standing(self, *words, at_rest, fault=None):
        """A process that goes on until it is killed, which it is at the end at the latest.

        With a fault its calls are counted from its rest on. Gives its process id and what it said.
        """
        told, out, err = self._told(words)
        self._say(told | ({"waits": False} if fault is None else {"traced": False}))
        pid = self._heard()["pid"]
        try:
            until = time.monotonic() + LONGEST
            while (said := at_rest(_read(out), _read(err))) is None:
                assert _lives(pid), _read(err)
                assert time.monotonic() < until, _read(err)
                time.sleep(0.01)
            if fault is not None:
                self._say({"number": fault.number, "fault": fault.kind})
                self._heard()
            yield Standing(pid), said
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            while _lives(pid):
                time.sleep(0.002)
            if fault is not None:
                self.traced = Ended(**self._heard(), out=_read(out), err=_read(err))

    def host(self, *options, fault=None):
        words = ("serve", "--port", "0", "--no-worker", "--json", *options)
        return self.standing(
            *words, at_rest=lambda out, err: json.loads(out) if out.endswith("}\n") else None, fault=fault
        )

    def worker(self, fault=None):
        return self.standing("worker", at_rest=lambda out, err: "At work" in err or None, fault=fault)

    @contextmanager
    def client(self, told):
        """A client of a host."""
        headers = {"authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=told["url"], headers=headers, timeout=LONGEST) as client:
            yield client

    def asking(self):
        return asking(self.home, self.folder)

    def _told(self, words):
        number = next(self._numbers)
        out, err = self._logs / f"{number}.out", self._logs / f"{number}.err"
        environ = {"CONNECTOR_HOME": str(self.home), "TMPDIR": str(self.temp), **self.environ}
        given = [*map(str, words), "--integration", str(self.folder)]
        return (
            {"words": given, "environ": environ, "cwd": str(self.place), "out": str(out), "err": str(err)},
            out,
            err,
        )

    def _say(self, told):
        self._cradle.stdin.write(json.dumps(told).encode() + b"\n")

    def _heard(self):
        came, _, _ = select.select([self._cradle.stdout], [], [], LONGEST)
        assert came, "a process does not end"
        return json.loads(self._cradle.stdout.readline())


@dataclass(frozen=True)
class Standing:
    pid: int

    @property
    def lives(self):
        return _lives(self.pid)


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
