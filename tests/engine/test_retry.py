"""Nothing that may cost is sent twice unless it is known that it did not run."""

import pytest

from connector.engine.retry import FailedAttempt, retry_after, wait_before_next
from connector.errors import (
    BadRequest,
    Forbidden,
    InvalidAnswer,
    Moderated,
    NotFound,
    OutcomeUnknown,
    OutOfCredits,
    RateLimited,
    Rejected,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unreachable,
    UpstreamFailed,
)
from connector.spec.model import Retry

RULES = Retry(attempts=3, first=1, longest=5)
DAY = 24 * 3600


@pytest.mark.parametrize(
    ("error", "ran", "harmless", "again"),
    [
        (Unreachable("never left"), False, False, True),
        (RateLimited("429"), False, False, True),
        (UpstreamFailed("503"), False, False, True),
        (UpstreamFailed("500"), True, False, False),
        (OutcomeUnknown("lost"), True, False, False),
        (TimedOut("slow"), True, False, False),
        (UpstreamFailed("500"), True, True, True),
        (TimedOut("slow"), True, True, True),
        (BadRequest("400"), True, True, False),
    ],
)
def test_who_is_sent_again(error, ran, harmless, again):
    """A request at stake only where it did not run; a harmless one wherever it can help."""
    wait = wait_before_next(FailedAttempt(error, 1, ran, harmless), RULES, jitter=1)
    assert (wait is not None) is again


def test_waits_double_up_to_the_longest():
    """With jitter between a half and the whole of it."""
    waits = [
        wait_before_next(FailedAttempt(TimedOut(""), n, True, True), Retry(9, 1, 5), 1) for n in range(1, 6)
    ]
    assert waits == [1, 2, 4, 5, 5]
    assert wait_before_next(FailedAttempt(TimedOut(""), 1, True, True), RULES, 0) == 0.5


def test_what_the_upstream_asks_to_wait_is_waited():
    """In full, and not a jittered part of it."""
    assert wait_before_next(FailedAttempt(RateLimited("", retry_after=60), 1, False, False), RULES, 0) == 60


@pytest.mark.parametrize(
    ("asked", "waits"), [(0, 0), (0.5, 0.5), (599.9, 599.9), (600, 600), (600.1, None), (86400, None)]
)
def test_a_very_long_wait_is_told_and_not_cut_short(asked, waits):
    """Up to ten minutes it is waited in full; beyond, whoever invoked it is told, and nothing is sent."""
    limited = FailedAttempt(RateLimited("", retry_after=asked), 1, False, False)
    assert wait_before_next(limited, RULES, 0) == waits


@pytest.mark.parametrize(
    "error",
    [Unreachable(""), TimedOut(""), UpstreamFailed(""), InvalidAnswer("", billed="no"), RateLimited("")],
    ids=lambda error: error.code,
)
def test_what_may_pass_is_tried_again_where_it_does_no_harm(error):
    """Each of them by itself, and never where it may have cost."""
    assert wait_before_next(FailedAttempt(error, 1, True, True), RULES, 1) == 1
    assert wait_before_next(FailedAttempt(error, 1, True, False), RULES, 1) is None


def test_an_answer_that_would_be_refused_again_is_not_asked_for_again():
    """As one that is too large; and what it says of itself is what is done."""
    error = InvalidAnswer("", billed="no", may_pass=False)
    assert not error.retryable
    assert wait_before_next(FailedAttempt(error, 1, True, True), RULES, 1) is None
    assert InvalidAnswer("", billed="no").retryable
    assert not InvalidAnswer("").retryable


@pytest.mark.parametrize(
    "error",
    [
        BadRequest(""),
        Unauthorized(""),
        OutOfCredits(""),
        Moderated(""),
        Forbidden(""),
        Rejected(""),
        NotFound(""),
        TooLarge(""),
        OutcomeUnknown(""),
    ],
    ids=lambda error: error.code,
)
def test_what_would_end_the_same_is_not_tried_again(error):
    """However harmless it is."""
    assert wait_before_next(FailedAttempt(error, 1, True, True), RULES, 1) is None


def test_attempts_end():
    """The last attempt's error stands."""
    assert wait_before_next(FailedAttempt(TimedOut(""), 3, True, True), RULES, 1) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("\u00b2", None),  # a figure to Python, and no number
        (" 7 ", 7),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 10),
        ("Thu, 01 Jan 1970 00:00:40 GMT", 0),
        (str(DAY), DAY),
        (str(DAY + 1), DAY),
        ("9" * 400, DAY),
        ("Fri, 02 Jan 1970 00:00:50 GMT", DAY),
        ("Fri, 02 Jan 1970 00:00:51 GMT", DAY),
        ("Thu, 99 Jan 1970 00:01:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    """Up to a day, and never of the past. Anything else is as if it were not there."""
    assert retry_after({"retry-after": text} if text else {}, now=50) == seconds


@pytest.mark.parametrize("now", [50, 3650, -3550])
def test_a_date_to_wait_for_is_read_by_the_clock_of_who_wrote_it(now):
    """Whatever the time is here."""
    told = {"date": "Thu, 01 Jan 1970 00:00:50 GMT", "retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}
    assert retry_after(told, now) == 10
