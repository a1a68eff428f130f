"""Many at once, over a real port: a cap holds, a rate is kept, and everybody gets what is theirs."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from port import port

from connector import errors
from connector.engine.connector import AsyncConnector
from connector.sandbox.document import RateLimit, load

CORE = "stable-image-core"
MANY = 64
# 20 requests in 1.08 seconds, which is 3 seconds of our time for 50 instead of the vendor's 150 in 10.
LIMIT = RateLimit(20, 1.08, 60)
CHILD = """
import json, sys
from dataclasses import replace
from connector.errors import CapReached
from connector.spec.loader import default_folder, load
from connector.engine.connector import Connector
from connector.spec.model import RateLimit

told = json.loads(sys.argv[1])
integration = replace(load(default_folder()), rate_limit=RateLimit(*told["limit"]))
with Connector(integration, home=told["home"], environ={}) as connector:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(10):
        connector.balance()
    paid = 0
    for _ in range(8):
        try:
            connector.invoke("stable-image-core", {"prompt": "a boat"})
            paid += 1
        except CapReached:
            pass
    print(paid)
"""


@pytest.fixture(scope="module")
def shared():
    with port() as opened:
        yield opened


@pytest.fixture
def far(shared):
    shared.reset()
    return shared


def outcome(act, *given):
    """How a use ended: its result, or the code of its failure."""
    try:
        return act(*given)
    except errors.ConnectorError as error:
        return error.code


def boat(number):
    return {"prompt": f"boat {number}", "seed": number + 1}


def test_many_threads_each_get_their_own(far, tmp_path):
    """Nobody gets another's picture, and each is paid once and written down once."""
    with far.connector(tmp_path) as connector, ThreadPoolExecutor(MANY) as threads:
        results = list(threads.map(lambda n: connector.invoke(CORE, boat(n)), range(MANY)))
        rows = connector.workspace.ledger.entries(state="done")
    assert [result.seed for result in results] == [n + 1 for n in range(MANY)]
    assert {result.request_id for result in results} == {told["request_id"] for told in far.requests}
    assert {result.invocation_id for result in results} == {row.id for row in rows}
    assert (len(far.ledger), len(rows)) == (MANY, MANY)


def test_many_tasks_each_get_their_own(far, tmp_path):
    """The same in an event loop."""

    async def all_of_them():
        async with far.connector(tmp_path, AsyncConnector) as connector:
            return await asyncio.gather(*(connector.invoke(CORE, boat(n)) for n in range(MANY)))

    results = asyncio.run(all_of_them())
    assert [result.seed for result in results] == [n + 1 for n in range(MANY)]
    assert len(far.ledger) == MANY


def test_many_threads_keep_a_cap_together(far, tmp_path):
    """Thirty credits are ten pictures, however many ask at once; the others leave nothing behind."""
    with far.connector(tmp_path, cap=30) as connector, ThreadPoolExecutor(MANY) as threads:
        ended = list(threads.map(lambda n: outcome(connector.invoke, CORE, boat(n)), range(MANY)))
        rows = connector.workspace.ledger.entries()
    assert Counter(end if isinstance(end, str) else end.outcome for end in ended) == {
        "success": 10,
        "cap_reached": MANY - 10,
    }
    assert (len(far.requests), far.spent, len(rows)) == (10, 30, 10)


def test_what_failed_unbilled_is_given_back_to_the_cap(far, tmp_path):
    """A refusal uses up nothing of the day."""
    far.fault("error", status=422, next=20)
    with far.connector(tmp_path, cap=30) as connector, ThreadPoolExecutor(MANY) as threads:
        refused = list(threads.map(lambda n: outcome(connector.invoke, CORE, boat(n)), range(10)))
        refused += list(threads.map(lambda n: outcome(connector.invoke, CORE, boat(n)), range(10)))
        ended = list(threads.map(lambda n: outcome(connector.invoke, CORE, boat(n)), range(10)))
    assert refused == ["rejected"] * 20
    assert [end.outcome for end in ended] == ["success"] * 10
    assert far.spent == 30


class World:
    """The time that processes share."""

    def __call__(self):
        return time.time()

    def sleep(self, seconds):
        time.sleep(seconds)


def test_processes_keep_the_rate_and_the_cap_together(tmp_path):
    """Four processes share one limit: they ask as often as they may, and none is ever refused."""
    with port(clock=World(), api=replace(load(), rate_limit=LIMIT)) as far:
        far.connector(tmp_path, cap=30).close()
        assert sum(together(tmp_path, 4)) == 10
        requests, spent = far.requests, far.spent
    assert Counter(request["status"] for request in requests) == {200: 4 * 10 + 10}
    assert spent == 30
    moments = sorted(request["at"] for request in requests)
    assert min(later - sooner for sooner, later in zip(moments[:-20], moments[20:], strict=True)) > 1.0


def together(home, count):
    """So many processes at the same time; how often each paid."""
    told = json.dumps({"home": str(home), "limit": [LIMIT.requests, LIMIT.window, LIMIT.lockout]})
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        command = [sys.executable, "-c", CHILD, told]
        started = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(count)]
        assert [process.stdout.readline() for process in started] == ["ready\n"] * count
        return [int(process.communicate("go\n")[0]) for process in started]
