"""However many share a credential, no window of time ever holds more arrivals than the upstream allows."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from heapq import heappop, heappush
from itertools import count
from random import Random

import pytest

from connector.storage.database.database import Database
from connector.storage.ledger.rate_limit import DatabaseRateLimiter, RateLimit

LIMIT = RateLimit(requests=150, window=10.0, lockout=60.0)
SMALL = RateLimit(requests=3, window=10.0, lockout=60.0)
DAY = 24 * 3600.0


class Clock:
    now = 1_763_000_000.0

    def __call__(self):
        return self.now


def worst(arrivals, window):
    """The most arrivals that any window of time holds."""
    inside, most = deque(), 0
    for moment in sorted(arrivals):
        inside.append(moment)
        while moment - inside[0] >= window - 1e-6:
            inside.popleft()
        most = max(most, len(inside))
    return most


class World:
    """Those who send and a network between them and the far side, as time passes."""

    def __init__(self, limiter, clock, *, jitter, stall=0.0, answers=0.0, seed=0):
        self.limiter, self.clock, self.began = limiter, clock, clock.now
        self.chance, self.number, self.coming = Random(seed), count(), []
        self.jitter, self.stall, self.answers = jitter, stall, answers
        self.arrivals, self.waits = [], {False: [0.0], True: [0.0]}

    def come(self, after, background, *, again=True):
        self._at(self.clock.now + after, self._ask, background, again)

    def run(self, seconds):
        until = self.clock.now + seconds
        while self.coming and self.coming[0][0] <= until:
            moment, _, act, *told = heappop(self.coming)
            self.clock.now = max(self.clock.now, moment)
            act(*told)
        self.clock.now = until

    def used(self, begin):
        """The share of the limit that was used since."""
        ends = self.clock.now - self.began
        return sum(begin <= moment - self.began for moment in self.arrivals) / (
            LIMIT.requests / LIMIT.window * (ends - begin)
        )

    def _at(self, moment, act, *told):
        heappush(self.coming, (moment, next(self.number), act, *told))

    def _ask(self, background, again):
        self._stand(self.limiter.reserve("key", LIMIT, background=background), self.clock.now, again)

    def _stand(self, slot, came, again):
        if slot.wait:
            late = self.chance.uniform(0.0002, 0.003)
            self._at(self.clock.now + slot.wait + late, self._look, slot, came, again)
            return
        self.waits[slot.background].append(self.clock.now - came)
        arrives = self.clock.now + self.chance.uniform(*self.jitter) / 2
        phase = (arrives - self.began) % 60
        if phase >= 60 - self.stall:
            arrives += 60 - phase + self.chance.uniform(0, 0.01)
        self._at(arrives, self._arrive, slot, again)

    def _look(self, slot, came, again):
        self._stand(self.limiter.look_again(slot), came, again)

    def _arrive(self, slot, again):
        self.arrivals.append(self.clock.now)
        takes = self.chance.expovariate(1 / self.answers) if self.answers else 0.0
        self._at(self.clock.now + self.chance.uniform(*self.jitter) / 2 + takes, self._end, slot, again)

    def _end(self, slot, again):
        self.limiter.arrived(slot, 0.0)
        if again:
            self._ask(slot.background, again)


class LimiterSuite:
    """What holds in either kind of database."""

    seconds = 180

    @pytest.fixture
    def clock(self):
        return Clock()

    def take(self, limiter, how_many, limit=SMALL, **told):
        return [limiter.reserve("key", limit, **told) for _ in range(how_many)]

    def test_the_whole_limit_goes_at_once(self, limiter):
        """Where it is unused, nobody waits; the next one has no slot yet."""
        taken = self.take(limiter, 4)
        assert [slot.wait for slot in taken[:3]] == [0, 0, 0]
        assert len({slot.number for slot in taken[:3]}) == 3
        assert taken[3].number is None
        assert 0 < taken[3].wait <= 1

    def test_a_slot_is_held_until_the_window_after_the_arrival(self, limiter, clock):
        """However long the request was on its way; what is told of the way back counts."""
        taken = self.take(limiter, 3)
        clock.now += 5
        limiter.arrived(taken[1], 0.25)
        assert limiter.reserve("key", SMALL).wait == pytest.approx(9.75, abs=1e-5)

    def test_slots_are_claimed_in_the_order_in_which_they_come_free(self, limiter, clock):
        """By as many as there are; the others have to ask again."""
        taken = self.take(limiter, 3)
        for late, slot in zip((1, 1, 1), reversed(taken), strict=True):
            clock.now += late
            limiter.arrived(slot, 0.0)
        waits = [slot.wait for slot in self.take(limiter, 3)]
        assert waits == pytest.approx([8, 9, 10], abs=1e-5)
        assert limiter.reserve("key", SMALL).number is None

    def test_without_an_answer_it_is_held_until_its_time_is_up(self, limiter, clock):
        """So a process that died gives its slots back."""
        self.take(limiter, 3)
        clock.now += SMALL.window + 30
        assert limiter.reserve("key", SMALL).wait > 0
        clock.now += 30
        assert limiter.reserve("key", SMALL).wait == 0

    def test_a_slot_that_was_not_used_is_not_lost(self, limiter, clock):
        """Nor is one that was waited for."""
        taken = self.take(limiter, 3)
        limiter.unused(taken[0])
        again = limiter.reserve("key", SMALL)
        assert (again.number, again.wait) == (taken[0].number, 0)
        limiter.arrived(again, 0.0)
        waiting = limiter.reserve("key", SMALL)
        assert waiting.wait == pytest.approx(10, abs=1e-5)
        limiter.unused(waiting)
        limiter.unused(limiter.reserve("other", SMALL))
        clock.now += 3
        assert limiter.reserve("key", SMALL).wait == pytest.approx(7, abs=1e-5)

    def test_whoever_comes_when_its_slot_does_goes(self, limiter, clock):
        """And holds it from then on."""
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
        waiting = self.take(limiter, 3)
        clock.now += 10
        gone = [limiter.look_again(slot) for slot in waiting]
        assert [(slot.number, slot.wait) for slot in gone] == [(slot.number, 0) for slot in waiting]
        assert limiter.reserve("key", SMALL).number is None

    def test_whoever_comes_too_early_waits_for_the_rest(self, limiter, clock):
        """A timer that is early makes nothing early."""
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
        waiting = limiter.reserve("key", SMALL)
        clock.now += 9.9
        assert limiter.look_again(waiting).wait == pytest.approx(0.1, abs=1e-5)

    def test_whoever_comes_too_late_has_lost_its_slot(self, limiter, clock):
        """A machine that slept does not send beside those who have the slots now."""
        late = limiter.reserve("key", SMALL)
        clock.now += 3600
        taken = self.take(limiter, 3)
        found = limiter.look_again(late)
        assert found.number is None
        limiter.arrived(late, 0.0)
        limiter.unused(late)
        limiter.arrived(taken[0], 0.0)
        assert limiter.look_again(found).wait == pytest.approx(10, abs=1e-5)

    def test_a_slot_that_nobody_took_is_still_ones_own(self, limiter, clock):
        """It is held anew, from now on."""
        late = limiter.reserve("key", SMALL)
        clock.now += 3600
        found = limiter.look_again(late)
        assert (found.number, found.wait) == (late.number, 0)
        assert [slot.number is None for slot in self.take(limiter, 3)] == [False, False, True]

    def test_keys_do_not_share(self, limiter):
        """Another credential has its own limit."""
        self.take(limiter, 4)
        assert limiter.reserve("other", SMALL).wait == 0

    @pytest.mark.parametrize("requests", range(1, 13))
    def test_small_limits(self, limiter, clock, requests):
        """Limits of a few requests are kept, and used whole."""
        limit = RateLimit(requests, 1.0, 1.0)
        taken = self.take(limiter, requests + 1, limit)
        assert [slot.wait for slot in taken[: min(requests, 10)]] == [0] * min(requests, 10)
        assert [slot.number is None for slot in taken] == [False] * requests + [True]

    def test_a_limit_of_very_many_is_kept_in_parts(self, limiter, clock):
        """Of a million in an hour, as many as there may be in a share of the hour."""
        limit = RateLimit(1_000_000, 3600.0, 60.0)
        taken = self.take(limiter, 1001, limit)
        assert [slot.number is not None for slot in taken] == [True] * 1000 + [False]
        limiter.arrived(taken[0], 0.0)
        assert limiter.reserve("key", limit).wait == pytest.approx(3.6, abs=1e-4)

    def test_a_limit_that_has_changed_holds_from_now_on(self, limiter, clock):
        """More slots, or fewer."""
        self.take(limiter, 3)
        larger, smaller = RateLimit(5, 10.0, 60.0), RateLimit(2, 10.0, 60.0)
        assert [slot.wait == 0 for slot in self.take(limiter, 3, larger)] == [True, True, False]
        clock.now += 3600
        assert [slot.wait == 0 for slot in self.take(limiter, 3, smaller)] == [True, True, False]

    def test_of_persons_a_tenth_goes_at_once(self, limiter, clock):
        """And the next as soon as a tenth of the window is over, so that the limit is used evenly."""
        waits = [slot.wait for slot in self.take(limiter, 31, LIMIT)]
        assert waits == pytest.approx([0] * 15 + [1] * 15 + [2], abs=1e-5)
        clock.now += 0.5
        assert limiter.reserve("key", LIMIT).wait == pytest.approx(1.5, abs=1e-5)

    def test_the_background_goes_one_after_the_other(self, limiter):
        """A batch leaves gaps, in which the next person finds a slot."""
        taken = self.take(limiter, 5, LIMIT, background=True)
        assert [slot.wait for slot in taken] == pytest.approx([0, 1 / 15, 2 / 15, 3 / 15, 4 / 15], abs=1e-5)
        assert limiter.reserve("key", LIMIT).wait == 0

    def test_a_person_takes_the_slot_of_the_background(self, limiter, clock):
        """The soonest. Who had it finds so when its time has come, and gets another or none."""
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
            clock.now += 1
        batch = self.take(limiter, 3, background=True)
        person = limiter.reserve("key", SMALL)
        assert (person.number, person.wait) == (batch[0].number, pytest.approx(7, abs=1e-5))
        clock.now += 7
        assert limiter.look_again(person).wait == 0
        assert limiter.look_again(batch[0]).number is None
        clock.now += 1
        assert limiter.look_again(batch[1]).wait == 0
        assert limiter.reserve("key", SMALL).number == batch[2].number

    def test_the_background_takes_no_slot_from_anybody(self, limiter, clock):
        """Neither from a person nor from its like."""
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
            clock.now += 1
        held = [*self.take(limiter, 2, background=True), *self.take(limiter, 1)]
        assert len({slot.number for slot in held}) == 2
        last = self.take(limiter, 2, background=True)
        assert {slot.number for slot in (*held, *last)} == {0, 1, 2, None}

    def test_a_batch_that_died_leaves_its_slots(self, limiter, clock):
        """Who gave way and never came does not block the others."""
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
        self.take(limiter, 3, background=True)
        clock.now += 120
        assert self.take(limiter, 1, background=True)[0].wait == 0

    def test_locked_out(self, limiter, clock):
        """During a lock-out nobody goes; the window is empty when it ends."""
        self.take(limiter, 1)
        limiter.lock_out("key", 60.0)
        clock.now += 10
        waits = [slot.wait for slot in self.take(limiter, 3)]
        assert waits == pytest.approx([50, 50, 50], abs=1e-5)
        assert limiter.reserve("other", SMALL).wait == 0

    @pytest.mark.parametrize("background", [True, False])
    def test_locked_out_while_waiting(self, limiter, clock, background):
        """Who has a slot when the lock-out comes waits for its end, and then goes."""
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
        slot = limiter.reserve("key", SMALL, background=background)
        limiter.lock_out("key", 60.0)
        clock.now += 10
        waiting = limiter.look_again(slot)
        assert (waiting.number, waiting.wait) == (slot.number, pytest.approx(50, abs=1e-5))
        clock.now += 50
        assert limiter.look_again(waiting).wait == 0

    def test_lock_outs_overlap(self, limiter, clock):
        """The lock-out that ends last counts, in whatever order they are heard of."""
        for seconds in (60.0, 5.0, 59.0):
            limiter.lock_out("key", seconds)
        assert limiter.reserve("key", SMALL).wait == pytest.approx(60.0, abs=1e-5)
        clock.now += 30
        limiter.lock_out("key", 60.0)
        assert limiter.reserve("key", SMALL).wait == pytest.approx(60.0, abs=1e-5)

    @pytest.mark.parametrize("seconds", [DAY - 1, DAY, DAY + 1, 10 * DAY, 1e300])
    def test_a_lock_out_lasts_for_a_day_at_most(self, limiter, seconds):
        """A longer one holds for a day, and is not taken for the work of a wrong clock."""
        limiter.lock_out("key", seconds)
        expected = pytest.approx(min(seconds, DAY), abs=1e-4)
        assert limiter.ahead() == {"key": expected}
        assert limiter.reserve("key", SMALL).wait == expected

    def test_what_is_ahead_is_told_by_key(self, limiter, clock):
        """Until a slot is free, or the end of a lock-out; who need not wait is not there."""
        limiter.reserve("idle", SMALL)
        for slot in self.take(limiter, 3):
            limiter.arrived(slot, 0.0)
        limiter.lock_out("locked", 60.0)
        clock.now += 1
        assert limiter.ahead() == {
            "key": pytest.approx(9, abs=1e-5),
            "locked": pytest.approx(59, abs=1e-5),
        }

    @pytest.mark.parametrize("background", [True, False])
    @pytest.mark.parametrize("ahead", [3600, 10 * 365 * DAY])
    def test_a_clock_that_was_set_back_blocks_nobody(self, limiter, clock, background, ahead):
        """What was written before is past: it holds for a window, and no longer."""
        right = clock.now
        clock.now += ahead
        self.take(limiter, 3)
        clock.now = right
        waits = [slot.wait for slot in self.take(limiter, 3, background=background)]
        assert waits == pytest.approx([10, 10, 10], abs=1e-4)

    @pytest.mark.parametrize("background", [True, False])
    def test_who_left_before_the_clock_was_set_back_is_not_left_after(self, limiter, clock, background):
        """Where slots are free, whoever comes goes as if there were none before."""
        self.take(limiter, 20, LIMIT, background=background)
        clock.now -= 3600
        waits = [slot.wait for slot in self.take(limiter, 3, LIMIT, background=background)]
        assert waits == sorted(waits)
        assert waits[-1] < 1

    @pytest.mark.parametrize("ahead", [60, 3600, 10 * 365 * DAY])
    def test_a_lock_out_of_before_the_clock_was_set_back_is_forgotten(self, limiter, clock, ahead):
        """It holds nobody back for longer than it was to; one that is heard of then counts."""
        right = clock.now
        clock.now += ahead
        limiter.lock_out("key", 60.0)
        clock.now = right
        assert limiter.ahead() == {}
        assert limiter.reserve("key", SMALL).wait == 0
        limiter.lock_out("key", 60.0)
        assert limiter.ahead() == {"key": pytest.approx(60.0, abs=1e-5)}
        assert limiter.reserve("key", SMALL).wait == pytest.approx(60.0, abs=1e-5)

    def test_a_lock_out_of_a_machine_whose_clock_is_a_little_fast_counts(self, limiter, clock):
        """By some seconds."""
        clock.now += 5
        limiter.lock_out("key", 60.0)
        clock.now -= 5
        assert limiter.reserve("key", SMALL).wait == pytest.approx(65.0, abs=1e-5)

    def test_who_stood_in_line_when_the_clock_was_set_back_holds_up_nobody(self, limiter, clock):
        """Nor do those who were stopped then, and do not ask again."""
        self.take(limiter, 30)
        clock.now -= 3600
        assert [slot.wait for slot in self.take(limiter, 3)] == pytest.approx([10, 10, 10], abs=1e-4)

    def test_threads_share_it(self, limiter):
        """Threads that ask at once get slots of their own."""
        with ThreadPoolExecutor(4) as pool:
            slots = list(pool.map(lambda _: limiter.reserve("key", LIMIT), range(150)))
        assert len({slot.number for slot in slots}) == 150

    @pytest.mark.parametrize(
        ("jitter", "stall", "least"),
        [
            ((0.02, 0.3), 0.0, 0.98),
            ((0.02, 1.0), 0.0, 0.92),
            ((0.02, 0.3), 1.0, 0.97),
            ((0.02, 0.3), 3.4, 0.95),
            ((0.02, 1.0), 8.0, 0.80),
        ],
    )
    def test_never_over_the_limit(self, limiter, clock, jitter, stall, least):
        """Under any jitter and stall no window holds too many arrivals, and the limit is used."""
        world = World(limiter, clock, jitter=jitter, stall=stall)
        for place in range(40):
            world.come(place * 0.01, background=place % 2 == 0)
        world.run(self.seconds)
        assert worst(world.arrivals, LIMIT.window) <= LIMIT.requests
        assert world.used(12) >= least

    @pytest.mark.parametrize("seed", range(4))
    def test_a_person_goes_before_a_batch(self, limiter, clock, seed):
        """Of a hundred that nobody waits for, one gives its slot to a person who comes."""
        world = World(limiter, clock, jitter=(0.02, 0.3), seed=seed)
        for _ in range(100):
            world.come(0, background=True)
        for _ in range(30):
            world.come(world.chance.uniform(20, self.seconds), background=False, again=False)
        world.run(self.seconds)
        assert len(world.waits[False]) == 31
        assert max(world.waits[False]) < 1.5
        assert worst(world.arrivals, LIMIT.window) <= LIMIT.requests

    def test_nobody_waits_for_ever(self, limiter, clock):
        """Of more than there are slots for, also with answers that take their time."""
        world = World(limiter, clock, jitter=(0.02, 0.3), answers=5.0)
        for _ in range(400):
            world.come(0, background=False, again=False)
        world.run(self.seconds)
        assert len(world.arrivals) == 400
        assert max(world.waits[False]) < 60
        assert worst(world.arrivals, LIMIT.window) <= LIMIT.requests

    def test_those_who_were_stopped_hold_up_nobody(self, limiter, clock):
        """Neither those who said so nor those who did not."""
        self.take(limiter, 3)
        waiting = self.take(limiter, 6)
        for slot in waiting[::2]:
            limiter.unused(slot)
        clock.now += 60
        assert limiter.reserve("key", SMALL).wait == 0


class TestInAFile(LimiterSuite):
    @pytest.fixture(params=["file", "memory"])
    def limiter(self, request, clock, tmp_path):
        with closing(Database(tmp_path / "connector.db" if request.param == "file" else None)) as database:
            yield DatabaseRateLimiter(database, clock)

    def test_the_time_that_a_statement_waits_is_not_waited_again(self, clock, tmp_path):
        """What passes until the database answers is part of the wait."""

        class Slow(Database):
            def write(self, statement, values, **about):
                clock.now += 4
                return super().write(statement, values, **about)

        with closing(Slow(tmp_path / "connector.db")) as database:
            limiter = DatabaseRateLimiter(database, clock)
            limiter.arrived(limiter.reserve("key", RateLimit(1, 100.0, 1.0)), 0.0)
            arrived = clock.now - 4
            assert limiter.reserve("key", RateLimit(1, 100.0, 1.0)).wait == arrived + 100 - clock.now


@pytest.fixture(scope="module")
def served(postgres):
    name = postgres.fresh()
    with closing(Database(postgres.url(name))) as database:
        yield database
    postgres.drop(name)


class TestOnAServer(LimiterSuite):
    seconds = 75

    @pytest.fixture
    def limiter(self, served, clock):
        for table in ("rate_limits", "rate_limit_slots"):
            served.write(f"DELETE FROM {table}", {})
        return DatabaseRateLimiter(served, clock)


def test_the_clock_is_the_servers(postgres):
    """Machines whose clocks differ share the limit all the same."""
    name = postgres.fresh()
    with closing(Database(postgres.url(name))) as database:
        limiter, limit = DatabaseRateLimiter(database), RateLimit(1, 3600.0, 1.0)
        limiter._clock = Clock()  # years behind
        limiter.arrived(limiter.reserve("key", limit), 60.0)
        assert 3480 < limiter.ahead()["key"] <= 3540
        assert 3480 < limiter.reserve("key", limit).wait <= 3540
        limiter.lock_out("key", 7200.0)
        assert 7080 < limiter.ahead()["key"] <= 7200
    postgres.drop(name)


ASK = """
import sys
from connector.storage.ledger.rate_limit import DatabaseRateLimiter, RateLimit
from connector.storage.database.database import Database
limiter, limit = DatabaseRateLimiter(Database(sys.argv[1])), RateLimit(90, 3600.0, 1.0)
limiter.reserve("other", limit)
print("ready", flush=True)
sys.stdin.readline()
print(*(limiter.reserve("key", limit).number for _ in range(30)))
"""


@pytest.mark.parametrize("kind", ["file", "server"])
def test_processes_share_it(kind, tmp_path, request):
    """Four with the same key take each slot once, and no more than there are."""
    server = request.getfixturevalue("postgres") if kind == "server" else None
    where = server.url(server.fresh()) if server else str(tmp_path / "connector.db")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([sys.executable, "-c", ASK, where], **pipes) for _ in range(4)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 4
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = Counter(word for process in started for word in process.communicate()[0].split())
    none = told.pop("None")
    assert set(told.values()) == {1}
    assert (len(told), none) == (90, 30)
