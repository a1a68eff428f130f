"""Failures as Airflow is told: whether trying the task again can help, and what a person does."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from connector.errors import ConnectorError
from connector.storage.runs.model import Run

_UNKNOWN = """
The request left, and its answer did not come back. It may have been paid for: it is not sent again by itself.
Look in the account whether it was charged, and then:
  it was not  connector jobs mark {id} --unpaid   and clear the task
  it was      connector jobs mark {id} --paid     (its result is lost)"""

_PERHAPS_PAID = """
It may have been paid for, and is not sent again by itself.
To pay for it once more: connector jobs retry {id}   and clear the task"""

_JOB = """
Its job is paid for and may go on upstream: if the task is cleared, it is asked for again."""


def of_error(error: ConnectorError) -> AirflowException:
    """What failed before a run was under way."""
    return AirflowException(error.message) if error.retryable else AirflowFailException(error.message)


def of_run(run: Run) -> AirflowException:
    """What became of a run that ended without a result."""
    told = run.error or {}
    said = f"{told.get('message') or run.outcome or run.state} (run {run.id}, {run.outcome})"
    if run.file:
        said += f"\nWhat was delivered all the same is kept as file:{run.file}."
    if run.state == "unknown":
        return AirflowFailException(said + _UNKNOWN.format(id=run.id))
    if run.job_id and run.billed == "no":  # what failed was to ask for it
        return AirflowFailException(said + _JOB)
    if run.billed != "no":
        return AirflowFailException(said + _PERHAPS_PAID.format(id=run.id))
    return AirflowException(said) if told.get("retryable") else AirflowFailException(said)
