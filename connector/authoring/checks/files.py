"""Checks of files: what the manifest names is there, what is there is named, no workflow is wrong.

No file holds what looks like a real secret, since specs are shared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Set
from pathlib import PurePosixPath

from connector.authoring.secret_scan import looks_secret
from connector.errors import Problem
from connector.runs.workflow import check, read
from connector.spec.cache import MANIFEST
from connector.spec.loader import Loaded, SpecFile, confined, identity, missing
from connector.spec.model import Integration
from connector.spec.template import texts

# Where a value only looks like one: what a form shows as an example, addresses, and names of an API.
_HARMLESS = re.compile(
    r"(properties\..*\.(examples|enum|required)\.\d+|^inputs\.required\.\d+|(^|\.)(documentation|help)|"
    r"request\.(fallback\.)?path)$"
)


def _workflows(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    stems = [PurePosixPath(name).stem for name in integration.workflows]
    for at, name in enumerate(integration.workflows):
        if wrong := missing(loaded.folder, name):
            yield Problem(f"workflows.{at}", wrong)
        elif stems[at] in stems[:at]:
            yield Problem(
                f"workflows.{at}", f"{name} has the name of an earlier one; an id stands for one workflow"
            )
        else:
            yield from _problems(loaded, integration, name)


def _problems(loaded: Loaded, integration: Integration, name: str) -> Iterator[Problem]:
    source = read.source(loaded.folder / name, name)
    known = [PurePosixPath(spec).stem for spec in loaded.specs]
    yield from check.problems(source, integration, loaded.folder / name, known)
    yield from identity(source)
    yield from _secrets(source)


def _unlisted(loaded: Loaded) -> Iterator[Problem]:
    yield from _not_listed(loaded, loaded.specs, frozenset(), "actions", "use")
    if loaded.integration is not None:
        yield from _not_listed(loaded, loaded.integration.workflows, {"workflows"}, "workflows", "run")


def _not_listed(
    loaded: Loaded, listed: Collection[str], folders: Set[str], word: str, verb: str
) -> Iterator[Problem]:
    """The files that stand beside those that are listed under a word of the manifest, or in these folders."""
    beside = {str(PurePosixPath(name).parent) for name in listed if confined(loaded.folder, name)}
    for folder in sorted((beside | folders) - {"."}):
        for path in sorted((loaded.folder / folder).glob("*.yaml")):
            name = f"{folder}/{path.name}"
            if name not in listed:
                message = f"is not listed under {word} in {MANIFEST}, so nobody can {verb} it; list it"
                yield Problem("", message, name, 1)


def _icon(loaded: Loaded) -> Iterator[Problem]:
    name = loaded.manifest.usable.get("icon") if loaded.manifest.usable else None
    path = confined(loaded.folder, name) if name else None
    if name and (path is None or not path.is_file()):
        yield Problem("icon", f"there is no file {name} in the integration's folder")


def _leaked(loaded: Loaded) -> Iterator[Problem]:
    for source in loaded.sources.values():
        yield from _secrets(source)


def _secrets(source: SpecFile) -> Iterator[Problem]:
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


OF_MANIFESTS = (_workflows,)
OF_FOLDERS = (_unlisted, _icon, _leaked)
