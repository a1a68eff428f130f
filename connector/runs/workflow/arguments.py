"""Partial arguments: what is wrong with those that are known before a step is run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connector.errors import Problem
from connector.spec.model import JsonSchema
from connector.spec.schema.validator import Checker

# Words of a schema that are about several inputs at once.
_TOGETHER = ("if", "not", "anyOf", "oneOf", "dependentSchemas")
_BRANCHES = ("then", "else")


def problems(
    schema: JsonSchema, known: Mapping[str, Any], later: Collection[str], prefix: str = ""
) -> list[Problem]:
    """Everything that can be told of the arguments ``known``, where those of ``later`` are given too.

    A rule that depends on the value of one that is not known yet is left for when it is.
    """
    given = {**known, **dict.fromkeys(later)}
    return Checker(_told(schema, set(later))).problems(given, prefix)


def _told(schema: JsonSchema, later: set[str]) -> dict[str, Any]:
    """The schema with no word about the values that come later."""
    inputs = {name: True if name in later else entry for name, entry in schema.get("properties", {}).items()}
    rules = [rule for rule in schema.get("allOf", ()) if not later & set(_asked(rule))]
    told = {**schema, "properties": inputs, "allOf": rules}
    together = {word: schema[word] for word in (*_TOGETHER, *_BRANCHES) if word in schema}
    if later & set(_asked(together)):
        return {word: entry for word, entry in told.items() if word not in together}
    return told


def _asked(rule: Any) -> Iterator[str]:
    """The names whose values a rule asks for; that one may not be there can be told without its value."""
    if isinstance(rule, list):
        for entry in rule:
            yield from _asked(entry)
    elif isinstance(rule, Mapping):
        named = rule.get("properties", {})
        yield from (name for name, entry in named.items() if entry is not False)
        for word, entry in rule.items():
            yield from _asked(entry if word != "properties" else list(named.values()))
