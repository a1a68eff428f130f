"""A PostgreSQL server of the tests' own, and on it a fresh database for each test that asks for one.

It lives in a temporary folder, is heard on loopback only, and ends with the process of the tests, however
that ends. Debian's packages bring it: `apt-get install postgresql`, which `make test` tries.
"""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

PASSWORD = "pg-TOPSECRET-0123456"
_USER = "postgres"
_PLACES = "/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt"
# It is thrown away, so that it need not survive a power cut.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}
_PR_SET_PDEATHSIG = 1


def programs():
    """The folder of the newest server's programs; None where there is none."""
    found = [path.parent for place in _PLACES for path in Path(place).glob("**/bin/initdb")]
    known = shutil.which("initdb")
    if known:
        found.append(Path(known).resolve().parent)
    return max(
        found,
        key=lambda folder: [int(part) for part in str(folder).split("/") if part.isdigit()],
        default=None,
    )


def missing():
    """Why there can be no server here; empty where there can."""
    if programs() is None:
        return "no PostgreSQL was found; `apt-get install postgresql` brings one"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {_USER!r} to run it"
    return ""


class Server:
    """It is started in a folder of its own, and may be stopped and started again."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._data = self._folder / "data"
        self._names = (f"test{number}" for number in itertools.count())
        self._as = {"user": _USER, "group": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self._folder, _USER, _USER)
        self.port = _free_port()
        self._process = None
        self._make()

    def _make(self):
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        subprocess.run(
            [
                programs() / "initdb",
                f"--pgdata={self._data}",
                f"--username={_USER}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **self._as,
        )

    def start(self):
        told = _SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self._folder)}
        settings = [part for name, value in told.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [programs() / "postgres", "-D", self._data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_end_with_the_tests,
                **self._as,
            )
        self._wait()

    def stop(self, how=signal.SIGQUIT):
        """At once, as when the machine dies; SIGINT is what `pg_ctl stop -m fast` sends."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def url(self, name=_USER):
        return f"postgresql://{_USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def run(self, statement):
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def fresh(self):
        """The name of a new database, with nothing in it."""
        name = next(self._names)
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop(self, name):
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _wait(self):
        import psycopg

        until = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.url(), connect_timeout=10).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = (self._folder / "log").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL does not start: {said}") from None
                time.sleep(0.02)


def _end_with_the_tests():
    # Also where they are killed. Linux knows this, and elsewhere it is not missed.
    if hasattr(os, "sched_setaffinity"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def postgres():
    """The server of this process's tests. Without one they are skipped, but where it is meant to be."""
    if why := missing():
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    folder = tempfile.mkdtemp(prefix="postgres-")
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres):
    """The URL of a database of this test's own."""
    name = postgres.fresh()
    yield postgres.url(name)
    postgres.drop(name)
