"""Inline connections: one that somebody gives as a value, in place of those that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import InvalidArguments, Problem
from connector.secret import Secret
from connector.spec.model import Integration
from connector.storage.connections import check_credential
from connector.storage.connections.model import Configuration, Connection, check, configuration_for, unknown
from connector.storage.connections.secret_references import Reference, resolve


class FixedConnection:
    """The one connection that there is; it is written down nowhere. It is asked as a store of them is."""

    configuration_for = staticmethod(configuration_for)

    def __init__(self, connection: Connection, integration: Integration, environ: Mapping[str, str]) -> None:
        """Raises InvalidArguments with all that keeps the connection from being used."""
        problems = [*check(connection, integration.secret_fields), *_credential(connection, integration)]
        if problems:
            raise InvalidArguments(problems, said=f"connection {connection.name!r} cannot be used")
        self._connection = connection
        self._environ = environ

    def get(self, name: str) -> Connection:
        if name != self._connection.name:
            raise unknown("connection", name, [self._connection.name])
        return self._connection

    def list(self, integration: str | None = None) -> tuple[Connection, ...]:
        return (self._connection,) if integration in (None, self._connection.integration) else ()

    def default(self, kept: Sequence[Connection]) -> Connection | None:
        """It is meant wherever none is named, and never another's credential."""
        return next(iter(kept), None)

    def credential(self, connection_name: str, configuration_name: str) -> dict[str, Secret | str]:
        """The credential's fields as they are now: a reference is resolved, and a text is what it says."""
        known = {one.name: one.fields for one in self.get(connection_name).configurations}
        return {name: self._opened(value) for name, value in known[configuration_name].items()}

    def headers(self, connection_name: str, configuration_name: str) -> dict[str, Secret | str]:
        """The headers as they are now, opened in the same way."""
        known = {one.name: one.headers for one in self.get(connection_name).configurations}
        return {name: self._opened(value) for name, value in known[configuration_name]}

    def _opened(self, value: object) -> Secret | str:
        if isinstance(value, Reference):
            return resolve(value.text, environ=self._environ)
        assert isinstance(value, Secret | str)
        return value


def _credential(connection: Connection, integration: Integration) -> Iterator[Problem]:
    """What a connection that is kept was asked for when it was added."""
    for at, one in enumerate(connection.configurations):
        path = f"configurations.{at}"
        yield from check_credential.problems(integration, one.fields, f"{path}.fields")
        yield from (Problem(f"{path}.fields.{name}", "is missing") for name in _missing(one, integration))
        for sentence in check_credential.homeless(integration, one.environments, one.base_url):
            yield Problem(f"{path}.environments", sentence)


def _missing(configuration: Configuration, integration: Integration) -> Iterator[str]:
    return (name for name in integration.credential.get("required", ()) if name not in configuration.fields)
