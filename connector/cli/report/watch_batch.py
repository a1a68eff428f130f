"""Watching a batch: it is fed, worked on and delivered while somebody watches, and its end is told."""

from __future__ import annotations

import os
import shlex
import signal
import threading
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

from connector import errors
from connector.cli.report import exit_codes
from connector.cli.report.dry_run import many_credits
from connector.cli.report.durable_client import DurableClient
from connector.cli.terminal import terminal
from connector.cli.terminal.bar import ProgressBar, length
from connector.errors import ConnectorError
from connector.runs.batch.output_folder import OutputFolder
from connector.runs.batch.row import BatchRow, Counts
from connector.runs.batch.store import Batch, Batches
from connector.runs.batch.tables import RESULTS_CSV
from connector.runs.worker.foreground import Foreground

_LOOK_AGAIN = 0.2
# How often it is seen to that the batch is fed and worked on, in seconds.
_TEND = 2.0
# How long answers that are under way are waited for when somebody stops the batch.
_DRAIN = 30.0
# So many failures are told as they happen; all are in the table.
_MOST_TOLD = 10
# Files in a command that are told one by one.
_MOST_WORDS = 5
_TRIES = ("--retry-failed", "--retry-unknown")


class Interrupt:
    """A Ctrl-C that is heard between two acts, and never in the middle of one; ``heard`` says whether it was.

    The second time the process ends where it stands, as if it were killed: only for what survives that.
    """

    def __init__(self, said: str) -> None:
        self._said = said
        self.heard = False

    def __enter__(self) -> Self:
        # Only the main thread hears signals.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *failure: object) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.heard:
            terminal.say(f"\n{self._said}")
            os._exit(exit_codes.INTERRUPTED)
        self.heard = True


