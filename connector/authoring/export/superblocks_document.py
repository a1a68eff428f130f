"""The steps in a document of Superblocks, and their texts: what is an expression there, and what is none."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connector.authoring.importing.parse_document import mapping
from connector.spec import url
from connector.spec.model import Integration

# What Superblocks calls the steps that go to any API, with an address of their connection or of their own.
GENERAL = ("restapiintegration", "restapi")
_MARKS = ("httpMethod", "urlPath")
_DEEPEST = 100
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LITERAL = re.compile(
    r"""\{\{\s*("(?:[^"\\]|\\.)*"|'[^'\\]*'|-?\d+|true|false)\s*\}\}""",
    re.DOTALL,
)
_HELD = re.compile(r"\ue000(\d+)\ue001")
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|\ue000\d+\ue001', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """A step by its name, of a kind ("" where that is not told); ``base`` is where its connection goes."""

    name: str
    plugin: str
    told: Mapping[str, Any]
    base: str = ""


class Literal(str):
    """What is nothing but text, whatever it looks like."""


class FileText(Literal):
    """A file's content that stands in a step, as a data URI."""


class FileExpression(str):
    """A file's content that Superblocks would reckon."""


class Row(NamedTuple):
    key: str
    value: Any


def steps(document: Any) -> Iterator[Step]:
    """The steps in an API, a block or a step alone, wherever they stand."""
    return _steps(document, mapping(mapping(document).get("integrations")), "step", 0)


def _steps(value: Any, known: Mapping[str, Any], name: str, depth: int) -> Iterator[Step]:
    if depth > _DEEPEST or not isinstance(value, Mapping | list):
        return
    if isinstance(value, list):
        for inner in value:
            yield from _steps(inner, known, name, depth + 1)
        return
    if _is_step(value):
        yield Step(name, "", value)
        return
    name = value["name"] if isinstance(value.get("name"), str) else name
    for key, inner in value.items():
        if key == "step" and isinstance(inner, Mapping) and not _is_step(inner):
            kinds = ((kind, told) for kind, told in inner.items() if isinstance(told, Mapping))
            yield from (_of(name, kind, told, inner, known) for kind, told in kinds)
        elif isinstance(inner, Mapping) and _is_step(inner) and key != "step":
            yield _of(name, key, inner, value, known)
        elif key != "integrations":
            yield from _steps(inner, known, name, depth + 1)


def _is_step(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(mark), str) for mark in _MARKS)


def _of(name: str, plugin: str, told: Any, around: Mapping[str, Any], known: Mapping[str, Any]) -> Step:
    connection = known.get(str(around.get("integration")))
    base = connection.get("urlBase") if isinstance(connection, Mapping) else told.get("urlBase")
    return Step(name, plugin, told, base if isinstance(base, str) and "{" not in base else "")


def address(step: Step) -> str:
    """The whole address where it is known, else what stands behind that of the connection."""
    own = step.told.get("urlPath") or step.told.get("path") or ""
    own = read(own) if isinstance(own, str) else ""
    return own if url.is_url(own) else f"{step.base}{own}"


def below(integration: Integration, address: str) -> str | None:
    """What stands behind the base URL of an environment of the integration; None where it is elsewhere."""
    for environment in integration.environments.values():
        base = environment.base_url.rstrip("/")
        rest = address[len(base) :]
        try:
            is_there = url.origin(address) == url.origin(base) and address.lower().startswith(base.lower())
        except ValueError:
            continue
        if is_there and urlsplit(address).username is None and rest[:1] in ("", "/", "?"):
            return rest
    return None


def is_bound(value: Any) -> bool:
    """Whether Superblocks would reckon it, or some of it."""
    if isinstance(value, str):
        return not isinstance(value, Literal) and bool(_EXPRESSION.search(value))
    if isinstance(value, Mapping):
        return any(map(is_bound, value.values()))
    return isinstance(value, list) and any(map(is_bound, value))


def read(text: str, *, escaped: bool = False) -> str:
    """The text with expressions that are nothing but a text as that text; a Literal where no other is left.

    ``escaped``: what an expression gives is escaped as in JSON, as it is in a body, unless it is JSON itself.
    """

    def plain(found: re.Match[str]) -> str:
        word = found[1]
        said = _parsed(word) if word[0] == '"' else word.strip("'")
        if said is None:  # an escape that JSON does not have
            return found[0]
        is_json = isinstance(_parsed(said), dict | list)
        return json.dumps(said, ensure_ascii=False)[1:-1] if escaped and not is_json else said

    others = _LITERAL.sub(lambda found: found[0] if plain(found) == found[0] else "", text)
    done = _LITERAL.sub(plain, text)
    return done if _EXPRESSION.search(others) else Literal(done)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def json_value(told: Any) -> Any:
    """The JSON that a body is, whose expressions stay texts. Raises ValueError where it is none."""
    if not isinstance(told, str):
        return _each_text(told, read)
    text = read(told, escaped=True)
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\ue000{len(held) - 1}\ue001"

    def restored(text: str) -> str:
        back = _HELD.sub(lambda found: held[int(found[1])], text) if held else text
        return back if held and back != text else Literal(text)

    marked = text if isinstance(text, Literal) else _EXPRESSION.sub(hold, text)
    quoted = _JSON_TEXT.sub(lambda one: one[0] if one[0][0] == '"' else f'"{one[0]}"', marked)
    return _each_text(json.loads(quoted), restored)


def _each_text(value: Any, act: Any) -> Any:
    if isinstance(value, str):
        return act(value)
    if isinstance(value, Mapping):
        return {name: _each_text(entry, act) for name, entry in value.items()}
    return [_each_text(item, act) for item in value] if isinstance(value, list) else value


def rows(told: Mapping[str, Any], name: str, notes: list[str]) -> list[Row]:
    """The rows of that name, given as a list or by their keys; what is not taken is told."""
    given = told.get(name)
    if isinstance(given, Mapping):
        named = ((key, row if isinstance(row, Mapping) else {"value": row}) for key, row in given.items())
        given = [{"key": key, **row} for key, row in named]
    found = []
    for row in given if isinstance(given, list) else ():
        key = read(row["key"]) if isinstance(row, Mapping) and isinstance(row.get("key"), str) else ""
        if not key:
            continue
        if is_bound(key) or row.get("value") in (None, ""):
            why = (
                "its key is an expression" if is_bound(key) else "it has no value (`undefined` is sent there)"
            )
            notes.append(f"the row {key} of {name} is left out: {why}")
        else:
            found.append(Row(key, row_value(row["value"], "file" in row)))
    return found


def row_value(value: Any, is_file: bool) -> Any:
    """What a row gives. What is bytes there is a file here."""
    if isinstance(value, Mapping) and value.get("type") == "Buffer":
        return value
    text = read(value) if isinstance(value, str) else Literal(json.dumps(value, ensure_ascii=False))
    if not is_file or is_bound(text):
        return FileExpression(text) if is_file else text
    return FileText(f"data:application/octet-stream;base64,{b64encode(text.encode()).decode()}")
