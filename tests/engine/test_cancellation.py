"""Whoever is stopped, wherever that is, leaves an honest row, loses no job, and no thread that waits on."""

import asyncio
import gzip
import socket
import threading
from contextlib import contextmanager

import httpx
import pytest
from upstream import JOB_ID, KEY, OTHER, PNG, World, answer, pending, picture, started

from connector import errors
from connector.engine.connector import AsyncConnector
from connector.engine.http.transport import HttpTransport
from connector.storage.blocking import Threads
from connector.storage.ledger.ledger import Ledger

CORE, START = "stable-image-core", "start-creative-upscale"
PROMPT = {"prompt": "a cat"}


class Stopping(Threads):
    """Cancels the task that asked for the n-th act, before that act runs or after it has run."""

    def __init__(self, number, late):
        super().__init__()
        self.left = number
        self.late = late

    async def run(self, act, *arguments):
        self.left -= 1
        if self.left != 0:
            return await super().run(act, *arguments)
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if not self.late:
            loop.call_soon(task.cancel)
            return await super().run(act, *arguments)
        done = act(*arguments)  # as a thread that ends in the moment in which the task is cancelled
        task.cancel()
        await asyncio.sleep(0)
        return done


@pytest.fixture
def square(tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    return {"image": tmp_path / "a.png", "prompt": "x"}


async def _stopped(home, number, late, action, given, *answers):
    asked = []
    left = list(answers)

    def upstream(request):
        asked.append(request.read())
        return left.pop(0)

    io = Stopping(number, late)
    transport = HttpTransport(httpx.MockTransport(upstream))
    environ = {"STABILITY_API_KEY": KEY}
    async with AsyncConnector(home=home, transport=transport, environ=environ, io=io) as connector:
        task = asyncio.create_task(connector.invoke(action, given, wait=False))
        stopped = (await asyncio.gather(task, return_exceptions=True))[0]
        io._pool.shutdown(wait=True)
        return stopped, len(asked), connector.workspace.ledger.entries()


# What a row may say: by how often the upstream was asked.
HONEST = {
    0: {("failed", "no"), ("unknown", "unknown")},
    1: {("unknown", "unknown"), ("done", "yes")},
}


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 8))
def test_a_task_that_is_cancelled_leaves_an_honest_row(tmp_path, number, late):
    """At every point at which it waits; nothing is left that sets credits aside for nobody."""
    stopped, asked, rows = asyncio.run(_stopped(tmp_path, number, late, CORE, PROMPT, picture()))
    told = {(row.state, row.billed) for row in rows}
    assert told <= HONEST[asked]
    assert rows or not asked
    assert isinstance(stopped, asyncio.CancelledError) or stopped.bytes == PNG


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 8))
def test_a_job_that_was_started_is_in_the_ledger(tmp_path, square, number, late):
    """Its id stands there once the answer was read, whoever is stopped after that."""
    _, asked, rows = asyncio.run(_stopped(tmp_path, number, late, START, square, started()))
    told = {(row.state, row.upstream_id) for row in rows}
    assert told <= (
        {("running", JOB_ID), ("unknown", None)} if asked else {("failed", None), ("unknown", None)}
    )


@contextmanager
def _silent():
    """A server that takes requests and never answers; the sockets that it was given."""
    given = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            try:
                while True:
                    given.append(server.accept()[0])
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", given
        server.shutdown(socket.SHUT_RDWR)
        for one in given:
            one.close()


def _environ(home, base_url):
    from connector.storage.connections.model import Configuration, Connection

    with World(home).connector as made:
        one = Configuration("a", ("production",), True, base_url, fields={"api_key": KEY})
        made.workspace.connections.add(Connection("mine", "stabilityai", (one,)), {"api_key"})
    return {}


def test_a_cancelled_task_ends_its_exchange(tmp_path):
    """The thread that waited for the answer is free, and the far side sees the end; the row says unknown."""

    async def main(base_url, given):
        io = Threads(4)
        async with AsyncConnector(home=tmp_path, environ=_environ(tmp_path, base_url), io=io) as connector:
            task = asyncio.create_task(connector.invoke(CORE, PROMPT))
            while not given or not given[0].recv(1, socket.MSG_PEEK):
                await asyncio.sleep(0.002)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            (row,) = connector.workspace.ledger.entries()
            await asyncio.to_thread(io._pool.shutdown, True)
            return row

    with _silent() as (base_url, given):
        row = asyncio.run(asyncio.wait_for(main(base_url, given), 60))
        assert (row.state, row.billed) == ("unknown", "unknown")
        given[0].settimeout(60)
        while given[0].recv(65536):
            pass


def test_close_ends_what_is_under_way_and_tells_the_rest(tmp_path):
    """Each gets an error of ours: what left is unknown, and what stood in the queue was not sent."""

    async def main(base_url, given):
        connector = AsyncConnector(home=tmp_path, environ=_environ(tmp_path, base_url), io=Threads(2))
        tasks = [asyncio.create_task(connector.invoke(CORE, PROMPT)) for _ in range(5)]
        while len(given) < 2 or not all(one.recv(1, socket.MSG_PEEK) for one in given):
            await asyncio.sleep(0.002)
        await connector.close()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
        return ended, connector.workspace.ledger.entries()

    with _silent() as (base_url, given):
        ended, rows = asyncio.run(main(base_url, given))
    assert all(isinstance(error, errors.ConnectorError) for error in ended)
    assert {row.state for row in rows} <= {"unknown", "failed"}
    assert len([row for row in rows if row.state == "unknown"]) == 2


