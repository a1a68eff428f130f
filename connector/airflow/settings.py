"""Settings of a connection of Airflow's: an integration, an environment, and a credential."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from connector import Configuration, Connection, Integration, InvalidArguments, Problem, default_folder, load
from connector.secret import Secret

_TEXTS = ("environment", "integration", "connection")


class Kept(Protocol):
    """What is read of a connection of Airflow's, whichever of its classes it is."""

    @property
    def conn_id(self) -> str: ...
    @property
    def host(self) -> str | None: ...
    @property
    def password(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class AirflowTarget:
    """Where the actions of a connection act.

    ``connection`` names one of ours: the one that is ``given``, which is kept in Airflow, or else one that we
    keep; None leads to where the environment's own credential does.
    """

    integration: Integration
    environment: str | None = None
    connection: str | None = None
    given: Connection | None = None


def place(kept: Kept, extra: Mapping[str, Any], cache: Path | str) -> AirflowTarget:
    """The place of a connection. It blocks: an integration is read, through a cache.

    Raises InvalidArguments with every problem, each at the field of the form.
    """
    problems = [*_problems(kept, extra)]
    if problems:
        raise InvalidArguments(problems, said=f"connection {kept.conn_id!r} cannot be used")
    folder = Path(extra["integration"]) if extra.get("integration") else default_folder()
    integration = load(folder, cache)
    environment = extra.get("environment") or None
    if extra.get("connection"):
        return AirflowTarget(integration, environment, extra["connection"])
    given = _given(kept, extra, integration, environment or integration.default_environment)
    return AirflowTarget(integration, environment, given.name if given else None, given)


def _problems(kept: Kept, extra: Mapping[str, Any]) -> Iterator[Problem]:
    for name in _TEXTS:
        if not isinstance(extra.get(name), str | None):
            yield Problem(name, "must be text")
    if _fields(extra) is None:
        yield Problem("credential", "is no JSON object of texts; write one such as {} or leave it empty")
    if _cap(extra) is None and extra.get("cap") not in (None, ""):
        yield Problem("cap", "must be a number of credits, 0 or more")
    if _cap(extra) is not None and not (kept.password or kept.host or _fields(extra)):
        yield Problem("cap", "holds for the credential that stands here; give its secret too")
    if extra.get("connection") and (kept.password or kept.host or extra.get("credential")):
        yield Problem(
            "connection", "has a secret and a base URL of its own; leave those empty, or leave this"
        )


def _given(
    kept: Kept, extra: Mapping[str, Any], integration: Integration, environment: str
) -> Connection | None:
    """The connection that Airflow keeps; None where it holds nothing that one is made of."""
    fields: dict[str, Secret | str] = {
        name: Secret(value) if name in integration.secret_fields else value
        for name, value in (_fields(extra) or {}).items()
    }
    if kept.password:
        fields[_secret_field(integration)] = Secret(kept.password)
    if not fields and not kept.host:
        return None
    one = Configuration(environment, (environment,), True, kept.host or None, (), _cap(extra), fields)
    return Connection(kept.conn_id, integration.id, (one,))


def _secret_field(integration: Integration) -> str:
    """The field that the secret of the form is."""
    required = integration.credential.get("required", ())
    secret = integration.secret_fields
    return next((name for name in secret if name in required), next(iter(secret), "secret"))


def _fields(extra: Mapping[str, Any]) -> dict[str, str] | None:
    """The other fields of the credential; None where that is not what stands there."""
    told = extra.get("credential") or {}
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError:
            return None
    is_one = isinstance(told, dict) and all(isinstance(value, str) for value in told.values())
    return told if is_one else None


def _cap(extra: Mapping[str, Any]) -> float | None:
    try:
        cap = float(extra["cap"])
    except (KeyError, TypeError, ValueError):
        return None
    return cap if cap >= 0 else None
