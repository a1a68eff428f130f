"""The trigger: a job is asked for in the triggerer, so that no worker is held while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from connector.airflow.hook import ConnectorHook


class JobTrigger(BaseTrigger):
    """Fires once the job of a run has ended, however it ended.

    Airflow's database keeps it, so it holds two names and no secret. What else is known of the job stands in
    the ledger: a triggerer that takes it over asks at the pace and up to the deadline that are written there.
    """

    def __init__(self, connector_conn_id: str, run_id: str) -> None:
        super().__init__()
        self.connector_conn_id = connector_conn_id
        self.run_id = run_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kept = {"connector_conn_id": self.connector_conn_id, "run_id": self.run_id}
        return "connector.airflow.trigger.JobTrigger", kept

    async def run(self) -> AsyncIterator[TriggerEvent]:
        hook = await asyncio.to_thread(_hook, self.connector_conn_id)
        async with hook.uses_in_triggerer() as uses:
            await uses.finish(self.run_id)
        yield TriggerEvent({"run_id": self.run_id})

    async def on_kill(self) -> None:
        self.log.warning(
            "The job of run %s is no longer asked for. The API cannot be told, and may charge for it; "
            "if the task is cleared, it goes on with this job.",
            self.run_id,
        )


def _hook(connector_conn_id: str) -> ConnectorHook:
    """The hook. Airflow imports this module in the event loop of all triggers, so it imports little."""
    from connector.airflow.hook import ConnectorHook

    return ConnectorHook(connector_conn_id)
