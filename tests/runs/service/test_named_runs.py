"""A use that has a name is gone on with, whoever begins it again, and is never paid twice."""

import asyncio

import httpx
import pytest
from runs.desk import CORE, UPSCALE, Desk, Patient
from runs.ledger_rows import ROOM, intended, not_sent, running, sent, settled
from upstream import JOB_ID, PNG, answer, pending, picture, started

from connector.errors import InvalidArguments, UnknownName
from connector.runs.service.named_runs import NamedRuns
from connector.storage.process import this_process
from connector.storage.runs.model import CANCELLED, RunSpec

NAME = "dag/run/task"
PROMPT = {"prompt": "a boat"}
BROKEN = httpx.ReadError("it broke")


class Office(Desk):
    """A desk where somebody else's engine asks; every call is by a process that was just started."""

    def uses(self):
        options = {"asked_by": "engine", "keep_seconds": 3600, "clock": self.clock}
        return NamedRuns(self.connector, **options, io=Patient(self.clock))

    def use(self, given=PROMPT, *, action=CORE, name=NAME, **options):
        """The run as it ends when the engine calls, and nothing dies."""

        async def use():
            uses = self.uses()
            run = await uses.go_on((await uses.open(RunSpec(action, given, **options), name)).id)
            return run if run.has_ended else await uses.finish(run.id)

        return asyncio.run(use())

    def opened(self, given=PROMPT, *, action=CORE, name=NAME):
        return asyncio.run(self.uses().open(RunSpec(action, given), name))

    def file(self, run):
        return asyncio.run(self.uses().file(run))

    def posts(self):
        return self.sent().count("POST")


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def enlarge():
    return {"given": {**PROMPT, "image": ROOM}, "action": UPSCALE}


def test_a_use_is_done_once(office):
    """Begun again after it succeeded, its result is there."""
    first = office.use()
    again = office.use()
    assert (first.state, first.id, office.posts()) == ("succeeded", again.id, 1)
    assert office.file(again).bytes == PNG


@pytest.mark.parametrize(
    "changed", [{"name": "another"}, {"given": {"prompt": "two boats"}}, {"environment": "sandbox"}]
)
def test_another_name_or_other_arguments_are_another_use(office, changed):
    """The name stands for a use of one action, in one place, with one set of arguments."""
    assert office.use().id != office.use(**changed).id


def test_the_same_file_at_another_place_is_the_same_use(office, tmp_path):
    """Files are told apart by their content, and one that was kept for nothing is gone again."""
    first = office.use(**enlarge())
    kept = len(office.files.list(source="upload"))
    (tmp_path / "copy.png").write_bytes(ROOM.read_bytes())
    again = office.use({**PROMPT, "image": tmp_path / "copy.png"}, action=UPSCALE)
    assert (again.id, len(office.files.list(source="upload"))) == (first.id, kept)


# What became of the first try: what was written down, how many POSTs follow, and how the use ends; where its
# run was open still, and where somebody else has ended it, such as a host that was started.
LEFT = {
    "nothing": (CORE, lambda desk, run: None, (1, "succeeded"), (1, "succeeded")),
    "an intent": (CORE, intended, (1, "succeeded"), (1, "succeeded")),
    "an intent that was given up": (CORE, not_sent, (1, "succeeded"), (1, "succeeded")),
    "a request under way": (CORE, sent, (0, "unknown"), (0, "unknown")),
    "a start under way": (UPSCALE, sent, (0, "unknown"), (0, "unknown")),
    "a job": (UPSCALE, running, (0, "succeeded"), (0, "succeeded")),
    "a job's result": (
        UPSCALE,
        settled("done", "success", "yes", running),
        (0, "succeeded"),
        (0, "succeeded"),
    ),
    "an answer that was lost": (
        CORE,
        settled("done", "success", "yes"),
        (0, "unknown"),
        (0, "cancelled"),
    ),
    # It is told first; whoever tries again sends it again.
    "a refusal": (CORE, settled("failed", "moderated", "no"), (0, "failed"), (1, "succeeded")),
    "a failure that may have cost": (
        CORE,
        settled("failed", "invalid_answer", "unknown"),
        (0, "failed"),
        (0, "failed"),
    ),
    "a doubt": (CORE, settled("unknown", "unknown", "unknown"), (0, "unknown"), (0, "unknown")),
    "a job that somebody cancelled": (
        UPSCALE,
        lambda desk, run: desk.ledger.cancel(running(desk, run)),
        (0, "cancelled"),
        (0, "succeeded"),
    ),
    "a job that has expired": (
        UPSCALE,
        settled("failed", "job_expired", "unknown", running),
        (0, "failed"),
        (0, "failed"),
    ),
}


@pytest.mark.parametrize("has_ended", [False, True])
@pytest.mark.parametrize("left", LEFT)
def test_what_a_dead_process_left_is_gone_on_with(office, left, has_ended):
    """What may have cost is not sent again, and a job is asked for."""
    action, leave, *endings = LEFT[left]
    given = enlarge()["given"] if action == UPSCALE else PROMPT
    run = office.opened(given, action=action)
    leave(office, run)
    if has_ended:
        office.history.give_up(run.id, CANCELLED)
    ended = office.use(given, action=action)
    assert (office.posts(), ended.state) == endings[has_ended]


