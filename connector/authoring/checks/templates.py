"""Checks of templates: every one can be read, and each can be filled where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.authoring.checks.subject import CheckedAction
from connector.errors import Problem
from connector.spec import template
from connector.spec.loader import Loaded
from connector.spec.model import Integration
from connector.spec.schema.suggest import nearest
from connector.spec.segments import TemplateError

# The names of each root that a hole may use; None: any.
Names = Mapping[str, Any]

_PATHS = ("request.path", "request.fallback.path")
# What Jinja2 itself knows in every template.
_BUILT_IN = frozenset({"range", "dict", "namespace"})


def _of_action(subject: CheckedAction) -> Iterator[Problem]:
    usable = subject.source.usable
    inputs: Names = {"inputs": subject.action.parameters}
    yield from _wrong(usable["request"], "request", {**inputs, "credential": _fields(subject.integration)})
    yield from _wrong(usable["output"].get("kind"), "output.kind", inputs)
    yield from _wrong(usable.get("credits"), "credits", inputs)


def _of_manifest(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    usable = loaded.manifest.usable
    credential: Names = {"credential": _fields(integration)}
    connection = usable["connection"]
    yield from _wrong(connection["auth"], "connection.auth", credential)
    yield from _wrong(connection.get("test", {}).get("says"), "connection.test.says", {"result": None})
    yield from _wrong(usable.get("defaults", {}).get("headers"), "defaults.headers", credential)


def _fields(integration: Integration) -> Names:
    fields: Names = integration.credential.get("properties", {})
    return fields


def _wrong(value: Any, place: str, scope: Names) -> Iterator[Problem]:
    """What is wrong with the templates in a value, which stands at that place."""
    for path, text in template.texts(value, place):
        yield from (Problem(path, message) for message in _flaws(text, path, scope))


def _flaws(text: str, path: str, scope: Names) -> Iterator[str]:
    if not template.is_template(text):
        return
    try:
        read = template.Template(text)
    except TemplateError as error:
        yield str(error)
        return
    if read.uses_path_filter and path not in _PATHS:
        yield "uses `| path`, which only means something in a request's path; leave the filter out"
    for reference in sorted(read.references):
        yield from _unknown(reference, scope)


def _unknown(reference: str, scope: Names) -> Iterator[str]:
    root, _, name = reference.partition(".")
    if root in _BUILT_IN:
        return
    if root not in scope:
        yield f"uses {reference!r}, but only {' and '.join(scope)} can be used here{nearest(root, scope)}"
    elif name and scope[root] is not None and name not in scope[root]:
        yield f"uses {reference!r}, and there is no such {_KINDS[root]}{nearest(name, scope[root])}"


_KINDS = {"inputs": "input", "credential": "field of the credential"}

OF_ACTIONS = (_of_action,)
OF_MANIFESTS = (_of_manifest,)
