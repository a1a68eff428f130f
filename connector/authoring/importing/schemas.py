"""Schemas of a document, as a spec can hold them: in today's words, without references, and finite.

References are replaced by what they name, so that every form, tool and checker downstream finds plain
schemas. What refers to itself has no end, so that everything is cut at a depth; a schema that is still too
large is cut at a lesser one. An import never asks for more than the document does.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from connector.authoring.importing.parse_document import Json, items, mapping, names
from connector.authoring.importing.references import MAX_HOPS, References
from connector.authoring.importing.report import Remark
from connector.authoring.importing.sample_values import fitting_default, fitting_enum
from connector.authoring.importing.texts import sentence
from connector.authoring.secret_scan import looks_secret
from connector.spec.schema.coerce import types
from connector.spec.schema.patterns import is_linear

MAX_DEPTH = 6
MAX_SIZE = 400
"""Schemas within schemas: the levels, and how many in all, of one body or parameter."""

_MOST_VALUES = 400
_TYPES = {
    **{name: name for name in ("string", "integer", "number", "boolean", "array", "object", "null")},
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("str", "text", "date", "date-time", "datetime", "file", "uuid"), "string"),
    "bool": "boolean",
}  # fmt: skip
_COUNTED = tuple((f"min{what}", f"max{what}") for what in ("Length", "Items", "Properties"))
_COUNTS = tuple(end for ends in _COUNTED for end in ends)
_LIMITS = (("minimum", "maximum"), *_COUNTED)
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_UNTOLD = (
    *("not", "if", "patternProperties", "dependentRequired", "dependentSchemas", "prefixItems"),
    "contains",
)


class Converted(NamedTuple):
    """A schema for a spec, how many schemas it holds, and what it does not say."""

    schema: dict[str, Any]
    size: int = 1
    remarks: tuple[Remark, ...] = ()


_ENDLESS = Converted({}, 1, (Remark("a reference leads to itself", "it stands for anything"),))


class Schemas:
    """Converts the schemas of one document; what was converted once is kept."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._kept: dict[tuple[str, int, bool], Converted] = {}
        self._flats: dict[str, Json] = {}

    def converted(self, node: Any, *, files: bool = False) -> Converted:
        """The schema of an input. With ``files``, binary text stands for a file."""
        return self._cut({"": node}, MAX_DEPTH, files)[""]

    def together(self, nodes: Json, *, files: bool = False) -> dict[str, Converted]:
        """The schemas of the inputs of one body, all cut at the depth at which they are not too large."""
        return self._cut(nodes, MAX_DEPTH - 1, files)

    def _cut(self, nodes: Json, depth: int, files: bool) -> dict[str, Converted]:
        found: dict[str, Converted] = {}
        for levels in range(depth, -1, -1):
            found = {name: self._convert(node, levels, files, 0) for name, node in nodes.items()}
            if sum(one.size for one in found.values()) <= MAX_SIZE:
                break
        return found

    def flat(self, node: Any) -> Json:
        """The schema with its references followed and its parts folded, its properties as they are."""
        return self._flat(node, 0)

    def _flat(self, node: Any, hops: int) -> Json:
        reference = node.get("$ref") if isinstance(node, Mapping) else None
        if not isinstance(reference, str):
            return self._flat_plain(mapping(node), hops)
        # What was flattened once is kept: parts that name parts would multiply without end.
        if reference not in self._flats:
            target = self._references.target(reference)[0] if hops <= MAX_HOPS else None
            self._flats[reference] = self._flat(target, hops + 1)
        beside = {name: value for name, value in node.items() if name != "$ref"}
        found = self._flats[reference]
        return _folded(self._flat_plain(beside, hops), found) if beside else found

    def _flat_plain(self, node: Json, hops: int) -> Json:
        found = dict(node)
        parts = items(found.pop("allOf", None))
        if hops > MAX_HOPS:
            return found
        for part in parts:
            found = _folded(found, self._flat(part, hops + 1))
        for keyword in ("anyOf", "oneOf"):
            options = [one for one in items(found.get(keyword)) if mapping(one).get("type") != "null"]
            if len(options) == 1:
                del found[keyword]
                found = _folded(found, self._flat(options[0], hops + 1))
        return found

    def _convert(self, node: Any, depth: int, files: bool, hops: int) -> Converted:
        reference = node.get("$ref") if isinstance(node, Mapping) else None
        if not isinstance(reference, str):
            return self._plain(mapping(node), depth, files, hops)
        key = (reference, depth, files)
        if key not in self._kept:
            self._kept[key] = self._referred(reference, depth, files, hops)
        kept = self._kept[key]
        beside = {name: value for name, value in node.items() if name in ("description", "default")}
        if not beside:
            return kept
        own, remarks = self._words(beside, kept.schema)
        return Converted({**kept.schema, **own}, kept.size, (*kept.remarks, *remarks))

    def _referred(self, reference: str, depth: int, files: bool, hops: int) -> Converted:
        if hops > MAX_HOPS:
            return _ENDLESS
        target, wrong = self._references.target(reference)
        if wrong is not None:
            return Converted({}, 1, (wrong,))
        return self._convert(target, depth, files, hops + 1)

    def _plain(self, node: Json, depth: int, files: bool, hops: int) -> Converted:
        if "allOf" in node and hops > MAX_HOPS:
            return _ENDLESS
        if "allOf" in node:
            return self._all_of(node, depth, files, hops)
        node = _with_choices_inside(node)
        schema, remarks = self._words(node, {})
        is_file = schema.get("type") == "string" and _is_binary(node)
        if is_file and files:
            told = {"description": schema["description"]} if "description" in schema else {}
            return Converted({**told, "type": "string", "format": "binary"})
        made = [Converted(schema, 1 + len(schema.get("enum", ())) // 8, remarks)]

        def convert(inner: Any) -> dict[str, Any]:
            made.append(self._convert(inner, depth - 1, files, hops))
            return made[-1].schema

        if depth > 0:
            schema = _with_inside(node, schema, convert)
        elif _has_inside(node):
            said = f"it is nested deeper than {MAX_DEPTH} levels, or larger than {MAX_SIZE} schemas"
            made.append(Converted({}, 0, (Remark(said, "below that anything is taken"),)))
        return _whole(schema, made)

    def _all_of(self, node: Json, depth: int, files: bool, hops: int) -> Converted:
        rest = {name: value for name, value in node.items() if name != "allOf"}
        all_parts = [self._convert(part, depth, files, hops + 1) for part in items(node["allOf"])]
        own = self._plain(rest, depth, files, hops)
        schema: dict[str, Any] = own.schema
        for part in all_parts:
            schema = _folded(schema, part.schema)
        if schema.get("enum") == []:
            schema.pop("enum")
        _uncross(schema)
        _ask_for_what_is_there(schema, _hidden(self._flat(node, hops)))
        return _whole(schema, [own, *all_parts])

    def _words(self, node: Json, around: Json) -> tuple[dict[str, Any], tuple[Remark, ...]]:
        """What a schema says of its value itself; not of the values inside."""
        found: dict[str, Any] = {}
        remarks: list[Remark] = []
        if kinds := _kinds(node):
            found["type"] = kinds[0] if len(kinds) == 1 else kinds
        if described := sentence(node.get("description"), 300):
            found["description"] = described
        self._enum(node, found, remarks)
        found |= {word: node[word] for word in _COUNTS if _is_count(node.get(word))}
        found |= _limits(node)
        if node.get("uniqueItems") is True:
            found["uniqueItems"] = True
        self._text_rules(node, found, remarks)
        if _uncross(found):
            remarks.append(Remark("its limits contradict each other", "they are not checked"))
        if fits := fitting_default(node.get("default"), {**around, **found}):
            found["default"] = fits[0]
        elif node.get("default") is not None:
            remarks.append(Remark("its default does not fit, or is too long to show", "it is not shown"))
        remarks += [
            Remark(f"it has the rule {word!r}", "it is not checked") for word in _UNTOLD if word in node
        ]
        return found, tuple(remarks)

    def _enum(self, node: Json, found: dict[str, Any], remarks: list[Remark]) -> None:
        values = [node["const"]] if "const" in node else items(node.get("enum"))
        if len(values) > _MOST_VALUES:
            remarks.append(Remark(f"it lists {len(values)} values", "any value is taken"))
        elif fits := fitting_enum(values, found):
            found["enum"] = fits

    def _text_rules(self, node: Json, found: dict[str, Any], remarks: list[Remark]) -> None:
        form = node.get("format")
        if isinstance(form, str) and form not in ("binary", "regex") and re.fullmatch(r"[\w-]{1,40}", form):
            found["format"] = form
        pattern = node.get("pattern")
        if not isinstance(pattern, str):
            return
        if _compiles(pattern):
            found["pattern"] = pattern
        else:
            remarks.append(Remark("it has a pattern that is not read here", "it is not checked"))


def _whole(schema: dict[str, Any], parts: list[Converted]) -> Converted:
    """A schema made of parts, with what they do not say."""
    remarks = dict.fromkeys(remark for part in parts for remark in part.remarks)
    return Converted(schema, sum(part.size for part in parts), tuple(remarks))


Convert = Callable[[Any], dict[str, Any]]


def _with_inside(node: Json, schema: dict[str, Any], convert: Convert) -> dict[str, Any]:
    """The schema with those of the values inside."""
    if "array" in types(schema) and "items" in node:
        schema["items"] = convert(node["items"])
    _add_properties(node, schema, convert)
    schema = _with_options(node, schema, convert)
    _ask_for_what_is_there(schema, _hidden(node))
    return schema


def _add_properties(node: Json, schema: dict[str, Any], convert: Convert) -> None:
    properties = mapping(node.get("properties"))
    given = {name: inner for name, inner in properties.items() if not is_read_only(inner)}
    if given:
        schema["properties"] = {str(name): convert(inner) for name, inner in given.items()}
    if needed := names(node.get("required")):
        schema["required"] = list(dict.fromkeys(needed))
    others = node.get("additionalProperties")
    if others is False:
        schema["additionalProperties"] = False
    elif isinstance(others, Mapping) and others:
        schema["additionalProperties"] = convert(others)


def _with_options(node: Json, schema: dict[str, Any], convert: Convert) -> dict[str, Any]:
    """Of alternatives, one must hold; whether only one may is the upstream's to judge."""
    for keyword in ("anyOf", "oneOf"):
        raw = [one for one in items(node.get(keyword)) if isinstance(one, Mapping)]
        options = [one for one in raw if one.get("type") != "null"]
        made = [convert(option) for option in options]
        if len(made) == 1:
            schema = _folded(schema, made[0])
        elif made and "anyOf" not in schema and all(set(one) - {"description"} for one in made):
            schema["anyOf"] = made
        if made and len(raw) > len(options):
            _allow_null(schema)
    return schema


def _kinds(node: Json) -> list[str]:
    said = node.get("type")
    told = said if isinstance(said, list) else [said]
    kinds = [_TYPES[one.lower()] for one in told if isinstance(one, str) and one.lower() in _TYPES]
    if not kinds and said is None:
        kinds = [kind for word, kind in (("properties", "object"), ("items", "array")) if word in node]
    if kinds and (node.get("nullable") is True or node.get("x-nullable") is True):
        kinds.append("null")
    return list(dict.fromkeys(kinds))


def _is_binary(node: Json) -> bool:
    in_words = node.get("format") in ("binary", "file") or node.get("type") == "file"
    return in_words or ("contentMediaType" in node and "contentEncoding" not in node)


def _has_inside(node: Json) -> bool:
    words = ("properties", "items", "anyOf", "oneOf")
    return any(node.get(word) for word in words) or isinstance(node.get("additionalProperties"), Mapping)


def is_read_only(node: Any) -> bool:
    """Whether only answers have it."""
    return isinstance(node, Mapping) and node.get("readOnly") is True


def _hidden(node: Json) -> set[str]:
    return {name for name, inner in mapping(node.get("properties")).items() if is_read_only(inner)}


def _ask_for_what_is_there(schema: dict[str, Any], hidden: set[str]) -> None:
    """Takes out of an object's rules what nobody is asked for: fields that only answers have, or nothing.

    An object is not closed to those, nor to the fields of its alternatives.
    """
    if (hidden or "anyOf" in schema) and schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    known = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False
    asked = [name for name in schema.pop("required", ()) if name in known or not is_closed]
    if needed := [name for name in asked if name not in hidden]:
        schema["required"] = needed


def _with_choices_inside(node: Json) -> Json:
    """Where a list is said to be one of some plain values, each of its items is meant."""
    choices, inner = items(node.get("enum")), node.get("items")
    if _kinds(node)[:1] != ["array"] or not choices or any(isinstance(one, list | None) for one in choices):
        return node
    rest = {name: value for name, value in node.items() if name != "enum"}
    return {**rest, "items": {"enum": choices, **mapping(inner)}}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308


def _limits(node: Json) -> dict[str, Any]:
    """Limits of numbers; in 3.0 and before, an exclusive one is a flag beside the other."""
    found = {word: node[word] for word in _NUMBERS if _is_number(node.get(word))}
    for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if node.get(exclusive) is True and plain in found:
            found[exclusive] = found.pop(plain)
    step: Any = node.get("multipleOf")
    # Steps of a fraction go wrong by rounding, and would refuse what is right.
    if _is_number(step) and step > 0 and step == int(step):
        found["multipleOf"] = step
    return found


def _uncross(schema: dict[str, Any]) -> bool:
    """Takes out limits that nothing can meet; the upstream knows what it means by them."""
    there = [pair for pair in _LIMITS if all(end in schema for end in pair)]
    crossed = [(low, high) for low, high in there if schema[low] > schema[high]]
    for low, high in crossed:
        del schema[low], schema[high]
    return bool(crossed)


def _allow_null(schema: dict[str, Any]) -> None:
    kinds = types(schema)
    if kinds and "null" not in kinds:
        schema["type"] = [*kinds, "null"]
    if isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]


@lru_cache(maxsize=4096)
def _compiles(pattern: str) -> bool:
    """Whether Python reads it as ECMAScript does, as far as that can be told by its compiling."""
    if len(pattern) > 1000 or looks_secret(pattern) or not is_linear(pattern):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python is going to read otherwise
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning):
        return False
    return True


