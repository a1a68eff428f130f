"""Exit codes, each with its reason, by the family of the failure.

A failure's code is that of the nearest of its classes that a row names.
"""

from __future__ import annotations

DONE, FOUND, USAGE, MONEY, ROWS_FAILED, REFUSED = 0, 1, 2, 5, 11, 12
INTERRUPTED, CRASHED, CUT_OFF = 130, 70, 141

# code, what it means, and the classes of ``connector.errors`` that it stands for
ROWS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (DONE, "done", ()),
    (FOUND, "check found problems", ()),
    (USAGE, "bad input or usage; nothing was sent", ("InvocationError", "BadUsage")),
    (3, "the credential is missing or was refused", ("CredentialError",)),
    (4, "the API refused, or filtered what it made", ("UpstreamError",)),
    (MONEY, "money: too few credits, or the day's cap is reached", ("OutOfCredits", "CapReached")),
    (6, "rate limited; wait, then try again", ("RateLimited",)),
    (
        7,
        "unreachable, failed or timed out; trying again can help",
        ("TransportError", "UpstreamFailed", "DatabaseUnavailable"),
    ),
    (8, "outcome unknown: it may have been billed, a person decides", ("OutcomeUnknown", "InvalidAnswer")),
    (9, "the job is not finished, has expired or was cancelled", ("JobError",)),
    (10, "the integration's files have problems", ("SpecError",)),
    (
        REFUSED,
        "this machine: a full disk, a folder that cannot be written, a missing permission",
        ("ConnectorError",),
    ),
    (ROWS_FAILED, "rows of the batch failed, or are left; its results tell which", ()),
    (CRASHED, "a mistake in the connector itself", ()),
    (INTERRUPTED, "interrupted (Ctrl-C); what went out and was not answered is 8", ()),
    (CUT_OFF, "whoever read the output went away", ()),
)


def code_for(failure: type[BaseException]) -> int:
    """The exit code of a kind of failure."""
    codes = {name: code for code, _, names in ROWS for name in names}
    named = (codes[kind.__name__] for kind in failure.__mro__ if kind.__name__ in codes)
    return next(named, CRASHED)
