"""Runs in the foreground: done by the worker that there is, else by one in this process."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from connector.errors import DatabaseUnavailable, InvocationError
from connector.spec.model import Integration
from connector.storage.database.database import FILE_NAME, Database
from connector.storage.workspace import where

if TYPE_CHECKING:
    from connector.runs.worker.worker import Worker


def is_worker_alive(home: Path, database: Database | None = None) -> bool:
    """Whether somebody does the durable runs of a home, or of a database on a server."""
    place = database or Database(where(home, os.environ))
    if place.url:
        from connector.runs.durable import worker_lease

        return worker_lease.is_worker_alive(place)
    import fcntl

    try:
        lock = (home / FILE_NAME).with_name("worker.lock").open("rb")
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class Foreground:
    """A worker in this process, for as long as the block lasts, and only where there is no other.

    ``options`` are those of the worker. Call ``tend`` now and then: the other worker may end.
    """

    def __init__(self, home: Path, integrations: Iterable[Integration], **options: Any) -> None:
        self._home = home
        self._integrations = tuple(integrations)
        self._options = options
        self._worker: Worker | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def is_own(self) -> bool:
        """Whether the worker is this process."""
        return self._worker is not None

    def __enter__(self) -> Self:
        self._thread.start()
        self.tend()
        return self

    def __exit__(self, *failure: object) -> None:
        if self._worker is not None:
            self._wait(self._worker.__aexit__(*failure))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def tend(self) -> None:
        """Makes sure that there is a worker. It blocks."""
        if self._worker is None and not is_worker_alive(self._home, self._options.get("database")):
            self._start()

    @contextmanager
    def look(self) -> Iterator[None]:
        """One look at the work; it ends early where the database is away, and is to be taken again."""
        try:
            yield
        except DatabaseUnavailable:  # the worker tells it, and waits as well
            time.sleep(1.0)

    def _start(self) -> None:
        from connector.runs.worker.worker import Worker

        worker = Worker(self._home, self._integrations, **self._options)
        try:
            self._wait(worker.__aenter__())
        except InvocationError:
            if not is_worker_alive(self._home, self._options.get("database")):
                raise
            return  # somebody else was quicker
        self._worker = worker

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