def test_a_run_that_failed_and_was_not_paid_has_another_in_its_place(office):
    """It says which it tries again, and the name leads to it from then on."""
    office.upstream.answers = [answer(402, {"errors": ["no credits"]}), picture()]
    first, second = office.use(), office.use()
    assert (first.outcome, second.state, second.retry_of) == ("out_of_credits", "succeeded", first.id)
    assert office.use().id == second.id


def test_a_request_whose_answer_is_lost_is_not_sent_again(office):
    """However often it is begun; until a person decides."""
    office.upstream.answers = [BROKEN]
    first = office.use()
    assert [office.use().id for _ in range(3)] == [first.id] * 3
    assert (first.state, office.posts()) == ("unknown", 1)
    office.runs.unknown.settle(first.id, paid=False)
    assert (office.use().state, office.posts()) == ("succeeded", 2)


def test_what_a_person_tried_once_more_is_gone_on_with(office):
    """Who tries again what may have been paid has decided."""
    office.upstream.answers = [BROKEN]
    first = office.use()
    tried = office.runs.retry(first.id)
    ended = office.use()
    assert (ended.id, ended.state, office.posts()) == (tried.id, "succeeded", 2)


def test_a_job_is_started_once_and_its_result_fetched_by_whoever_goes_on(office):
    """The process that started it is gone; only the run's id is left."""
    office.upstream.answers = [started(), pending(), picture()]
    run = asyncio.run(office.uses().go_on(office.opened(**enlarge()).id))
    assert (run.state, run.job_id) == ("running", JOB_ID)
    ended = asyncio.run(office.uses().finish(run.id))
    assert (ended.state, office.sent()) == ("succeeded", ["POST", "GET", "GET"])


def test_a_job_s_file_that_is_not_here_is_fetched_again(office):
    """The upstream keeps it, so that machines need not share their files."""
    office.upstream.answers = [started(), picture(), picture()]
    run = office.use(**enlarge())
    office.files.remove(run.file)
    assert (office.file(run).bytes, office.sent()) == (PNG, ["POST", "GET", "GET"])


def test_machines_that_share_a_database_go_on_with_each_other_s_uses(tmp_path, postgres_url):
    """One starts a job, another one asks for it, and the first delivers what the other one got."""
    first = Office(tmp_path / "first", started(), database=postgres_url)
    second = Office(tmp_path / "second", database=postgres_url)
    run = asyncio.run(first.uses().go_on(first.opened(**enlarge()).id))
    ended = asyncio.run(second.uses().finish(run.id))
    assert (ended.state, second.sent()) == ("succeeded", ["GET"])
    assert (first.use(**enlarge()).id, first.file(ended).bytes) == (run.id, PNG)
    assert first.sent() == ["POST", "GET"]
    second.upstream.answers = [BROKEN]
    assert [office.use().state for office in (second, first)] == ["unknown", "unknown"]
    assert (first.posts(), second.posts()) == (1, 1)


def test_an_answer_s_file_that_is_not_here_is_lost(office):
    """It is not paid for again by itself."""
    run = office.use()
    office.files.remove(run.file)
    with pytest.raises(LookupError, match="no file"):
        office.file(run)
    assert office.posts() == 1


def test_a_job_that_somebody_else_could_not_ask_for_is_asked_for(office):
    """A host that was started took it over, and has not its connection."""
    run = office.opened(**enlarge())
    running(office, run)
    office.history.enter(run.id, "failed", "there is no connection", outcome="unknown_name", billed="no")
    ended = asyncio.run(office.uses().finish(run.id))
    assert (ended.id, ended.state, office.sent()) == (run.id, "succeeded", ["GET"])


def test_no_host_takes_what_is_under_way(office, monkeypatch):
    """Its run was written down by a process that is gone, and another one works on it."""
    monkeypatch.setattr("connector.storage.runs.history.this_process", lambda: f"{this_process()}0")
    run = office.opened(**enlarge())
    running(office, run)
    monkeypatch.undo()
    office.history.take(run.id)
    assert (office.history.abandon(), office.history.open_here()[0].id) == (0, run.id)


def test_files_are_kept_for_so_long(office):
    """What a week-old task made is gone from here."""
    run = office.use()
    uses = office.uses()
    office.clock.now += 3601
    uses.tidy()
    with pytest.raises(LookupError):
        office.files.open(run.file)


def test_where_a_result_was_written_is_known(office):
    """So that whoever writes it once more knows its own file from somebody else's."""
    run = office.use()
    uses = office.uses()
    assert not uses.is_written(run.id, "/out/boat.png")
    uses.writes(run.id, "/out/boat.png")
    assert uses.is_written(run.id, "/out/boat.png")
    assert not uses.is_written(run.id, "/out/other.png")


def test_mistakes_are_told(office, tmp_path):
    """What cannot be written down raises; what the action refuses is the run's failure, with each field."""
    with pytest.raises(UnknownName):
        office.use(action="stable-image-cor")
    with pytest.raises(InvalidArguments, match="image"):
        office.use({**PROMPT, "image": tmp_path / "none.png"}, action=UPSCALE)
    run = office.use({"prompt": "", "seed": -1})
    assert (run.outcome, [one["field"] for one in run.error["problems"]]) == ("bad_input", ["prompt", "seed"])
    assert office.sent() == []
