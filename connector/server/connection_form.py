"""The connection form: what a client sends becomes the value that is stored; secrets never come out.

A secret that is left out stays as it is, as long as it goes nowhere else: whoever could send a kept secret
to an address of their own could read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connector.errors import Problem
from connector.secret import Secret
from connector.server.operation import members
from connector.spec.model import Integration, JsonSchema
from connector.storage.connections import check_credential
from connector.storage.connections.model import Configuration, Connection, Stored
from connector.storage.connections.secret_references import Reference, is_reference

Sent = Mapping[str, Any]

_NAME = {"type": "string", "minLength": 1, "maxLength": 100}
_FIELD: JsonSchema = {
    "description": "A value; what stands there as {stored: true} or {reference: ...} is kept.",
    "anyOf": [
        {"type": ["string", "null"], "maxLength": 65536},
        {"type": "object", "properties": {"stored": {"const": True}, "reference": {"type": "string"}}},
    ],
}
CONFIGURATION = members(
    "environments",
    name={**_NAME, "description": "By default the environments' names."},
    environments={"type": "array", "minItems": 1, "items": _NAME},
    default={"type": "boolean", "description": "Whether it is used where no environment is named."},
    base_url={"type": ["string", "null"], "description": "Where requests go; by default the environment's."},
    headers={"type": "object", "additionalProperties": {"type": "string"}},
    cap={"type": ["number", "null"], "minimum": 0, "description": "Credits for each environment and day."},
    fields={"type": "object", "additionalProperties": _FIELD, "description": "The credential's fields."},
)
CONNECTION = members(
    "configurations",
    name=_NAME,
    integration=_NAME,
    configurations={"type": "array", "minItems": 1, "items": CONFIGURATION},
)


def connection(
    integration: Integration, name: str, sent: Sent, before: Connection | None
) -> tuple[Connection, list[Problem]]:
    """The connection that was sent, and what is wrong with it; ``before`` is what is stored of that name."""
    problems: list[Problem] = []
    standing = {one.name: one for one in before.configurations} if before else {}
    told = []
    for at, each in enumerate(sent["configurations"]):
        one = _Reading(integration, each, standing, f"configurations.{at}", problems).configuration()
        told.append(one if len(sent["configurations"]) > 1 else replace(one, default=True))
    return Connection(name, integration.id, tuple(told)), problems


class _Reading:
    """One configuration, read. Problems are collected, each at its place."""

    def __init__(
        self,
        integration: Integration,
        sent: Sent,
        standing: Mapping[str, Configuration],
        path: str,
        problems: list[Problem],
    ) -> None:
        self._integration = integration
        self._sent = sent
        self._path = path
        self._problems = problems
        self._environments = tuple(sent["environments"])
        self._name = sent.get("name") or "-".join(self._environments)
        self._base_url = sent.get("base_url") or None
        self._before = standing.get(self._name)

    def configuration(self) -> Configuration:
        for said in check_credential.homeless(self._integration, self._environments, self._base_url):
            self._say("environments", said)
        return Configuration(
            self._name,
            self._environments,
            bool(self._sent.get("default", False)),
            self._base_url,
            tuple(self._sent.get("headers", {}).items()),
            self._sent.get("cap"),
            self._fields(),
        )

    def _fields(self) -> dict[str, Stored]:
        secret = self._integration.secret_fields
        sent: Sent = self._sent.get("fields", {})
        names = dict.fromkeys((*sent, *secret))
        read = {name: self._secret(name) if name in secret else self._plain(name) for name in names}
        found = {name: value for name, value in read.items() if value is not None}
        self._problems += self._faults(found)
        return found

    def _plain(self, name: str) -> Stored | None:
        value = self._sent["fields"][name]
        if isinstance(value, str | None):
            return value or None
        self._say(f"fields.{name}", "is not declared secret; write its value")
        return None

    def _secret(self, name: str) -> Stored | None:
        sent: Sent = self._sent.get("fields", {})
        value = sent.get(name) if name in sent else {"stored": True}
        if value is None:
            return None
        if not isinstance(value, str):
            return self._kept(name)
        if not is_reference(value):
            return Secret(value)
        return self._reference(name, value)

    def _reference(self, name: str, text: str) -> Stored | None:
        """A reference reads something of this machine; a client may name only what is meant for it."""
        variable = self._integration.credential.get("properties", {}).get(name, {}).get("variable")
        before = self._before.fields.get(name) if self._before else None
        if text == f"env:{variable}" or before == Reference(text):
            return Reference(text)
        hint = f"give the secret, or env:{variable}" if variable else "give the secret"
        self._say(
            f"fields.{name}", f"references to this machine are set on it (connector connections add); {hint}"
        )
        return None

    def _kept(self, name: str) -> Stored | None:
        before = self._before
        standing = before.fields.get(name) if before else None
        if before is None or standing is None:
            return None
        now = self._places(self._base_url, self._environments)
        if not now <= self._places(before.base_url, before.environments):
            self._say(f"fields.{name}", "is sent to another address now; give it again")
            return None
        return standing

    def _places(self, own: str | None, names: tuple[str, ...]) -> set[str | None]:
        """The addresses that a credential is sent to."""
        declared = self._integration.environments
        return {own or (declared[name].base_url if name in declared else None) for name in names}

    def _faults(self, found: Mapping[str, Stored]) -> Iterator[Problem]:
        """What is missing, where nothing is said of it yet, and what is wrong with what is here."""
        prefix = f"{self._path}.fields"
        told = {problem.path for problem in self._problems}
        for name in self._integration.credential.get("required", ()):
            if name not in found and f"{prefix}.{name}" not in told:
                yield Problem(f"{prefix}.{name}", "is required")
        yield from check_credential.problems(self._integration, found, prefix)

    def _say(self, path: str, message: str) -> None:
        self._problems.append(Problem(f"{self._path}.{path}", message))
