"""The launch of the durable engine (DBOS) in a worker, and its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from connector.runs.durable import dbos_engine

if TYPE_CHECKING:
    from dbos import DBOS, DBOSConfig
    from sqlalchemy import Engine

# How soon a schedule is kept that is new, and let be that is paused.
_HEEDED_WITHIN = 2.0
_STOPPED_WITHIN = 0.1
# So long is waited for a thread that looks into a queue, in seconds.
_PATIENCE = 30.0
_PAUSE = 0.01
# What the engine names the threads that look into its queues.
_LOOKING = "queue-worker-"
# The engine that executes flows in this process; there is one at most.
_launched: list[DBOS] = []


def configuration(made: Engine, executor: str, threads: int) -> DBOSConfig:
    """What a worker is launched with. ``executor`` is a name that no other living worker has."""
    from dbos import DBOSPortableJSONSerializer

    return {
        "name": dbos_engine.NAME,
        "application_version": dbos_engine.VERSION,
        "executor_id": executor,
        "system_database_engine": made,
        "dbos_system_schema": dbos_engine.SCHEMA,
        "serializer": DBOSPortableJSONSerializer(),
        "use_listen_notify": False,
        "scheduler_polling_interval_sec": _HEEDED_WITHIN,
        # Whoever stops a worker waits for this as well.
        "notification_listener_polling_interval_sec": _STOPPED_WITHIN,
        "max_executor_threads": threads,
        "log_level": "ERROR",
    }


def launch(made: Engine, executor: str, threads: int, queues: Mapping[str, tuple[float, int]]) -> None:
    """Begins to execute flows, in threads of the engine's own.

    Each queue is looked into every so many seconds, for at most so many flows at a time. Not to be called
    from an event loop, which the engine would take for its own.
    """
    from dbos import DBOS

    import connector.runs.worker.dbos_workflows  # noqa: F401  (what there is to execute)

    _launched.append(DBOS(config=configuration(made, executor, threads)))
    DBOS.launch()
    for name, (seconds, most) in queues.items():
        DBOS.register_queue(name, worker_concurrency=most, polling_interval_sec=seconds)


def stop() -> None:
    """Ends what is executed where it stands; it is taken up again by whoever is next."""
    from dbos import DBOS

    try:
        _stop_looking()
    finally:
        DBOS.destroy()


def _stop_looking() -> None:
    """Nothing is taken out of a queue any more.

    The engine by itself ends its event loop first. What is taken out just then has no loop to be begun
    in: its coroutine is thrown away with a warning, or waited for by a thread that never ends.
    """
    while _launched:
        for event in _launched.pop().background_thread_stop_events:
            event.set()
    until = time.monotonic() + _PATIENCE
    # Not joined: a thread that is only about to begin cannot be.
    while time.monotonic() < until and any(
        thread.name.startswith(_LOOKING) for thread in threading.enumerate()
    ):
        time.sleep(_PAUSE)
