"""Job states, and what comes next after each answer.

A job is an invocation that outlives its call: the upstream gave an id, and is asked for the result.

    after a poll that ended with        the job
    success, filtered                   is finished
    pending                             is asked again, after the interval or what the answer asks for
    rate_limited, unreachable,          is asked again: a failed poll costs nothing, and the
    timed_out, upstream_failed,         paid result is still there
    invalid_answer
    not_found                           has expired
    anything else                       cannot go on now; its id still stands, so it can be resumed

Time is seconds since the epoch, and comes as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from connector.storage.ledger.model import SLOWEST, longest_pause

_PASSING = frozenset({"rate_limited", "unreachable", "timed_out", "upstream_failed", "invalid_answer"})


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is written down. ``upstream_id`` is the upstream's name for it."""

    invocation_id: str
    upstream_id: str
    fetch: str
    interval: float
    next_poll: float
    deadline: float | None = None
    polls: int = 0
    failures: int = 0


Verdict = Literal["again", "finished", "expired", "stopped"]


@dataclass(frozen=True, slots=True)
class JobStep:
    """What a poll's end means, and the job as it is after it."""

    verdict: Verdict
    job: Job


def begin(
    invocation_id: str, upstream_id: str, fetch: str, interval: float, keep: float | None, now: float
) -> Job:
    """A job that was just started; it is first asked for after one interval."""
    deadline = None if keep is None else now + keep
    return Job(invocation_id, upstream_id, fetch, interval, now + interval, deadline)


def after(job: Job, outcome: str, now: float, wait: float | None = None) -> JobStep:
    """The step that follows a poll that ended with ``outcome``.

    ``wait`` is what the answer asked to wait, in seconds. Polls are never closer than the interval, nor
    further apart than ``longest_pause``; a longer lock-out is kept by the rate limit.
    """
    if outcome in ("success", "filtered"):
        return JobStep("finished", replace(job, polls=job.polls + 1))
    if outcome == "not_found":
        return JobStep("expired", replace(job, polls=job.polls + 1))
    if outcome != "pending" and outcome not in _PASSING:
        return JobStep("stopped", replace(job, polls=job.polls + 1))
    failures = 0 if outcome == "pending" else job.failures + 1
    pause = max(job.interval * min(max(failures, 1), SLOWEST), wait or 0.0)
    pause = min(pause, longest_pause(job.interval))
    following = replace(job, polls=job.polls + 1, failures=failures, next_poll=now + pause)
    if following.deadline is not None and following.next_poll > following.deadline:
        return JobStep("expired", following)
    return JobStep("again", following)
