"""What the durable engine executes: thin functions, whose names are a data format.

Each hands over to plain code that knows nothing of the engine. One worker at a time works in a process.
"""

from __future__ import annotations

from dbos import DBOS

from connector.runs import engine
from connector.runs.workshop import at_work

# Somebody may kill a worker any number of times.
_UNLIMITED = None


@DBOS.workflow(name=engine.RUN_ACTION, max_recovery_attempts=_UNLIMITED)
async def run_action(run_id: str) -> None:
    """A run of an action: its request, and then its job if it has one."""
    actions = at_work().actions
    left = await DBOS.run_step_async({"name": "submit"}, actions.submit, run_id)
    if left["job"]:
        await DBOS.run_step_async({"name": "finish"}, actions.finish, run_id)
