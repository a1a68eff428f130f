"""The store of connections, and of the secrets that are kept for each.

Secrets go in and are never shown again. ``credential`` opens them for the request that needs them.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from connector.errors import InvalidArguments, InvocationError, MissingCredential, UnknownName
from connector.secret import Secret
from connector.storage.connections.encryption import MasterKeys, Sealed, SecretAddress
from connector.storage.connections.model import (
    Configuration,
    Connection,
    Stored,
    check,
    configuration_for,
    header,
    header_key,
    unknown,
)
from connector.storage.connections.secret_references import Reference, is_reference, resolve
from connector.storage.connections.signing_secrets import SigningSecrets
from connector.storage.database.database import Database
from connector.storage.home import create_whole

__all__ = ["Configuration", "Connection", "ConnectionStore", "Stored", "configuration_for"]

VARIABLE = "CONNECTOR_CONNECTION"
_GET = "SELECT * FROM connections WHERE name = :name"
_LIST = "SELECT * FROM connections ORDER BY name"
_REMOVE = "DELETE FROM connections WHERE name = :name RETURNING name"
_PUT = """
INSERT INTO connections (name, integration, configurations, created, updated)
VALUES (:name, :integration, :configurations, :created, :updated)
ON CONFLICT (name) DO UPDATE
SET integration = :integration, configurations = :configurations, updated = :updated"""


class ConnectionStore:
    """The connections in a database. All methods block, and may be called from any thread."""

    def __init__(
        self,
        database: Database,
        keys: MasterKeys,
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        defaults: Path | None = None,
    ) -> None:
        self._database = database
        self._defaults_file = defaults
        self._keys = keys
        self._environ = environ
        self._clock = clock

    configuration_for = staticmethod(configuration_for)

    def add(self, connection: Connection, secret_fields: Collection[str]) -> Connection:
        """Stores a new connection; one of that name must not be there yet."""
        return self._store(connection, secret_fields, new=True)

    def save(self, connection: Connection, secret_fields: Collection[str]) -> Connection:
        """Stores the connection, in place of one of that name.

        A secret is replaced by a new text. It is kept by handing back the sealed value that ``get``
        gave, in the same configuration and field.
        """
        return self._store(connection, secret_fields, new=False)

    def get(self, name: str) -> Connection:
        found = self._database.read(_GET, {"name": name})
        if not found:
            raise self._unknown(name)
        return _loaded(found[0])

    def list(self, integration: str | None = None) -> tuple[Connection, ...]:
        """All connections (of one integration), by name."""
        loaded = map(_loaded, self._database.read(_LIST))
        return tuple(one for one in loaded if integration in (None, one.integration))

    def remove(self, name: str) -> None:
        """Forgets the connection and its secrets."""
        self.get(name)  # a database that is not there yet is not made for this
        if not self._database.write(_REMOVE, {"name": name}):
            raise self._unknown(name)
        if name in (defaults := self._defaults()).values():
            self._write_defaults({key: each for key, each in defaults.items() if each != name})

    def default(self, kept: Sequence[Connection]) -> Connection | None:
        """Which of an integration's connections is meant among several; None where nobody said so.

        ``CONNECTOR_CONNECTION`` goes before the one that was chosen, and that before one named ``default``.
        Raises UnknownName where the variable names another.
        """
        named = {one.name: one for one in kept}
        variable = self._environ.get(VARIABLE)
        if variable and variable not in named:
            raise unknown("connection", variable, [*named], f"{VARIABLE} is wrong: the integration")
        chosen = variable or (kept and self._defaults().get(kept[0].integration))
        return named.get(chosen or "") or named.get("default")

    def set_default(self, name: str) -> None:
        """From now on the connection is meant among several of its integration, on this machine."""
        self._write_defaults(self._defaults() | {self.get(name).integration: name})

    def _defaults(self) -> dict[str, str]:
        """The default connection of each integration, as this machine has it; others share the database."""
        with suppress(OSError, ValueError):
            return dict(json.loads(self._defaults_file.read_bytes())) if self._defaults_file else {}
        return {}

    def _write_defaults(self, defaults: Mapping[str, str]) -> None:
        if self._defaults_file is not None:
            text = json.dumps(defaults, indent=2)
            create_whole(self._defaults_file, lambda draft: draft.write_text(text), replace=True)

    def credential(self, connection_name: str, configuration_name: str) -> dict[str, Secret | str]:
        """The credential's fields as they are now: sealed secrets opened, references resolved."""
        connection = self.get(connection_name)
        for one in connection.configurations:
            if one.name == configuration_name:
                places = _places(connection.name, one)
                return {name: self._opened(value, places[name]) for name, value in one.fields.items()}
        known = [one.name for one in connection.configurations]
        raise unknown("configuration", configuration_name, known, f"connection {connection_name!r}")

    def headers(self, connection_name: str, configuration_name: str) -> dict[str, Secret | str]:
        """The configuration's headers as they are now; a text is one that everybody may see."""
        connection = self.get(connection_name)
        (found,) = (one for one in connection.configurations if one.name == configuration_name)
        places = _places(connection.name, found)
        return {name: self._opened(value, places[header_key(name)]) for name, value in found.headers}

    def rotate(self) -> int:
        """Seals every stored secret again, with the first master key; how many there were."""
        count = 0
        with self._database.transaction("connections") as database:
            for connection in map(_loaded, database.execute(_LIST).fetchall()):
                rotated = tuple(self._rotated(connection.name, one) for one in connection.configurations)
                database.execute(_PUT, _row(replace(connection, configurations=rotated)))
                count += sum(isinstance(value, Sealed) for one in rotated for value in one.values().values())
            return count + SigningSecrets(self._database, self._keys).rotate(database)

    def _rotated(self, connection_name: str, configuration: Configuration) -> Configuration:
        places = _places(connection_name, configuration)

        def rotated(key: str, value: Stored) -> Stored:
            if isinstance(value, Secret):  # a header of a release that did not seal them
                return self._keys.seal(value.reveal(), places[key])
            return self._resealed(value, places[key], places[key]) if isinstance(value, Sealed) else value

        return configuration.with_values(rotated)

    def _store(self, connection: Connection, secret_fields: Collection[str], *, new: bool) -> Connection:
        problems = check(connection, secret_fields)
        if problems:
            raise InvalidArguments(problems, said=f"connection {connection.name!r} cannot be kept")
        with self._database.transaction("connections") as database:
            row = database.execute(_GET, {"name": connection.name}).fetchone()
            if row and new:
                raise InvocationError(
                    f"there is a connection {connection.name!r} already; choose another name"
                )
            stored = self._secured(connection, _loaded(row) if row else None, secret_fields)
            database.execute(_PUT, _row(stored))
        return stored

    def _secured(
        self, connection: Connection, before: Connection | None, secret_fields: Collection[str]
    ) -> Connection:
        """The connection as it is written down: its secrets sealed to their places, and dated."""
        now = self._clock()
        standing = dict(_standing(before)) if before else {}
        configurations = [
            self._sealed(connection.name, one, standing, secret_fields) for one in connection.configurations
        ]
        created = before.created if before else now
        return replace(connection, configurations=tuple(configurations), created=created, updated=now)

    def _sealed(
        self,
        connection: str,
        configuration: Configuration,
        standing: Mapping[tuple[str, str], tuple[Stored, SecretAddress]],
        secret_fields: Collection[str],
    ) -> Configuration:
        """The configuration with its secrets as they are stored. A header says itself whether it is one."""
        places = _places(connection, configuration)

        def kept(key: str, value: Stored) -> Stored:
            is_secret = key in secret_fields or (
                key not in configuration.fields and not isinstance(value, str)
            )
            return (
                self._kept(value, places[key], standing.get((configuration.name, key)))
                if is_secret
                else value
            )

        return configuration.with_values(kept)

    def _kept(
        self, value: Stored, place: SecretAddress, standing: tuple[Stored, SecretAddress] | None
    ) -> Stored:
        """A secret as it is stored: a reference as it is, anything else sealed to its place."""
        if isinstance(value, Reference):
            return value
        if isinstance(value, Sealed):
            return self._moved(value, place, standing)
        text = value.reveal() if isinstance(value, Secret) else value
        return Reference(text) if is_reference(text) else self._keys.seal(text, place)

    def _moved(
        self, value: Sealed, place: SecretAddress, standing: tuple[Stored, SecretAddress] | None
    ) -> Sealed:
        """A secret that stays where it is, sealed anew if its environments are others now."""
        if standing is None or standing[0] != value:
            raise MissingCredential(f"{place} holds another secret now; store the secret again")
        return value if standing[1] == place else self._resealed(value, standing[1], place)

    def _resealed(self, value: Sealed, before: SecretAddress, now: SecretAddress) -> Sealed:
        return self._keys.seal(self._keys.unseal(value, before).reveal(), now)

    def _opened(self, value: Stored, place: SecretAddress) -> Secret | str:
        if isinstance(value, Sealed):
            return self._keys.unseal(value, place)
        if isinstance(value, Reference):
            return resolve(value.text, environ=self._environ)
        return value

    def _unknown(self, name: str) -> UnknownName:
        return unknown("connection", name, [one.name for one in self.list()])


