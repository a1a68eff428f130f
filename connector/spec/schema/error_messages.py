"""Error messages: a failed rule of a JSON Schema, told to the person who can mend it.

A rule that an author described speaks in the author's words; any other says what is wrong, the limit,
what was given (shortened, and never where it is secret) and what was perhaps meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connector.spec.schema.phrases import (
    FACTS,
    Failure,
    listed,
    must_be,
    quoted,
    types_of,
    unknown_rule,
)
from connector.spec.schema.suggest import nearest

Path = tuple[Any, ...]


# Rules about what may be given together: the author's sentence says all there is to say.
_PRESENCE = {"required", "dependentRequired", "not", "anyOf", "oneOf", "properties"}
# Below these a description belongs to a rule; elsewhere it describes an input.
_RULES = {"allOf", "anyOf", "oneOf", "not", "then", "else", "dependentSchemas"}


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
            return must_be(types_of(error), error.instance, hidden)
        fact, advice = FACTS.get(str(error.validator), unknown_rule)(error)
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
            types = dict.fromkeys(name for child in first for name in types_of(child))
            return must_be(tuple(types), error.instance, self._secret(error))
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
        if key == "items" and isinstance(node, Mapping) and sentence == _sentence(node):
            sentence = None  # it is said of the list, and not of what is in it
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