class TestTheLedgerFails:
    @pytest.fixture
    def broken(self, monkeypatch):
        def fail(*arguments, **more):
            raise errors.ConnectorError("the database cannot grow, because the disk is full")

        return lambda name: monkeypatch.setattr(Ledger, name, fail)

    def test_a_result_is_the_callers_all_the_same(self, tmp_path, broken):
        """It was paid for; that it could not be written down is a warning."""
        broken("settle")
        result = World(tmp_path, picture()).connector.invoke(CORE, PROMPT)
        assert result.bytes == PNG
        assert "disk is full" in result.warnings[-1].message

    def test_the_failure_itself_is_raised(self, tmp_path, broken):
        """And that it could not be written down is a note beside it."""
        broken("settle")
        with pytest.raises(errors.OutOfCredits) as caught:
            World(tmp_path, answer(402, {"errors": ["x"]})).connector.invoke(CORE, PROMPT)
        assert "disk is full" in caught.value.__notes__[0]

    def test_a_jobs_id_is_told(self, tmp_path, broken, square):
        """It is all that is left of what was paid."""
        broken("running")
        with pytest.raises(errors.JobError) as caught:
            World(tmp_path / "home", started()).connector.invoke(START, square)
        assert (caught.value.job_id, caught.value.billed) == (JOB_ID, "yes")

    def test_a_stream_is_read_to_its_end(self, tmp_path, broken):
        """The bytes have come."""
        broken("settle")
        with World(tmp_path, picture()).connector.stream(CORE, PROMPT) as stream:
            assert b"".join(stream) == PNG

    def test_nothing_leaves_that_cannot_be_written_down(self, tmp_path, broken):
        """It would be paid for without a trace."""
        broken("sent")
        world = World(tmp_path, picture())
        with pytest.raises(errors.ConnectorError, match="disk is full"):
            world.connector.invoke(CORE, PROMPT)
        assert world.sent() == []


def test_an_answer_without_room_for_it_is_told(tmp_path, monkeypatch):
    """It may have been paid for, so the row says so."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "rescued").write_text("no folder")
    world = World(
        tmp_path / "home",
        httpx.Response(200, content=bytes(3_000_000), headers={"content-type": "image/png"}),
    )
    with pytest.raises(errors.InvalidAnswer, match="temporary files"):
        world.connector.invoke(CORE, PROMPT)
    assert (world.entry().state, world.entry().billed) == ("failed", "unknown")


def test_a_listener_that_fails_stops_nothing(tmp_path, caplog):
    """What is paid for is not lost because of a progress bar."""
    world = World(tmp_path, picture())

    def listen(event):
        raise RuntimeError("the terminal is gone")

    from connector.engine.connector import Connector
    from connector.storage.blocking import Inline

    with Connector(
        home=tmp_path, on_event=listen, environ={"STABILITY_API_KEY": KEY}, io=Inline(world.clock.sleep),
        transport=HttpTransport(httpx.MockTransport(lambda request: picture())),
    ) as connector:  # fmt: skip
        assert connector.invoke(CORE, PROMPT).bytes == PNG
    assert "on_event failed" in caplog.text


class TestStreams:
    def test_a_zipped_stream_is_whole_in_both_faces(self, tmp_path):
        """Also where its first bytes hold nothing yet but the head of the archive."""
        zipped = gzip.compress(PNG)

        class Pieces(httpx.SyncByteStream):
            def __iter__(self):
                yield from (zipped[at : at + 5] for at in range(0, len(zipped), 5))

        def upstream(request):
            headers = {"content-type": "image/png", "content-encoding": "gzip"}
            return httpx.Response(200, headers=headers, stream=Pieces())

        async def main():
            transport = HttpTransport(httpx.MockTransport(upstream))
            environ = {"STABILITY_API_KEY": KEY}
            async with AsyncConnector(home=tmp_path, transport=transport, environ=environ) as connector:
                return b"".join([piece async for piece in await connector.stream(CORE, PROMPT)])

        assert asyncio.run(main()) == PNG

    def test_who_stops_reading_has_closed_it(self, tmp_path):
        """It was paid for, as far as it came."""
        world = World(tmp_path, picture())
        for _ in world.connector.stream(CORE, PROMPT):
            break
        assert (world.entry().state, world.entry().billed) == ("done", "yes")


class TestJobs:
    def test_a_job_that_was_fetched_stays_done(self, tmp_path, square):
        """That the upstream keeps it no longer takes nothing from what was had."""
        world = World(
            tmp_path / "home", started(), picture(), answer(404, {"errors": ["x"]}), answer(404, {})
        )
        job = world.connector.invoke(START, square).job_id
        with pytest.raises(errors.JobExpired):
            world.connector.wait(job)
        assert (world.entry().state, world.entry().billed) == ("done", "yes")

    def test_who_waits_for_a_cancelled_job_is_told(self, tmp_path, square):
        """We stop asking, wherever it is waited for."""
        world = World(tmp_path / "home", started(), pending(), pending(), picture())
        job = world.connector.submit(START, square).job_id
        sleep = world.clock.sleep
        stop = World(tmp_path / "home")

        def cancel_after_a_poll(seconds):
            sleep(seconds)
            if len(world.sent()) == 2:
                stop.connector.cancel(job)

        world.connector._engine._engine.io._sleep = cancel_after_a_poll
        with pytest.raises(errors.JobCancelled) as caught:
            world.connector.wait(job)
        assert (caught.value.job_id, len(world.sent()), world.entry().state) == (job, 2, "cancelled")

    def test_another_integrations_job_is_not_found(self, tmp_path, square):
        """It is told whose it is."""
        World(tmp_path / "home", started()).connector.submit(START, square)
        other = World(tmp_path / "home", integration=OTHER)
        with pytest.raises(errors.JobNotFound, match="stabilityai"):
            other.connector.wait(JOB_ID)
