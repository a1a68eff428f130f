"""The connection form: what a client sends becomes the value that is stored; secrets never come out.

A secret that is left out stays as it is, as long as it goes nowhere else: whoever could send a kept secret
to an address of their own could read it. A reference reads a secret of this machine, so it goes to addresses
of the integration, and to those that the operator allows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from connector.errors import Problem
from connector.secret import Secret
from connector.server.operation import SHARED, members
from connector.spec import template, url
from connector.spec.model import Integration
from connector.storage.connections import check_credential
from connector.storage.connections.model import Configuration, Connection, Stored, header, header_key
from connector.storage.connections.secret_references import Reference, is_reference

Sent = Mapping[str, Any]
_SET_HERE = "references to this machine are set on it (connector connections add)"

CONNECTION = members("configurations", **SHARED["connection"])


def connection(
    integration: Integration,
    name: str,
    sent: Sent,
    before: Connection | None,
    allowed_urls: Collection[str] = (),
) -> tuple[Connection, list[Problem]]:
    """The connection that was sent, and what is wrong with it; ``before`` is what is stored of that name.

    ``allowed_urls`` are base URLs that a reference may be sent to, beside those of the integration.
    """
    problems: list[Problem] = []
    standing = {one.name: one for one in before.configurations} if before else {}
    own = {environment.base_url for environment in integration.environments.values()}
    trusted = frozenset(map(url.place, own | {*allowed_urls}))
    told = []
    for at, each in enumerate(sent["configurations"]):
        one = _Reading(integration, each, standing, trusted, f"configurations.{at}", problems).configuration()
        told.append(one if len(sent["configurations"]) > 1 else replace(one, default=True))
    return Connection(name, integration.id, tuple(told)), problems


class _Reading:
    """One configuration, read. Problems are collected, each at its place."""

    def __init__(
        self,
        integration: Integration,
        sent: Sent,
        standing: Mapping[str, Configuration],
        trusted: frozenset[url.Place],
        path: str,
        problems: list[Problem],
    ) -> None:
        self._integration = integration
        self._sent = sent
        self._trusted = trusted
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
            self._headers(),
            self._sent.get("cap"),
            self._fields(),
        )

    def _headers(self) -> tuple[tuple[str, Stored], ...]:
        read = {name: self._header(name, value) for name, value in self._sent.get("headers", {}).items()}
        return tuple((name, value) for name, value in read.items() if value is not None)

    def _header(self, name: str, sent: Any) -> Stored | None:
        if isinstance(sent, str) and is_reference(sent):
            self._say(f"headers.{name}", f"{_SET_HERE}; give the value")
        elif isinstance(sent, str):
            return header(name, sent)
        elif "plain" in sent:
            return str(sent["plain"])
        elif (kept := self._kept(header_key(name), f"headers.{name}")) is not None:
            return kept
        else:
            self._say(f"headers.{name}", "is not stored here; give its value")
        return None

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
            return self._kept(name, f"fields.{name}")
        if not is_reference(value):
            return Secret(value)
        return self._reference(name, value)

    def _reference(self, name: str, text: str) -> Stored | None:
        """A reference reads something of this machine; a client may name only what is meant for it."""
        variable = self._integration.credential.get("properties", {}).get(name, {}).get("variable")
        if text == f"env:{variable}" and self._places() <= self._trusted:
            return Reference(text)
        if self._before and self._before.fields.get(name) == Reference(text):
            return self._kept(name, f"fields.{name}")
        if text == f"env:{variable}":
            self._say(
                f"fields.{name}",
                f"{text} is read for the integration's own addresses only; give the secret, or allow this "
                "one on the host with: connector serve --allow-base-url URL",
            )
            return None
        hint = f"give the secret, or env:{variable}" if variable else "give the secret"
        self._say(f"fields.{name}", f"{_SET_HERE}; {hint}")
        return None

    def _kept(self, key: str, path: str) -> Stored | None:
        """What stands there, if it goes where it went; ``key`` is that of the configuration's ``values``."""
        before = self._before
        standing = before.values().get(key) if before else None
        if before is None or standing is None:
            return None
        if not self._places() <= self._places_of(before.base_url, before.environments, before.fields):
            self._say(path, "is sent to another address now; give it again")
            return None
        return standing

    def _places(self) -> set[url.Place]:
        """Where the credential that was sent would go."""
        return self._places_of(self._base_url, self._environments, self._sent.get("fields", {}))

    def _places_of(
        self, own: str | None, names: tuple[str, ...], fields: Mapping[str, Any]
    ) -> set[url.Place]:
        """The addresses that a credential is sent to: base URLs, and a token's where a field says which."""
        declared = self._integration.environments
        found = [own or (declared[name].base_url if name in declared else "") for name in names]
        token_url = self._integration.auth.settings.get("token_url")
        if template.references(token_url):
            plain = {name: value for name, value in fields.items() if isinstance(value, str)}
            found.append(str(template.fill(token_url, {"credential": plain})))
        return set(map(url.place, found))

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
