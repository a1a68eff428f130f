"""Form fields of inputs: which kind each is, its words, its limits, and when it is there.

Everything is read from the JSON Schema of the action; a page needs no knowledge of any API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.media import kinds
from connector.server.console.conditions import Effects, effects, holds
from connector.spec.model import JsonSchema
from connector.spec.schema import describe

_RATIO = re.compile(r"\d{1,3}:\d{1,3}")
# So many choices, and so many characters of all of them, fit beside each other.
_PILLS, _PILL_TEXT = 5, 34
_NARROW = 14
# A number with more steps than this is typed, not pulled.
_SLIDER_STEPS = 5000
_LONG_TEXT = 400
_SIDES = {"left": "left", "right": "right", "up": "up", "top": "up", "down": "down", "bottom": "down"}
# Where the type says nothing, or several things, the value is written as JSON.
_KINDS = {"string": "text", "integer": "number", "number": "number", "boolean": "choice", "object": "rows"}
# Of these, a list is written with a line for each.
_PLAIN = ("string", "integer", "number")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that an input can have; ``width`` and ``height`` draw a ratio."""

    value: Any
    label: str
    default: bool = False
    chosen: bool = False
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class FormField:
    """One input. ``kind`` names the macro that draws it; ``parts`` are the fields of a group."""

    name: str
    kind: str
    label: str
    help: str
    schema: JsonSchema
    required: bool = False
    value: Any = None
    choices: tuple[Choice, ...] = ()
    effects: Effects | None = None
    here: bool = True
    parts: tuple[FormField, ...] = ()
    side: str = ""
    sample: str = ""

    @property
    def id(self) -> str:
        return f"f-{self.name}"

    @property
    def limits(self) -> str:
        return ", ".join(describe.limits(self.schema))

    @property
    def unit(self) -> str:
        return str(self.schema.get("unit", ""))

    @property
    def type(self) -> str:
        """How the browser turns text into a value."""
        named = self.schema.get("type")
        return named if isinstance(named, str) else "json"

    @property
    def default(self) -> str:
        """The default as it is shown; it is never sent."""
        return describe.plain(self.schema["default"]) if "default" in self.schema else ""

    @property
    def example(self) -> str:
        examples = self.schema.get("examples", ())
        return describe.plain(examples[0]) if examples else ""

    @property
    def lines(self) -> str:
        """A list as it is written, an item a line."""
        return "\n".join(map(describe.plain, self.value)) if isinstance(self.value, list | tuple) else ""

    @property
    def resting_lines(self) -> str:
        """The default, else an example, of a list."""
        found = self.schema.get("default") or next(iter(self.schema.get("examples", ())), ())
        return "\n".join(map(describe.plain, found)) if isinstance(found, list | tuple) else ""

    @property
    def items(self) -> str:
        """What each line is read as."""
        return str(self.schema.get("items", {}).get("type", ""))

    @property
    def known_items(self) -> str:
        return ", ".join(map(describe.plain, self.schema.get("items", {}).get("enum", ())))

    @property
    def accept(self) -> str:
        """What the file chooser offers."""
        formats = self.schema.get("file", {}).get("formats", ())
        return ",".join(map(kinds.type_of, formats)) or ("image/*" if self.kind == "mask" else "")

    @property
    def picture(self) -> bool:
        """Whether the file is a picture, as far as is declared."""
        return self.accept.startswith("image/")

    @property
    def wide(self) -> bool:
        """Whether the field needs the whole width of the form."""
        if self.kind == "pills":
            return sum(len(choice.label) for choice in self.choices) > _NARROW
        return self.kind not in ("select", "number", "color")

    @property
    def glyph(self) -> str:
        """The drawing that stands for such a file."""
        return {"image": "image", "audio": "sound", "video": "film"}.get(
            self.accept.partition("/")[0], "file"
        )

    @property
    def slider(self) -> str:
        """The step of the slider beside the number; empty where there is none."""
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        if low is None or high is None or high - low > _SLIDER_STEPS:
            return ""
        return "1" if self.type == "integer" or high - low > 20 else "0.01"

    @property
    def when(self) -> str:
        """The condition under which the input is there, as JSON for the page; empty where it always is."""
        found = self.effects.forbidden if self.effects else []
        return _written({"not": {"any": found}} if found else None)

    @property
    def needed(self) -> str:
        """The condition under which the input must be given, though it need not always be."""
        found = self.effects.required if self.effects else []
        return _written({"any": found} if found else None)

    @property
    def changes(self) -> str:
        return _written(self.effects.changes if self.effects else ())


