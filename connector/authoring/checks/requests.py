"""Checks of requests: one carries what its action asks for, and its method and body go together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connector.authoring.checks.subject import CheckedAction
from connector.engine.render import SAFE_METHODS, unused_inputs
from connector.errors import Problem
from connector.spec import template
from connector.spec.model import Action
from connector.spec.schema.suggest import nearest
from connector.spec.segments import TemplateError

_WITH_FILES = ("multipart", "raw")


def _body_of_a_reading(subject: CheckedAction) -> Iterator[Problem]:
    method, kind = subject.action.request.method, subject.action.request.body.kind
    if method in SAFE_METHODS and kind != "none" and not template.is_template(kind):
        message = f"a {method} has no body; use `query`, or another method such as POST"
        yield Problem("request.body", message)


def _files_need_a_body_for_them(subject: CheckedAction) -> Iterator[Problem]:
    kind = subject.action.request.body.kind
    if not subject.is_whole("request") or kind in _WITH_FILES or template.is_template(kind):
        return
    for name in subject.action.files:
        path = f"inputs.properties.{name}"
        yield Problem(path, f"is a file, and a {kind} body cannot carry one; make the body multipart or raw")


def _unused_input(subject: CheckedAction) -> Iterator[Problem]:
    used = _used(subject)
    if used is None:
        return
    for name in subject.action.parameters:
        if f"inputs.{name}" not in used:
            message = "reaches nowhere in the request; use it as {{ inputs." + name + " }}, or take it out"
            yield Problem(f"inputs.properties.{name}", message)


def _used(subject: CheckedAction) -> frozenset[str] | None:
    """What the request's holes use; None where all is used, or where they cannot be read."""
    if not subject.is_whole("request"):
        return None
    body = subject.action.request.body
    by_name = body.fields is None and body.json is None and body.content is None
    if body.kind != "none" and by_name and not template.is_template(body.kind):
        return None
    try:
        used = template.references(subject.source.usable["request"])
        used |= template.references(subject.action.output.kind)
    except TemplateError:
        return None
    return None if "inputs" in used else used


def _styles_of_nothing(subject: CheckedAction) -> Iterator[Problem]:
    if not subject.is_whole("request"):
        return
    request = subject.action.request
    styled = (
        ("request.styles", request.styles, _keys(request.query), "parameter of the query"),
        ("request.body.styles", request.body.styles, _form_fields(subject.action), "field of the form"),
    )
    for place, styles, known, noun in styled:
        for name in styles:
            if known is not None and name not in known:
                message = f"is the style of nothing: {name!r} is no {noun}{nearest(name, known)}"
                yield Problem(f"{place}.{name}", message)


def _keys(*values: Any) -> list[str] | None:
    """The names that are declared; None where they are the caller's."""
    if any(template.is_template(value) for value in values if not isinstance(value, Mapping)):
        return None
    return [name for value in values if isinstance(value, Mapping) for name in value]


def _form_fields(action: Action) -> Collection[str] | None:
    body = action.request.body
    if template.is_template(body.kind):
        return None
    if body.kind not in ("form", "multipart"):
        return ()
    if body.fields is not None or body.files is not None:
        return _keys(body.fields, body.files)
    try:
        return unused_inputs(action)
    except TemplateError:  # told where it stands
        return None


OF_ACTIONS = (_body_of_a_reading, _files_need_a_body_for_them, _unused_input, _styles_of_nothing)
