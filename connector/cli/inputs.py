"""The inputs of an action as options, and what was given for them as arguments.

A file of inputs comes first; ``-i NAME=VALUE`` and the options add to it and replace what it says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connector.cli import describing, values
from connector.cli.optionnames import option_names
from connector.cli.parser import Parser
from connector.cli.values import Stdin, Unclear
from connector.errors import InvalidArguments, Problem
from connector.spec import Action

_PREFIX = "input "  # no option of ours has a space in it


def add_options(parser: Parser, action: Action) -> None:
    """Makes an option of each input, the required ones first."""
    required = action.inputs.get("required", ())
    groups = [
        parser.add_argument_group(f"inputs of {action.title} that are required"),
        parser.add_argument_group("other inputs" if required else "inputs"),
    ]
    names = option_names(action.parameters)
    for name, schema in action.parameters.items():
        group = groups[0 if name in required else 1]
        group.add_argument(names[name], **_settings(name, schema))


def _settings(name: str, schema: values.Schema) -> dict[str, Any]:
    said = f"{schema['description']} ({describing.whole(schema)})".replace("%", "%%")
    settings = {"dest": f"{_PREFIX}{name}", "action": "append", "metavar": _metavar(schema), "help": said}
    if schema.get("type") == "boolean":
        settings |= {"nargs": "?", "const": "true"}
    return settings


def _metavar(schema: values.Schema) -> str:
    if schema.get("format") == "binary":
        return "FILE"
    named = schema.get("type")
    words = {"string": "TEXT", "integer": "N", "number": "N", "object": "NAME=VALUE", "boolean": "true|false"}
    return "ONE" if "enum" in schema else words.get(named, "VALUE") if isinstance(named, str) else "VALUE"


def given(args: argparse.Namespace, action: Action) -> dict[str, Any]:
    """The arguments that the command line gives. Raises InvalidArguments where they can't be read."""
    found = _from_file(args.file, action) if args.file else {}
    problems: list[Problem] = []
    stdin = Stdin()
    for name, texts in _texts(args, problems).items():
        try:
            found[name] = values.combined(action.parameters.get(name, {"type": "string"}), texts, stdin)
        except Unclear as unclear:
            problems.append(values.problem(name, unclear))
    if problems:
        raise InvalidArguments(problems, action.title)
    return found


def _texts(args: argparse.Namespace, problems: list[Problem]) -> dict[str, list[str]]:
    """What was given for each input, in the order of the action, whichever way it was given."""
    own = vars(args)
    found = {
        name.removeprefix(_PREFIX): [*own[name]] for name in own if name.startswith(_PREFIX) and own[name]
    }
    for text in args.input or ():
        name, equals, value = text.partition("=")
        if equals:
            found.setdefault(name, []).append(value)
        else:
            problems.append(Problem("input", f"-i {text.split()[0]!r} has no value; write -i NAME=VALUE"))
    return found


def _from_file(name: str, action: Action) -> dict[str, Any]:
    path = Path(name).expanduser()
    read, folder = _read(name, path), path.parent
    if not isinstance(read, dict):
        raise InvalidArguments(
            [Problem("", "holds no inputs; write NAME: VALUE lines", name, 1)], action.title
        )
    known = action.parameters
    return {each: values.relocated(known.get(each, {}), value, folder) for each, value in read.items()}


def _read(name: str, path: Path) -> Any:
    from connector import yamlfile

    if name == "-":
        document = yamlfile.parse(sys.stdin.buffer.read(), "standard input")
    elif path.suffix == ".json":
        return _read_json(name, path)
    else:
        document = yamlfile.read(path, name)
    if document.problems:
        raise InvalidArguments(document.problems)
    return document.value


def _read_json(name: str, path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidArguments([Problem("", f"cannot be read: {error.strerror}", name)]) from error
    except UnicodeDecodeError as error:
        raise InvalidArguments([Problem("", "is not UTF-8 text; save it as UTF-8", name)]) from error
    except json.JSONDecodeError as error:
        raise InvalidArguments([Problem("", f"is no JSON: {error.msg}", name, error.lineno)]) from error


def files(action: Action) -> Iterator[str]:
    """The options whose value is a file."""
    names = option_names(action.parameters)
    yield from (names[name] for name in action.files)
