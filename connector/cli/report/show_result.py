"""A result as it is shown: the file or value on standard output, what there is to know of it beside."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.cli.report import output_path
from connector.cli.terminal import picture, terminal
from connector.engine.connector import Connector
from connector.engine.result import Result
from connector.errors import ConnectorError
from connector.media import from_bytes, kinds
from connector.media.content import File
from connector.spec.schema import amounts


class Shown:
    """How a command's options want its result: where to, as JSON or not, how much beside it."""

    def __init__(self, connector: Connector, args: Namespace) -> None:
        self._connector = connector
        self._args = args

    def show(self, result: Result) -> None:
        """Shows the result. Until that is done, what was paid for stays in the folder ``rescued``."""
        with self.keeping(result):
            self._show(result)

    @contextmanager
    def keeping(self, result: Result) -> Iterator[None]:
        """Whatever goes wrong inside, what was paid for is not gone. Raises NotSaved where it is a disk."""
        if result.held is not None:
            result.held.stay()
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise result.not_saved(self._args.output or "standard output", error) from error
        if result.held is not None:
            result.held.release()

    def _show(self, result: Result) -> None:
        kept = self.keep(result)
        if self._args.json:
            terminal.print_json(result.to_dict() | ({"file": kept} if kept else {}))
            return
        if kept:
            print(kept)
        elif result.media is None:
            _print_value(result)
        if not self._args.quiet:
            self.remark(result)
            if kept and result.media is not None and (said := _misnamed(kept, result.media)):
                _warn(said)

    def keep(self, result: Result) -> str | None:
        """The place where the delivered file was written, which the ledger notes; None for none."""
        if result.media is None:
            return self._keep_value(result)
        if self._args.output == output_path.STDOUT:
            _pour(result.media)
            return None
        return self._note(result, output_path.save(result, self._args))

    def _keep_value(self, result: Result) -> str | None:
        """A value goes to a file where one was named."""
        if self._args.output in (None, output_path.STDOUT) or result.value is None:
            return None
        is_text = isinstance(result.value, str)
        text = result.value if is_text else _pretty(result.value) + "\n"
        name = output_path.stem(result) + (".txt" if is_text else ".json")
        return str(output_path.write(from_bytes(text.encode()), self._args, name))

    def _note(self, result: Result, path: Path) -> str:
        if result.invocation_id is not None:
            try:
                self._connector.workspace.ledger.saved(result.invocation_id, (str(path.absolute()),))
            except ConnectorError as error:
                _warn(f"where it is could not be written down: {error.message}")
        return str(path)

    def remark(self, result: Result) -> None:
        """What there is to know of a result, for a person."""
        if self._args.show and result.media is not None:
            for line in _drawing(result.media):
                terminal.say(line)
        for line in _facts(result):
            terminal.say(f"  {terminal.clean(line)}")
        for line in _environment(self._connector, result):
            terminal.say(f"  {line}")
        for warning in result.warnings:
            _warn((f"{warning.path}: " if warning.path else "") + warning.message)


def _warn(sentence: str) -> None:
    terminal.say(f"{terminal.paint('Warning:', 'yellow', sys.stderr)} {terminal.clean(sentence)}")


def _misnamed(path: str, file: File) -> str | None:
    """What to say of a file whose name has the ending of another kind."""
    suffix = Path(path).suffix.lower()
    if suffix not in kinds.SUFFIXES or kinds.type_of(suffix[1:]) == kinds.type_of(file.type):
        return None
    return f"{path} holds {kinds.title_of(kinds.type_of(file.type))}, whatever its name says"


def _drawing(file: File) -> list[str]:
    if not terminal.is_terminal(sys.stderr):
        return []
    return (
        picture.draw(file) if terminal.has_colour(sys.stderr) else ["  (--show needs a terminal with colour)"]
    )


def _facts(result: Result) -> Iterator[str]:
    if result.outcome == "filtered":
        yield "filtered: the API withheld or blurred it"
    if result.outcome == "pending":
        yield "the job runs; fetch what it makes with: connector result JOB_ID"
    if result.media is not None:
        yield what_it_is(result.media)
    known = [
        f"seed {result.seed}" if result.seed is not None else "",
        _cost(result),
        f"{result.seconds:.1f} s" if result.seconds and result.seconds >= 0.1 else "",
    ]
    if any(known):
        yield ", ".join(filter(None, known))
    if result.request_id:
        yield f"request {result.request_id}"


def what_it_is(file: File) -> str:
    """Such as ``1536x1024 PNG, 1.2 MiB``."""
    sides = f"{file.width}x{file.height} " if file.width and file.height else ""
    length = f"{file.seconds:.1f} s of " if file.seconds else ""
    kind = file.type.partition(";")[0].rpartition("/")[2]
    return f"{sides}{length}{kind.upper()}, {amounts.size(file.size)}"


def _cost(result: Result) -> str:
    if result.credits == 0:
        return ""
    amount = "an unknown number of credits" if result.credits is None else amounts.credits(result.credits)
    return amount if result.billed == "yes" else f"{amount} (billed: {result.billed})"


def _environment(connector: Connector, result: Result) -> Iterator[str]:
    """Where it came from. An environment with a credential of its own is a stand-in, and says so loudly."""
    declared = connector.integration.environments.get(result.environment)
    said = terminal.clean(place(result.environment, result.connection, result.variable))
    if declared is not None and declared.credential is not None:
        mark = terminal.paint(
            said.replace(result.environment, result.environment.upper(), 1), "yellow", sys.stderr
        )
        yield f"{mark}: {declared.description}" if declared.description else mark
    elif result.environment:
        yield said


def place(environment: str, connection: str | None = None, variable: str | None = None) -> str:
    """Where something goes, and whose credential it has."""
    by = f", connection {connection}" if connection else f", key of {variable}" if variable else ""
    return environment + by


def _print_value(result: Result) -> None:
    if result.outcome == "pending":
        print(result.job_id)
    elif isinstance(result.value, str):
        print(terminal.clean(result.value) if terminal.is_terminal(sys.stdout) else result.value)
    elif result.value is not None:
        print(_pretty(result.value))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _pour(file: File) -> None:
    with file.open() as reader:
        shutil.copyfileobj(reader, sys.stdout.buffer, 1 << 20)
    sys.stdout.buffer.flush()
