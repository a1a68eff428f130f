"""Checks of environments: each can be reached safely, and one of them is the default."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connector.errors import Problem
from connector.spec.loader import Loaded, confined
from connector.spec.model import Environment
from connector.spec.schema.suggest import nearest
from connector.spec.url import is_loopback


def _default(loaded: Loaded) -> Iterator[Problem]:
    integration = loaded.integration
    if integration is not None and integration.default_environment not in integration.environments:
        name = integration.default_environment
        message = f"there is no environment {name!r}{nearest(name, integration.environments)}"
        yield loaded.manifest.problem("default_environment", message)


def _addresses(loaded: Loaded) -> Iterator[Problem]:
    for environment in loaded.integration.environments.values() if loaded.integration else ():
        if message := _unfit(environment):
            yield loaded.manifest.problem(f"environments.{environment.name}.base_url", message)


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


def _credentials(loaded: Loaded) -> Iterator[Problem]:
    """A credential that is written down is one that the connection form would take."""
    from connector.spec.schema.validator import Checker, flaws

    integration = loaded.integration
    if integration is None or not integration.credential or flaws(integration.credential):
        return
    checker = Checker(integration.credential, noun="a field of the credential")
    for name, environment in integration.environments.items():
        if environment.credential is not None:
            for each in checker.problems(environment.credential, f"environments.{name}.credential"):
                yield loaded.manifest.problem(each.path, each.message)


def _icon(loaded: Loaded) -> Iterator[Problem]:
    name = loaded.manifest.usable.get("icon") if loaded.manifest.usable else None
    path = confined(loaded.folder, name) if name else None
    if name and (path is None or not path.is_file()):
        yield loaded.manifest.problem("icon", f"there is no file {name} in the integration's folder")


OF_FOLDERS = (_default, _addresses, _credentials, _icon)
