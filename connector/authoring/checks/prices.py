"""Checks of prices: every use of a paid action has one that can be told before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.authoring.checks.subject import CheckedAction
from connector.engine import pricing
from connector.errors import ConnectorError, Problem
from connector.spec import template
from connector.spec.schema import validator
from connector.spec.schema.suggest import nearest
from connector.spec.segments import TemplateError


def _by_value(subject: CheckedAction) -> Iterator[Problem]:
    price = subject.action.price
    if price.by is None:
        return
    if price.by not in subject.action.parameters:
        yield Problem("credits.by", subject.unknown_input(price.by))
        return
    entry = subject.action.parameters[price.by]
    # Where the deciding input may be left out, its default decides.
    if price.by not in subject.action.inputs.get("required", ()) and "default" not in entry:
        message = f"{price.by} may be left out and has no default; require it, or give it a default"
        yield Problem("credits.by", message)
    known = entry.get("enum")
    if known is None:
        return
    for value in known:
        if value not in price.values:
            yield Problem("credits.values", f"has no price for {price.by} {value!r}; add one")
    if not entry.get("open"):
        for value in price.values:
            if value not in known:
                near = nearest(value, map(str, known))
                message = f"prices a {price.by} that the input does not allow{near}"
                yield Problem(f"credits.values.{value}", message)


def _formulas(subject: CheckedAction) -> Iterator[Problem]:
    """Each formula gives a number for every example; what cannot be read at all is told elsewhere."""
    if not any(template.is_template(value) for value in _amounts(subject)):
        return
    for index, example in enumerate(subject.action.examples):
        arguments = {**validator.defaults(subject.action.inputs, example.arguments), **example.arguments}
        if message := _no_number(subject, arguments):
            yield Problem("credits", f"gives no price for example {index + 1}: {message}")


def _amounts(subject: CheckedAction) -> tuple[Any, ...]:
    price = subject.action.price
    amounts = (price.flat, *price.values.values())
    try:
        template.references(amounts)
    except TemplateError:
        return ()
    return amounts


def _no_number(subject: CheckedAction, arguments: dict[str, Any]) -> str | None:
    try:
        estimate = pricing.estimate(subject.integration, subject.action, arguments)
    except ConnectorError as error:
        return "; ".join(problem.message for problem in error.problems) or error.message
    if estimate.credits is None:
        return "an input that it uses is not given there; say what holds then, with `| default(...)`"
    return f"{estimate.credits:g} is less than nothing" if estimate.credits < 0 else None


OF_ACTIONS = (_by_value, _formulas)
