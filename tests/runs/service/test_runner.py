"""A run is written down first, told as it goes, kept as it ends, and lost by nobody's end but its own."""

import asyncio
import base64
import json
import subprocess
import sys
import threading
from contextlib import asynccontextmanager

import httpx
import pytest
from upstream import JOB_ID, KEY, PNG, Clock, Upstream, answer, pending, picture, started

from connector import errors, media
from connector.engine.connector import AsyncConnector
from connector.engine.http.transport import HttpTransport
from connector.engine.sources import Sources
from connector.runs.service.runner import Runner, RunSpec, Stopping
from connector.spec.loader import default_folder, load
from connector.storage.blocking import Threads
from connector.storage.files.store import FileStore
from connector.storage.process import this_process
from connector.storage.runs.history import History, KeyReused, RunNotFound

INTEGRATION = load(default_folder())
CORE, JOB = "stable-image-core", "start-creative-upscale"
PROMPT = {"prompt": "a cat"}
SPEC = RunSpec(CORE, PROMPT)
BIG = PNG + bytes(4 << 20)
PATIENCE = 60


class Quick(Threads):
    """Threads as ever; but time only passes when somebody waits for it, and then at once."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    async def sleep(self, seconds):
        self._clock.sleep(seconds)
        await asyncio.sleep(0)


class Gate:
    """An answer that is kept back until the test lets it come."""

    def __init__(self, answer):
        self.asked, self._opened = threading.Event(), threading.Event()
        self._answer = answer

    def __call__(self, request):
        self.asked.set()
        assert self._opened.wait(PATIENCE)
        return self._answer

    async def is_asked(self):
        assert await asyncio.to_thread(self.asked.wait, PATIENCE)

    def open(self):
        self._opened.set()


class House:
    """One host's engine, stores and runner on a folder, and an upstream that is the test's."""

    def __init__(self, home, *answers, **options):
        self.home = home
        self.clock, self.upstream, self.changes = Clock(), Upstream(*answers), []
        self._gates = [one for one in answers if isinstance(one, Gate)]
        self.connector = AsyncConnector(
            INTEGRATION,
            home=home,
            transport=options.pop("transport", None) or HttpTransport(httpx.MockTransport(self.upstream)),
            environ={"STABILITY_API_KEY": KEY},
            clock=self.clock,
            io=Quick(self.clock),
            sources=Sources(paths=False, urls=None, references=lambda text: self.files.resolve(text)),
        )
        database = self.connector.workspace.database
        self.ledger = self.connector.workspace.ledger
        self.history = History(database, self.clock)
        self.files = FileStore(database, options.pop("files", home / "files"), self.clock)
        self.runner = Runner(
            self.connector,
            self.history,
            self.files,
            on_change=lambda run: self.changes.append((run.id, run.state)),
            io=Quick(self.clock),
            **options,
        )

    async def run(self, spec=SPEC, **options):
        begun = await self.runner.start(spec, **options)
        return await self.runner.wait(begun.id, PATIENCE)

    def events(self, run):
        return [event.kind for event in self.history.events(run.id)]

    def sent(self):
        return [request.url.path.rpartition("/")[2] for request in self.upstream.requests]

    def bury(self):
        """From now on, the process that has written everything so far is one that is gone."""
        machine, pid, began = this_process().split(" ")
        for table in ("runs", "invocations"):
            gone = {"gone": f"{machine} {pid} {int(began) - 1}"}
            self.connector.workspace.database.write(f"UPDATE {table} SET writer = :gone", gone)

    async def close(self):
        for gate in self._gates:
            gate.open()
        await self.runner.drain(PATIENCE)
        await self.connector.close()


@pytest.fixture
def house(tmp_path):
    """Makes a House for as long as a block lasts."""

    @asynccontextmanager
    async def made(*answers, **options):
        one = House(tmp_path / "home", *answers, **options)
        try:
            yield one
        finally:
            await one.close()

    return made


def upscale(**given):
    image = base64.b64encode(_square()).decode()
    return RunSpec(JOB, {"image": {"base64": image, "type": "image/png"}, **PROMPT, **given})


def _square(side=64):
    import io

    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (side, side), 90).save(target, "PNG")
    return target.getvalue()


async def told(runner, run_id, after=0, heard=None):
    heard = [] if heard is None else heard
    async for event in runner.subscribe(run_id, after):
        heard.append(event)
    return heard


async def until(is_so):
    """Lets everything else go on until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.002)


