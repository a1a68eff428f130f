"""The places where an action can be used: environments, each through a connection where it needs one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING

from connector.runs.batch.store import Batch
from connector.spec.model import Integration
from connector.spec.schema import amounts
from connector.storage.connections.model import Connection
from connector.storage.runs.history import Run

if TYPE_CHECKING:
    from connector.server.host import Host


# Of fewer runs nothing can be said that is usual.
_FEWEST_RUNS = 5


@dataclass(frozen=True, slots=True)
class UsableEnvironment:
    """Where an action can be used; ``kind`` is ``free``, ``production`` or ``billed``."""

    environment: str
    connection: str = ""
    kind: str = "billed"

    @property
    def key(self) -> str:
        return f"{self.connection}/{self.environment}"

    @property
    def label(self) -> str:
        return f"{self.connection} - {self.environment}" if self.connection else self.environment


def kind(integration: Integration | None, environment: str) -> str:
    """What a page tells of an environment by a colour: ``free``, ``production`` or ``billed``."""
    declared = integration.environments.get(environment) if integration else None
    if declared is not None and not declared.billed:
        return "free"
    return "production" if integration and environment == integration.default_environment else "billed"


def places(
    integration: Integration, connections: tuple[Connection, ...], environ: Mapping[str, str]
) -> list[UsableEnvironment]:
    """Every place there is: free ones first, so that nothing is paid for by oversight."""
    found = [*_connected(integration, connections), *_unconnected(integration, bool(connections), environ)]
    return sorted(found, key=lambda place: place.kind != "free")


def _connected(integration: Integration, connections: tuple[Connection, ...]) -> Iterator[UsableEnvironment]:
    for connection in connections:
        for one in sorted(connection.configurations, key=lambda each: not each.default):
            for name in one.environments:
                known = kind(integration, name)
                # Whether an address of one's own is free, nobody here knows.
                is_elsewhere = known == "free" and one.base_url is not None
                yield UsableEnvironment(name, connection.name, "billed" if is_elsewhere else known)


def _unconnected(
    integration: Integration, connected: bool, environ: Mapping[str, str]
) -> Iterator[UsableEnvironment]:
    """Environments with a credential of their own; without a connection the variables' ones too."""
    fields = integration.credential.get("properties", {})
    needed = [fields.get(name, {}).get("variable") for name in integration.credential.get("required", ())]
    has_variables = bool(needed) and all(name and environ.get(name) for name in needed)
    for one in integration.environments.values():
        if one.credential is not None or (has_variables and not connected):
            yield UsableEnvironment(one.name, kind=kind(integration, one.name))


def places_of(host: Host, integration: Integration) -> list[UsableEnvironment]:
    """Every place where an action of the integration can be used."""
    return places(integration, connections_of(host, integration.id), host.settings.environ)


def connections_of(host: Host, integration: str) -> tuple[Connection, ...]:
    found: tuple[Connection, ...] = host.served(integration).connector.workspace.connections.list(integration)
    return found


def asked_for(found: list[UsableEnvironment], environment: str, connection: str) -> str:
    """The key of the first place that is so; empty where none is."""
    fit = (one for one in found if one.environment == environment and connection in ("", one.connection))
    return next((one.key for one in fit), "")


def place_of(host: Host, run: Run | Batch) -> UsableEnvironment:
    """Where a run or a batch was."""
    served = host.integrations.get(run.integration)
    found = kind(served.integration if served else None, run.environment)
    return UsableEnvironment(run.environment, run.connection, found)


def usual_time(host: Host, subject: str, environment: str) -> str:
    """How long an action or a workflow takes there as a rule, by this host's runs; empty after too few."""
    known = host.history.durations(subject, environment)
    if len(known) < _FEWEST_RUNS:
        return ""
    low, _, high = (amounts.duration(max(each, 1)) for each in quantiles(known, n=4, method="inclusive"))
    unit = high[high.index(" ") :]
    return f"usually about {high}" if low == high else f"usually {low.removesuffix(unit)} to {high}"


def free_environments(host: Host) -> frozenset[str]:
    """The environments in which nothing costs anything."""
    served = [each.integration for each in host.integrations.values()]
    return frozenset(
        one.name for integration in served for one in integration.environments.values() if not one.billed
    )
