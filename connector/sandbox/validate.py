"""Validation of an operation's values and files by the rules of its schema: every problem, by field.

Of a file its content decides, not its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from connector.sandbox.document import Schema
from connector.sandbox.messages import WORDS

if TYPE_CHECKING:
    from connector.sandbox.studio import Info

# A number as it travels in a form: decimal text, nothing else.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


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
    found = [told for error in errors for told in _told(error)]
    return list(dict.fromkeys(sorted(found, key=lambda line: _place(line, order))))


def _place(line: str, order: list[str]) -> int:
    name = re.split(r"[:,.\[]", line, maxsplit=1)[0]
    return order.index(name) if name in order else len(order)


def _told(broken: Any) -> Iterator[str]:
    """A keyword of an object can be broken for several fields at once."""
    asked, value = broken.validator_value, broken.instance
    if broken.validator == "required":
        yield from (
            f"{_joined(*broken.absolute_path, name)}: is required" for name in asked if name not in value
        )
    elif broken.validator == "dependentRequired":
        pairs = ((name, other) for name, needed in asked.items() if name in value for other in needed)
        yield from (
            f"{other}: is required when {name} is given" for name, other in pairs if other not in value
        )
    elif broken.validator == "additionalProperties":
        known = broken.schema["properties"]
        yield from (f"{name}: is not a field of this operation" for name in value if name not in known)
    # The enum of a model is told by the document to be longer in truth.
    elif broken.validator != "enum" or value not in broken.schema.get("x-open-values", ()):
        yield f"{_field(broken)}: {_sentence(broken)}"


def _field(broken: Any) -> str:
    """The field a rule is about; a condition on several names them itself."""
    named = broken.schema.get("x-fields")
    return ", ".join(named) if named else _joined(*broken.absolute_path)


def _joined(*path: str | int) -> str:
    joined = ""
    for step in path:
        joined += f"[{step}]" if isinstance(step, int) else f".{step}" if joined else step
    return joined or "body"


def _sentence(broken: Any) -> str:
    """A condition tells itself what it asks for; a keyword has its sentence."""
    sentence, asked = WORDS["keywords"].get(broken.validator), broken.validator_value
    if not sentence:
        return str(broken.schema.get("description", "is not allowed"))
    told = ", ".join(map(str, asked)) if isinstance(asked, list) else WORDS["types"].get(asked, asked)
    return str(sentence.format(told))


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


def file_problems(info: Info | None, rules: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each rule that the file breaks; None is a file that nobody can read."""
    formats = rules.get("formats")
    if info is None or (formats and info.format not in formats):
        yield f"must be a readable file of the format {', '.join(formats or ['jpeg', 'png', 'webp'])}"
        return
    dimensions = rules.get("dimensions")
    if dimensions and f"{info.width}x{info.height}" not in dimensions:
        yield f"dimensions must be one of {', '.join(dimensions)}"
    for name, bound in product(WORDS["files"], ("min", "max")):
        limit, size = rules.get(f"{bound}_{name}"), _measured(info, name, min if bound == "min" else max)
        if limit is not None and size is not None and (size < limit if bound == "min" else size > limit):
            sentence = WORDS["files"][name].format("least" if bound == "min" else "most", limit)
            yield (
                f"{sentence}, it has {size:.4g}" if isinstance(size, float) else f"{sentence}, it has {size}"
            )


def _measured(info: Info, name: str, choose: Callable[[int, int], int]) -> float | None:
    if name in ("width", "height", "seconds"):
        size: float | None = getattr(info, name)
        return size
    if not info.width or not info.height:
        return None
    wide, high = info.width, info.height
    return {"side": choose(wide, high), "pixels": wide * high, "aspect": wide / high}[name]
