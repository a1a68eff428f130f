"""A schedule comes to each of its times once, heeds what it may spend, and loses nothing by a downtime."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from port import INTEGRATION, SAMPLES
from runs.atelier import CONTINUE, SHEET, Atelier, text
from upstream import picture

from connector.engine.connector import Connector
from connector.errors import CapReached, InvalidArguments, InvocationError, UnknownName
from connector.runs.schedule import sync_with_engine as looked_after
from connector.runs.schedule.manage import ScheduleManager
from connector.runs.schedule.store import ScheduleNotFound, ScheduleStore
from connector.runs.schedule.sync_with_engine import ScheduleSync
from connector.runs.schedule.tick import TickDecider
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.worker.worker import Worker
from connector.runs.workflow import load
from connector.spec.loader import default_folder, load_lazily
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History

CORE = "stable-image-core"
BOAT = {"prompt": "a boat"}
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
# Noon.
NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC).timestamp()


class Keeper:
    """The durable engine, as far as it keeps schedules: it fires what it is told to, by hand."""

    def __init__(self):
        self.kept = {}
        self.fired = []

    def apply_schedules(self, given):
        for one in given:
            self.kept.setdefault(one["schedule_name"], {"status": "ACTIVE", **one})

    def list_schedules(self):
        return [*self.kept.values()]

    def delete_schedule(self, name):
        self.kept.pop(name, None)

    def pause_schedule(self, name):
        self.kept[name]["status"] = "PAUSED"

    def resume_schedule(self, name):
        self.kept[name]["status"] = "ACTIVE"

    def backfill_schedule(self, name, start, end):
        self.fired.append((name, (start.timestamp() + end.timestamp()) / 2))


class Office(Atelier):
    """Where schedules are made and come to their times; the time is the test's."""

    def __init__(self, home):
        super().__init__(home)
        self.clock.now = NOW
        self.upstream.answers[:] = [lambda request: picture()]
        self.keeper = self.handed.client = Keeper()
        self.store = ScheduleStore(self.database, self.clock)
        self.ticking = TickDecider(self.store, self.runs, {INTEGRATION.id: INTEGRATION})
        self.timetable = ScheduleManager(self.store, self.handed, self.files, self.ticking)

    def add(self, name="boats", subject=CORE, inputs=None, cron="0 * * * *", **options):
        action = self.connector.action(subject) if isinstance(subject, str) else subject
        return self.timetable.add(name, self.connector, action, inputs or BOAT, cron=cron, **options)

    def tick(self, at, name="boats"):
        """The engine comes to a time; whether that is over."""
        self.clock.now = max(self.clock.now, at)
        return self.ticking.look(name, at)

    def tend(self, later=0.0):
        """A worker that was just started looks after the schedules."""
        self.clock.now += later
        ScheduleSync(self.store, self.handed).tend()

    def fire(self):
        """All that was handed to the engine comes to its time, in order, and what it begins is done."""
        fired, self.keeper.fired = self.keeper.fired, []
        return [self.tick(at, name) for name, at in fired]

    def ticks(self, name="boats"):
        """What became of its times, oldest first."""
        return self.store.ticks(name, 1000)[::-1]

    def states(self, name="boats"):
        return [tick.state for tick in self.ticks(name)]


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def test_each_time_is_one_run_however_often_it_is_come_to(office):
    """Two workers that fire the same time make one run of it; so does one that is killed in between."""
    office.add()
    assert office.tick(NOW + HOUR)
    assert office.tick(NOW + HOUR)
    office.database.write("UPDATE ticks SET run_id = NULL", {})  # it died before it wrote that down
    assert TickDecider(office.store, office.runs, {INTEGRATION.id: INTEGRATION}).look("boats", NOW + HOUR)
    (run,) = office.runs.list()
    (tick,) = office.ticks()
    assert (tick.at, tick.state, tick.run_id) == (NOW + HOUR, "begun", run.id)
    assert (run.action, run.inputs, run.durable) == (CORE, BOAT, True)


def test_what_is_no_time_of_it_comes_to_nothing(office):
    """Nor does what was before it was made, or is of no schedule."""
    office.add()
    assert office.tick(NOW + HOUR + MINUTE)
    assert office.tick(NOW - HOUR)
    assert office.tick(NOW + HOUR, "ships")
    assert (office.ticks(), office.runs.list()) == ([], [])


