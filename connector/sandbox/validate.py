"""Validation of an operation's values by the rules of its schema: every problem, by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from connector.sandbox.document import Schema

# A number as it travels in a form: decimal text, nothing else.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_TYPES = {"number": "a number", "integer": "a whole number", "string": "text", "array": "a list"}


@dataclass(frozen=True, slots=True)
class _Break:
    """A rule that is broken: its keyword, what it asks for, by which value and where."""

    keyword: str
    asked: Any
    value: Any
    schema: Mapping[str, Any]
    path: tuple[str | int, ...]


# What is said about a field, by the keyword of the schema that it breaks.
_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "type": lambda asked: f"must be {_TYPES.get(asked, asked)}",
    "minimum": lambda asked: f"must be at least {asked}",
    "maximum": lambda asked: f"must be at most {asked}",
    "exclusiveMinimum": lambda asked: f"must be above {asked}",
    "multipleOf": lambda asked: f"must be a multiple of {asked}",
    "minLength": lambda asked: f"must be at least {asked} characters long",
    "maxLength": lambda asked: f"must be at most {asked} characters long",
    "minItems": lambda asked: f"must have at least {asked} entries",
    "enum": lambda asked: f"must be one of {', '.join(map(str, asked))}",
}


def is_file(schema: Schema) -> bool:
    return schema.get("format") == "binary"


def typed(text: str, schema: Schema) -> Any:
    """The value that a text stands for; a text that is not of the type stays one, and so is found."""
    if schema.get("type") not in ("number", "integer") or not _NUMBER.fullmatch(text.strip()):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


def problems(values: Mapping[str, Any], schema: Schema) -> list[str]:
    """A sentence for each rule that is broken, in the order of the fields, each told once."""
    errors = Draft202012Validator(schema).iter_errors(dict(values))
    order = list(schema.get("properties", ()))
    found = [told for error in errors for told in _told(_broken(error))]
    return list(dict.fromkeys(sorted(found, key=lambda line: _place(line, order))))


def _broken(error: Any) -> _Break:
    return _Break(
        str(error.validator), error.validator_value, error.instance, error.schema, tuple(error.absolute_path)
    )


def _place(line: str, order: list[str]) -> int:
    name = re.split(r"[:,.\[]", line, maxsplit=1)[0]
    return order.index(name) if name in order else len(order)


def _told(broken: _Break) -> Iterable[str]:
    if broken.keyword in _MANY:
        return _MANY[broken.keyword](broken)
    return () if _is_open(broken) else (f"{_field(broken)}: {_sentence(broken)}",)


def _required(broken: _Break) -> Iterator[str]:
    for name in broken.asked:
        if name not in broken.value:
            yield f"{_joined(*broken.path, name)}: is required"


def _dependent(broken: _Break) -> Iterator[str]:
    for name, needed in broken.asked.items():
        for other in needed:
            if name in broken.value and other not in broken.value:
                yield f"{other}: is required when {name} is given"


def _unknown(broken: _Break) -> Iterator[str]:
    for name in broken.value:
        if name not in broken.schema["properties"]:
            yield f"{name}: is not a field of this operation"


# Keywords of an object that can be broken for several fields at once.
_MANY: Mapping[str, Callable[[_Break], Iterable[str]]] = {
    "required": _required,
    "dependentRequired": _dependent,
    "additionalProperties": _unknown,
}


def _is_open(broken: _Break) -> bool:
    """The enum of a model is told by the document to be longer in truth."""
    return broken.keyword == "enum" and broken.value in broken.schema.get("x-open-values", ())


def _field(broken: _Break) -> str:
    """The field a rule is about; a condition on several names them itself."""
    named = broken.schema.get("x-fields")
    return ", ".join(named) if named else _joined(*broken.path)


def _joined(*path: str | int) -> str:
    joined = ""
    for step in path:
        joined += f"[{step}]" if isinstance(step, int) else f".{step}" if joined else step
    return joined or "body"


def _sentence(broken: _Break) -> str:
    """A condition tells itself what it asks for; a keyword has its sentence."""
    sentence = _SENTENCES.get(broken.keyword)
    return sentence(broken.asked) if sentence else str(broken.schema.get("description", "is not allowed"))


def defaults(values: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """The values with what the service assumes for those that were not given, conditions included."""
    assumed = _declared(schema)
    for condition in schema.get("allOf", ()):
        applies = "if" in condition and Draft202012Validator(condition["if"]).is_valid(dict(values))
        assumed |= _declared(condition.get("then" if applies else "else", {}))
    return {**assumed, **values}


def _declared(schema: Schema) -> dict[str, Any]:
    known = schema.get("properties", {}).items()
    return {name: field["default"] for name, field in known if "default" in field}
