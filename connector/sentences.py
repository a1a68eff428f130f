"""A failed rule of a JSON Schema, told to the person who can mend it.

A rule that an author described speaks in the author's words; any other says what is wrong, the limit,
what was given (shortened, and never where it is secret) and what was perhaps meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from connector import names

Path = tuple[Any, ...]


class Failure(Protocol):
    """What is read of a ``jsonschema.ValidationError``."""

    message: str

    @property
    def validator(self) -> Any: ...
    @property
    def validator_value(self) -> Any: ...
    @property
    def instance(self) -> Any: ...
    @property
    def schema(self) -> Any: ...
    @property
    def context(self) -> Any: ...
    @property
    def relative_path(self) -> Any: ...
    @property
    def absolute_path(self) -> Any: ...
    @property
    def relative_schema_path(self) -> Any: ...
    @property
    def absolute_schema_path(self) -> Any: ...


_SHOWN = 60
_LISTED = 24

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {
    "date": "a date such as 2025-07-24",
    "regex": "a regular expression that compiles",
    "email": "an e-mail address",
    "uuid": "a UUID",
    "ipv4": "an IPv4 address",
    "uri": "a whole address such as https://example.com/page",
}
# Rules about what may be given together: the author's sentence says all there is to say.
_PRESENCE = {"required", "dependentRequired", "not", "anyOf", "oneOf", "properties"}
# Below these a description belongs to a rule; elsewhere it describes an input.
_RULES = {"allOf", "anyOf", "oneOf", "not", "then", "else", "dependentSchemas"}


def quoted(value: Any) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}...")
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value) if isinstance(value, int | float) else _kind_of(value)


def nearest(given: Any, known: Iterable[Any]) -> str:
    """``; did you mean 'x'?``, or nothing where nothing is near."""
    return names.nearest(str(given), map(str, known))


def listed(values: Iterable[Any]) -> str:
    """Values with commas between, the tail cut where there are very many."""
    shown = [value if isinstance(value, str) else quoted(value) for value in values]
    return ", ".join(shown[:_LISTED]) + (", ..." if len(shown) > _LISTED else "")


def _kind_of(value: Any) -> str:
    return "an object" if isinstance(value, Mapping) else f"a {type(value).__name__}"


def _described(value: Any) -> str:
    return f"the text {quoted(value)}" if isinstance(value, str) else quoted(value)


class Teller:
    """Tells the errors of one schema."""

    def __init__(self, schema: Mapping[str, Any], noun: str) -> None:
        self._schema = schema
        self._noun = noun

    def tell(self, errors: Iterable[Failure]) -> Iterator[tuple[Path, str]]:
        """The path and the sentence of each problem."""
        for error in errors:
            if error.validator in ("anyOf", "oneOf"):
                yield from self._alternatives(error)
            elif error.validator == "not":
                yield from self._forbidden(error)
            else:
                yield self._place(error), self._in_words(error, self._plain(error))

    def _place(self, error: Failure) -> Path:
        named = (error.instance,) if "propertyNames" in error.absolute_schema_path else ()
        return (*error.absolute_path, *named)

    def _in_words(self, error: Failure, said: str) -> str:
        sentence, condition = _around(self._schema, error)
        if sentence and error.validator in _PRESENCE:
            return sentence
        return said + (f" {condition}" if condition else "") + (f" ({sentence})" if sentence else "")

    def _plain(self, error: Failure) -> str:
        hidden = self._secret(error)
        if error.validator == "additionalProperties":
            known = error.schema.get("properties", {})
            name = error.absolute_path[-1]
            return f"is not {self._noun}{nearest(name, known) or _has(known)}"
        if error.validator == "type":
            return _must_be(_types(error), error.instance, hidden)
        fact, advice = _FACTS.get(str(error.validator), _unknown)(error)
        if hidden and fact:
            fact = "is not accepted"
        return "; ".join(part for part in (fact, advice) if part)

    def _secret(self, error: Failure) -> bool:
        entry: Any = self._schema
        for part in error.absolute_path:
            entry = entry.get("properties", {}).get(part) if isinstance(entry, Mapping) else None
        return isinstance(entry, Mapping) and entry.get("secret") is True

    def _forbidden(self, error: Failure) -> Iterator[tuple[Path, str]]:
        named = dict.fromkeys(_named(error.validator_value))
        given = [name for name in named if name in _keys(error.instance)]
        for name in given:
            others = listed(other for other in given if other != name)
            said = f"cannot be given together with {others}" if others else "cannot be given"
            yield (*error.absolute_path, name), self._in_words(error, said)
        if not given:
            said = f"is {_shown(error, self._secret(error))}, which is not allowed"
            yield self._place(error), self._in_words(error, said)

    def _alternatives(self, error: Failure) -> Iterator[tuple[Path, str]]:
        if choices := _required_by_each(error):
            yield self._choice(error, choices)
        elif not error.context:
            yield self._place(error), self._in_words(error, "fits more than one of its forms; give just one")
        elif said := self._common(error):
            yield self._place(error), self._in_words(error, said)
        elif (same := _same_word(error)) is not None:
            path, known, given = same
            yield path, f"is {quoted(given)}; one of: {listed(known)}{nearest(given, known)}"
        else:
            yield from self.tell(_closest(error))

    def _choice(self, error: Failure, choices: list[list[str]]) -> tuple[Path, str]:
        known = list(dict.fromkeys(name for choice in choices for name in choice))
        given = [name for name in known if name in error.instance]
        only = error.validator == "oneOf"
        how = ("only" if given and not error.context else "exactly") if only else "at least"
        said = f"give {how} one of: {listed(' with '.join(choice) for choice in choices)}"
        return (*error.absolute_path, (given or known)[0]), self._in_words(error, said)

    def _common(self, error: Failure) -> str | None:
        """What to say where every alternative fails on the value itself rather than inside it."""
        first = [branch[0] for branch in _branches(error)]
        if any(child.relative_path for child in first):
            return None
        if all(child.validator == "type" for child in first):
            types = dict.fromkeys(name for child in first for name in _types(child))
            return _must_be(tuple(types), error.instance, self._secret(error))
        if any(child.validator not in ("type", "enum", "const", "pattern") for child in first):
            return None
        known = [value for child in first for value in _known(child)]
        given = _shown(error, self._secret(error))
        if len(known) > 1:
            return f"is {given}; one of: {listed(known)}{nearest(error.instance, known)}"
        described = error.schema.get("description")
        return f"is {given}, which is not what it can be: {described}" if described else None


def _shown(error: Failure, hidden: bool) -> str:
    return "not accepted" if hidden else quoted(error.instance)


def _keys(value: Any) -> Iterable[str]:
    return value if isinstance(value, Mapping) else ()


def _has(known: Iterable[str]) -> str:
    return f"; there are: {listed(known)}" if known else ""


def _types(error: Failure) -> tuple[str, ...]:
    if error.schema.get("format") == "binary":
        return ("file",)
    named = error.validator_value
    return (named,) if isinstance(named, str) else tuple(named)


def _must_be(types: Sequence[str], value: Any, hidden: bool) -> str:
    kinds = " or ".join(dict.fromkeys(_KINDS.get(name, f"a {name}") for name in types))
    return f"must be {kinds}" + ("" if hidden else f", not {_described(value)}")


def _known(error: Failure) -> tuple[Any, ...]:
    if error.validator == "const":
        return (error.validator_value,)
    return tuple(error.validator_value) if error.validator == "enum" else ()


def _named(schema: Any) -> Iterator[str]:
    """The inputs whose presence a condition is about."""
    if isinstance(schema, Mapping):
        yield from schema.get("required", ())
        yield from schema.get("properties", {})
        for keyword in ("anyOf", "allOf", "oneOf"):
            for entry in schema.get(keyword, ()):
                yield from _named(entry)


def _required_by_each(error: Failure) -> list[list[str]]:
    """The inputs of each alternative, where all of them are about which inputs are given."""
    branches = error.validator_value
    choices = [list(branch.get("required", ())) for branch in branches if isinstance(branch, Mapping)]
    plain = all(choices) and len(choices) == len(branches) and isinstance(error.instance, Mapping)
    tagged = any(child.validator in ("const", "additionalProperties") for child in error.context or ())
    return choices if plain and not tagged else []


def _branches(error: Failure) -> list[list[Failure]]:
    found: dict[Any, list[Failure]] = {}
    for child in error.context or ():
        found.setdefault(child.relative_schema_path[0], []).append(child)
    return list(found.values())


def _same_word(error: Failure) -> tuple[Path, list[Any], Any] | None:
    """Where every alternative is told apart by the same key, and that key's value is none of theirs."""
    tags = [[child for child in branch if _is_tag(child)] for branch in _branches(error)]
    if not all(tags):
        return None
    paths = {tuple(found[0].absolute_path) for found in tags}
    known = [value for found in tags for value in _known(found[0])]
    return (paths.pop(), known, tags[0][0].instance) if len(paths) == 1 else None