def test_the_hour_that_comes_twice_is_fired_twice_and_used_once(office):
    """The engine fires both; a time of the day is kept the first time."""
    office.clock.now = datetime(2026, 10, 24, 12, 0, tzinfo=UTC).timestamp()
    office.add(cron="30 2 * * *", timezone="Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    assert [office.tick(at) for at in (first, first + HOUR)] == [True, True]
    assert [tick.at for tick in office.ticks()] == [first]


def test_skip_lets_a_time_go_while_the_run_before_it_goes_on(office):
    """It is told which run that was; the next time counts again."""
    office.add(overlap="skip")
    assert office.tick(NOW + HOUR)
    assert office.tick(NOW + 2 * HOUR)
    skipped = office.ticks()[1]
    assert skipped.state == "skipped"
    assert skipped.message == f"run {office.ticks()[0].run_id} had not ended"
    office.work()
    assert office.tick(NOW + 3 * HOUR)
    assert office.states() == ["begun", "skipped", "begun"]


def test_queue_waits_for_the_run_before_it(office):
    """One after the other, in the order of their times."""
    office.add(overlap="queue")
    first, second, third = (NOW + number * HOUR for number in (1, 2, 3))
    assert [office.tick(at) for at in (first, second, third)] == [True, False, False]
    assert office.states() == ["begun", "due", "due"]
    office.work()
    assert [office.tick(at) for at in (third, second)] == [False, True]
    office.work()
    assert office.tick(third)
    assert len(office.runs.list()) == 3


def test_so_many_wait_and_no_more(office, monkeypatch):
    """What never ends makes no row without end."""
    monkeypatch.setattr("connector.runs.schedule.tick.MOST_WAITING", 2)
    office.add(overlap="queue")
    assert [office.tick(NOW + number * HOUR) for number in (1, 2, 3, 4)] == [True, False, False, True]
    assert office.ticks()[-1].message == "2 of its times waited already"


@pytest.mark.parametrize(
    ("catch_up", "made_up", "states"),
    [
        ("none", [], ["missed"]),
        ("last", [5], ["missed", "due"]),
        ("all", [1, 2, 3, 4, 5], ["due"] * 5),
    ],
)
def test_what_becomes_of_a_downtime(office, catch_up, made_up, states):
    """None, the last or all of what was missed is made up for, and what is not is told."""
    office.add(catch_up=catch_up)
    office.tend(5 * HOUR + 10 * MINUTE)
    assert office.keeper.fired == [("boats", NOW + number * HOUR) for number in made_up]
    assert office.states() == states
    assert {tick.why for tick in office.ticks() if tick.state == "due"} <= {"late"}
    missed = [tick.message for tick in office.ticks() if tick.state == "missed"]
    assert all(message.startswith("no worker was there") for message in missed)
    office.tend(MINUTE)
    assert office.states() == states


def test_what_is_made_up_for_is_done_one_after_the_other(office):
    """Also where a time is let go while a run goes on: these were all asked for."""
    office.add(catch_up="all", overlap="skip")
    office.tend(3 * HOUR + 10 * MINUTE)
    fired = [*office.keeper.fired]
    for _ in fired:
        office.keeper.fired = [*fired]
        office.fire()
        office.work()
    assert office.states() == ["begun"] * 3
    assert len(office.runs.list()) == 3


def test_so_much_is_made_up_for_and_no_more(office, monkeypatch):
    """A week of minutes is no reason for ten thousand pictures."""
    monkeypatch.setattr(looked_after, "MOST_MADE_UP", 3)
    office.add(cron="* * * * *", catch_up="all")
    office.tend(7 * DAY)
    assert len(office.keeper.fired) == 3
    assert office.states() == ["missed", "due", "due", "due"]
    assert "997 or more times" in office.ticks()[0].message


def test_a_worker_that_is_started_anew_misses_nothing(office):
    """Whatever the policy, a time of just now is kept; and one that somebody died with is, too."""
    office.add(catch_up="none")
    office.tend(HOUR + 30)
    assert office.keeper.fired == [("boats", NOW + HOUR)]
    office.keeper.fired.clear()  # it died before that was done
    office.tend(10 * MINUTE)
    assert office.fire() == [True]
    assert office.states() == ["begun"]


def test_what_was_told_as_missed_is_not_begun_later(office):
    """A machine that slept comes to a time when its worker has told of it already."""
    office.add(catch_up="none")
    office.tend(2 * HOUR + 10 * MINUTE)
    assert [office.tick(NOW + HOUR), office.tick(NOW + 2 * HOUR)] == [True, True]
    assert (office.states(), office.runs.list()) == (["missed"], [])


def test_paused_it_comes_to_nothing_and_nothing_was_missed(office):
    """The engine is told, and what it fires all the same is let be."""
    office.add(catch_up="all")
    assert office.timetable.pause("boats").next(office.clock()) is None
    assert office.keeper.kept["boats"]["status"] == "PAUSED"
    assert office.tick(NOW + HOUR)
    office.tend(3 * HOUR)
    assert office.timetable.resume("boats").paused is False
    office.tend(MINUTE)
    assert (office.keeper.fired, office.ticks()) == ([], [])
    assert office.keeper.kept["boats"]["status"] == "ACTIVE"
    now = office.clock()
    assert office.store.get("boats").next(now).timestamp() > now


def test_a_waiting_time_of_what_is_paused_is_let_go(office):
    """It does not come up when everything else has stopped."""
    office.add(overlap="queue")
    assert [office.tick(NOW + HOUR), office.tick(NOW + 2 * HOUR)] == [True, False]
    office.timetable.pause("boats")
    assert office.tick(NOW + 2 * HOUR)
    assert office.ticks()[1].message == "it was paused"


def test_what_a_day_may_spend_is_heeded_before_anything_is_sent(office):
    """What goes on counts as spent, and what cost nothing does not; the next day begins anew."""
    office.add(limit_daily=6.0)
    assert office.tick(NOW + HOUR)
    office.work()
    assert office.tick(NOW + 2 * HOUR)
    office.work()
    assert office.tick(NOW + 3 * HOUR)
    assert office.states() == ["begun", "begun", "limited"]
    assert office.ticks()[2].message == "it costs at least 3 credits; of 6 for the day 6 are spent"
    assert len(office.sent()) == 2
    assert office.tick(NOW + 12 * HOUR)
    assert office.states()[-1] == "begun"


def test_a_run_that_may_spend_less_than_it_costs_is_refused_at_once(office):
    """Nothing is written down; so is what nobody can tell the price of."""
    with pytest.raises(CapReached, match="costs at least 3 credits with these inputs, and may spend 2"):
        office.add(limit_credits=2.0)
    with pytest.raises(CapReached, match="nobody can tell what Stable Diffusion 3"):
        office.add(subject="stable-diffusion-3", inputs=BOAT | {"model": "sd9"}, limit_daily=100.0)
    assert (office.store.list(), office.keeper.kept) == ([], {})


def test_a_workflow_runs_as_it_was_and_spends_what_it_may(office, tmp_path):
    """Whatever becomes of its file; and its own run heeds what is left for the day."""
    path = tmp_path / "mine.yaml"
    path.write_text(text(CONTINUE, SHEET))
    workflow = load.from_file(path, INTEGRATION)
    given = {"words": ["a boat", "a cat"]}
    office.add(subject=workflow, inputs=given, definition=workflow.text, limit_credits=50.0, limit_daily=8.0)
    path.write_text("broken: [")
    assert office.tick(NOW + HOUR)
    (run,) = office.runs.list(kind="workflow")
    assert (run.definition, run.inputs, run.options["limit_credits"]) == (workflow.text, given, 6.0)
    office.follow(run)
    assert office.tick(NOW + 2 * HOUR)
    assert office.states() == ["begun", "limited"]


def test_files_are_kept_with_it(office):
    """They may go away once it is made."""
    upload = office.files.put(_media())
    given = {"image": upload.reference, "search_prompt": "a chair", "prompt": "a cat"}
    schedule = office.add(subject="search-and-replace", inputs=given)
    assert schedule.inputs["image"]["sha256"] == upload.sha256
    assert office.tick(NOW + HOUR)
    office.work()
    assert office.runs.list()[0].state == "succeeded"
    assert (SAMPLES / "room.png").read_bytes() in office.upstream.requests[0].content


def _media():
    from connector.media import adopt

    return adopt(SAMPLES / "room.png")


def test_everything_that_is_wrong_is_told_at_once(office):
    """Its name, its line, its inputs, its place; nothing is written down."""
    with pytest.raises(InvalidArguments, match="'a b' is no name"):
        office.add("a b")
    with pytest.raises(InvalidArguments, match="has 1 field"):
        office.add(cron="daily")
    with pytest.raises(InvalidArguments) as caught:
        office.add(inputs={"promt": "a", "seed": -1})
    assert {problem.path for problem in caught.value.problems} >= {"prompt", "promt", "seed"}
    with pytest.raises(UnknownName, match="did you mean 'production'"):
        office.add(environment="prodution")
    assert office.store.list() == []
    office.add()
    with pytest.raises(InvocationError, match="there is a schedule 'boats' already"):
        office.add()
    with pytest.raises(ScheduleNotFound, match="did you mean 'boats'"):
        office.store.get("boat")


def test_somebody_may_ask_for_it_now(office):
    """Also while a run goes on, or it is paused; what it may spend holds."""
    office.add(limit_daily=6.0)
    office.timetable.pause("boats")
    tries = []
    for _ in range(3):
        office.clock.now += 1
        tries.append(office.timetable.run("boats"))
    assert [tick.state for tick in tries] == ["begun", "begun", "limited"]
    assert {tick.why for tick in tries} == {"hand"}
    assert len({tick.run_id for tick in tries}) == 3


def test_what_is_gone_is_not_come_to(office):
    """Its runs stay; the engine lets go of it, also where somebody died before telling it."""
    office.add()
    office.tick(NOW + HOUR)
    office.timetable.remove("boats")
    assert office.tick(NOW + 2 * HOUR)
    assert (len(office.runs.list()), office.keeper.kept) == (1, {})
    office.add("ships")
    kept = office.keeper.kept.pop("ships")
    office.keeper.kept["gone"] = {**kept, "schedule_name": "gone"}
    office.tend()
    assert [*office.keeper.kept] == ["ships"]


def test_an_action_that_is_gone_is_told(office):
    """A time that cannot even become a run says why."""
    office.add()
    office.database.write("UPDATE schedules SET subject = 'nothing'", {})
    assert office.tick(NOW + HOUR)
    (tick,) = office.ticks()
    assert tick.state == "refused"
    assert "has no action 'nothing' any more" in tick.message


@pytest.mark.parametrize("kind", ["a file", "a server"])
def test_the_durable_engine_does_it(kind, tmp_path, request):
    """A worker that comes back makes up for what it missed, once, however often it is started."""
    url = request.getfixturevalue("postgres_url") if kind == "a server" else None
    environ = {} if url is None else {"CONNECTOR_DATABASE": url}
    integration = load_lazily(default_folder())
    with Connector(integration, home=tmp_path, environ=environ) as connector:
        database = connector.workspace.database
        files = FileStore(database, tmp_path / "files")
        runs = DurableRuns([connector], files)
        now = datetime.now(UTC)
        store = ScheduleStore(database, lambda: now.timestamp() - HOUR)
        timetable = ScheduleManager(
            store, runs.queues, files, TickDecider(store, runs, {integration.id: integration})
        )
        balance = connector.action("balance")
        # Three times in the hour that has passed, and none for as long as this takes.
        minutes = ",".join(str((now.minute - past) % 60) for past in (10, 20, 30))
        options = {"cron": f"{minutes} * * * *", "environment": "sandbox", "limit_daily": 1.0}
        timetable.add("money", connector, balance, {}, **options)
        timetable.add("more", connector, balance, {}, overlap="queue", catch_up="all", **options)
        runs.close()
        for _ in range(2):
            asyncio.run(_work(tmp_path, integration, environ, store))
        ticks = {name: store.ticks(name) for name in ("money", "more")}
        states = {run.id: run.state for run in History(database).list(durable=True)}
        timetable.pause("money")
        assert [one.name for one in store.list() if one.paused] == ["money"]
        timetable.remove("more")
        assert store.ticks("more") == []
        runs.close()
    begun = [tick.run_id for each in ticks.values() for tick in each if tick.state == "begun"]
    assert states == dict.fromkeys(begun, "succeeded")
    assert [tick.state for tick in ticks["money"]] == ["begun", "missed"]
    assert [tick.state for tick in ticks["more"]] == ["begun"] * 3


async def _work(home, integration, environ, store):
    """A worker, until there is nothing left to do."""
    async with Worker(home, [integration], environ=environ):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            made = [await asyncio.to_thread(store.ticks, name) for name in ("money", "more")]
            if all(_is_done(ticks) for ticks in made):
                return
            await asyncio.sleep(0.05)
    raise AssertionError(made)


def _is_done(ticks):
    return bool(ticks) and all(tick.state == "missed" or tick.run_state == "succeeded" for tick in ticks)
