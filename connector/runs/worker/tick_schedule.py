"""A schedule's tick on a worker: it is looked at until it is decided what becomes of it."""

from __future__ import annotations

import asyncio
from logging import getLogger
from typing import TYPE_CHECKING

from connector.errors import ConnectorError
from connector.runs.durable.outages import is_passing, reason
from connector.runs.schedule.store import ScheduleStore
from connector.spec.model import Integration

if TYPE_CHECKING:
    from connector.runs.worker.context import WorkerContext
from connector.runs.schedule.tick import TickDecider

_LOOK_AGAIN, _LOOK_LATER = 1.0, 5.0


async def follow(shop: WorkerContext, name: str, at: float) -> None:
    """Looks at a time of a schedule until it is decided what becomes of it."""
    ticking = TickDecider(ScheduleStore(shop.database, shop.clock), shop.runs, _integrations(shop))
    said = ""
    while True:
        if shop.actions.is_draining:  # it is left to the next worker
            await asyncio.get_running_loop().create_future()
        try:
            if await shop.io.run(ticking.look, name, at):
                return
            pause, found = _LOOK_AGAIN, ""
        except (ConnectorError, OSError) as error:
            if not is_passing(error):
                raise
            pause, found = _LOOK_LATER, reason(error)
        if found and found != said:
            getLogger(__name__).warning("schedule %s: %s; it goes on when that has passed", name, found)
        said = found
        await shop.io.sleep(pause)


def _integrations(shop: WorkerContext) -> dict[str, Integration]:
    return {each: connector.integration for each, connector in shop.connectors.items()}
