"""However many share a credential, no window of time ever holds more requests than the upstream allows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from heapq import heapify, heappop, heappush
from itertools import chain, pairwise
from math import nextafter
from random import Random

import pytest

from connector.storage.database.database import Database
from connector.storage.ledger.rate_limit import DatabaseRateLimiter, RateLimit

LIMIT = RateLimit(requests=150, window=10.0, lockout=60.0)
PACE = 10.0 / 145
DAY = 24 * 3600.0


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


class Row:
    """Those who wait for their slots, each until it comes, as time passes."""

    def __init__(self, budget, clock, limit):
        self.budget, self.clock, self.limit = budget, clock, limit
        self.waiting, self.left, self.waits = [], [], {True: [0.0], False: [0.0]}
        self.count = 0
        self.late = lambda: 0.0

    def come(self, *, background):
        wait = self.budget.reserve("key", self.limit, background=background)
        self._stand(wait, background, self.clock.now)

    def _stand(self, wait, background, came):
        self.count += 1
        if wait:
            heappush(self.waiting, (self.clock.now + wait + self.late(), self.count, background, came))
        else:
            self.left.append(self.clock.now)
            self.waits[background].append(self.clock.now - came)

    def pass_(self, seconds):
        until = self.clock.now + seconds
        while self.waiting and self.waiting[0][0] <= until:
            slot, _, background, came = heappop(self.waiting)
            self.clock.now = max(self.clock.now, slot)
            self._stand(self.budget.look_again("key", background=background), background, came)
        self.clock.now = max(self.clock.now, until)

    def give_up(self, chance):
        if self.waiting:
            self.waiting.remove(chance.choice(self.waiting))
            heapify(self.waiting)


def gaps(slots):
    """The shortest time between two, in paces."""
    return min(later - sooner for sooner, later in pairwise(sorted(slots))) / PACE


class BudgetSuite:
    """What every kind of budget promises."""

    crowd = 600

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

    def test_a_person_goes_before_a_batch(self, budget, clock):
        """Of a thousand that nobody waits for, one gives its slot; the next person has the next slot."""
        row = Row(budget, clock, LIMIT)
        for _ in range(1000):
            row.come(background=True)
        clock.now += 0.01
        waits = [budget.reserve("key", LIMIT) for _ in range(5)]
        assert waits == pytest.approx([PACE * (1 + place) - 0.01 for place in range(5)], abs=1e-3)

    def test_whoever_gives_way_goes_last(self, budget, clock):
        """It finds so when its slot has come."""
        for _ in range(10):
            budget.reserve("key", LIMIT, background=True)
        person = budget.reserve("key", LIMIT)
        assert person == pytest.approx(PACE, abs=1e-5)
        clock.now += person
        assert budget.look_again("key") == 0.0
        assert budget.look_again("key", background=True) == pytest.approx(9 * PACE, abs=1e-5)
        assert budget.look_again("key", background=True) == 0.0

    def test_a_row_of_persons_is_a_row(self, budget):
        """Nobody is before anybody else where all wait for their answers, whatever comes behind them."""
        waits = [budget.reserve("key", LIMIT) for _ in range(3)]
        last = budget.reserve("key", LIMIT, background=True)
        waits.append(budget.reserve("key", LIMIT))
        assert [*waits, last] == pytest.approx([0, PACE, 2 * PACE, 3 * PACE, 3 * PACE], abs=1e-3)
        assert budget.reserve("key", LIMIT) == pytest.approx(4 * PACE, abs=1e-3)

    @pytest.mark.parametrize("seed", range(8))
    def test_never_over_the_limit_together(self, budget, clock, seed):
        """Any mix of both keeps the limit, uses it, and nobody waits for ever; also with some who give up."""
        chance, row = Random(seed), Row(budget, clock, LIMIT)
        lazy = seed % 2 == 0
        for _ in range(self.crowd):
            row.come(background=True)
        for _ in range(self.crowd // 10):
            row.pass_(chance.uniform(0.1, 1.2))
            for _ in range(chance.choice([0, 0, 1, 3, 12])):
                row.come(background=False)
            if lazy and chance.random() < 0.3:
                row.give_up(chance)
        row.pass_(3600)
        assert row.waiting == []
        assert worst(row.left, LIMIT.window) <= LIMIT.requests
        busy = [slot for slot in row.left if slot < row.left[0] + 35]
        assert gaps(row.left) > 0.999
        assert lazy or len(busy) >= 0.97 * min(35 / PACE, self.crowd)
        assert max(row.waits[False]) < 40 * PACE

    @pytest.mark.parametrize(("batch", "persons"), [(1, 2), (1, 5), (5, 5), (5, 6), (5, 30)])
    def test_no_slot_is_used_twice(self, budget, clock, batch, persons):
        """Also where more persons come than there are in the batch that gives way to them."""
        row = Row(budget, clock, LIMIT)
        for background in (False, *[True] * batch, *[False] * persons, True):
            row.come(background=background)
        row.pass_(100)
        assert len(row.left) == batch + persons + 2
        assert row.left[-1] - row.left[0] == pytest.approx((batch + persons + 1) * PACE, abs=1e-3)
        assert gaps(row.left) > 0.999

    def test_who_wakes_late_keeps_its_slot(self, budget, clock):
        """What was given up is a later slot than its own."""
        for _ in range(4):
            budget.reserve("key", LIMIT, background=True)
        clock.now += PACE * 1.1  # the second has not looked yet
        assert budget.reserve("key", LIMIT) == pytest.approx(0.9 * PACE, abs=1e-4)
        assert budget.look_again("key", background=True) == 0.0
        clock.now += PACE * 0.9
        assert budget.look_again("key", background=True) > PACE

    @pytest.mark.parametrize("seed", range(4))
    def test_late_ones_harm_nobody(self, budget, clock, seed):
        """Nobody wakes on the moment, and the limit has room for that."""
        chance, row = Random(seed), Row(budget, clock, LIMIT)
        row.late = lambda: chance.uniform(0, 0.9 * PACE)
        for _ in range(self.crowd):
            row.come(background=True)
        for _ in range(self.crowd // 10):
            row.pass_(chance.uniform(0.1, 0.6))
            for _ in range(chance.choice([0, 1, 2, 5])):
                row.come(background=False)
        row.pass_(3600)
        assert row.waiting == []
        assert worst(row.left, LIMIT.window) <= LIMIT.requests

    def test_a_person_waits_for_other_persons_only(self, budget, clock):
        """About one pace for each that came before, however many of the background stand there."""
        row, chance = Row(budget, clock, LIMIT), Random(1)
        for _ in range(self.crowd):
            row.come(background=True)
        for _ in range(self.crowd // 20):
            row.pass_(chance.uniform(5 * PACE, 9 * PACE))
            for place in range(1, 4):
                row.come(background=False)
                assert row.waiting or place == 1
        row.pass_(3600)
        assert max(row.waits[False]) <= 3.01 * PACE

    def test_who_gives_up_does_no_lasting_harm(self, budget, clock):
        """Each costs a slot and no more; whoever comes later finds everything as ever."""
        row, chance = Row(budget, clock, LIMIT), Random(2)
        for _ in range(40):
            row.come(background=True)
            row.come(background=False)
        for _ in range(40):
            row.give_up(chance)
        row.pass_(100 * PACE)
        assert row.waiting == []
        assert len(row.left) == 40
        clock.now += 61
        for background in (True, False, True, False):
            row.come(background=background)
        row.pass_(100 * PACE)
        assert [later - sooner for sooner, later in pairwise(row.left[-4:])] == pytest.approx(
            [PACE] * 3, abs=1e-3
        )

    def test_a_lock_out_holds_for_both(self, budget, clock):
        """And after it the limit is kept, whoever goes first."""
        row = Row(budget, clock, LIMIT)
        for _ in range(200):
            row.come(background=True)
        for _ in range(5):
            row.come(background=False)
        row.pass_(2)
        before, until = len(row.left), clock.now + 60
        budget.lock_out("key", 60.0)
        row.pass_(30)
        for _ in range(20):
            row.come(background=False)
        row.pass_(600)
        assert len(row.left) == 225
        assert min(row.left[before:]) >= until - 1e-5
        assert worst(row.left, LIMIT.window) <= LIMIT.requests

    def test_who_wakes_a_minute_late_still_gives_way(self, budget, clock):
        """However many persons came meanwhile: its slot was given to the first of them."""
        for _ in range(2):
            budget.reserve("key", LIMIT, background=True)
        assert budget.reserve("key", LIMIT) == pytest.approx(PACE, abs=1e-5)
        clock.now += 2 * PACE + 59.9
        assert budget.reserve("key", LIMIT) == 0.0
        assert budget.look_again("key", background=True) == pytest.approx(PACE, abs=1e-5)
        assert budget.look_again("key", background=True) == 0.0

    def test_who_has_not_come_in_a_minute_will_not_come(self, budget, clock):
        """What it owed is forgotten, so that nobody of later gives way for it."""
        for _ in range(2):
            budget.reserve("key", LIMIT, background=True)
        assert budget.reserve("key", LIMIT) == pytest.approx(PACE, abs=1e-5)
        clock.now += 2 * PACE + 60.1
        assert budget.reserve("key", LIMIT) == 0.0
        clock.now += budget.reserve("key", LIMIT, background=True)
        assert budget.look_again("key", background=True) == 0.0

    @pytest.mark.parametrize("seconds", [DAY - 1, DAY, DAY + 1, 10 * DAY, 1e300])
    def test_a_lock_out_lasts_for_a_day_at_most(self, budget, clock, seconds):
        """A longer one holds for a day, and is not taken for the work of a wrong clock."""
        budget.reserve("key", LIMIT)
        waiting = budget.reserve("key", LIMIT)
        budget.lock_out("key", seconds)
        expected = pytest.approx(min(seconds, DAY), abs=1e-4)
        assert budget.ahead() == {"key": expected}
        assert budget.look_again("key") == expected
        clock.now += waiting
        assert budget.look_again("key", background=True) >= min(seconds, DAY) - 1
        budget.lock_out("other", seconds)
        assert budget.reserve("other", LIMIT) == expected

    def test_what_is_ahead_is_told_by_key(self, budget, clock):
        """The next slot or the end of a lock-out, whichever is later; who need not wait is not there."""
        budget.reserve("idle", LIMIT)
        clock.now += 1
        for _ in range(3):
            budget.reserve("busy", LIMIT)
        budget.lock_out("locked", 60.0)
        assert budget.ahead() == {
            "busy": pytest.approx(3 * PACE, abs=1e-5),
            "locked": pytest.approx(60, abs=1e-5),
        }

    def test_what_a_wrong_clock_wrote_is_not_ahead(self, budget, clock):
        """It holds nobody back."""
        right = clock.now
        clock.now += 2 * DAY
        budget.reserve("key", LIMIT)
        clock.now = right
        assert budget.ahead() == {}

    @pytest.mark.parametrize("background", [True, False])
    def test_a_lock_out_of_a_row_that_is_in_use(self, budget, clock, background):
        """Whoever comes meanwhile stands behind its end from the beginning."""
        budget.reserve("key", LIMIT)
        budget.lock_out("key", 60.0)
        clock.now += 10
        waits = [budget.reserve("key", LIMIT, background=background) for _ in range(2)]
        assert waits == pytest.approx([50, 50 + PACE], abs=1e-4)

    @pytest.mark.parametrize("background", [True, False])
    def test_a_clock_that_was_set_back_harms_nobody(self, budget, clock, background):
        """Slots, lock-outs and debts of years ahead are forgotten by whoever comes first."""
        right = clock.now
        clock.now += 10 * 365 * DAY
        for turn in (True, True, False):
            budget.reserve("key", LIMIT, background=turn)
        budget.lock_out("key", 60.0)
        clock.now = right
        waits = [budget.reserve("key", LIMIT, background=background) for _ in range(3)]
        assert waits == pytest.approx([0, PACE, 2 * PACE], abs=1e-4)
        assert budget.reserve("key", LIMIT, background=True) == pytest.approx(3 * PACE, abs=1e-3)
        clock.now += waits[-1]
        assert budget.look_again("key", background=background) == 0.0

    @pytest.mark.parametrize("background", [True, False])
    def test_a_limit_that_has_changed_holds_from_now_on(self, budget, background):
        """Whoever comes next comes at the new pace, and so does who has to come again."""
        slow = RateLimit(requests=30, window=60.0, lockout=60.0)
        budget.reserve("key", LIMIT, background=background)
        first, second = (budget.reserve("key", slow, background=background) for _ in range(2))
        assert second == pytest.approx(first + slow.pace, abs=1e-4)
        budget.lock_out("key", 60.0)
        ends = [budget.look_again("key", background=background) for _ in range(2)]
        assert ends[1] - ends[0] == pytest.approx(slow.pace, abs=1e-4)

    def test_who_has_lost_its_slot_and_comes_to_an_empty_row_takes_one(self, budget, clock):
        """At once, and whoever comes next comes after it."""
        for _ in range(2):
            budget.reserve("key", LIMIT, background=True)
        budget.reserve("key", LIMIT)
        clock.now += 30
        assert budget.look_again("key", background=True) == 0.0
        assert budget.reserve("key", LIMIT, background=True) == pytest.approx(PACE, abs=1e-5)

    def test_what_floating_point_makes_of_equal_moments_is_no_wait(self, budget, clock):
        """Whoever comes when its slot does goes, instead of sleeping for less than a microsecond."""
        budget.reserve("key", LIMIT, background=True)
        clock.now = nextafter(clock.now + PACE, 0)
        assert budget.reserve("key", LIMIT, background=True) == 0.0

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
            yield DatabaseRateLimiter(database, clock)


@pytest.fixture(scope="module")
def served(postgres):
    name = postgres.fresh()
    with closing(Database(postgres.url(name))) as database:
        yield database
    postgres.drop(name)


class TestBudgetOnAServer(BudgetSuite):
    crowd = 60

    @pytest.fixture
    def budget(self, served, clock):
        served.write("DELETE FROM budgets", {})
        return DatabaseRateLimiter(served, clock)


def test_the_clock_is_the_servers(postgres):
    """Machines whose clocks differ share a row all the same."""
    name = postgres.fresh()
    with closing(Database(postgres.url(name))) as database:
        budget, limit = DatabaseRateLimiter(database), RateLimit(3, 3600.0, 1.0)
        budget._clock = Clock()  # years behind
        assert budget.reserve("key", limit) == 0.0
        assert limit.pace - 60 < budget.reserve("key", limit, background=True) <= limit.pace
        assert limit.pace - 60 < budget.reserve("key", limit) <= limit.pace
        assert limit.pace - 60 < budget.ahead()["key"] - limit.pace <= limit.pace
        budget.lock_out("key", 7200.0)
        assert 7000 < budget.look_again("key") <= 7200 + limit.pace
        assert 7000 < budget.look_again("key", background=True) <= 7200 + 3 * limit.pace
    postgres.drop(name)


SENDER = """
import json, sys, time
from threading import Thread
from connector.storage.ledger.rate_limit import DatabaseRateLimiter, RateLimit
from connector.storage.database.database import Database
budget, limit, left = DatabaseRateLimiter(Database(sys.argv[1])), RateLimit(60, 1.0, 1.0), []

def send(background, pause):
    while time.time() < until:
        wait = budget.reserve("key", limit, background=background)
        while wait > 0:
            time.sleep(wait)
            wait = budget.look_again("key", background=background)
        left.append(time.time())
        time.sleep(pause)

budget.reserve("other", limit)
print("ready", flush=True)
sys.stdin.readline()
until = time.time() + 2
threads = [Thread(target=send, args=told) for told in [(True, 0)] * 4 + [(False, 0.1)]]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(left))
"""


@pytest.mark.parametrize("kind", ["file", "server"])
def test_processes_share_it(kind, tmp_path, request):
    """Four with the same key take no slot twice, and hardly leave one empty."""
    server = request.getfixturevalue("postgres") if kind == "server" else None
    where = server.url(server.fresh()) if server else str(tmp_path / "connector.db")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([sys.executable, "-c", SENDER, where], **pipes) for _ in range(4)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 4
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    left = sorted(chain(*(json.loads(process.communicate()[0]) for process in started)))
    slots = (left[-1] - left[0]) / RateLimit(60, 1.0, 1.0).pace
    # Whoever is late makes it take longer, so that a busy machine has no part in this.
    assert len(left) <= slots + 3
    assert len(left) >= slots / 4
