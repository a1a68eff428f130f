"""The validator: a value is checked against a JSON Schema, and each problem is named by its path.

All problems are found at once, and each is a sentence for people: what is wrong, what the limit is,
what was given, what was perhaps meant. Beside JSON Schema three words are read: ``open: true`` lets an
enum's unknown value pass with a warning, ``visible: true`` refuses a text of which nothing can be seen, and
``secret: true`` keeps a value out of every sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.errors import Problem, SpecError
from connector.spec.schema import fast_path, patterns
from connector.spec.schema.fast_path import is_file

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator


class Checker:
    """A JSON Schema, ready to check values; it is compiled once and kept.

    ``noun`` says what an unknown key is not, such as "an input of this action".
    """

    def __init__(
        self, schema: Mapping[str, Any], *, registry: Any = None, noun: str = "an input of this action"
    ) -> None:
        self._schema = schema
        self._noun = noun
        self._registry = registry
        self._is_surely_right = fast_path.right(schema)
        self._open = tuple(_open_enums(schema, ()))

    @cached_property
    def _validator(self) -> Validator:
        extra = {} if self._registry is None else {"registry": self._registry}
        validator: Validator = _validator_class()(self._schema, format_checker=_formats(), **extra)
        return validator

    def problems(self, value: Any, prefix: str = "") -> list[Problem]:
        """Everything that is wrong with the value; the paths begin with ``prefix``.

        Raises SpecError where the schema itself is wrong and the value shows it.
        """
        if self._is_surely_right(value):
            return []
        from connector.spec.schema.error_messages import Teller

        errors = self._errors(value)
        if not errors and not self._open:
            return []
        told = Teller(self._schema, self._noun).tell(errors)
        found = [Problem(_dotted(prefix, path), message) for path, message in told]
        return list(dict.fromkeys(found)) + list(self._warnings(value, prefix))

    def _errors(self, value: Any) -> list[ValidationError]:
        try:
            return list(self._validator.iter_errors(value))
        except Exception as error:
            # jsonschema trusts its schema, and stumbles in many ways over one that is none.
            if found := flaws(self._schema):
                raise SpecError(found) from error
            raise

    def _warnings(self, value: Any, prefix: str) -> Iterator[Problem]:
        from connector.spec.schema.phrases import quoted
        from connector.spec.schema.suggest import nearest

        for pattern, known in self._open:
            for path, given in _at(value, pattern, ()):
                if isinstance(given, str) and given not in known:
                    message = f"is {quoted(given)}, which is not among those known; it is sent as it is"
                    yield Problem(_dotted(prefix, path), message + nearest(given, known), severity="warning")


def flaws(schema: Mapping[str, Any], prefix: str = "") -> list[Problem]:
    """What is wrong with a schema as a schema; without flaws, values can be checked against it."""
    if fast_path.is_schema(schema):
        return []
    return [*_endless(schema, prefix), *_schema_of_schemas().problems(dict(schema), prefix)]


def _endless(schema: Any, path: str) -> Iterator[Problem]:
    """The numbers that YAML has and JSON has not, and that the schema of schemas takes for numbers."""
    if isinstance(schema, float) and not isfinite(schema):
        yield Problem(path, f"is {schema}, which no value can be held to; give a number")
    parts: Any = schema.items() if isinstance(schema, Mapping) else ()
    for name, entry in enumerate(schema) if isinstance(schema, list) else parts:
        yield from _endless(entry, _dotted(path, (name,)))


@lru_cache(maxsize=1)
def _schema_of_schemas() -> Checker:
    from jsonschema import Draft202012Validator

    return Checker(Draft202012Validator.META_SCHEMA, noun="a word of JSON Schema")


def defaults(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for the inputs that are not given: a matching condition's default before the general one."""
    found = {**_stated(schema)}
    for rule in (schema, *schema.get("allOf", ())):
        if isinstance(rule, Mapping) and "if" in rule:
            found |= _stated(_branch(rule, arguments))
    return {name: value for name, value in found.items() if name not in arguments}


def _stated(schema: Mapping[str, Any]) -> dict[str, Any]:
    inputs = schema.get("properties", {}).items()
    return {
        name: entry["default"] for name, entry in inputs if isinstance(entry, Mapping) and "default" in entry
    }