def test_a_run_is_written_down_before_its_request_leaves(house):
    """Whoever kills the host then finds what was under way, and the ledger knows whose it is."""

    async def scenario():
        seen = []

        def look(request):
            (run,), (entry,) = here.history.list(), here.ledger.entries()
            seen.append((run.state, run.inputs, entry.origin == run.id))
            return picture()

        async with house(look) as here:
            await here.run()
        assert seen == [("running", PROMPT, True)]

    asyncio.run(scenario())


def test_a_run_ends_in_its_result(house):
    """The file is kept and named in the result; cost, seed and ids are known; each state is told once."""

    async def scenario():
        async with house(picture(x_request_id="r1")) as here:
            run = await here.run(token_name="ci")
            assert (run.state, run.outcome, run.credits, run.billed) == ("succeeded", "success", 3, "yes")
            assert (run.environment, run.connection, run.token_name) == ("production", "", "ci")
            assert (run.result["seed"], run.result["request_id"]) == (5, "r1")
            assert run.result["media"] == here.files.get(run.file).to_dict()
            assert here.files.open(run.file).bytes == PNG
            assert (here.files.get(run.file).name, here.files.get(run.file).run_id) == (
                "stable-image-core-5.png",
                run.id,
            )
            assert run.invocation_id == here.ledger.entries()[0].id
            assert here.events(run) == ["queued", "running", "sent", "answered", "succeeded"]
            assert [state for _, state in here.changes] == ["running", "succeeded"]
            await until(lambda: here.history.get(run.id).thumbnail)
            assert here.files.get(here.history.get(run.id).thumbnail).type == "image/webp"

    asyncio.run(scenario())


def test_a_large_result_leaves_no_temporary_file(house, tmp_path, monkeypatch):
    """It is kept under its own name, and under no other once the run has ended."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def scenario():
        body = httpx.Response(200, content=BIG, headers={"content-type": "image/png"})
        async with house(body) as here:
            run = await here.run()
            kept = here.files.open(run.file)
            assert kept.size == len(BIG)
            await until(lambda: kept.path.stat().st_nlink == 1)
            assert list(tmp_path.glob("connector-*")) == []

    asyncio.run(scenario())


REFUSED = answer(403, {"name": "content_moderation", "errors": ["no"]})
# What comes of it: the answers, what is given, and state, outcome and billed of the run.
FAILURES = {
    "a mistake": ([], {"seed": "x", "promt": "y"}, ("failed", "bad_input", "no")),
    "refused": ([REFUSED], PROMPT, ("failed", "moderated", "no")),
    "no answer": ([httpx.ReadTimeout("")], PROMPT, ("unknown", "unknown", "unknown")),
    "never left": ([httpx.ConnectError("")] * 9, PROMPT, ("failed", "unreachable", "no")),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "given", "expected"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_kept_as_the_engine_told_it(house, answers, given, expected):
    """With its code, its problems, and whether it was paid for."""

    async def scenario():
        async with house(*answers) as here:
            run = await here.run(RunSpec(CORE, given))
            here.upstream.answers[:] = answers
            with pytest.raises(errors.ConnectorError) as caught:
                await here.connector.invoke(CORE, given)
            same = caught.value.to_dict()
            assert (run.state, run.outcome, run.billed) == expected
            assert {**run.error, "invocation_id": ""} == {**same, "invocation_id": ""}
            assert {problem["field"] for problem in run.error.get("problems", ())} <= {
                "seed",
                "promt",
                "prompt",
            }
            assert here.events(run)[-1] == expected[0]

    asyncio.run(scenario())


def test_an_unknown_action_is_no_run(house):
    """There is nothing to write down."""

    async def scenario():
        async with house() as here:
            with pytest.raises(errors.UnknownName, match=CORE):
                await here.runner.start(RunSpec("stable-image-cor", {}))
            assert here.history.list() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(("policy", "state"), [("raise", "failed"), ("return", "succeeded")])
def test_a_filtered_picture_is_kept(house, policy, state):
    """Whether it counts as a failure is the caller's choice; what was delivered is theirs."""

    async def scenario():
        async with house(picture(finish_reason="CONTENT_FILTERED")) as here:
            run = await here.run(RunSpec(CORE, PROMPT, on_filtered=policy))
            assert (run.state, run.outcome) == (state, "filtered")
            assert here.files.open(run.file).bytes == PNG

    asyncio.run(scenario())


