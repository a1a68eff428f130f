"""The order of a batch, as a command line asks for it: what is done, with which rows, where."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from connector.engine.arguments import with_options
from connector.engine.connector import Connector
from connector.errors import InvalidArguments, Problem, UnknownName
from connector.runs.batch.columns import Naming, Runnable
from connector.runs.batch.create import BatchOrder
from connector.runs.batch.read_rows import Rows, beside
from connector.runs.workflow import load
from connector.spec import file_options
from connector.spec.model import JsonSchema
from connector.spec.schema import coerce
from connector.spec.schema.suggest import nearest, same

# Where a dry run without a folder would put its results.
_NOWHERE = "."


def order(args: Namespace, connector: Connector) -> BatchOrder:
    """What the command line asks for. Raises the errors of what is wrong with it."""
    subject, definition = _subject(args.subject, connector)
    problems: list[Problem] = []
    mapping = dict(_pairs(args.map, "map", "COLUMN=INPUT", problems))
    defaults = _defaults(args.set, subject, problems)
    if problems:
        raise InvalidArguments(problems, subject.title, "the options cannot be used")
    options = file_options.chosen(vars(args))
    environment, connection = connector.place(environment=args.environment, connection=args.connection)
    naming = Naming(mapping, args.name_by, "map", lambda column, wanted: f"--map {column}={wanted}")
    return BatchOrder(
        Rows(args.items, subject, naming, options),
        subject,
        connector.integration.id,
        environment,
        connection,
        Path(args.output or _NOWHERE).expanduser(),
        definition,
        with_options(subject, defaults, options),
        args.name,
        args.concurrency,
        args.limit_credits,
    )


def _subject(name: str, connector: Connector) -> tuple[Runnable, str | None]:
    """The action or the workflow of that name, with the workflow's text; or the workflow of that file."""
    workflow = load.named(name, connector.integration)
    if workflow is not None:
        return workflow, workflow.text
    try:
        return connector.action(name), None
    except UnknownName as error:
        raise load.unknown(name, [connector.integration]) from error


def _pairs(
    given: Sequence[str], option: str, shape: str, problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    for text in given:
        name, equals, value = text.partition("=")
        if equals and name:
            yield name, value
        else:
            problems.append(Problem(option, f"--{option} {text!r} is no pair; write --{option} {shape}"))


def _defaults(given: Sequence[str], subject: Runnable, problems: list[Problem]) -> dict[str, Any]:
    known = subject.parameters
    found: dict[str, list[str]] = {}
    for name, text in _pairs(given, "set", "INPUT=VALUE", problems):
        own = next((one for one in known if same(one, name)), None)
        if own is None:
            problems.append(Problem(name, f"is no input of {subject.title}{nearest(name, known)}"))
        else:
            found.setdefault(own, []).append(text)
    several = {name: len(words) for name, words in found.items() if len(words) > 1}
    problems += [
        Problem(name, f"is set {count} times; set it once")
        for name, count in several.items()
        if not coerce.is_only(known[name], "array")
    ]
    return {name: _value(known[name], words) for name, words in found.items()}


def _value(schema: JsonSchema, words: Sequence[str]) -> Any:
    if coerce.is_only(schema, "array"):
        return coerce.listed(schema, words, _one)
    return _one(schema, words[0])


def _one(schema: JsonSchema, text: str) -> Any:
    if schema.get("format") == "binary":
        return beside(text, Path.cwd())
    return coerce.value(schema, text)
