"""The destination of an invocation: connection and environment become a base URL and a credential.

A credential is only ever used in the environment that it was stored for. What is looked for, in order:

1. the connection that was named;
2. the only connection that has the environment, or else the default one; without an environment, the
   default connection or the only one there is;
3. the credential of the environment itself, which is no secret (a sandbox);
4. the environment variables that the credential's fields name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from connector.engine.render import SHORTEST_HEADER, Target
from connector.errors import ConnectorError, MissingCredential, UnknownName
from connector.secret import MASK, Credential, Secret, Secrets, trimmed
from connector.spec.model import Environment, Integration
from connector.spec.schema.suggest import nearest

if TYPE_CHECKING:
    from connector.storage.connections.model import Configuration, Connection


class Connections(Protocol):
    """The connections that there are: kept ones, or one that was given. All methods block."""

    def get(self, name: str, /) -> Connection: ...
    def list(self, integration: str | None = None, /) -> tuple[Connection, ...]: ...
    def default(self, kept: Sequence[Connection], /) -> Connection | None: ...
    def configuration_for(self, connection: Connection, environment: str | None, /) -> Configuration: ...
    def credential(self, connection: str, configuration: str, /) -> dict[str, Secret | str]: ...
    def headers(self, connection: str, configuration: str, /) -> dict[str, Secret | str]: ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Everything that a request needs to know of where it goes.

    ``connection`` is empty where none is stored; ``variable`` names what gave the credential in its place, if
    the environment has none of its own. ``cap`` is in credits for a UTC day. ``secrets`` are the values of
    the credential that nobody may see.
    """

    connection: str
    environment: str
    target: Target
    transport: str | None = None
    cap: float | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    variable: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """Where a result comes from, and whose credential it was."""
        connection = self.connection or None
        return {"environment": self.environment, "connection": connection, "variable": self.variable}

    @property
    def identity(self) -> str:
        """What tells one credential from another, whoever uses it."""
        return "\n".join((self.target.base_url, *self.secrets))