def test_a_result_that_cannot_be_kept_is_saved_elsewhere(house, tmp_path):
    """It was paid for; the run says where its file is, by name."""

    async def scenario():
        (tmp_path / "full").write_text("no folder")
        async with house(files=tmp_path / "full") as here:
            run = await here.run()
            assert (run.state, run.outcome, run.billed) == ("failed", "error", "yes")
            saved = next((here.home / "rescued").glob("*.png"))
            assert saved.read_bytes() == PNG
            assert saved.name in run.error["message"]
            assert str(here.home) not in run.error["message"]

    asyncio.run(scenario())


def test_a_result_that_can_be_saved_nowhere_says_so(house, tmp_path, monkeypatch):
    """It was paid for, and that is told."""

    async def scenario():
        (tmp_path / "full").write_text("no folder")
        async with house(files=tmp_path / "full") as here:
            here.home.mkdir(exist_ok=True)
            (here.home / "rescued").write_text("no folder either")
            monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
            run = await here.run()
            assert (run.state, run.billed) == ("failed", "yes")
            assert "nor could it be saved elsewhere" in run.error["message"]

    asyncio.run(scenario())


@pytest.mark.parametrize("form", ["media", "base64", "data URI", "bytes", "reference", "as it stands"])
def test_files_are_kept_and_recorded_by_reference(house, form):
    """In whichever form they are given; the record has no bytes, and can be run again."""

    async def scenario():
        async with house(picture(), picture()) as here:
            image = media.from_bytes(_square(), name="square.png")
            stored = here.files.put(image)
            forms = {
                "media": image,
                "base64": {"base64": image.base64, "name": "square.png"},
                "data URI": image.data_uri,
                "bytes": image.bytes,
                "reference": stored.reference,
                "as it stands": {**stored.to_dict()},
            }
            run = await here.run(RunSpec("fast-upscale", {"image": forms[form], "output_format": None}))
            assert run.state == "succeeded", run.error
            recorded = here.history.get(run.id).inputs["image"]
            assert (recorded["type"], recorded["bytes"], recorded["sha256"]) == (
                "image/png",
                image.size,
                image.sha256,
            )
            assert here.files.resolve(recorded["file"]).bytes == image.bytes
            again = await here.run(run.spec)
            assert (again.state, again.inputs) == ("succeeded", run.inputs)
            first, second = here.upstream.requests
            assert image.bytes in first.content
            assert image.bytes in second.content

    asyncio.run(scenario())


def test_what_is_no_file_is_told_by_the_engine(house):
    """A path of the host's disk, an expired reference: nothing is read, each is told at its field."""

    async def scenario():
        async with house() as here:
            for given in ("/etc/passwd", "file:" + "0" * 32, {"nothing": 1}, 5):
                run = await here.run(RunSpec("erase", {"image": given}))
                assert [problem["field"] for problem in run.error["problems"]] == ["image"]
            assert (here.files.list(), here.sent()) == ([], [])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "name", ["Authorization", "Proxy_Authorization", "X_API_KEY", "X-Auth-Token", "X-Team"]
)
def test_a_header_is_recorded_only_where_it_is_harmless(house, name):
    """What the engine refuses to send is not written down either, nor what nobody knows to be harmless."""

    async def scenario():
        async with house(answer(200, {})) as here:
            given = {"path": "/v1/engines/list", "headers": {name: "Bearer sk-mine", "accept": "b/c"}}
            run = await here.run(RunSpec("generic-http-request", given))
            assert run.inputs["headers"] == {name: "********", "accept": "b/c"}
            assert "sk-mine" not in json.dumps(run.to_dict())

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "wrong", ["X-Key: sk-mine", ["X-Key: sk-mine"], [{"X-Key": "sk-mine"}], {"a": ["sk-mine"]}]
)
def test_headers_in_a_wrong_form_are_not_recorded(house, wrong):
    """They are refused, and a key may be in them all the same."""

    async def scenario():
        async with house() as here:
            given = {"path": "/v1/engines/list", "headers": wrong}
            run = await here.run(RunSpec("generic-http-request", given))
            assert run.error["code"] == "bad_input"
            assert "sk-mine" not in json.dumps(run.to_dict())

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["authorization", "X_API_KEY", "cookie"])
def test_a_credential_beside_the_headers_is_not_recorded(house, name):
    """It is no input, and was given all the same."""

    async def scenario():
        async with house() as here:
            run = await here.run(RunSpec("generic-http-request", {"path": "/v1/x", name: "sk-mine"}))
            assert (run.error["code"], run.inputs[name]) == ("bad_input", "********")
            assert "sk-mine" not in json.dumps(run.to_dict())

    asyncio.run(scenario())


