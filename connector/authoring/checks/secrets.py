"""Checks for secrets: no file holds what looks like a real one, since specs are shared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connector.authoring.secret_scan import looks_secret
from connector.errors import Problem
from connector.spec.loader import Loaded, SpecFile
from connector.spec.template import texts

# Where a value only looks like one: what a form shows as an example, addresses, and names of an API.
_HARMLESS = re.compile(
    r"(properties\..*\.(examples|enum|required)\.\d+|^inputs\.required\.\d+|(^|\.)(documentation|help)|"
    r"request\.(fallback\.)?path)$"
)


def _leaked(loaded: Loaded) -> Iterator[Problem]:
    for source in loaded.sources.values():
        yield from leaked(source)


def leaked(source: SpecFile) -> Iterator[Problem]:
    """The secrets that a file seems to hold."""
    for path, text in texts(source.document.value, ""):
        if looks_secret(text) and not _HARMLESS.search(path) and not _in_process(source, path):
            message = "looks like a secret, and is not shown here; keep it in a connection, and revoke it"
            yield source.problem(path, message)


def _in_process(source: SpecFile, path: str) -> bool:
    """Whether it is the credential of an environment that never leaves this process."""
    parts = path.split(".")
    if parts[0] != "environments" or not isinstance(source.document.value, dict):
        return False
    environments = source.document.value.get("environments")
    environment = environments.get(parts[1]) if isinstance(environments, dict) else None
    return isinstance(environment, dict) and "transport" in environment


OF_FOLDERS = (_leaked,)
