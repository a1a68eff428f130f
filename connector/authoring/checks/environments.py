"""Checks of environments: each can be reached safely, and one of them is the default."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connector.errors import Problem
from connector.spec.loader import Loaded
from connector.spec.model import Environment, Integration
from connector.spec.schema.suggest import nearest
from connector.spec.url import is_loopback


def _default(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    name = integration.default_environment
    if name not in integration.environments:
        message = f"there is no environment {name!r}{nearest(name, integration.environments)}"
        yield Problem("default_environment", message)


def _addresses(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    for environment in integration.environments.values():
        if message := _unfit(environment):
            yield Problem(f"environments.{environment.name}.base_url", message)


def _unfit(environment: Environment) -> str | None:
    try:
        url = urlsplit(environment.base_url)
        host = url.hostname or ""
        _ = url.port  # is read when asked for
    except ValueError as error:
        return f"is not an address: {error}"
    if environment.base_url.endswith("/"):
        return f"ends with a slash, and paths begin with one; write {environment.base_url.rstrip('/')}"
    if url.scheme == "http" and environment.transport is None and not is_loopback(host):
        return f"would send the credential in clear; use https://{url.netloc}{url.path}"
    return None


def _credentials(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    """A credential that is written down is one that the connection form would take."""
    from connector.spec.schema.validator import Checker, flaws

    if not integration.credential or flaws(integration.credential):
        return
    checker = Checker(integration.credential, noun="a field of the credential")
    for name, environment in integration.environments.items():
        if environment.credential is not None:
            yield from checker.problems(environment.credential, f"environments.{name}.credential")


OF_MANIFESTS = (_default, _addresses, _credentials)