def test_a_mask_is_not_sent_in_place_of_what_it_hides(house):
    """Whoever does a run again is asked for what was not kept, and nothing is sent."""

    async def scenario():
        async with house(answer(200, {})) as here:
            given = {"path": "/v1/engines/list", "headers": {"X-Team": "blue", "accept": "b/c"}}
            run = await here.run(RunSpec("generic-http-request", given))
            before = here.sent()
            with pytest.raises(errors.InvalidArguments) as told:
                await here.runner.start(run.spec)
            assert [problem.path for problem in told.value.problems] == ["headers.X-Team"]
            assert "give it again" in str(told.value)
            assert here.sent() == before

    asyncio.run(scenario())


def test_runs_hear_each_their_own_events(house):
    """Many at once, in many threads."""

    async def scenario():
        gates = [Gate(picture()) for _ in range(6)]
        async with house(*gates) as here:
            runs = [await here.runner.start(SPEC) for _ in gates]
            for gate in gates:
                await gate.is_asked()
                gate.open()
            for run in runs:
                await here.runner.wait(run.id, PATIENCE)
                assert here.events(run) == ["queued", "running", "sent", "answered", "succeeded"]

    asyncio.run(scenario())


def test_no_more_than_so_many_run_at_once(house):
    """The next one is queued until a place is free."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate, max_concurrent=1) as here:
            first = await here.runner.start(SPEC)
            await gate.is_asked()
            second = await here.runner.start(SPEC)
            assert (await here.runner.wait(second.id, 0.01)).state == "queued"
            assert here.events(second) == ["queued"]
            gate.open()
            assert (await here.runner.wait(second.id, PATIENCE)).state == "succeeded"
            assert here.history.get(first.id).state == "succeeded"

    asyncio.run(scenario())


def test_a_job_is_started_and_asked_for_until_it_ends(house):
    """Its id is known from the first moment, its polls are told, and it takes nobody's place meanwhile."""

    async def scenario():
        gate = Gate(pending())
        async with house(started(), gate, picture(), picture(), max_concurrent=1) as here:
            run = await here.runner.start(upscale())
            await gate.is_asked()
            await until(lambda: here.history.get(run.id).job_id == JOB_ID)
            other = await here.run()
            assert other.state == "succeeded"
            gate.open()
            ended = await here.runner.wait(run.id, PATIENCE)
            assert (ended.state, ended.job_id, ended.action) == ("succeeded", JOB_ID, JOB)
            events = here.history.events(run.id)
            told = [event.kind for event in events]
            expected = "queued running sent answered started sent poll sent answered succeeded"
            assert told == expected.split()
            assert events[4].data["job_id"] == JOB_ID
            assert 10 <= events[6].data["seconds"] <= 10.5

    asyncio.run(scenario())


def test_a_job_that_takes_too_long_can_still_be_had(house):
    """The run's time is up; the job's id says where it is."""

    async def scenario():
        async with house(started(), *[pending()] * 20) as here:
            spec = upscale()
            run = await here.run(RunSpec(JOB, spec.arguments, timeout=25))
            assert (run.state, run.outcome, run.billed) == ("failed", "job_pending", "yes")
            assert run.error["job_id"] == JOB_ID
            here.upstream.answers[:] = [picture()]
            assert (await here.connector.wait(JOB_ID)).bytes == PNG

    asyncio.run(scenario())


def test_a_cancelled_job_is_no_longer_asked_for(house):
    """Neither here nor by anybody who looks at the ledger."""

    async def scenario():
        gate = Gate(pending())
        async with house(started(), gate) as here:
            run = await here.runner.start(upscale())
            await gate.is_asked()
            ended = await here.runner.cancel(run.id)
            assert (ended.state, ended.outcome, ended.billed) == ("cancelled", "job_cancelled", "unknown")
            assert "no longer waited for" in ended.error["message"]
            assert here.ledger.get(JOB_ID).state == "cancelled"
            assert here.events(run)[-1] == "cancelled"
            gate.open()
            assert len(here.sent()) == 2

    asyncio.run(scenario())


