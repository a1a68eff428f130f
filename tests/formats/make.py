"""Writes the home of today's database version as a fixture, with something in every table.

It is for the day on which the database has a new version, and is run by hand, once::

    PYTHONPATH=tests python -m formats.make

makes ``tests/cases/formats/home-N/`` and ``home-N.yaml``, for today's version N, unless they are there. They
are committed and never made again: they stand for the disks of those who used that version. No test does it.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from upstream import PNG

from connector import media
from connector.events import Event
from connector.runs.batch.row import BatchRow
from connector.runs.batch.store import Batches
from connector.runs.callbacks import Callbacks
from connector.runs.schedule.store import ScheduleStore
from connector.runs.service.webhook_secrets import Webhooks
from connector.runs.workflow.versions import WorkflowVersion, WorkflowVersions
from connector.secret import Secret
from connector.storage.connections.api_tokens import Tokens
from connector.storage.connections.encryption import MasterKeys
from connector.storage.connections.model import Configuration, Connection
from connector.storage.connections.signing_secrets import SigningSecrets
from connector.storage.connections.store import ConnectionStore
from connector.storage.database import migrations
from connector.storage.database.database import Database
from connector.storage.files.store import FileStore
from connector.storage.ledger.ledger import Ledger, LedgerEntry
from connector.storage.ledger.rate_limit import DatabaseRateLimiter, RateLimit
from connector.storage.runs.history import History
from formats.reading import NOW, read

FORMATS = Path(__file__).parents[1] / "cases" / "formats"
WORKFLOW = "id: twice\ntitle: Twice, ünicode\nsteps: []\n"
PLACE: dict[str, Any] = {"integration": "stabilityai", "connection": "main", "environment": "production"}


class Clock:
    """A second passes between any two looks at it."""

    def __init__(self) -> None:
        self.now = NOW - 3600

    def __call__(self) -> float:
        self.now += 1
        return self.now


def main() -> int:
    home = FORMATS / f"home-{migrations.NEWEST}"
    if home.exists():
        print(f"{home} is there already, and stays as it is", file=sys.stderr)
        return 1
    home.mkdir(parents=True)
    with closing(Database(home / "connector.db")) as database:
        shown = _write(database, home, Clock())
        # Whose processes they were does not matter, and is nobody's to know.
        for table in ("runs", "invocations"):
            database.write(f"UPDATE {table} SET writer = 'a-boot/1 2 3'", {})
    # Before it is read: that settles nothing, and makes nothing.
    found = read(home, shown)
    text = yaml.safe_dump({"shown": shown, "found": found}, sort_keys=False, allow_unicode=True, width=110)
    home.with_suffix(".yaml").write_text(text, "utf-8")
    return 0


def _write(database: Database, home: Path, clock: Clock) -> dict[str, dict[str, str]]:
    _connections(database, home, clock)
    _rate_limits(database, clock)
    shown = {"tokens": {}, "webhooks": {}}
    tokens = Tokens(database, clock)
    shown["tokens"]["first"] = tokens.first() or ""
    shown["tokens"]["ci, ünicode"] = tokens.add("ci, ünicode", "use")
    files = _files(database, home, clock)
    runs = _runs(database, clock, files)
    _ledger(database, clock, runs)
    _batches(database, clock, runs)
    _schedules(database, clock, runs)
    _workflow_versions(database, clock)
    signing = SigningSecrets(database, MasterKeys({}, home))
    hooks = Webhooks(database, signing, clock)
    for workflow, more in (
        ("twice", {"limit_credits": 9.5, "key_member": "order.id"}),
        ("once", {"key_header": "X-Delivery"}),
        ("signed", {"signed": True}),
    ):
        shown["webhooks"][workflow] = hooks.add(workflow=workflow, definition=WORKFLOW, **more, **PLACE)[1]
    callbacks = Callbacks(database, signing, {}, clock)
    callbacks.add("run", runs[0], "https://example.com/ended?key=ü")
    callbacks.enter(runs[0], "failed", "it was answered with 500")
    return shown


def _connections(database: Database, home: Path, clock: Clock) -> None:
    store = ConnectionStore(database, MasterKeys({}, home), clock=clock)
    sealed = Configuration(
        "live", ("production", "eu"), True, None, (("X-Team", Secret("a")), ("X-Note", "b c")), 100.5,
        {"api_key": "sk-main", "organization": "org-1"},
    )  # fmt: skip
    referred = Configuration(
        "test", ("staging",), False, "https://staging.example/v1", (), None, {"api_key": "env:REFERRED"}
    )
    store.add(Connection("main", "stabilityai", (sealed, referred)), {"api_key"})
    odd = Configuration("ünicode", ("straße",), True, fields={"api_key": "sk-pässword €"})
    store.add(Connection("other", "parcels", (odd,)), {"api_key"})


def _rate_limits(database: Database, clock: Clock) -> None:
    clock.now, before = NOW - 5, clock.now
    limiter = DatabaseRateLimiter(database, lambda: clock.now)
    limit = RateLimit(requests=3, window=60.0, lockout=60.0)
    for background in (True, True, True, False):
        limiter.reserve("key-in-use", limit, background=background)
    limiter.lock_out("key-that-is-locked", 60.0)
    clock.now = before


def _files(database: Database, home: Path, clock: Clock) -> list[str]:
    store = FileStore(database, home / "files", clock)
    picture = store.put(media.from_bytes(PNG, name="a picture ü.png"))
    result = store.put(media.from_bytes(b"a text"), name="t.txt", source="result", run_id="a-run")
    store.put_stream([b"some ", b"bytes"], "b.bin", keep_seconds=1e9, unused=True)
    store.thumbnail(picture.id)
    (home / "files" / "arriving").rmdir()
    return [picture.id, result.id]


def _runs(database: Database, clock: Clock, files: list[str]) -> list[str]:
    history = History(database, clock)
    given = {
        "action": "stable-image-core", "title": "Stable Image Core", **PLACE,
        "inputs": {"prompt": "a cät", "image": {"file": f"file:{files[0]}"}, "seed": 0},
        "options": {"on_filtered": "return", "timeout": 60.5}, "token_name": "first",
    }  # fmt: skip
    waiting = history.open(given, "a-key")[0].id
    running = history.open(given, state="running")[0].id
    history.tell(running, [(clock(), Event("started", "it is a job", job_id="job-1"))])
    done = history.open(given)[0].id
    history.enter(done, "running", "it is under way")
    told = [(clock(), Event("sending", "attempt 1"))]
    shown = {"action": "stable-image-core", "seed": 7, "value": {"ä": [1, None]}}
    ended = {"outcome": "success", "credits": 3.0, "billed": "yes", "result": shown, "file": files[1]}
    history.enter(done, "succeeded", "it is done", told, **ended)
    failed = history.open(given | {"retry_of": done})[0].id
    error = {"code": "rejected", "message": "no ünicode", "billed": "no", "retryable": False}
    history.enter(failed, "failed", "no", outcome="rejected", credits=0.0, billed="no", error=error)
    unknown = history.open(given)[0].id
    history.enter(unknown, "unknown", "lost", outcome="unknown", credits=3.0, billed="unknown")
    cancelled = history.open(given)[0].id
    history.enter(cancelled, "cancelled", "unwanted", outcome="cancelled", credits=0.0, billed="no")
    flow = given | {"kind": "workflow", "durable": True, "definition": WORKFLOW, "action": "twice"}
    parent = history.open(flow)[0].id
    step = history.open(given | {"durable": True, "parent": parent, "place": "first[0]"})[0].id
    return [waiting, running, done, failed, unknown, cancelled, parent, step]


def _ledger(database: Database, clock: Clock, runs: list[str]) -> None:
    ledger = Ledger(database, clock)
    entry = LedgerEntry("stabilityai", "stable-image-core", "main", "production", "fp", 3.0)

    def intended(**facts: Any) -> str:
        return ledger.intend(LedgerEntry(**{**_own(entry), **facts}), 100.5).id

    def sent(**facts: Any) -> str:
        found = intended(**facts)
        ledger.sent(found)
        return found

    intended(estimate=None)
    sent()
    ledger.running(sent(origin=runs[1]), "job-1", "fetch-result", NOW + 10, NOW + 86400)
    done = sent(origin=runs[2])
    ledger.settle(done, "done", "success", "yes", 2.5, "req-1")
    ledger.saved(done, ("out/a ü.png", "out/b.png"))
    ledger.settle(sent(origin=runs[3]), "failed", "rejected", "no", 0.0, None, "no ünicode")
    ledger.settle(sent(origin=runs[4]), "unknown", "unknown", "unknown", message="lost")
    ledger.cancel(intended(origin=runs[5]))


def _own(entry: LedgerEntry) -> dict[str, Any]:
    names = ("integration", "action", "connection", "environment", "key", "estimate")
    return {name: getattr(entry, name) for name in names}


def _batches(database: Database, clock: Clock, runs: list[str]) -> None:
    batches = Batches(database, clock)
    options = {"directory": "out/a batch", "limit_credits": 50.0, "concurrency": 4}
    subject = {"kind": "action", "subject": "stable-image-core", "source": "rows.csv", **PLACE}
    batch = batches.open(name="a batch", defaults={"seed": 1}, options=options, **subject)[0]
    batches.open(name="flows", **subject | {"kind": "workflow", "subject": "twice"}, definition=WORKFLOW)
    rows = batches.rows(batch.id)
    rows.add(
        [
            BatchRow(1, "done", {"prompt": "ä"}, "d1", "succeeded", runs[2], "success", 3.0, 2.5, "yes", 1.5,
                     ("001-done.png", "001-done ü.txt")),
            BatchRow(2, "failed", {"prompt": "b"}, "d2", "failed", runs[3], "rejected", 3.0, 0.0, "no", 0.5,
                     (), "no ünicode"),
            BatchRow(3, "running", {"prompt": "c"}, "d3", "running", runs[1], estimate=3.0),
            BatchRow(4, "pending", {"prompt": "d"}, "d4", estimate=3.0),
        ]
    )  # fmt: skip
    batches.count(batch.id)
    batches.change(batch.id, state="halted", message="too few credits")


def _schedules(database: Database, clock: Clock, runs: list[str]) -> None:
    store = ScheduleStore(database, clock)
    times = {"cron": "0 7 * * 1-5", "timezone": "Europe/Berlin", "overlap": "skip", "catch_up": "last"}
    subject = {"kind": "action", "subject": "stable-image-core", "inputs": {"prompt": "ä"}}
    store.open(name="mornings ü", limit_credits=3.0, limit_daily=9.5, **times, **subject, **PLACE)
    store.open(
        name="nights", definition=WORKFLOW, paused=True,
        **times | {"overlap": "queue", "catch_up": "all"},
        **{"kind": "workflow", "subject": "twice", "inputs": {}}, **PLACE,
    )  # fmt: skip
    store.add_tick("mornings ü", NOW - 7200, "time", "skipped", "the run before it has not ended")
    store.add_tick("mornings ü", NOW - 3600, "late")
    store.add_tick("mornings ü", NOW, "hand", "begun")
    begun = "UPDATE ticks SET run_id = :run_id, estimate = 3.0 WHERE at = :at"
    database.write(begun, {"run_id": runs[2], "at": NOW})


def _workflow_versions(database: Database, clock: Clock) -> None:
    store = WorkflowVersions(database)
    for after, text in ((0, WORKFLOW), (1, WORKFLOW.replace("Twice", "Zwei Male")), (2, None)):
        store.add(WorkflowVersion("stabilityai", "twice", 0, clock(), "ci, ünicode", text), after)
    store.add(WorkflowVersion("stabilityai", "once", 0, clock(), "", WORKFLOW), 0)


if __name__ == "__main__":
    sys.exit(main())
