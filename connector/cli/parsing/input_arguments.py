"""Arguments of an action, made of what was given for its inputs.

A file of inputs comes first; ``-i NAME=VALUE`` and the options replace what it says.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli.parsing.input_options import PREFIX
from connector.errors import InvalidArguments, Problem
from connector.spec import file_options

if TYPE_CHECKING:
    from connector.cli.parsing.input_options import Form
import re
import sys
from collections.abc import Mapping

from connector.spec.schema import coerce

Schema = Mapping[str, Any]

_ELSEWHERE = ("http://", "https://", "data:")
_REFERENCE = re.compile(r"[a-z][a-z0-9_-]+:\S+")


class Unclear(Exception):
    """Why words do not make a value."""


class Stdin:
    """What is piped in, which can be read once."""

    def __init__(self) -> None:
        self._is_read = False

    def bytes(self) -> bytes:
        if self._is_read:
            raise Unclear("standard input can be read once; give `-` once")
        if sys.stdin.isatty():
            raise Unclear("is `-`, and nothing is piped in; pipe something into the command")
        self._is_read = True
        return sys.stdin.buffer.read()


def combined(schema: Schema, words: list[str], stdin: Stdin) -> Any:
    """The value of an option that was given once or more. Raises Unclear where once is enough."""
    if coerce.is_only(schema, "array"):
        return coerce.listed(schema, words, lambda items, word: value(items, word, stdin))
    if coerce.is_only(schema, "object"):
        return _mapped(schema, words, stdin)
    if len(words) > 1:
        raise Unclear(f"is given {len(words)} times; give it once")
    return value(schema, words[0], stdin)


def value(schema: Schema, text: str, stdin: Stdin) -> Any:
    """One text as what the schema asks for."""
    if _is_file(schema):
        return _file(text, stdin)
    is_free = "string" in coerce.types(schema) and "enum" not in schema
    return coerce.value(schema, _text(text, stdin) if is_free else text)


def relocated(schema: Schema, given: Any, folder: Path) -> Any:
    """A value of a file of inputs, whose paths are relative to that file."""
    if _is_file(schema):
        return _from_folder(given, folder)
    if isinstance(given, Mapping):
        return {name: relocated(coerce.entry(schema, name), each, folder) for name, each in given.items()}
    if isinstance(given, list):
        return [relocated(schema.get("items", {}), each, folder) for each in given]
    return given


def _from_folder(given: Any, folder: Path) -> Any:
    if not isinstance(given, str):
        return given
    place = given.removeprefix("@")
    elsewhere = place.lower().startswith(_ELSEWHERE) or (place is given and _REFERENCE.fullmatch(place))
    return place if elsewhere else folder / Path(place).expanduser()


def _file(text: str, stdin: Stdin) -> Any:
    """``@path``, a bare path, a URL, a data URI, a reference, or ``@-``."""
    if text in ("@-", "-"):
        return stdin.bytes()
    place = text.removeprefix("@")
    is_path = place is not text and not place.lower().startswith(_ELSEWHERE)
    return Path(place).expanduser() if is_path and place else text


def _text(text: str, stdin: Stdin) -> str:
    """``@path``, or ``-`` or ``@-``, is read; ``@@`` stands for an @ that begins the text."""
    if text[:2] == "@@" or (text != "-" and text[:1] != "@"):
        return text.removeprefix("@")
    literal = "; a text that begins with @ is written with @@"
    try:
        read = stdin.bytes() if text in ("-", "@-") else Path(text[1:]).expanduser().read_bytes()
        return read.decode("utf-8-sig").rstrip("\r\n")  # what an editor or `echo` adds is not meant
    except UnicodeDecodeError:
        raise Unclear(f"is {text!r}, which is not UTF-8 text{literal}") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise Unclear(
            f"is {text!r}, which cannot be read ({getattr(error, 'strerror', None) or error}){literal}"
        ) from None


def _mapped(schema: Schema, words: list[str], stdin: Stdin) -> Any:
    """JSON objects and NAME=VALUE pairs, put together; a name that is repeated becomes a list."""
    found: dict[str, Any] = {}
    for word in words:
        told = _in_json(schema, word, stdin) if word.lstrip().startswith("{") else _pair(schema, word, stdin)
        if told is None:
            return word if len(words) == 1 else words
        for name, each in told.items():
            found[name] = each if name not in found else [*_as_list(found[name]), each]
    return found


def _in_json(schema: Schema, word: str, stdin: Stdin) -> dict[str, Any] | None:
    told = coerce.whole(dict, word)
    if told is None:
        return None
    return {
        name: _file(each, stdin) if isinstance(each, str) and _is_file(coerce.entry(schema, name)) else each
        for name, each in told.items()
    }


def _pair(schema: Schema, word: str, stdin: Stdin) -> dict[str, Any] | None:
    name, equals, rest = word.partition("=")
    return {name: value(coerce.entry(schema, name), rest, stdin)} if equals else None


def _is_file(schema: Schema) -> bool:
    return schema.get("format") == "binary"


def _as_list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def given(args: argparse.Namespace, card: Form) -> dict[str, Any]:
    """The arguments that the command line gives. Raises InvalidArguments where they can't be read."""
    stdin = Stdin()
    found = _from_file(args.file, card, stdin) if args.file else {}
    problems: list[Problem] = []
    for name, texts in _texts(args, problems).items():
        try:
            found[name] = combined(card.parameters.get(name, {"type": "string"}), texts, stdin)
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
    return {each: relocated(known.get(each, {}), value, folder) for each, value in read.items()}


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