def test_a_job_cancelled_elsewhere_ends_its_run(house):
    """By its id, as another face does it."""

    async def scenario():
        async with house(started(), pending(), picture()) as here:

            def stop(request):
                here.ledger.cancel(here.ledger.entries()[0].id)
                return pending()

            here.upstream.answers[1] = stop
            run = await here.run(upscale())
            assert (run.state, run.outcome) == ("cancelled", "job_cancelled")

    asyncio.run(scenario())


def test_a_paid_request_in_flight_cannot_be_taken_back(house):
    """It may have run, and so it is unknown, in the run as in the ledger."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate) as here:
            run = await here.runner.start(SPEC)
            await gate.is_asked()
            ended = await here.runner.cancel(run.id)
            (entry,) = here.ledger.entries()
            assert (ended.state, ended.outcome, ended.billed) == ("unknown", "unknown", "unknown")
            assert (entry.state, ended.invocation_id, ended.error["invocation_id"]) == (
                "unknown",
                entry.id,
                entry.id,
            )

    asyncio.run(scenario())


def test_a_queued_run_is_cancelled_for_nothing(house):
    """Nothing of it leaves, now or later."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate, max_concurrent=1) as here:
            first = await here.runner.start(SPEC)
            await gate.is_asked()
            second = await here.runner.start(SPEC)
            ended = await here.runner.cancel(second.id)
            assert (ended.state, ended.outcome, ended.billed, ended.credits) == (
                "cancelled",
                "cancelled",
                "no",
                0,
            )
            gate.open()
            await here.runner.wait(first.id, PATIENCE)
            assert len(here.sent()) == 1

    asyncio.run(scenario())


def test_what_has_ended_is_not_cancelled(house):
    """It stays as it was; what was never there is told."""

    async def scenario():
        async with house() as here:
            run = await here.run()
            assert (await here.runner.cancel(run.id)).state == "succeeded"
            for act in (here.runner.cancel, here.runner.wait):
                with pytest.raises(RunNotFound):
                    await act("none")

    asyncio.run(scenario())


def test_one_key_spends_once(house):
    """While the first run is under way it is waited for, and after that its answer is given."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate) as here:
            first = await here.runner.start(SPEC, token_name="ci", idempotency_key="k")
            await gate.is_asked()
            same = [asyncio.create_task(here.run(token_name="ci", idempotency_key="k")) for _ in range(5)]
            await asyncio.sleep(0)
            gate.open()
            runs = [*(await asyncio.gather(*same)), await here.run(token_name="ci", idempotency_key="k")]
            assert {(run.id, run.state) for run in runs} == {(first.id, "succeeded")}
            assert len(here.sent()) == 1
            with pytest.raises(KeyReused):
                await here.run(RunSpec(CORE, {"prompt": "a dog"}), token_name="ci", idempotency_key="k")

    asyncio.run(scenario())


def test_a_repeated_upload_is_the_same_and_not_kept_twice(house):
    """By its content; the files of a refused repetition are not kept either."""

    async def scenario():
        async with house() as here:
            spec = RunSpec("fast-upscale", {"image": _square()})
            first = await here.run(spec, idempotency_key="k")
            assert (await here.run(spec, idempotency_key="k")).id == first.id
            with pytest.raises(KeyReused):
                await here.run(RunSpec("fast-upscale", {"image": _square(65)}), idempotency_key="k")
            assert (len(here.files.list(source="upload")), len(here.sent())) == (1, 1)

    asyncio.run(scenario())


def test_whoever_comes_late_hears_everything(house):
    """From the start or from where they were; then live, until the run ends."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate) as here:
            run = await here.runner.start(SPEC)
            listening = [asyncio.create_task(told(here.runner, run.id, after)) for after in (0, 0, 1)]
            await gate.is_asked()
            gate.open()
            heard = await asyncio.gather(*listening)
            kinds = [[event.kind for event in events] for events in heard]
            assert kinds == [["queued", "running", "sent", "answered", "succeeded"]] * 2 + [
                ["running", "sent", "answered", "succeeded"]
            ]
            late = await told(here.runner, run.id, 2)
            assert [event.seq for event in late] == [3, 4, 5]
            now = here.history.get(run.id).to_dict()
            # Its thumbnail may come after its end.
            assert late[-1].data["run"] | {"thumbnail": None} == now | {"thumbnail": None}
            assert await told(here.runner, run.id, 5) == []

    asyncio.run(scenario())


