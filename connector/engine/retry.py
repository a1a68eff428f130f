"""Retries: whether a failed request may be sent again, and after how long.

    a request that may cost     is sent again only where it is known that it did not run: it never left
                                (unreachable), or was refused unrun (429, 503)
    a request without cost,     also after a time-out, a failure of the upstream, a broken answer; not after
    by a method that changes    one that would be refused again, as one that is too large
    nothing

Everything else ends as it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import ConnectorError
from connector.spec.model import Retry

_HARMLESS = frozenset({"unreachable", "timed_out", "upstream_failed", "invalid_answer", "rate_limited"})
# Seconds that an invocation may stand still for because it is asked to.
_PATIENCE = 600.0
# Seconds. Whoever asks for more is mistaken, and no clock of the system counts what some ask for.
_LONGEST_WAIT = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One attempt that failed: its error, its number from 1, and whether the upstream may have run it."""

    error: ConnectorError
    number: int
    ran: bool
    harmless: bool


def wait_before_next(attempt: FailedAttempt, retry: Retry, jitter: float) -> float | None:
    """Seconds to wait before sending again, or None where that must not be.

    ``jitter`` is between 0 and 1. What the upstream asks to wait is waited in full; where that is very
    long, whoever invoked it is told instead.
    """
    if attempt.number >= retry.attempts or not _may_repeat(attempt):
        return None
    asked = attempt.error.retry_after
    if asked is not None:
        return asked if asked <= _PATIENCE else None
    backoff = min(retry.first * 2 ** (attempt.number - 1), retry.longest)
    return float(backoff * (0.5 + jitter / 2))


def _may_repeat(attempt: FailedAttempt) -> bool:
    return not attempt.ran or (
        attempt.harmless and attempt.error.retryable and attempt.error.code in _HARMLESS
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that an answer asks to wait, as a number or as a date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    until = _moment(text)
    # By the far side's own clock, where it tells it: ours may be wrong by an hour.
    asked = _moment(headers.get("date", ""))
    wait = None if until is None else until - (now if asked is None else asked)
    return None if wait is None else min(max(0.0, wait), _LONGEST_WAIT)


def _moment(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