def fields(
    schema: JsonSchema, values: Mapping[str, Any] | None = None, samples: Mapping[str, str] | None = None
) -> list[FormField]:
    """The fields of a form, filled in with ``values``; edges that belong together are one group.

    ``samples`` are addresses of files that an example gives.
    """
    given, rules = values or {}, effects(schema)
    required = set(schema.get("required", ()))
    made = [
        replace(
            _field(name, entry, name in required, given, rules[name]), sample=(samples or {}).get(name, "")
        )
        for name, entry in schema.get("properties", {}).items()
    ]
    return list(_grouped(made))


def is_media(field: FormField) -> bool:
    """Whether the field belongs on the stage, where pictures are seen, rather than beside it."""
    return field.kind in ("file", "mask", "edges")


def _field(
    name: str, schema: JsonSchema, required: bool, given: Mapping[str, Any], rules: Effects
) -> FormField:
    return FormField(
        name=name,
        kind=_kind(name, schema),
        label=str(schema.get("title") or name.replace("_", " ").capitalize()),
        help=" ".join(str(schema.get("mask_hint") or schema.get("description", "")).split()),
        schema=schema,
        required=required,
        value=given.get(name),
        choices=tuple(_choices(schema, given.get(name))),
        effects=rules,
        here=not any(holds(condition, given) for condition in rules.forbidden),
        side=_SIDES.get(name, ""),
    )


def _kind(name: str, schema: JsonSchema) -> str:
    widget = schema.get("widget")
    if widget == "edges":
        return "edge" if name in _SIDES else "number"
    if schema.get("format") == "binary":
        return "mask" if widget == "mask" else "file"
    if "enum" in schema or schema.get("type") == "boolean":
        return _choice_kind(schema)
    if widget in ("textarea", "color") and schema.get("type") == "string":
        return str(widget)
    return _kind_by_type(schema)


def _kind_by_type(schema: JsonSchema) -> str:
    named = schema.get("type")
    if named == "array" and schema.get("items", {}).get("type") in _PLAIN:
        return "lines"
    kind = _KINDS.get(named, "json") if isinstance(named, str) else "json"
    if kind == "rows":
        return "files" if _entry(schema).get("format") == "binary" else "rows"
    # What has to match a pattern is a name or an address, however long it may be.
    is_prose = kind == "text" and "pattern" not in schema and schema.get("maxLength", 0) > _LONG_TEXT
    return "textarea" if is_prose else kind


def _entry(schema: JsonSchema) -> Mapping[str, Any]:
    entry = schema.get("additionalProperties")
    return entry if isinstance(entry, Mapping) else {}


def _choice_kind(schema: JsonSchema) -> str:
    labels = [describe.plain(value) for value in _values(schema)]
    if schema.get("open"):
        return "combo"
    if len(labels) > 1 and all(map(_RATIO.fullmatch, labels)):
        return "ratios"
    few = len(labels) <= _PILLS and sum(map(len, labels)) <= _PILL_TEXT
    return "pills" if few else "select"


def _values(schema: JsonSchema) -> Iterable[Any]:
    return schema.get("enum") or ((True, False) if schema.get("type") == "boolean" else ())


def _choices(schema: JsonSchema, given: Any) -> Iterator[Choice]:
    for value in _values(schema):
        label = describe.plain(value)
        width, height = _ratio(label)
        yield Choice(
            value=value,
            label={"true": "yes", "false": "no"}.get(label, label),
            default="default" in schema and schema["default"] == value,
            chosen=given == value and given is not None,
            width=width,
            height=height,
        )


def _ratio(label: str) -> tuple[float, float]:
    """The sides of a small drawing, its longer one 16."""
    if not _RATIO.fullmatch(label):
        return 0.0, 0.0
    width, height = map(int, label.split(":"))
    scale = 16 / max(width, height, 1)
    return round(width * scale, 1), round(height * scale, 1)


def _grouped(made: Iterable[FormField]) -> Iterator[FormField]:
    """The fields in their order, with all edges in the place of the first."""
    listed = list(made)
    edges = tuple(field for field in listed if field.kind == "edge")
    for field in listed:
        if field.kind != "edge":
            yield field
        elif field is edges[0]:
            yield FormField("edges", "edges", "New edges", "", {}, parts=edges)


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