def test_whoever_waits_no_longer_changes_nothing(house):
    """A client that goes away, or whose time is up: the run goes on."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate) as here:
            run = await here.runner.start(SPEC)
            await gate.is_asked()
            assert (await here.runner.wait(run.id, 0.001)).state == "running"
            waiting = asyncio.create_task(here.runner.wait(run.id))
            await asyncio.sleep(0)
            waiting.cancel()
            gate.open()
            assert (await here.runner.wait(run.id, PATIENCE)).state == "succeeded"

    asyncio.run(scenario())


def test_a_clean_stop_finishes_what_is_under_way(house):
    """And takes nothing new."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate) as here:
            run = await here.runner.start(SPEC)
            await gate.is_asked()
            stopping = asyncio.create_task(here.runner.drain(PATIENCE))
            await asyncio.sleep(0)
            with pytest.raises(Stopping, match="try again"):
                await here.runner.start(SPEC)
            gate.open()
            await stopping
            assert here.history.get(run.id).state == "succeeded"

    asyncio.run(scenario())


def test_a_clean_stop_finishes_what_is_being_written_down(house, monkeypatch):
    """A run that was asked for a moment before the stop is nobody's loss."""

    async def scenario():
        async with house() as here:
            writing, going_on = threading.Event(), threading.Event()
            open_run = here.history.open

            def slow(*arguments):
                writing.set()
                assert going_on.wait(PATIENCE)
                return open_run(*arguments)

            monkeypatch.setattr(here.history, "open", slow)
            starting = asyncio.create_task(here.runner.start(SPEC))
            assert await asyncio.to_thread(writing.wait, PATIENCE)
            stopping = asyncio.create_task(here.runner.drain(PATIENCE))
            await asyncio.sleep(0)
            going_on.set()
            await stopping
            assert here.history.get((await starting).id).state == "succeeded"

    asyncio.run(scenario())


def test_a_clean_stop_writes_down_what_does_not_finish(house):
    """What is under way is unknown; what was queued has cost nothing and can be run again."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate, max_concurrent=1) as here:
            first = await here.runner.start(SPEC)
            await gate.is_asked()
            second = await here.runner.start(SPEC)
            await here.runner.drain(0)
            states = [here.history.get(run.id).state for run in (first, second)]
            assert states == ["unknown", "failed"]
            error = here.history.get(second.id).error
            assert (error["code"], error["billed"], error["retryable"]) == ("interrupted", "no", True)

    asyncio.run(scenario())


def test_a_job_outlives_a_clean_stop(house):
    """It is left at once, whoever listens is let go, and the next start asks for it again."""

    async def scenario():
        gate = Gate(pending())
        async with house(started(), gate) as here:
            run = await here.runner.start(upscale())
            await gate.is_asked()
            heard = []
            listening = asyncio.create_task(told(here.runner, run.id, heard=heard))
            await until(lambda: heard)
            await here.runner.drain(3600)
            assert here.history.get(run.id).state == "running"
            async with asyncio.timeout(PATIENCE):
                await listening
            assert heard[0].kind == "queued"
            here.bury()
        async with house(picture()) as later:
            assert [one.id for one in await later.runner.resume_jobs()] == [run.id]
            ended = await later.runner.wait(run.id, PATIENCE)
            assert (ended.state, ended.job_id, ended.credits) == ("succeeded", JOB_ID, 60)
            assert later.files.open(ended.file).bytes == PNG
            assert later.events(ended)[-5:] == ["warning", "again", "sent", "answered", "succeeded"]
            assert await later.runner.resume_jobs() == []

    asyncio.run(scenario())


CHILD = """
import asyncio, os, sys
from pathlib import Path
from runs.service import test_runner
from upstream import pending, started

async def main():
    here = test_runner.House(Path(sys.argv[1]), started(), test_runner.Gate(pending()))
    run = await here.runner.start(test_runner.upscale())
    async for event in here.runner.subscribe(run.id):
        if event.kind == "started":
            print(run.id, flush=True)
            os._exit(9)

