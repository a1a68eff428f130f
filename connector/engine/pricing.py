"""Pricing: what an action will cost, in credits, before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from connector.engine.render import SAFE_METHODS
from connector.errors import InvalidArguments, Problem
from connector.spec import template
from connector.spec.model import Action, Integration, Price
from connector.spec.segments import TemplateError


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a success is expected to cost; ``credits`` is None where nobody can tell before.

    ``why`` says in a few words where the figure comes from.
    """

    credits: float | None
    why: str

    @property
    def paid(self) -> bool:
        """Whether it may cost at all; what cannot be told may."""
        return self.credits != 0


FREE = Estimate(0.0, "free")


def estimate(
    integration: Integration, action: Action, arguments: Mapping[str, Any], method: str = "", path: str = ""
) -> Estimate:
    """The price of one use with these arguments.

    ``method`` and ``path`` are those of the rendered request; they price an action whose own request
    is the caller's. Raises InvalidArguments where a formula cannot be reckoned with them.
    """
    price = action.price
    if price.free:
        return FREE
    if price.unknown:
        return Estimate(None, "nobody has told its price")
    if price.by_request:
        return _by_request(integration, arguments, method, path)
    if price.by is not None:
        return _by_value(action, price, arguments)
    return Estimate(_number(price.flat, arguments), "for each success")


def _by_value(action: Action, price: Price, arguments: Mapping[str, Any]) -> Estimate:
    assert price.by is not None
    chosen = arguments.get(price.by, action.parameters.get(price.by, {}).get("default"))
    if chosen not in price.values:
        return Estimate(None, f"no price is known for {price.by} {chosen!r}")
    return Estimate(_number(price.values[chosen], arguments), f"with {price.by} {chosen}")


def _by_request(integration: Integration, arguments: Mapping[str, Any], method: str, path: str) -> Estimate:
    """The price of whichever declared action has this method and path; safe methods cost nothing else."""
    for other in integration.actions.values():
        if not other.price.by_request and other.request.method == method and _same_path(other, path):
            fields = arguments.get("fields")
            return estimate(integration, other, fields if isinstance(fields, Mapping) else {})
    if method in SAFE_METHODS:
        return FREE
    return Estimate(None, "no declared action has this method and path")


def _same_path(action: Action, path: str) -> bool:
    if template.is_template(action.request.path):
        return False
    return _plain_path(urlsplit(path).path) == _plain_path(action.request.path)


def _plain_path(path: str) -> str:
    """The path as most servers read it, so that no other spelling of it goes around its price."""
    segments = (segment.partition(";")[0] for segment in unquote(path).split("/"))
    return "/".join(segment for segment in segments if segment).casefold()


def _number(value: float | str | None, arguments: Mapping[str, Any]) -> float | None:
    if not isinstance(value, str):
        return value
    try:
        reckoned = template.fill(value, {"inputs": arguments})
        return None if reckoned is template.MISSING else round(float(reckoned), 6)
    except (TemplateError, TypeError, ValueError) as error:
        raise InvalidArguments([Problem("", f"the price cannot be reckoned with them: {error}")]) from error
