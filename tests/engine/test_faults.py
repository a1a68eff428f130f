"""Whatever goes wrong at the far side becomes one outcome, in every face, and nothing is paid twice."""

import asyncio
import logging
import shutil
import traceback
from itertools import pairwise

import httpx
import pytest
from declared import ACTIONS, CASES, EXAMPLES, load_yaml
from port import SAMPLES, port
from upstream import KEY

from connector import errors
from connector.engine.connector import AsyncConnector, Connector

FAULTS = load_yaml(CASES.parent / "end_to_end" / "faults.yaml")
POLLS = load_yaml(CASES.parent / "end_to_end" / "polls.yaml")
START = "start-creative-upscale"
PROMPT = {"prompt": "a boat"}


@pytest.fixture(scope="module")
def shared():
    with port() as opened:
        yield opened


@pytest.fixture
def far(shared):
    shared.reset()
    shared.clock.slept.clear()
    return shared


def blocking(connector, action, given, **options):
    return connector.invoke(action, given, wait=False, **options)


def streamed(connector, action, given, **options):
    with connector.stream(action, given, **options) as stream:
        assert b"".join(stream)
    return stream.result


def awaited(connector, action, given, **options):
    return asyncio.run(connector.invoke(action, given, wait=False, **options))


def stream_awaited(connector, action, given, **options):
    async def read():
        async with await connector.stream(action, given, **options) as stream:
            assert b"".join([piece async for piece in stream])
        return stream.result

    return asyncio.run(read())


FACES = {
    "invoke": (Connector, blocking),
    "stream": (Connector, streamed),
    "async invoke": (AsyncConnector, awaited),
    "async stream": (AsyncConnector, stream_awaited),
}


class Use:
    """One use of an action through a face: how it ended, and every text that it left anywhere."""

    def __init__(self, far, home, face):
        kind, self._act = FACES[face]
        self.streams = "stream" in face
        self.events = []
        self.connector = far.connector(home, kind, on_event=self.events.append)
        self.error = self.result = None

    def make(self, action, given, **options):
        try:
            self.result = self._act(self.connector, action, given, **options)
        except errors.ConnectorError as error:
            self.error = error

    def close(self):
        closed = self.connector.close()
        if closed is not None:
            asyncio.run(closed)

    @property
    def code(self):
        return self.result.outcome if self.error is None else self.error.code

    @property
    def rows(self):
        return self.connector.workspace.ledger.entries()

    def texts(self, records):
        shown = [str(self.events), str(self.rows), str([row.to_dict() for row in self.rows])]
        shown += [f"{record.getMessage()} {record.args}" for record in records]
        if self.error is not None:
            shown += [str(self.error), repr(self.error), str(self.error.to_dict())]
            shown += traceback.format_exception(self.error)
        else:
            shown += [repr(self.result), str(self.result.to_dict())]
        return "\n".join(shown)


@pytest.fixture(params=FACES)
def use(far, tmp_path, request):
    made = Use(far, tmp_path / "home", request.param)
    yield made
    made.close()


def prepared(far, case, tmp_path):
    """The arguments of a case, after the far side was set up as it says."""
    far.set(**case.get("settings", {}))
    far.account(credits=1000, **case.get("account", {}) if "revoked" in case.get("account", {}) else {})
    if "credits" in case.get("account", {}):
        far.account(**case["account"])
    if case.get("flood"):
        flood(far)
        far.clock.now += case.get("clock_runs", 0)
        far.sandbox.requests.clear()
    for fault in case.get("faults", ()):
        far.fault(**fault)
    return arguments(case, tmp_path)


def flood(far):
    """Whoever shares the key sends more than the limit, in no time."""
    with httpx.Client(base_url=far.url, headers={"authorization": f"Bearer {KEY}"}) as other:
        statuses = [other.get("/v1/user/balance").status_code for _ in range(151)]
    assert (statuses[149], statuses[150]) == (200, 429)


def arguments(case, tmp_path):
    action = case.get("action", "stable-image-core")
    if "arguments" not in case:
        given = PROMPT if "action" not in case else example(action)
        return action, given
    given = dict(case["arguments"])
    if given.get("files"):
        given["files"] = {"image": padded(tmp_path / "large.png")}
    return action, given


def example(action):
    given = next(given for found, _, given in EXAMPLES if found == action)
    return {name: ACTIONS / value if name == "image" else value for name, value in given.items()}


def padded(path):
    shutil.copy(SAMPLES / "room.png", path)
    with path.open("r+b") as file:
        file.truncate(11 << 20)
    return path