def _folded(one: Json, other: Json) -> dict[str, Any]:
    """The schema that asks for both. Where they tell the same thing otherwise, the first is believed."""
    found = {**other, **one}
    for keyword, fold in _FOLDS.items():
        if keyword in one and keyword in other:
            found[keyword] = fold(one[keyword], other[keyword])
    return found


def _either(one: Any, other: Any) -> Any:
    return [value for value in one if value in other] if isinstance(other, list) else one


def _both(one: Any, other: Any) -> Any:
    return list(dict.fromkeys([*one, *other])) if isinstance(one, list) and isinstance(other, list) else one


def _entries(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one
    shared = {name: _entry(one[name], other[name]) for name in one if name in other}
    return {**other, **one, **shared}


def _entry(one: Any, other: Any) -> Any:
    """A property that two parts describe; one that is a reference stays as the first has it."""
    plain = isinstance(one, Mapping) and isinstance(other, Mapping) and "$ref" not in {*one, *other}
    return {**other, **one} if plain else one


def _limit(choose: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def fold(one: Any, other: Any) -> Any:
        numbers = [value for value in (one, other) if isinstance(value, int | float)]
        return choose(numbers) if numbers else one

    return fold


def _open_where_either_is(one: Any, other: Any) -> Any:
    """Each part closes itself to the other's properties; only both together can be meant."""
    return one if one is not False else other


_FOLDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "properties": _entries,
    "required": _both,
    "enum": _either,
    "additionalProperties": _open_where_either_is,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), _limit(max)),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), _limit(min)),
}
