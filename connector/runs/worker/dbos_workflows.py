"""The workflows of the durable engine (DBOS): thin functions, whose names are a data format.

Each hands over to plain code that knows nothing of the engine. One worker at a time works in a process.
"""

from __future__ import annotations

from datetime import datetime

from dbos import DBOS, StepOptions, error

from connector.runs.durable import dbos_engine
from connector.runs.schedule.store import ScheduleStore
from connector.runs.schedule.tick import TickDecider
from connector.runs.worker import feed_batch as batch_feeder
from connector.runs.worker.context import at_work

# How often a time of a schedule is looked at that waits for the one before it, in seconds.
_LOOK_AGAIN = 1.0
# Somebody may kill a worker any number of times.
_UNLIMITED = None


@DBOS.workflow(name=dbos_engine.RUN_ACTION, max_recovery_attempts=_UNLIMITED)
async def run_action(run_id: str) -> None:
    """A run of an action: its request, and then its job if it has one."""
    actions = at_work().actions
    left = await DBOS.run_step_async({"name": "submit"}, actions.submit, run_id)
    if left["job"]:
        await DBOS.run_step_async({"name": "finish"}, actions.finish, run_id)


@DBOS.workflow(name=dbos_engine.RUN_WORKFLOW, max_recovery_attempts=_UNLIMITED)
async def run_workflow(run_id: str) -> None:
    """A run of a workflow: one step that looks at the rows of its steps, and can be repeated at any time."""
    await DBOS.run_step_async({"name": "follow"}, at_work().workflows.execute, run_id)


@DBOS.workflow(name=dbos_engine.FEED_BATCH, max_recovery_attempts=_UNLIMITED)
async def feed_batch(batch_id: str) -> None:
    """A batch is fed until it ends."""
    await DBOS.run_step_async({"name": "feed"}, batch_feeder.feed, batch_id, at_work())


@DBOS.workflow(name=dbos_engine.RUN_SCHEDULED, max_recovery_attempts=_UNLIMITED)
async def run_scheduled(at: str, about: dict[str, str]) -> None:
    """A schedule has come to a time, which the engine tells as a text."""
    moment = datetime.fromisoformat(at).timestamp()
    await DBOS.run_step_async({"name": "tick"}, _tick, about["schedule"], moment)


# A callback that was not taken is sent again after a second, four, sixteen: nine times in some hours.
_DELIVERY: StepOptions = {
    "name": "deliver",
    "retries_allowed": True,
    "interval_seconds": 1.0,
    "backoff_rate": 4.0,
    "max_attempts": 9,
}


@DBOS.workflow(name=dbos_engine.CALL_BACK, max_recovery_attempts=_UNLIMITED)
async def call_back(subject: str) -> None:
    """An end is told until it is taken."""
    context = at_work()
    try:
        await DBOS.run_step_async(_DELIVERY, _deliver, subject)
    except error.DBOSMaxStepRetriesExceeded as failed:
        said = str(failed.errors[-1]) if failed.errors else "it was not taken"
        await context.io.run(context.callbacks.enter, subject, "failed", said)


async def _deliver(subject: str) -> None:
    context = at_work()
    await context.io.run(context.callbacks.deliver, subject)


async def _tick(name: str, at: float) -> None:
    """Looks at a time of a schedule until it is decided what becomes of it."""
    context = at_work()
    ticks = TickDecider(ScheduleStore(context.database, context.clock), context.runs, context.integrations)
    await context.look_until(lambda: ticks.look(name, at), f"schedule {name}", _LOOK_AGAIN)
