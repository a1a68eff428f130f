"""The operators: one use of an action, and a job that holds no worker while it goes on.

A task that runs again, for whatever reason, goes on with what it began, which is known by its DAG, run, task
and map index. What may have been paid for is not sent a second time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from airflow.sdk import BaseOperator, ObjectStoragePath
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from connector.airflow import task
from connector.airflow.hook import ConnectorHook
from connector.airflow.task import TaskAttempt, TaskOrder
from connector.airflow.trigger import JobTrigger
from connector.runs.service.named_runs import NamedRuns
from connector.storage.runs.model import Run, RunSpec


class ActionOperator(BaseOperator):
    """What both operators take.

    :param action: the action's id.
    :param arguments: its arguments. A file is a path, the URL of a web page or an object store
        (``s3://conn_id@bucket/key``), or what an earlier task gave.
    :param environment: where it acts; that of the connection if None.
    :param target: where its file goes: a path, a URL as above, or either with a slash at its end for a
        folder. Without one it stays with the connector for a week, and a later task of these operators can
        be given what this one gives.
    :param connector_conn_id: the connection.
    :param accept: the answer's form, where the action offers several.
    :param on_filtered: ``return`` takes an output that was withheld or blurred for a success.
    """

    template_fields: Sequence[str] = ("action", "arguments", "environment", "target", "connector_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"arguments": "json"}

    def __init__(
        self,
        *,
        action: str,
        arguments: Mapping[str, Any] | None = None,
        environment: str | None = None,
        target: str | os.PathLike[str] | ObjectStoragePath | None = None,
        connector_conn_id: str = ConnectorHook.default_conn_name,
        accept: str | None = None,
        on_filtered: Literal["raise", "return"] = "raise",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.action = action
        self.arguments = arguments
        self.environment = environment
        self.target = target
        self.connector_conn_id = connector_conn_id
        self.accept = accept
        self.on_filtered = on_filtered

    @contextmanager
    def _at_work(self) -> Iterator[tuple[NamedRuns, TaskOrder]]:
        """Where the task's use is done, and what it asks for."""
        with task.translated():
            hook = ConnectorHook(self.connector_conn_id)
            where = hook.place()
            spec = RunSpec(
                self.action,
                self.arguments or {},
                self.environment,
                accept=self.accept,
                on_filtered=self.on_filtered,
            )
            with hook.uses(where) as uses:
                yield uses, TaskOrder(task.placed(spec, where), self.target)


class InvokeOperator(ActionOperator):
    """Uses an action once, and waits for its result, also where that is a job."""

    _stop: Callable[[], object] | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        with self._at_work() as (uses, order):
            run = task.begin(uses, order, TaskAttempt.of(context))
            if not run.has_ended:
                run = asyncio.run(self._finished(uses, run))
            return task.deliver(uses, order, run)

    async def _finished(self, uses: NamedRuns, run: Run) -> Run:
        asking = asyncio.ensure_future(uses.finish(run.id))
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(asking.cancel)
        try:
            return await asking
        except asyncio.CancelledError as stopped:
            raise AirflowException(
                f"the job of run {run.id} is no longer asked for; the task goes on with it when it runs again"
            ) from stopped
        finally:
            self._stop = None

    def on_kill(self) -> None:
        """Stops asking for a job. A request that has left is answered first: it may cost all the same."""
        if self._stop is not None:
            self._stop()


class JobOperator(ActionOperator):
    """Starts a job, and leaves the worker until it has ended; the triggerer asks for it meanwhile."""

    def execute(self, context: Any) -> dict[str, Any]:
        with self._at_work() as (uses, order):
            action = uses.connector.action(order.spec.action)
            if action.job is None:
                raise AirflowFailException(f"{action.id} answers at once; use InvokeOperator for it")
            return self._delivered(uses, order, task.begin(uses, order, TaskAttempt.of(context)))

    def finish(self, context: Any, event: Mapping[str, Any]) -> dict[str, Any]:
        """Goes on once the trigger has fired."""
        with self._at_work() as (uses, order):
            return self._delivered(uses, order, uses.history.get(event["run_id"]))

    def _delivered(self, uses: NamedRuns, order: TaskOrder, run: Run) -> dict[str, Any]:
        if not run.has_ended:
            self.defer(trigger=JobTrigger(self.connector_conn_id, run.id), method_name="finish")
        return task.deliver(uses, order, run)
