"""Arguments of an action, made of what was given for its inputs.

A file of inputs comes first; ``-i NAME=VALUE`` and the options replace what it says.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli.parsing import input_values
from connector.cli.parsing.input_options import PREFIX
from connector.cli.parsing.input_values import Stdin, Unclear
from connector.errors import InvalidArguments, Problem
from connector.spec import file_options

if TYPE_CHECKING:
    from connector.cli.parsing.input_options import Form


def given(args: argparse.Namespace, card: Form) -> dict[str, Any]:
    """The arguments that the command line gives. Raises InvalidArguments where they can't be read."""
    stdin = Stdin()
    found = _from_file(args.file, card, stdin) if args.file else {}
    problems: list[Problem] = []
    for name, texts in _texts(args, problems).items():
        try:
            found[name] = input_values.combined(card.parameters.get(name, {"type": "string"}), texts, stdin)
        except Unclear as unclear:
            problems.append(Problem(name, str(unclear)))
    if problems:
        raise InvalidArguments(problems, card.title)
    options = file_options.chosen(vars(args))
    if not options:
        return found
    from connector.engine.arguments import with_options

    return with_options(card, found, options)


def _texts(args: argparse.Namespace, problems: list[Problem]) -> dict[str, list[str]]:
    """What was given for each input, in the order of the action, whichever way it was given."""
    own = vars(args)
    found = {name.removeprefix(PREFIX): [*own[name]] for name in own if name.startswith(PREFIX) and own[name]}
    for text in args.input or ():
        name, equals, value = text.partition("=")
        if equals:
            found.setdefault(name, []).append(value)
        else:
            problems.append(Problem("input", f"-i {text.split()[0]!r} has no value; write -i NAME=VALUE"))
    return found


def _from_file(name: str, card: Form, stdin: Stdin) -> dict[str, Any]:
    path = Path(name).expanduser()
    read, folder = _read(name, path, stdin), path.parent
    if not isinstance(read, dict):
        raise InvalidArguments([Problem("", "holds no inputs; write NAME: VALUE lines", name, 1)], card.title)
    known = card.parameters
    return {each: input_values.relocated(known.get(each, {}), value, folder) for each, value in read.items()}


def _read(name: str, path: Path, stdin: Stdin) -> Any:
    from connector.spec import yaml_lines

    if name == "-":
        document = yaml_lines.parse(_piped(stdin), "standard input")
    elif path.suffix == ".json":
        return _read_json(name, path)
    else:
        document = yaml_lines.read(path, name)
    if document.problems:
        raise InvalidArguments(document.problems)
    return document.value


def _piped(stdin: Stdin) -> bytes:
    try:
        return stdin.bytes()
    except Unclear as unclear:
        raise InvalidArguments([Problem("file", str(unclear))]) from unclear


def _read_json(name: str, path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidArguments([Problem("", f"cannot be read: {error.strerror}", name)]) from error
    except UnicodeDecodeError as error:
        raise InvalidArguments([Problem("", "is not UTF-8 text; save it as UTF-8", name)]) from error
    except json.JSONDecodeError as error:
        raise InvalidArguments([Problem("", f"is no JSON: {error.msg}", name, error.lineno)]) from error