def _is_tag(child: Failure) -> bool:
    return child.validator in ("const", "enum") and len(child.relative_path) == 1


def _closest(error: Failure) -> list[Failure]:
    """The errors of the alternative that was most likely meant."""

    def distance(branch: list[Failure]) -> tuple[int, int]:
        wrong = sum(
            _DISTANCE.get(str(child.validator), 0) for child in branch if len(child.relative_path) <= 1
        )
        return wrong, len(branch)

    return min(_branches(error), key=distance)


# How surely an error on the value or its keys tells that another alternative was meant.
_DISTANCE = {"type": 3, "const": 2, "enum": 2, "pattern": 2}


def _around(schema: Mapping[str, Any], error: Failure) -> tuple[str | None, str | None]:
    """The author's sentence for the rule that failed, and the condition under which it holds."""
    node: Any = schema
    sentence = condition = None
    in_rule = False
    for key in error.absolute_schema_path:
        node = _entered(schema, node, key)
        if key in ("then", "else") and isinstance(node, Mapping):
            condition = _condition(node.get("if"), str(key)) or condition
        node = _step(node, key)
        in_rule = in_rule or key in _RULES
        if in_rule and isinstance(node, Mapping):
            sentence = _sentence(node) or sentence
    return sentence, condition


def _sentence(node: Mapping[str, Any]) -> str | None:
    words = node.get("description") or node.get("title")
    return words.strip() if isinstance(words, str) else None