def _places(connection_name: str, configuration: Configuration) -> dict[str, SecretAddress]:
    """The place of each field and header of the configuration."""
    return {
        name: SecretAddress(connection_name, configuration.environments, name)
        for name in configuration.values()
    }


def _standing(connection: Connection) -> Iterator[tuple[tuple[str, str], tuple[Stored, SecretAddress]]]:
    """What each configuration's fields hold, and where; by the two names."""
    for one in connection.configurations:
        for name, place in _places(connection.name, one).items():
            yield (one.name, name), (one.values()[name], place)


def _row(connection: Connection) -> dict[str, Any]:
    configurations = [_written(one) for one in connection.configurations]
    return {
        "name": connection.name,
        "integration": connection.integration,
        "configurations": json.dumps(configurations, ensure_ascii=False),
        "created": connection.created,
        "updated": connection.updated,
    }


def _written(configuration: Configuration) -> dict[str, Any]:
    fields = {name: _written_value(value) for name, value in configuration.fields.items()}
    headers = [(name, _written_header(value)) for name, value in configuration.headers]
    return configuration.to_dict() | {"headers": headers, "fields": fields}


def _written_value(value: Stored) -> Any:
    if isinstance(value, Sealed):
        return {"sealed": asdict(value)}
    return {"reference": value.text} if isinstance(value, Reference) else value


