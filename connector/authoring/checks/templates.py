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

# What Jinja2 itself knows in every template.
_BUILT_IN = frozenset({"range", "dict", "namespace"})


def _of_action(subject: CheckedAction) -> Iterator[Problem]:
    usable = subject.source.usable
    scope: Names = {"inputs": subject.action.parameters, "credential": _fields(subject.integration)}
    for path, text in template.texts(usable["request"], "request"):
        in_path = path in ("request.path", "request.fallback.path")
        for message in _wrong(text, scope, in_path):
            yield subject.problem(path, message)
    for path, text in template.texts(usable["output"].get("kind"), "output.kind"):
        for message in _wrong(text, {"inputs": subject.action.parameters}):
            yield subject.problem(path, message)
    for path, text in template.texts(usable.get("credits"), "credits"):
        for message in _wrong(text, {"inputs": subject.action.parameters}):
            yield subject.problem(path, message)


def _of_manifest(loaded: Loaded) -> Iterator[Problem]:
    if loaded.integration is None:
        return
    usable = loaded.manifest.usable
    credential: Names = {"credential": _fields(loaded.integration)}
    connection = usable["connection"]
    places: tuple[tuple[str, Any, Names], ...] = (
        ("connection.auth", connection["auth"], credential),
        ("connection.test.says", connection.get("test", {}).get("says"), {"result": None}),
        ("defaults.headers", usable.get("defaults", {}).get("headers"), credential),
    )
    for place, value, scope in places:
        for path, text in template.texts(value, place):
            for message in _wrong(text, scope):
                yield loaded.manifest.problem(path, message)


def _fields(integration: Integration) -> Names:
    fields: Names = integration.credential.get("properties", {})
    return fields


def _wrong(text: str, scope: Names, in_path: bool = False) -> Iterator[str]:
    if not template.is_template(text):
        return
    try:
        read = template.Template(text)
    except TemplateError as error:
        yield str(error)
        return
    if read.uses_path_filter and not in_path:
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
OF_FOLDERS = (_of_manifest,)