def _entered(schema: Mapping[str, Any], node: Any, key: Any) -> Any:
    """A reference is no step of the error's path; those within the document are followed here."""
    reference = node.get("$ref", "") if isinstance(node, Mapping) and key not in node else ""
    if not reference.startswith("#/"):
        return node
    for part in reference[2:].split("/"):
        schema = _step(schema, part)
    return schema


def _step(node: Any, key: Any) -> Any:
    if isinstance(node, Mapping):
        return node.get(key)
    return node[key] if isinstance(node, list) and isinstance(key, int) else None


def _condition(schema: Any, branch: str) -> str | None:
    """``when mode is 'edit' and image is given``, where the condition is as simple as that."""
    if not isinstance(schema, Mapping):
        return None
    entries = schema.get("properties", {})
    parts = [_property_condition(name, entry) for name, entry in entries.items()]
    parts += [f"{name} is given" for name in schema.get("required", ()) if name not in entries]
    if not parts or None in parts or set(schema) - {"properties", "required", "type"}:
        return None
    return ("when " if branch == "then" else "unless ") + " and ".join(map(str, parts))


def _property_condition(name: str, entry: Any) -> str | None:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return None
    if "const" in entry:
        return f"{name} is {quoted(entry['const'])}"
    return f"{name} is one of {listed(entry['enum'])}" if "enum" in entry else None


Fact = tuple[str, str]


def _one_of(error: Failure) -> Fact:
    known = error.validator_value
    return f"is {quoted(error.instance)}", f"one of: {listed(known)}{nearest(error.instance, known)}"


def _limit(words: str) -> Callable[[Failure], Fact]:
    return lambda error: (f"is {quoted(error.instance)}", f"{words} {error.validator_value}")


def _length(one: str, several: str, words: str) -> Callable[[Failure], Fact]:
    def tell(error: Failure) -> Fact:
        size, limit = len(error.instance), error.validator_value
        fact = f"has {size} {one if size == 1 else several}" if size else "is empty"
        return fact, f"{words} {limit} {one if limit == 1 else several}"

    return tell


def _pattern(error: Failure) -> Fact:
    examples = error.schema.get("examples") if isinstance(error.schema, Mapping) else None
    like = f", such as {quoted(examples[0])}" if examples else ""
    return f"is {quoted(error.instance)}", f"must match {error.validator_value}{like}"


def _format(error: Failure) -> Fact:
    name = error.validator_value
    return f"is {quoted(error.instance)}", f"must be {_FORMATS.get(name, f'a {name}')}"


def _unknown(error: Failure) -> Fact:
    return "breaks a rule", f"{error.validator}: {quoted(error.validator_value)}"


_FACTS: Mapping[str, Callable[[Failure], Fact]] = {
    "properties": lambda error: ("", "cannot be given"),
    "required": lambda error: ("", "is required"),
    "dependentRequired": lambda error: ("", f"is required with {error.message}"),
    "enum": _one_of,
    "const": lambda error: (f"is {quoted(error.instance)}", f"must be {quoted(error.validator_value)}"),
    "minimum": _limit("at least"),
    "maximum": _limit("at most"),
    "exclusiveMinimum": _limit("must be more than"),
    "exclusiveMaximum": _limit("must be less than"),
    "multipleOf": _limit("must be a multiple of"),
    "minLength": _length("character", "characters", "at least"),
    "maxLength": _length("character", "characters", "at most"),
    "minItems": _length("item", "items", "at least"),
    "maxItems": _length("item", "items", "at most"),
    "minProperties": _length("entry", "entries", "at least"),
    "maxProperties": _length("entry", "entries", "at most"),
    "uniqueItems": lambda error: ("lists something twice", "each may stand once"),
    "contains": lambda error: ("", "none of its items is what one of them must be"),
    "pattern": _pattern,
    "format": _format,
    "unevaluatedProperties": lambda error: ("has a key that is not known here", ""),
}
