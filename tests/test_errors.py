"""Errors keep what they know: in a process, across processes, and as stored facts."""

import pickle

import pytest

from connector import errors
from connector.errors import ConnectorError, InvalidArguments, Problem, RateLimited, UpstreamFailed

FACTS = {
    "code": "rate_limited",
    "message": "too many requests",
    "billed": "no",
    "retryable": True,
    "status": 429,
    "retry_after": 12.5,
    "request_id": "r1",
    "job_id": "j1",
    "problems": [{"field": "seed", "message": "is too large"}],
}


def test_a_failure_is_made_from_its_facts():
    """Of its class, with all that it told."""
    error = ConnectorError.from_facts(FACTS)
    assert type(error) is RateLimited
    assert error.to_dict() == FACTS
    assert error.problems == (Problem("seed", "is too large"),)


@pytest.mark.parametrize("kind", [each for each in vars(errors).values() if isinstance(each, type)])
def test_every_kind_comes_back(kind):
    """Also those that are not made from a message."""
    if issubclass(kind, ConnectorError):
        told = FACTS | {"code": kind.code, "retryable": kind.retryable, "billed": kind.default_billed}
        back = ConnectorError.from_facts(told)
        assert (type(back), back.to_dict()) == (kind, told)


def test_a_code_that_is_not_known_stays():
    """One of a later version, or of a host's own: the class is the one that was asked."""
    told = {"code": "lost", "message": "it is lost", "billed": "yes", "retryable": False}
    error = UpstreamFailed.from_facts(told)
    assert type(error) is UpstreamFailed
    assert (error.code, error.retryable, error.billed) == ("lost", False, "yes")


def test_what_it_said_of_itself_survives_a_process():
    """A pickled error is the same error."""
    error = pickle.loads(pickle.dumps(UpstreamFailed.from_facts(FACTS | {"code": "own", "retryable": False})))
    assert (type(error), error.code, error.retryable) == (UpstreamFailed, "own", False)


def test_a_problem_keeps_its_place():
    """File, line and severity as well."""
    problem = Problem("inputs.seed", "is no number", "a.yaml", 3, "warning")
    facts = InvalidArguments([problem]).to_dict()
    assert ConnectorError.from_facts(facts).problems == (problem,)