class Watch:
    """One batch, from the first row that is fed to the last one that is delivered."""

    def __init__(
        self, place: DurableClient, batches: Batches, batch: Batch, args: Namespace, words: Sequence[str]
    ) -> None:
        self._place = place
        self._batches = batches
        self._batch = batch
        self._rows = batches.rows(batch.id)
        self._args = args
        self._command = _command(args, words)
        self._folder = Path(str(batch.directory))
        inputs = batch.options.get("inputs", ())
        self._delivery = OutputFolder(self._folder, self._rows, place.runs.history, place.files, inputs)
        counts = self._rows.counts()
        self._has_work = counts.of("pending", "running") > 0
        self._done, self._failed, self._under_way = counts.ended, 0, 0
        self._credits = counts.credits
        self._bar = ProgressBar(batch.total, counts.ended, quiet=args.quiet)

    def run(self) -> int:
        """Does it all; the exit code. Raises KeyboardInterrupt with what is to be known after a Ctrl-C."""
        try:
            with self._bar:
                stopped = self._go() if self._has_work else ""
                while self._deliver():
                    pass
            self._delivery.tables.finish()
            if stopped:
                raise KeyboardInterrupt(f"{stopped} {self._where_it_is()}", {"batch": self._batch.name})
            return self._end()
        finally:
            self._delivery.close()

    def _go(self) -> str:
        """Has the batch done; what is to be said where somebody stopped it."""
        self._batches.change(self._batch.id, state="feeding", message=None)
        integrations, options = [self._place.connector.integration], {"concurrency": self._batch.concurrency}
        left = Interrupt("Left at once. What was under way is taken up when you go on.")
        stopped = ""
        with (
            left as interrupt,
            Foreground(self._place.home, integrations, drain=_DRAIN, **options) as worker,
        ):
            self._watch(worker, interrupt)
            if interrupt.heard:
                stopped = self._stop(worker)
        if stopped:
            self._rows.settle()
        return stopped

    def _watch(self, worker: Foreground, interrupt: Interrupt) -> None:
        """Until nothing is fed any more, and nothing is under way; or until somebody has enough."""
        tended = float("-inf")
        while not interrupt.heard:
            with worker.look():
                if time.monotonic() - tended >= _TEND:
                    self._tend(worker)
                    tended = time.monotonic()
                if self._deliver():
                    continue
                batch, self._under_way = self._batches.get(self._batch.id), len(self._rows.running())
                if batch.state != "feeding" and not self._under_way:
                    return
                time.sleep(_LOOK_AGAIN)

    def _tend(self, worker: Foreground) -> None:
        """Whoever fed the batch, or worked on it, may be gone."""
        worker.tend()
        if self._batches.get(self._batch.id).state == "feeding":
            self._place.runs.queues.feed(self._batch.id)
        else:
            self._rows.settle()

    def _deliver(self) -> bool:
        """Puts what has ended into the folder; whether there was anything."""
        rows = self._delivery.deliver()
        for row in rows:
            self._done += 1
            self._credits += row.cost
            if row.state != "succeeded":
                self._tell_failure(row)
        counted = {"failed": self._failed, "under way": self._under_way}
        said = [f"{count:,} {what}" for what, count in counted.items() if count]
        self._bar.show(self._done, ", ".join([*said, many_credits(self._credits)]))
        return bool(rows)

    def _tell_failure(self, row: BatchRow) -> None:
        self._failed += 1
        if self._failed <= _MOST_TOLD:
            first = (row.message or row.outcome or row.state).splitlines()[0]
            self._bar.tell(f"row {row.number} ({row.label}): {row.outcome}: {first}")
        elif self._failed == _MOST_TOLD + 1:
            self._bar.tell(f"more rows fail; {self._folder / RESULTS_CSV} tells why")

    def _stop(self, worker: Foreground) -> str:
        """What is to be said of a Ctrl-C. Where somebody else does the work, it goes on."""
        if not worker.is_own:
            name = shlex.quote(self._batch.name)
            return f"The worker goes on with the batch; stop it with: connector batch cancel {name}."
        self._batches.end(self._batch.id, "paused", "somebody stopped it")
        self._bar.tell(
            f"Stopping: what is under way has {_DRAIN:g} s for its answers. Ctrl-C again leaves at once."
        )
        return "Stopped."

    def _where_it_is(self) -> str:
        counts = self._rows.counts()
        said = f"{counts.of('succeeded'):,} of {self._batch.total:,} rows are done."
        return f"{said}\nGo on with: {self._command}"

    def _end(self) -> int:
        batch, counts = self._batches.get(self._batch.id), self._rows.counts()
        sheet = None if self._args.no_sheet else self._sheet(batch)
        if self._args.json:
            files = {"results": str(self._folder / RESULTS_CSV), "sheet": sheet and str(sheet)}
            terminal.print_json(batch.to_dict() | counts.to_dict() | files)
        else:
            print(_shown(self._folder / RESULTS_CSV))
            if sheet is not None:
                print(_shown(sheet))
            if not self._args.quiet:
                for line in self._summary(batch, counts):
                    terminal.say(terminal.clean(line))
        return self._code(batch, counts)

    def _sheet(self, batch: Batch) -> Path | None:
        from connector.runs.contact_sheet import of_batch

        try:
            return of_batch.put(self._folder, self._delivery.tables, batch.name)
        except ImportError:
            terminal.say("There is no contact sheet, as it needs a package: pip install pillow")
            return None

    def _summary(self, batch: Batch, counts: Counts) -> Iterator[str]:
        named = {"succeeded": "done", "failed": "failed", "unknown": "unknown", "cancelled": "cancelled"}
        parts = [f"{counts.rows[state]:,} {said}" for state, said in named.items() if counts.rows.get(state)]
        left = counts.of("pending", "running")
        parts += [f"{left:,} left"] if left else []
        seconds = length(self._bar.seconds) if self._has_work else ""
        unsure = f" ({counts.uncertain:g} of them not certain)" if counts.uncertain else ""
        spent = ", ".join(filter(None, (many_credits(counts.credits) + unsure, seconds)))
        yield f"{batch.total:,} rows: {', '.join(parts)}. {spent}."
        if batch.state in ("limited", "halted", "cancelled"):
            yield f"It stopped: {batch.message or 'somebody cancelled it'}. Go on with: {self._command}"
        if again := self._rows.retryable():
            yield f"Of them {again:,} can be tried again: {self._command} --retry-failed"
        if self._rows.doubtful():
            yield "What may have been paid for (unknown, or filtered) is not sent again by itself; to do so:"
            yield f"  {self._command} --retry-unknown"

    def _code(self, batch: Batch, counts: Counts) -> int:
        if batch.state == "halted":
            return _code_of(self._rows.outside())
        if counts.of("failed", "unknown", "cancelled"):
            return exit_codes.ROWS_FAILED
        return (
            exit_codes.MONEY
            if batch.state == "limited"
            else exit_codes.ROWS_FAILED
            if counts.ended < batch.total
            else 0
        )


def _command(args: Namespace, words: Sequence[str]) -> str:
    """The same command once more, which goes on; the shell may have named very many files in it."""
    same = [word for word in words if word not in _TRIES]
    if len(args.items) > _MOST_WORDS:
        first = same.index(args.items[0])
        same = [word for word in same if word not in set(args.items)]
        same.insert(first, "ITEMS...")
    return shlex.join(["connector", "batch", *same]).replace("'ITEMS...'", "ITEMS...")


def _code_of(outcome: str | None) -> int:
    """The exit code of an outcome."""
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    found = (kind for kind in kinds if issubclass(kind, ConnectorError) and kind.code == outcome)
    return exit_codes.code_for(next(found, ConnectorError))


def _shown(path: Path) -> str:
    """A path as it was meant: below where somebody is."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