asyncio.run(main())
"""


WAITED_FOR = """
import asyncio, sys
from pathlib import Path
from runs.service import test_runner
from upstream import pending, started

async def main():
    job = sys.argv[2] == "job"
    answers = (started(), test_runner.Gate(pending())) if job else (test_runner.Gate(pending()),)
    here = test_runner.House(Path(sys.argv[1]), *answers)
    spec = test_runner.upscale() if job else test_runner.SPEC
    run = await here.runner.start(spec, idempotency_key="k")
    async for event in here.runner.subscribe(run.id):
        if event.kind == ("started" if job else "sent"):
            print(run.id, flush=True)
            await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize(("kind", "state"), [("job", "succeeded"), ("picture", "unknown")])
def test_who_waits_for_a_run_of_another_host_outlives_its_kill(house, tmp_path, kind, state):
    """Two hosts on one home: the one that is left goes on with the job, or tells that nobody knows."""
    command = [sys.executable, "-c", WAITED_FOR, str(tmp_path / "home"), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_tests()) as other:
        run_id = other.stdout.readline().strip()

        async def scenario():
            async with house(pending(), picture()) as here:
                again = await here.runner.start(upscale() if kind == "job" else SPEC, idempotency_key="k")
                assert again.id == run_id
                waits = [asyncio.create_task(here.runner.wait(run_id, PATIENCE)) for _ in range(2)]
                await asyncio.sleep(0)
                other.kill()
                other.wait()
                ended = await asyncio.gather(*waits)
                assert [one.state for one in ended] == [state, state]
                assert len(here.sent()) == (2 if kind == "job" else 0)

        asyncio.run(scenario())


def test_a_job_outlives_a_killed_host(house, tmp_path):
    """Another process, killed as soon as its job was started: the next start has the result."""
    command = [sys.executable, "-c", CHILD, str(tmp_path / "home")]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=_tests(), check=False, timeout=60)
    assert ended.returncode == 9, ended.stderr

    async def scenario():
        async with house(pending(), picture()) as here:
            (run,) = await here.runner.resume_jobs()
            assert run.id == ended.stdout.strip()
            assert (await here.runner.wait(run.id, PATIENCE)).state == "succeeded"

    asyncio.run(scenario())


def _tests():
    from pathlib import Path

    return Path(__file__).parents[2]


def test_a_run_of_another_process_is_waited_for(house):
    """What it tells is read from the database, and it is not cancelled from here."""

    async def scenario():
        gate = Gate(picture())
        async with house(gate) as one, house() as other:
            run = await one.runner.start(SPEC)
            await gate.is_asked()
            with pytest.raises(errors.InvocationError, match="another process"):
                await other.runner.cancel(run.id)
            waiting = asyncio.create_task(other.runner.wait(run.id, PATIENCE))
            listening = asyncio.create_task(told(other.runner, run.id))
            await asyncio.sleep(0)
            gate.open()
            assert (await waiting).state == "succeeded"
            assert [event.kind for event in await listening][-1] == "succeeded"

    asyncio.run(scenario())


def test_a_mistake_of_ours_ends_the_run(house, monkeypatch, caplog):
    """It is told as a failure and logged, and nobody waits for ever."""

    async def scenario():
        async with house() as here:

            def fail(*arguments, **options):
                raise ZeroDivisionError

            monkeypatch.setattr(here.connector, "invoke", fail)
            run = await here.run()
            assert (run.state, run.outcome) == ("failed", "error")
            assert "ZeroDivisionError" in run.error["message"]
        assert "mistake of ours" in caplog.text

    asyncio.run(scenario())


def test_the_sandbox_answers_runs_too(house):
    """A picture becomes a file, and plain data a value."""
    from connector.sandbox import InProcess, Sandbox, Settings

    async def scenario():
        box = InProcess(Sandbox(Settings()), sleep=lambda seconds: None)
        async with house(transport=HttpTransport(box)) as here:
            run = await here.run(RunSpec(CORE, PROMPT, environment="sandbox"))
            assert (run.state, run.environment, run.credits) == ("succeeded", "sandbox", 3)
            run = await here.run(RunSpec("balance", {}, environment="sandbox"))
            assert (run.state, run.result["value"], run.file) == ("succeeded", {"credits": 997}, None)

    asyncio.run(scenario())
