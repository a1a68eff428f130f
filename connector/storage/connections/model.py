"""The model of a connection: an integration authorised in some environments, and what is wrong with it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from connector.errors import Problem, UnknownName
from connector.secret import Secret
from connector.spec.header_names import RESERVED_HEADERS, canonical, is_harmless
from connector.spec.schema.suggest import nearest
from connector.spec.url import is_link_local, is_loopback
from connector.storage.connections.encryption import Sealed
from connector.storage.connections.secret_references import Reference, is_reference
from connector.storage.database.database import timestamp

# What a field or a header holds. A ``Secret`` is on its way in; the store gives out only the others.
Stored = str | Secret | Reference | Sealed

_NAME = re.compile(r"\w(?:[\w .@-]{0,98}[\w.@-])?")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_BASE_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Configuration:
    """How a connection acts in its environments. ``cap`` is in credits for each environment and UTC day.

    A header whose value is a text may be seen by everybody; ``header`` says which may.
    """

    name: str
    environments: tuple[str, ...]
    default: bool = False
    base_url: str | None = None
    headers: tuple[tuple[str, Stored], ...] = field(default=(), repr=False)
    cap: float | None = None
    fields: Mapping[str, Stored] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """What every face may show; of a secret no more than that it is there, and where from."""
        warnings = self._warnings()
        return {
            "name": self.name,
            "environments": list(self.environments),
            "default": self.default,
            "base_url": self.base_url,
            "headers": {name: _shown_header(name, value) for name, value in self.headers},
            "cap": self.cap,
            "fields": {name: _shown(value) for name, value in self.fields.items()},
        } | ({"warnings": warnings} if warnings else {})

    def _warnings(self) -> list[str]:
        parts = urlsplit(self.base_url or "")
        is_open = parts.scheme.lower() == "http" and not is_loopback(parts.hostname or "")
        if not is_open or all(isinstance(value, str) for value in self.values().values()):
            return []
        return [f"secrets are sent to {parts.netloc} in clear; give it by https:// where it has that"]

    def values(self) -> dict[str, Stored]:
        """Everything that may be a secret: the fields by name, and the headers by ``header_key``."""
        return {**self.fields, **{header_key(name): value for name, value in self.headers}}

    def with_values(self, change: Callable[[str, Stored], Stored]) -> Configuration:
        """The configuration with what ``change`` makes of each key and value of ``values``."""
        return replace(
            self,
            fields={name: change(name, value) for name, value in self.fields.items()},
            headers=tuple((name, change(header_key(name), value)) for name, value in self.headers),
        )


def header(name: str, text: str) -> Stored:
    """A header's value that somebody gave: a secret, unless its name is known to be harmless."""
    return text if not text or is_harmless(name) else Secret(text)


def header_key(name: str) -> str:
    """What a header is called among the values of a configuration."""
    return f"header {name}"


@dataclass(frozen=True, slots=True)
class Connection:
    """A named use of an integration. ``created`` and ``updated`` are set by the store."""

    name: str
    integration: str
    configurations: tuple[Configuration, ...]
    created: float = 0.0
    updated: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "integration": self.integration,
            "configurations": [configuration.to_dict() for configuration in self.configurations],
            "created": timestamp(self.created),
            "updated": timestamp(self.updated),
        }


def configuration_for(connection: Connection, environment: str | None) -> Configuration:
    """The configuration that names the environment, or the default one where none is asked for.

    It is never another environment's: what is stored for production must not serve a typing mistake.
    """
    for one in connection.configurations:
        if one.default if environment is None else environment in one.environments:
            return one
    known = [name for one in connection.configurations for name in one.environments]
    raise unknown("environment", str(environment), known, f"connection {connection.name!r}")


def unknown(kind: str, name: str, known: Sequence[str], owner: str | None = None) -> UnknownName:
    """The error that lists what there is, and says what was probably meant."""
    there, has = (f"{owner} has", "; it has ") if owner else ("there is", "; there is ")
    listed = has + ", ".join(map(repr, known)) if known else " yet; add one first"
    return UnknownName(f"{there} no {kind} {name!r}{listed}{nearest(name, known)}")


def check(connection: Connection, secret_fields: Collection[str]) -> list[Problem]:
    """All that keeps the connection from being stored."""
    return [*_connection_problems(connection), *_configuration_problems(connection, secret_fields)]