def _written_header(value: Stored) -> Any:
    return {"plain": value} if isinstance(value, str) else _written_value(value)


def _loaded(row: Any) -> Connection:
    configurations = _configurations(row["configurations"])
    return Connection(row["name"], row["integration"], configurations, row["created"], row["updated"])


@lru_cache(maxsize=128)
def _configurations(text: str) -> tuple[Configuration, ...]:
    """What a row says, its secrets still sealed; every invocation asks, and it is seldom written anew."""
    return tuple(_read(written) for written in json.loads(text))


def _read(written: Mapping[str, Any]) -> Configuration:
    return Configuration(
        name=written["name"],
        environments=tuple(written["environments"]),
        default=written["default"],
        base_url=written["base_url"],
        headers=tuple((name, _read_header(name, value)) for name, value in written["headers"]),
        cap=written["cap"],
        fields={name: _read_value(value) for name, value in written["fields"].items()},
    )


def _read_value(written: Any) -> Stored:
    if isinstance(written, str):
        return written
    if "sealed" in written:
        return Sealed(**written["sealed"])
    return Reference(written["reference"])


def _read_header(name: str, written: Any) -> Stored:
    if isinstance(written, str):  # of a release that did not ask whether it is a secret
        return header(name, written)
    return str(written["plain"]) if "plain" in written else _read_value(written)
