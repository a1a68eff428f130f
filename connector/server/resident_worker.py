"""The resident worker: the host does durable runs for as long as nobody else has a worker's lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

from connector.errors import ConnectorError, InvocationError
from connector.runs.worker.worker import Worker
from connector.server import json_logs

State = Literal[
    "off",  # the host has none, as its operator wanted
    "missing",  # what it needs is not installed
    "starting",  # it is about to be there
    "working",  # it does what is submitted
    "elsewhere",  # another process has the place, and does it
    "failed",  # it cannot be had now, and is tried again
]
# How soon the place of a worker that is gone is taken, in seconds.
_LOOK_AGAIN = 3.0
_PACKAGE = "dbos"
MISSING = "durable runs need a package: pip install 'stability-connector[runs]'"


def is_installed() -> bool:
    return find_spec(_PACKAGE) is not None


class Resident:
    """Works from ``begin`` to ``end``; ``make`` makes a worker whenever one is to be tried."""

    def __init__(self, make: Callable[[], Worker], *, wanted: bool) -> None:
        self._make = make
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.state: State = "off"
        self.said = "this host was started with --no-worker"
        if wanted:
            self.state, self.said = ("starting", "") if is_installed() else ("missing", MISSING)

    def begin(self) -> None:
        if self.state == "starting":
            self._task = asyncio.create_task(self._work())

    async def end(self) -> None:
        """Nothing new is begun, and requests that are under way get their answers."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        passing: tuple[type[Exception], ...] = (ConnectorError, OSError, *_failures())
        while not self._stop.is_set():
            try:
                async with self._make():
                    self._enter("working", "")
                    await self._stop.wait()
            except InvocationError as error:
                self._enter("elsewhere", error.message)
            except passing as error:
                self._enter("failed", str(error))
            await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN):
                await self._stop.wait()
        except TimeoutError:
            pass

    def _enter(self, state: State, said: str) -> None:
        if state != self.state:
            level = logging.ERROR if state == "failed" else logging.INFO
            json_logs.say("worker", level=level, state=state, why=said)
        self.state, self.said = state, said


def _failures() -> tuple[type[Exception], ...]:
    from connector.runs.durable import dbos_engine

    return dbos_engine.failures()