def _connection_problems(connection: Connection) -> Iterator[Problem]:
    configurations = connection.configurations
    yield from _name_problems("name", connection.name)
    if not configurations:
        yield Problem("configurations", "is empty; give at least one configuration")
    elif sum(one.default for one in configurations) != 1:
        yield Problem("configurations", "make one configuration the default, and no other")
    yield from _repeated("configuration", [one.name for one in configurations])
    yield from _repeated("environment", [name for one in configurations for name in one.environments])


def _repeated(kind: str, names: Sequence[str]) -> Iterator[Problem]:
    for name in (name for name, count in Counter(names).items() if count > 1):
        yield Problem("configurations", f"the {kind} {name!r} is there more than once; name each once")


def _name_problems(path: str, name: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield Problem(path, "is no name; use letters, digits, and . _ - @ or spaces between them")


def _configuration_problems(connection: Connection, secret_fields: Collection[str]) -> Iterator[Problem]:
    for at, one in enumerate(connection.configurations):
        path = f"configurations.{at}"
        yield from _name_problems(f"{path}.name", one.name)
        yield from _environment_problems(f"{path}.environments", one.environments)
        if one.base_url is not None and (fault := _base_url_fault(one.base_url)):
            yield Problem(f"{path}.base_url", fault)
        if one.cap is not None and not (math.isfinite(one.cap) and one.cap >= 0):
            yield Problem(f"{path}.cap", "must be a number of credits, 0 or more")
        yield from _header_problems(f"{path}.headers", one.headers)
        yield from _field_problems(f"{path}.fields", one.fields, secret_fields)


def _base_url_fault(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        is_one = _BASE_URL.fullmatch(text) and parts.port != 0
    except ValueError:  # what stands in place of the port is no number
        is_one = None
    if not is_one:
        return "is no base URL; write https://HOST or https://HOST/PATH"
    if is_link_local(parts.hostname or ""):
        return "is a link-local address, such as a cloud's metadata, which is not asked; give the API's own"
    return None


def _environment_problems(path: str, environments: Sequence[str]) -> Iterator[Problem]:
    if not environments:
        yield Problem(path, "is empty; name at least one environment")
    for name in environments:
        yield from _name_problems(path, name)


def _header_problems(path: str, headers: Sequence[tuple[str, Stored]]) -> Iterator[Problem]:
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name):
            yield Problem(path, f"{name!r} is no header name")
        elif canonical(name) in RESERVED_HEADERS:
            yield Problem(f"{path}.{name}", "is set by the credential or the transport, and cannot be given")
        elif not _HEADER_VALUE.fullmatch(_text(value)):
            yield Problem(f"{path}.{name}", "has characters that no header may have")


def _text(value: Stored) -> str:
    """The text that is given here; none of what is sealed or kept elsewhere."""
    if isinstance(value, Secret):
        return value.reveal()
    return value if isinstance(value, str) else ""


def _field_problems(
    path: str, fields: Mapping[str, Stored], secret_fields: Collection[str]
) -> Iterator[Problem]:
    for name, value in fields.items():
        fault = _secret_fault(value) if name in secret_fields else _plain_fault(value)
        if fault:
            yield Problem(f"{path}.{name}", fault)


def _secret_fault(value: Stored) -> str | None:
    if value in ("", Secret("")):
        return "is empty; give the secret, or a reference to it"
    if isinstance(value, Reference) and not is_reference(value.text):
        # It is not quoted: it may well be the secret itself.
        return "is no reference; write one such as env:NAME, or store the secret"
    return None


def _plain_fault(value: Stored) -> str | None:
    if isinstance(value, str) and not is_reference(value):
        return None
    return "is not declared secret, so it cannot be sealed or a reference; write its value"


def _shown(value: Stored) -> Any:
    if isinstance(value, Reference):
        return {"reference": value.text}
    return value if isinstance(value, str) else {"stored": True}


def _shown_header(name: str, value: Stored) -> Any:
    """What can be sent back: a text by itself would be taken for a secret, where its name is not harmless."""
    is_plain = isinstance(value, str) and header(name, value) != value
    return {"plain": value} if is_plain else _shown(value)
