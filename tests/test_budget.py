"""However many share a credential, no window of time ever holds more requests than the upstream allows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain, pairwise

import pytest

from connector.budget import DatabaseBudget, RateLimit
from connector.database import Database

LIMIT = RateLimit(requests=150, window=10.0, lockout=60.0)
PACE = 10.0 / 145


class Clock:
    now = 1_763_000_000.0

    def __call__(self):
        return self.now


def worst(slots, window):
    """The most slots that any window of time holds."""
    inside, most = deque(), 0
    for slot in sorted(slots):
        inside.append(slot)
        while slot - inside[0] >= window:
            inside.popleft()
        most = max(most, len(inside))
    return most


class BudgetSuite:
    """What every kind of budget promises."""

    @pytest.fixture
    def clock(self):
        return Clock()

    def test_first_goes_at_once(self, budget):
        """Nobody waits for a budget that nobody used."""
        assert budget.reserve("key", LIMIT) == 0.0

    def test_evenly_paced(self, budget):
        """Requests at the same moment get slots one after the other."""
        waits = [budget.reserve("key", LIMIT) for _ in range(5)]
        assert waits == pytest.approx([0, PACE, 2 * PACE, 3 * PACE, 4 * PACE], abs=1e-5)

    def test_never_over_the_limit(self, budget, clock):
        """Of ten times the limit, asked for in bursts, no window holds more than the limit."""
        slots = []
        for _ in range(15):
            slots += [clock.now + budget.reserve("key", LIMIT) for _ in range(100)]
            clock.now += 1.7
        assert 140 <= worst(slots, LIMIT.window) <= LIMIT.requests

    def test_idle_time_is_not_saved_up(self, budget, clock):
        """After a pause the slots are as far apart as ever."""
        budget.reserve("key", LIMIT)
        clock.now += 3600
        assert budget.reserve("key", LIMIT) == 0.0
        assert budget.reserve("key", LIMIT) == pytest.approx(PACE, abs=1e-5)

    @pytest.mark.parametrize("requests", range(1, 13))
    def test_small_limits(self, budget, clock, requests):
        """Limits of a few requests are kept too."""
        limit = RateLimit(requests, 1.0, 1.0)
        slots = [clock.now + budget.reserve("key", limit) for _ in range(50)]
        assert worst(slots, limit.window) <= requests

    def test_keys_do_not_share(self, budget):
        """Another credential has its own budget."""
        budget.reserve("key", LIMIT)
        assert budget.reserve("other", LIMIT) == 0.0

    def test_nothing_changed(self, budget, clock):
        """Whoever wakes in its slot goes."""
        budget.reserve("key", LIMIT)
        clock.now += budget.reserve("key", LIMIT)
        assert budget.look_again("key") == 0.0
        assert budget.look_again("never seen") == 0.0

    def test_locked_out(self, budget, clock):
        """During a lock-out nobody goes: who comes waits for its end, the next for the next slot."""
        budget.lock_out("key", 60.0)
        clock.now += 10
        assert budget.reserve("key", LIMIT) == pytest.approx(50.0, abs=1e-5)
        assert budget.reserve("key", LIMIT) == pytest.approx(50.0 + PACE, abs=1e-5)
        assert budget.reserve("other", LIMIT) == 0.0
        clock.now += 50
        assert budget.look_again("key") == 0.0

    def test_locked_out_while_waiting(self, budget, clock):
        """Who held a slot when the lock-out came waits on, in the order of before, and one at a time."""
        budget.reserve("key", LIMIT)
        first, second = budget.reserve("key", LIMIT), budget.reserve("key", LIMIT)
        start = clock.now
        budget.lock_out("key", 60.0)
        clock.now = start + first
        first_slot = clock.now + budget.look_again("key")
        clock.now = start + second
        second_slot = clock.now + budget.look_again("key")
        assert first_slot >= start + 60.0 - 1e-5
        assert second_slot - first_slot == pytest.approx(PACE, abs=1e-5)
        clock.now = second_slot
        assert budget.look_again("key") == 0.0

    def test_never_over_the_limit_after_a_lock_out(self, budget, clock):
        """Nor do those who waited through a lock-out leave all at once when it ends."""
        limit = RateLimit(20, 1.0, 5.0)
        start = clock.now
        waiting = sorted(start + budget.reserve("key", limit) for _ in range(100))
        budget.lock_out("key", limit.lockout)
        left = []
        while waiting:
            clock.now = max(clock.now, waiting.pop(0))
            wait = budget.look_again("key")
            if wait:
                waiting = sorted([*waiting, clock.now + wait])
            else:
                left.append(clock.now)
        assert min(left) >= start + limit.lockout - 1e-5
        assert len(left) == 100
        assert worst(left, limit.window) <= limit.requests

    def test_lock_outs_overlap(self, budget, clock):
        """The lock-out that ends last counts, in whatever order they are heard of."""
        for seconds in (60.0, 5.0, 59.0):
            budget.lock_out("key", seconds)
        assert budget.reserve("key", LIMIT) == pytest.approx(60.0, abs=1e-5)
        clock.now += 30
        budget.lock_out("key", 60.0)
        clock.now += 30
        assert budget.look_again("key") >= 30.0 - 1e-5

    def test_wrong_clock_does_not_block(self, budget, clock):
        """What was written while the clock was years ahead is forgotten."""
        right = clock.now
        clock.now += 10 * 365 * 86400
        budget.reserve("key", LIMIT)
        budget.lock_out("key", 60.0)
        clock.now = right
        assert budget.look_again("key") == 0.0
        assert budget.reserve("key", LIMIT) == 0.0
        budget.lock_out("key", 5.0)
        assert budget.reserve("key", LIMIT) == pytest.approx(5.0, abs=1e-5)

    def test_threads_share_it(self, budget, clock):
        """Threads that ask at once get slots of their own."""
        with ThreadPoolExecutor(4) as pool:
            slots = list(pool.map(lambda _: clock.now + budget.reserve("key", LIMIT), range(200)))
        assert worst(slots, PACE * 0.99) == 1


class TestDatabaseBudget(BudgetSuite):
    @pytest.fixture(params=["file", "memory"])
    def budget(self, request, clock, tmp_path):
        with closing(Database(tmp_path / "connector.db" if request.param == "file" else None)) as database:
            yield DatabaseBudget(database, clock)


SENDER = """
import json, sys, time
from connector.budget import DatabaseBudget, RateLimit
from connector.database import Database
budget = DatabaseBudget(Database(sys.argv[1]))
limit = RateLimit(30, 0.5, 1.0)
sys.stdin.readline()
slots = []
for _ in range(50):
    before = time.time()
    slots.append(before + budget.reserve("key", limit))
print(json.dumps(slots))
"""


def test_processes_share_it(tmp_path):
    """Four processes with the same key keep the limit together, and each gets its turns."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", SENDER, str(tmp_path / "connector.db")]
    started = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    slots = [json.loads(process.communicate()[0]) for process in started]
    assert worst(chain(*slots), 0.5) <= 30
    assert all(later > sooner for own in slots for sooner, later in pairwise(own))
