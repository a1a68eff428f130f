"""Outages of this machine, such as a full disk or a database that is away: waited for, and told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging import getLogger
from typing import TypeVar

from connector.errors import ConnectorError, DatabaseUnavailable
from connector.storage.blocking import Io
from connector.storage.files.blobs import FilesUnavailable
from connector.storage.runs.history import History

T = TypeVar("T")

_AWAY = (DatabaseUnavailable, FilesUnavailable)
# The codes of what passes.
PASSING = frozenset({ConnectorError.code, *(each.code for each in _AWAY)})

_FIRST, _LONGEST = 1.0, 60.0


def is_passing(error: BaseException) -> bool:
    """Whether it says nothing of the run, and something of where it is executed."""
    return type(error) is ConnectorError or isinstance(error, (*_AWAY, OSError))


def reason(error: BaseException) -> str:
    """What is wrong, for whoever can mend it."""
    if isinstance(error, OSError):
        return f"a file cannot be kept: {error.strerror or type(error).__name__}; free some space"
    return str(error).splitlines()[0]


class OutageRetry:
    """Does something until what is in its way has passed, and tells the run's listeners what that is."""

    def __init__(self, history: History, io: Io) -> None:
        self._history = history
        self._io = io

    async def hold(self, run_id: str, act: Callable[[], Awaitable[T]]) -> T:
        """What the act gives, once it can. Whatever does not pass is raised."""
        pause, told = _FIRST, ""
        while True:
            try:
                return await act()
            except (ConnectorError, OSError) as error:
                if not is_passing(error):
                    raise
                said = reason(error)
            if said != told:
                await self._tell(run_id, said)
            told = said
            await self._io.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    async def _tell(self, run_id: str, said: str) -> None:
        sentence = f"{said}; it goes on when that has passed"
        getLogger(__name__).warning("run %s: %s", run_id, sentence)
        with suppress(ConnectorError, OSError):  # the same may be in the way of telling it
            await self._io.run(self._history.event, run_id, "warning", {"sentence": sentence})
