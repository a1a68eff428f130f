"""A host with more to do than it can: health is answered, reads are put off, and what is paid goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from threading import Event

import pytest
from server.support import Place, place

from connector.errors import DatabaseUnavailable
from connector.server.load_shedding import Reads
from connector.server.problem_documents import Refused
from connector.server.readiness import Readiness
from connector.server.token_cache import Callers
from connector.storage.connections.api_tokens import Token

_PATIENCE = 60.0


def test_reads_beyond_the_line_are_told_to_come_again() -> None:
    """As many as are let in at once are at work, some wait, and one more is refused with its reason."""

    async def world() -> list[str]:
        reads, told = Reads(1, 1), []
        done = asyncio.Event()

        async def read() -> None:
            async with reads.turn():
                await done.wait()

        under_way = [asyncio.create_task(read()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            async with reads.turn():
                told.append("was let in")
        told.append(f"{refused.value.code} {refused.value.retry_after}")
        done.set()
        await asyncio.gather(*under_way)
        async with reads.turn():
            told.append("was let in afterwards")
        return told

    assert asyncio.run(world()) == ["busy 1.0", "was let in afterwards"]


def test_a_read_that_is_given_up_leaves_its_place() -> None:
    """Whoever goes away while they wait, or fails, is in nobody's way."""

    async def world() -> None:
        reads = Reads(1, 1)
        async with reads.turn():
            waiting = asyncio.create_task(reads.turn().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
        with pytest.raises(RuntimeError):
            async with reads.turn():
                raise RuntimeError
        async with reads.turn():
            pass

    asyncio.run(world())


@pytest.mark.parametrize(
    "path", ["/api/runs", "/api/actions", "/api/spend", "/openapi.json", "/metrics", "/runs"]
)
def test_a_host_puts_reads_off_before_work(path: str, tmp_path: Path) -> None:
    """Signs of life are given, and actions are used, when no read is let in any more."""
    with place(tmp_path, max_reads=0, max_read_queue=0) as host:
        answer = host.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        if path != "/runs":  # which is a page
            assert (answer.json()["code"], answer.json()["retryable"]) == ("busy", True)
        assert [host.get(sign).status_code for sign in ("/healthz", "/readyz")] == [200, 200]
        done = host.invoke("balance")
        assert done.status_code == 200
        # Whoever waits for a run is not one of those who only look.
        assert host.get(f"/api/runs/{done.json()['run']['id']}/result").status_code == 200


def test_the_document_is_written_once(tmp_path: Path) -> None:
    """And is the same bytes for everybody."""
    with place(tmp_path) as host:
        first, second = host.get("/openapi.json"), host.get("/openapi.json")
        assert first.content == second.content == host.host.described
        assert json.loads(first.content)["openapi"] == "3.1.0"
        assert first.headers["content-type"] == "application/json"


def test_whoever_asks_with_the_same_token_meanwhile_shares_a_look_up() -> None:
    """Also where the first of them goes away; a failure is each one's, and is not remembered."""
    asked: list[str] = []
    token = Token("ci", "use", 0.0)

    async def world() -> None:
        gate = asyncio.Event()

        async def look(text: str) -> Token | None:
            asked.append(text)
            await gate.wait()
            if len(asked) == 2:
                raise DatabaseUnavailable("away")
            return token

        callers = Callers(look)
        waiting = [asyncio.create_task(callers.who("secret")) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        gate.set()
        assert await asyncio.gather(*waiting[1:]) == [token, token]
        callers.forget()
        both = await asyncio.gather(*(callers.who("secret") for _ in range(2)), return_exceptions=True)
        assert [type(each) for each in both] == [DatabaseUnavailable] * 2
        assert await callers.who("secret") == token

    asyncio.run(world())
    assert asked == ["secret"] * 3


def test_readiness_is_told_from_the_last_look() -> None:
    """A look counts for a moment, and what it found wrong is told until another one finds it right."""
    looks: list[bool] = []
    now = [0.0]
    wrong = [False]

    def look() -> None:
        looks.append(True)
        if wrong[0]:
            raise DatabaseUnavailable("away")

    async def world() -> list[bool]:
        readiness, found = Readiness(look, lambda: now[0]), []

        async def ask() -> None:
            try:
                await readiness.check()
                found.append(True)
            except DatabaseUnavailable:
                found.append(False)

        for then, is_wrong in ((0.0, False), (0.5, True), (1.0, True), (1.5, False), (2.0, False)):
            now[0], wrong[0] = then, is_wrong
            await ask()
        readiness.close()
        return found

    assert asyncio.run(world()) == [True, True, False, False, True]
    assert len(looks) == 3


def test_a_database_that_hangs_is_told_without_waiting_for_it() -> None:
    """For a while the look before counts; then the host is not ready, and is again when it answers."""
    now, gate, hangs = [0.0], Event(), [False]

    def look() -> None:
        if hangs[0]:
            gate.wait(_PATIENCE)

    async def world() -> None:
        readiness = Readiness(look, lambda: now[0])
        await readiness.check()
        hangs[0] = True
        now[0] = 9.0
        await readiness.check()
        now[0] = 10.0
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            await readiness.check()
        gate.set()
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    return await readiness.check()
                except DatabaseUnavailable:
                    await asyncio.sleep(0)

    asyncio.run(world())


def test_readiness_waits_for_no_thread_of_others(tmp_path: Path) -> None:
    """A host all of whose threads are taken tells that it is ready."""
    gate = Event()
    with place(tmp_path) as host:

        async def world(host: Place) -> int:
            taken = [asyncio.create_task(host.host.run(gate.wait, _PATIENCE)) for _ in range(200)]
            await asyncio.sleep(0)
            try:
                answer = await host.asked("GET", "/readyz")
                assert not any(each.done() for each in taken)
                return answer.status_code
            finally:
                gate.set()
                await asyncio.gather(*taken)

        assert host.run(world(host)) == 200
