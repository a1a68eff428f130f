"""A pacer takes a permit for each request of an exchange, keeps it while it may arrive, and loses none."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import closing

import httpx
import pytest
from upstream import KEY, Upstream, World, answer

from connector import errors
from connector.engine.connector import AsyncConnector
from connector.engine.http.cancellation import Cancellation
from connector.engine.http.transport import HttpTransport
from connector.engine.request_pacer import RequestPacer
from connector.spec.model import RateLimit
from connector.storage.database.database import Database
from connector.storage.ledger.rate_limit import DatabaseRateLimiter

LIMIT = RateLimit(requests=2, window=10.0, lockout=60.0)


@pytest.fixture
def limiter():
    with closing(Database()) as database:
        yield DatabaseRateLimiter(database)


def pacer_of(limiter, cancellation=None):
    pacer = RequestPacer(limiter, "key", LIMIT, False, cancellation or Cancellation())
    assert pacer.reserve() == 0
    return pacer


def free(limiter):
    """How many could leave now."""
    slots = [limiter.reserve("key", LIMIT) for _ in range(3)]
    for slot in slots:
        limiter.unused(slot)
    return sum(slot.wait == 0 for slot in slots)


def test_the_second_request_of_an_exchange_takes_a_permit_of_its_own(limiter):
    """And the first one keeps what it has."""
    pacer = pacer_of(limiter)
    pacer.leaves()
    assert free(limiter) == 1
    pacer.leaves()
    assert free(limiter) == 0


def test_what_did_not_leave_gives_its_permit_back(limiter):
    """At once."""
    cancellation = Cancellation()
    pacer_of(limiter, cancellation)
    assert free(limiter) == 1
    cancellation.cancel()
    assert free(limiter) == 2


def test_who_is_stopped_while_a_thread_asks_gives_back_what_it_gets(limiter):
    """The thread cannot be stopped; its permit is nobody's when it comes."""
    cancellation = Cancellation()
    pacer = RequestPacer(limiter, "key", LIMIT, False, cancellation)
    cancellation.cancel()
    pacer.reserve()
    assert free(limiter) == 2


def test_what_has_left_is_not_given_back(limiter):
    """Whoever stops then has sent it all the same."""
    cancellation = Cancellation()
    pacer_of(limiter, cancellation).leaves()
    cancellation.cancel()
    assert free(limiter) == 1


def after(monkeypatch, seconds):
    now = time.monotonic()
    monkeypatch.setattr("connector.engine.request_pacer.time.monotonic", lambda: now + seconds)


def test_a_request_that_leaves_late_looks_whether_it_still_may(limiter, monkeypatch):
    """Its permit may be another's by then: it waits for one, until whoever asked is stopped."""
    clock = limiter._clock
    cancellation, left = Cancellation(), threading.Event()
    pacer = pacer_of(limiter, cancellation)
    after(monkeypatch, 3600)
    limiter._clock = lambda: clock() + 3600
    for _ in range(2):
        limiter.reserve("key", LIMIT)

    def leave():
        pacer.leaves()
        left.set()

    thread = threading.Thread(target=leave)
    thread.start()
    assert not left.wait(0.2)
    cancellation.cancel()
    assert left.wait(60)
    thread.join()


def test_a_request_that_is_long_on_its_way_keeps_its_permit(limiter, monkeypatch):
    """Longer than the lease of one that nobody hears of."""
    clock = limiter._clock
    pacer = pacer_of(limiter)
    pacer.leaves()
    for later in range(10, 120, 11):
        after(monkeypatch, later)
        limiter._clock = lambda later=later: clock() + later
        pacer.is_on_its_way()
    assert free(limiter) == 1


def test_an_unreachable_upstream_uses_nothing_of_the_limit(tmp_path):
    """However often it is tried."""
    failures = [httpx.ConnectError("no")] * 2000
    world = World(tmp_path / "home", *failures)
    for _ in range(150):
        with pytest.raises(errors.Unreachable):
            world.connector.balance()
    assert world.connector.workspace.rate_limiter.ahead() == {}
    world.connector.close()


@pytest.mark.parametrize("waits", [True, False])
def test_whoever_is_stopped_before_its_request_leaves_gives_its_permit_back(tmp_path, waits):
    """Also while it waits for its time to come."""
    upstream = Upstream(*[answer(200, {"credits": 1})] * 200)

    async def run():
        transport = HttpTransport(httpx.MockTransport(upstream))
        environ = {"STABILITY_API_KEY": KEY}
        async with AsyncConnector(home=tmp_path, transport=transport, environ=environ) as connector:
            for _ in range(150 if waits else 149):
                await connector.balance()
            limiter = connector.workspace.rate_limiter
            before = limiter.ahead()
            task = asyncio.create_task(connector.balance())
            while not limiter._line._seen and not waits:
                await asyncio.sleep(0)
            await asyncio.sleep(0.05 if waits else 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return before, limiter.ahead()

    before, left = asyncio.run(run())
    assert set(left) == set(before)
