"""One use of an action by a task: begun or gone on with, and delivered where the task says."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException

from connector import ConnectorError, Media
from connector.airflow import failures, files
from connector.airflow.files import ResultTarget
from connector.airflow.settings import AirflowTarget
from connector.engine.render import SAFE_METHODS
from connector.runs.service.named_runs import NamedRuns
from connector.spec.model import Action
from connector.storage.runs.model import Run, RunSpec

# What a task hands on is small: Airflow's database keeps it.
_LARGEST_VALUE = 48 * 1024
_FACTS = (
    "action",
    "outcome",
    "environment",
    "seed",
    "finish_reason",
    "request_id",
    "credits",
    "billed",
    "job_id",
)
_FILE_FACTS = ("type", "bytes", "width", "height", "seconds", "sha256")


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """What a task asks for, and where its result goes (None: it stays with the connector)."""

    spec: RunSpec
    target: str | os.PathLike[str] | ObjectStoragePath | None = None


@dataclass(frozen=True, slots=True)
class TaskAttempt:
    """Which task it is that asks, and how often it was tried."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> TaskAttempt:
        ti = context["ti"]
        return cls(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number)

    def name(self, action: Action) -> str:
        """The name of the use. What only asks is asked anew each time: its answer may be another one."""
        task = [self.dag_id, self.run_id, self.task_id, self.map_index]
        only_asks = not action.paid and action.request.method in SAFE_METHODS
        return json.dumps([*task, self.try_number] if only_asks else task)


def placed(spec: RunSpec, where: AirflowTarget) -> RunSpec:
    """The spec with the place of the connection, unless the task names another environment."""
    if spec.environment is None or spec.environment == where.environment or where.given is None:
        return replace(spec, environment=spec.environment or where.environment, connection=where.connection)
    return spec


@contextmanager
def translated() -> Iterator[None]:
    """Our failures as Airflow's."""
    try:
        yield
    except ConnectorError as error:
        raise failures.of_error(error) from error


def begin(uses: NamedRuns, order: TaskOrder, attempt: TaskAttempt) -> Run:
    """The run of the use, ended or with its job under way; nothing is sent where its target is taken."""
    action = uses.connector.action(order.spec.action)
    spec = replace(order.spec, arguments=files.read(action, order.spec.arguments))
    run = asyncio.run(uses.open(spec, attempt.name(action)))
    if order.target is not None and not run.has_ended:
        target = ResultTarget(order.target)
        if not target.is_folder:
            _own(uses, run, target.at("", run.id))
    return asyncio.run(uses.go_on(run.id))


def deliver(uses: NamedRuns, order: TaskOrder, run: Run) -> dict[str, Any]:
    """What the task hands on: facts, and where the file is. Raises what the run failed by."""
    if run.state != "succeeded":
        raise failures.of_run(run)
    result = run.result or {}
    stored: Mapping[str, Any] = result.get("media") or {}
    told = {"run_id": run.id}
    told |= {name: result[name] for name in _FACTS if name in result}
    told |= {name: stored[name] for name in _FILE_FACTS if name in stored}
    if order.target is not None:
        return told | {"path": _written(uses, run, ResultTarget(order.target))}
    return told | ({"file": stored["file"]} if stored else _value(result.get("value")))


def _value(value: Any) -> dict[str, Any]:
    if len(json.dumps(value)) > _LARGEST_VALUE:
        raise AirflowFailException("the answer is too large to hand on; give the task a target")
    return {"value": value}


def _written(uses: NamedRuns, run: Run, target: ResultTarget) -> str:
    """Where the result is now."""
    result = run.result or {}
    stored = result.get("media") or {}
    content = None if stored else json.dumps(result.get("value"), ensure_ascii=False, indent=2).encode()
    name, size = stored.get("name", f"{run.action}.json"), stored.get("bytes", len(content or b""))
    place = target.at(name, run.id)
    if _own(uses, run, place) and place.has(size):
        return place.text
    with _opened(uses, run) if content is None else io.BytesIO(content) as source:
        uses.writes(run.id, place.text)
        place.write(source)
    return place.text


def _own(uses: NamedRuns, run: Run, place: files.RemoteFile) -> bool:
    """Whether this use wrote what is at a place. Raises AirflowFailException where somebody else did."""
    if uses.is_written(run.id, place.text):
        return True
    if place.exists():
        kept = " The result is kept, and is not paid for again." if run.has_ended else " Nothing was sent."
        raise AirflowFailException(
            f"there is something at {place.text} that this task did not write, and nothing is overwritten; "
            f"move it away, or give another target, and clear the task.{kept}"
        )
    return False


def _opened(uses: NamedRuns, run: Run) -> BinaryIO:
    found = asyncio.run(uses.file(run))
    if not isinstance(found, Media):
        raise AirflowFailException(f"run {run.id} has delivered no file")
    return found.open()