@pytest.mark.parametrize("case", [pytest.param(case, id=case["wrong"]) for case in FAULTS])
def test_a_fault_becomes_its_outcome(far, use, tmp_path, caplog, case):
    """Code, cost, row, requests and payments are as told, and no text holds the key."""
    caplog.set_level(logging.DEBUG)
    case = case | (case.get("stream", {}) if use.streams else {})
    action, given = prepared(far, case, tmp_path)
    use.make(action, given, **{name: case[name] for name in ("accept", "timeout") if name in case})
    assert (use.code, told(use.error)) == (case["code"], expected(case)), use.error
    assert [(row.state, row.outcome, row.billed, row.credits) for row in use.rows] == rows(case)
    assert (len(far.requests), len(far.ledger)) == (case["sent"], case["paid"])
    assert sum(far.clock.slept) == pytest.approx(case.get("slept", 4), abs=4)
    assert KEY[:7] not in use.texts(caplog.records)


def told(error):
    if error is None:
        return None
    return error.billed, error.retryable, error.retry_after


def expected(case):
    if case["code"] in ("success", "pending"):
        return None
    return case["billed"], case.get("retryable", False), case.get("retry_after")


def rows(case):
    return [tuple(case["row"])] if case.get("row") else []


# Jobs: a failed poll costs nothing, and the paid result is still there.


def wait(use, job_id, **options):
    waited = use.connector.wait(job_id, **options)
    return asyncio.run(waited) if asyncio.iscoroutine(waited) else waited


def asked_for(use, job_id, **options):
    """How the waiting for a job ends."""
    try:
        return wait(use, job_id, **options).outcome
    except errors.ConnectorError as error:
        use.error = error
        return error.code


@pytest.mark.parametrize("use", ["invoke", "async invoke"], indirect=True)
@pytest.mark.parametrize("case", [pytest.param(case, id=case["wrong"]) for case in POLLS])
def test_a_job_outlives_its_polls(far, use, caplog, case):
    """It ends as it should, its row says how, and it was started and paid once."""
    caplog.set_level(logging.DEBUG)
    use.make(START, example(START) | case.get("arguments", {}))
    far.clock.sleep(case.get("wait_before", 0))
    far.account(credits=1000, **case.get("account", {}))
    for fault in case.get("faults", ()):
        far.fault(**fault | {"path": "/v2beta/results/*"})
    waiting = {"timeout": case["timeout"]} if "timeout" in case else {}
    assert asked_for(use, use.result.job_id, **waiting) == case["outcome"]
    assert [request["status"] for request in far.requests[1:]] == case["polls"]
    assert [(row.state, row.outcome, row.billed, row.credits) for row in use.rows] == rows(case)
    assert KEY[:7] not in use.texts(caplog.records)
    assert then(far, use) == case.get("then")
    assert far.spent == 60


def then(far, use):
    """How a job that is still running ends when all is well again."""
    (row,) = use.rows
    if row.state != "running":
        return None
    far.account(credits=1000)
    far.http.delete("/faults")
    return asked_for(use, row.upstream_id)


def test_of_all_who_wait_only_one_asks(far, tmp_path):
    """The turn is taken in the ledger, and so by whichever process comes first."""
    with far.connector(tmp_path) as first, far.connector(tmp_path) as second:
        entry = first.workspace.ledger.get(first.submit(START, example(START)).job_id)
        far.clock.sleep(10)
        assert first.workspace.ledger.poll_turn(entry.id, 10).pause == 0
        far.clock.sleep(4)
        assert second.workspace.ledger.poll_turn(entry.id, 10).pause == pytest.approx(6)
        far.clock.sleep(6)
        assert second.workspace.ledger.poll_turn(entry.id, 10).pause == 0
        assert first.workspace.ledger.poll_turn(entry.id, 10).pause == pytest.approx(10)


def test_polls_keep_their_distance(far, tmp_path):
    """Also those of another process, and those after the end: none is refused for its haste."""
    far.set(job_seconds=45)
    with far.connector(tmp_path) as first, far.connector(tmp_path) as second:
        started = first.submit(START, example(START))
        for asking in (first, second) * 2:
            with pytest.raises(errors.JobPending):
                asking.wait(started.job_id, timeout=10)
        for asking in (second, first, second):
            assert asking.wait(started.job_id).outcome == "success"
    moments = [request["at"] for request in far.requests]
    assert all(later - sooner >= 9.5 for sooner, later in pairwise(moments))
    assert {request["status"] for request in far.requests} == {200, 202}