def _branch(rule: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    holds = _validator_class()(rule["if"]).is_valid(arguments)
    branch = rule.get("then" if holds else "else", {})
    return branch if isinstance(branch, Mapping) else {}


def _dotted(prefix: str, path: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in (prefix, *path) if part != "")


def _open_enums(schema: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Where a value may stand that an open enum knows; ``*`` is any item of a list."""
    if not isinstance(schema, Mapping):
        return
    if schema.get("open") is True and "enum" in schema:
        yield path, tuple(schema["enum"])
    for name, entry in schema.get("properties", {}).items():
        yield from _open_enums(entry, (*path, name))
    yield from _open_enums(schema.get("items"), (*path, "*"))
    for entry in schema.get("allOf", ()):
        yield from _open_enums(entry, path)


def _at(value: Any, pattern: tuple[str, ...], path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if not pattern:
        yield path, value
    elif pattern[0] == "*" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _at(item, pattern[1:], (*path, index))
    elif isinstance(value, Mapping) and pattern[0] in value:
        yield from _at(value[pattern[0]], pattern[1:], (*path, pattern[0]))


@lru_cache(maxsize=1)
def _validator_class() -> Any:
    """Draft 2020-12 whose missing and unknown keys are errors at their own path, with our words beside."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    plain = Draft202012Validator.VALIDATORS
    own = {
        "type": _type,
        "enum": _enum(plain["enum"]),
        "properties": _properties,
        "required": _required,
        "pattern": _pattern,
        "visible": _visible,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
        "dependentRequired": _dependent_required,
    }
    kinds = Draft202012Validator.TYPE_CHECKER.redefine("number", lambda checker, value: _is_number(value))
    return extend(Draft202012Validator, own, type_checker=kinds)  # type: ignore[no-untyped-call]


def _is_number(value: object) -> bool:
    """What JSON has for a number: no NaN, no infinity, and nothing else that Python can reckon with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or isfinite(value)


@lru_cache(maxsize=1)
def _formats() -> Any:
    """The formats that are more than a note; the others mean what an optional package makes of them."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=("date", "regex", "email", "uuid", "ipv4"))
    # `checks` on an instance would register it for the whole process.
    checker.checkers = {**checker.checkers, "uri": (_is_uri, ValueError)}
    return checker


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and not value.split()[1:])


def _type(validator: Any, types: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    names = (types,) if isinstance(types, str) else types
    if not any(validator.is_type(instance, name) for name in names) and not is_file(schema, instance):
        yield _error("type")


def _enum(plain: Any) -> Any:
    def check(validator: Any, known: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if schema.get("open") is not True:
            yield from plain(validator, known, instance, schema)

    return check


def _properties(validator: Any, entries: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for name, entry in entries.items():
        if entry is False and name in instance:
            yield _error("forbidden", name)  # jsonschema 4.26 loses the path of a false schema
        elif name in instance:
            yield from validator.descend(instance[name], entry, path=name, schema_path=name)


def _required(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        yield from (_error("required", name) for name in names if name not in instance)


def _dependent_required(validator: Any, rules: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for given, names in rules.items():
        if given in instance:
            yield from (_error(given, name) for name in names if name not in instance)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not patterns.matches(pattern, instance):
        yield _error("pattern")


def _visible(validator: Any, asked: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # Of what is empty, minLength tells where that is wrong.
    if asked is True and isinstance(instance, str) and instance and not fast_path.is_visible(instance):
        yield _error("visible")


def _pattern_properties(
    validator: Any, entries: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, entry in entries.items():
        for name in instance:
            if patterns.matches(pattern, str(name)):
                yield from validator.descend(instance[name], entry, path=name, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for name in _extras(instance, schema):
        if allowed is False:
            yield _error("unknown", name)
        else:
            yield from validator.descend(instance[name], allowed, path=name)


def _extras(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    known, tried = schema.get("properties", {}), schema.get("patternProperties", ())
    for name in instance:
        if name not in known and not any(patterns.matches(pattern, str(name)) for pattern in tried):
            yield name


def _error(message: str, *path: str) -> ValidationError:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message, path=path)