class Opened:
    """Destinations whose secrets were decrypted; each serves for as long as its connection stays as it was.

    What a reference resolves to is kept nowhere, so a connection that has one is not kept either.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Connection, Destination]] = {}

    def get(self, connection: Connection, environment: str) -> Destination | None:
        before, destination = self._kept.get((connection.name, environment), (None, None))
        return destination if before == connection else None

    def keep(self, connection: Connection, environment: str, destination: Destination) -> Destination:
        from connector.storage.connections.secret_references import Reference

        values = (value for one in connection.configurations for value in one.values().values())
        if not any(isinstance(value, Reference) for value in values):
            self._kept[connection.name, environment] = (connection, destination)
        return destination


@dataclass(frozen=True, slots=True)
class Place:
    """An environment as it stands for a connection, and the part of the connection that serves it."""

    environment: Environment
    connection: Connection | None = None
    configuration: Configuration | None = None


def resolve(
    integration: Integration,
    store: Connections,
    environ: Mapping[str, str],
    connection: str | None,
    environment: str | None,
    *,
    masked: bool = False,
    opened: Opened | None = None,
) -> Destination:
    """The destination of these names, or of the defaults. It blocks: it may ask a vault.

    With ``masked``, a mask stands for every secret and nothing is decrypted, which is enough to preview.
    ``opened`` are those of earlier calls.
    Raises UnknownName, and MissingCredential where there is none for that environment.
    """
    found = choose(integration, store, environ, connection, environment)
    if found.connection is not None:
        before = opened.get(found.connection, found.environment.name) if opened and not masked else None
        return before or _stored(integration, store, found, masked, opened)
    return _declared(integration, found.environment, environ, masked)


def choose(
    integration: Integration,
    store: Connections,
    environ: Mapping[str, str],
    connection: str | None,
    environment: str | None,
) -> Place:
    """The place of these names, or of the defaults; ``connection`` is empty for none. It blocks.

    No secret is looked at, and none need be there. Raises UnknownName.
    """
    environment = environment or environ.get("CONNECTOR_ENVIRONMENT") or None
    found = _among(integration, store, environment) if connection is None else None
    if connection:
        found = store.get(connection)
    if found is not None:
        return _configured(integration, store, found, environment)
    declared = integration.environments.get(environment or integration.default_environment)
    if declared is None:
        raise _unknown(integration, store, environment)
    return Place(declared)


def _among(integration: Integration, store: Connections, environment: str | None) -> Connection | None:
    """The connection that is used where none is named; None where none serves the environment."""
    kept = store.list(integration.id)
    default = store.default(kept)
    if environment is None and (default is not None or len(kept) == 1):
        return default or kept[0]
    wanted = environment or integration.default_environment
    fitting = [one for one in kept if any(wanted in each.environments for each in one.configurations)]
    if environment is None and not fitting:
        fitting = [*kept]
    declared = integration.environments.get(wanted)
    has_own = declared is not None and declared.credential is not None
    if default is not None and (default in fitting or not (fitting or has_own)):
        return default
    if len(fitting) > 1:
        names = ", ".join(connection.name for connection in fitting)
        raise UnknownName(
            f"there are several connections for {wanted} ({names}); say which, as with --connection NAME, "
            "or choose one for good: connector connections default NAME"
        )
    return next(iter(fitting), None)


def _unknown(integration: Integration, store: Connections, environment: str | None) -> UnknownName:
    """The error for an environment that is nowhere."""
    kept = (one for connection in store.list(integration.id) for one in connection.configurations)
    known = dict.fromkeys([*integration.environments, *(name for one in kept for name in one.environments)])
    return UnknownName(
        f"there is no environment {environment!r}{nearest(environment or '', known)}; "
        f"{integration.name} has {', '.join(known)}"
    )


def _stored(
    integration: Integration, store: Connections, found: Place, masked: bool, opened: Opened | None
) -> Destination:
    connection, configuration = found.connection, found.configuration
    assert connection is not None
    assert configuration is not None
    known: Iterable[str] = ()
    headers: Iterable[tuple[str, Any]]
    if masked:
        credential = _masked(integration, configuration.fields)
        headers = ((name, value if isinstance(value, str) else MASK) for name, value in configuration.headers)
        known = _at_hand(integration, store, connection, configuration)
    else:
        credential = dict(store.credential(connection.name, configuration.name))
        headers = store.headers(connection.name, configuration.name).items() if configuration.headers else ()
    there, cap = found.environment, configuration.cap
    made = _destination(integration, connection.name, there, credential, tuple(headers), cap)
    made = replace(made, secrets=Secrets((*made.secrets, *known)))
    return made if masked or opened is None else opened.keep(connection, there.name, made)


def _configured(
    integration: Integration, store: Connections, connection: Connection, environment: str | None
) -> Place:
    """The configuration that serves an environment, and that environment as it stands there."""
    if connection.integration != integration.id:
        raise UnknownName(
            f"connection {connection.name!r} is one of {connection.integration}, not of {integration.id}"
        )
    has_it = any(environment in one.environments for one in connection.configurations)
    if environment is not None and not has_it and environment not in integration.environments:
        raise _unknown(integration, store, environment)
    configuration = store.configuration_for(connection, environment)
    name = environment or configuration.environments[0]
    if configuration.base_url:
        return Place(Environment(name, configuration.base_url), connection, configuration)
    declared = integration.environments.get(name)
    if declared is None:
        raise UnknownName(
            f"{name!r} is no environment of {integration.name}, and its configuration has no base URL"
        )
    there = Environment(name, declared.base_url, transport=declared.transport)
    return Place(there, connection, configuration)


def _at_hand(
    integration: Integration, store: Connections, connection: Connection, configuration: Configuration
) -> Secrets:
    """The secrets that can be opened without asking anybody, so that a preview can mask them by value.

    Somebody may have typed one into a prompt. Where they cannot be opened, the preview does without.
    """
    from connector.storage.connections.secret_references import Reference

    values = configuration.values().values()
    if any(isinstance(one, Reference) and not one.text.startswith(("env:", "file:")) for one in values):
        return Secrets()
    with suppress(ConnectorError):
        names = connection.name, configuration.name
        headers = _header_secrets(store.headers(*names).values())
        return Secrets((*_secrets(integration, store.credential(*names)), *headers))
    return Secrets()


def _declared(
    integration: Integration, environment: Environment, environ: Mapping[str, str], masked: bool
) -> Destination:
    """A declared environment with its own credential, or with the one that variables hold."""
    credential, known, variable = dict(environment.credential or {}), Secrets(), None
    if environment.credential is None:
        fields: Mapping[str, Any] = integration.credential.get("properties", {})
        variables = {name: schema["variable"] for name, schema in fields.items() if "variable" in schema}
        found = {name: trimmed(environ.get(each, "")) for name, each in variables.items()}
        credential = {name: value for name, value in found.items() if value}
        variable = ", ".join(variables[name] for name in credential) or None
        known = _secrets(integration, credential)
        missing = [name for name in integration.credential.get("required", ()) if name not in credential]
        if missing and not masked:
            raise MissingCredential(_how_to_connect(integration, environment, variables.get(missing[0])))
    if masked:
        credential = _masked(integration, credential)
    made = _destination(integration, "", environment, credential)
    return replace(made, secrets=Secrets((*made.secrets, *known)), variable=variable)


def _how_to_connect(integration: Integration, environment: Environment, variable: str | None) -> str:
    by_variable = f", or set {variable}" if variable else ""
    free = [name for name, other in integration.environments.items() if other.credential is not None]
    without = f" Without a key, use --environment {free[0]}." if free else ""
    return (
        f"no credential is stored for {integration.name} in {environment.name}: "
        f"connector connections add NAME --environment {environment.name}{by_variable}.{without}"
    )


def _masked(integration: Integration, credential: Mapping[str, Any]) -> dict[str, Any]:
    """The credential with a mask for each secret, and for whatever else it must have and has not."""
    hidden = {*integration.secret_fields} & {*credential, *integration.credential.get("required", ())}
    required = {*integration.credential.get("required", ())} - {*credential}
    return {**credential, **dict.fromkeys(hidden | required, MASK)}


def _destination(
    integration: Integration,
    connection: str,
    environment: Environment,
    credential: Mapping[str, Any],
    headers: tuple[tuple[str, Secret | str], ...] = (),
    cap: float | None = None,
) -> Destination:
    plain = Credential((name, _revealed(value)) for name, value in credential.items())
    pairs = ((name, _revealed(value)) for name, value in headers)
    target = Target(environment.base_url, tuple(pairs), plain, _header_secrets(value for _, value in headers))
    secrets = _secrets(integration, plain)
    return Destination(connection, environment.name, target, environment.transport, cap, secrets)


def _secrets(integration: Integration, credential: Mapping[str, Any]) -> Secrets:
    """The values of a credential that nobody may see."""
    values = (_revealed(credential.get(name)) for name in integration.secret_fields)
    return Secrets(str(value) for value in values if value not in (None, "", MASK))


def _header_secrets(values: Iterable[Secret | str]) -> Secrets:
    """The secrets among headers that are found wherever they are repeated; a shorter one may be any word."""
    texts = (value.reveal() for value in values if isinstance(value, Secret))
    return Secrets(text for text in texts if len(text) >= SHORTEST_HEADER)


def _revealed(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
