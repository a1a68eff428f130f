"""Preparation of an invocation: names resolved, arguments checked, rendered and priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.engine import attempts, pricing, render
from connector.engine.arguments import Arguments, take
from connector.engine.attempts import RenderedCall
from connector.engine.auth import Authorization, masked
from connector.engine.destination import Destination
from connector.engine.engine import Engine
from connector.engine.http.messages import Request
from connector.engine.pricing import Estimate
from connector.errors import InvalidArguments, Problem
from connector.secret import MASK, Secrets
from connector.spec import template
from connector.spec.model import Action
from connector.spec.schema.json_values import shown

# Nobody waits so many seconds, and no clock of the system counts them.
_ENDLESS = 1e9


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a caller asks for: an action, what they gave, and where; None is the default."""

    action: str
    given: Mapping[str, Any]
    environment: str | None = None
    connection: str | None = None
    accept: str | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        """Raises InvalidArguments for what is no name, no mapping or no time at all."""
        named = {name: getattr(self, name) for name in ("environment", "connection", "accept")}
        found = [Problem(name, "must be text") for name, value in named.items() if not _may_name(value)]
        if not isinstance(self.given, Mapping):
            found.append(Problem("arguments", "must be a mapping of names to values"))
        if self.timeout is not None and not _is_time(self.timeout):
            found.append(Problem("timeout", "must be a number of seconds, 0 or more"))
        if found:
            raise InvalidArguments(found)


def _may_name(value: object) -> bool:
    return value is None or (isinstance(value, str) and shown(value) == value)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _ENDLESS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call, where it goes, and what was noticed on the way."""

    call: RenderedCall
    destination: Destination
    arguments: Arguments
    accept: str | None
    fallback: RenderedCall | None = None


Masked = tuple[Request, Estimate, Arguments, Destination]


async def prepare(engine: Engine, use: Invocation) -> Prepared:
    """The call of a use. Raises InvalidArguments with all problems before any credential is asked for.

    All of it takes one thread once: to change threads takes longer than any step of it.
    """
    return await engine.io.run(_prepared, engine, use)


def _prepared(engine: Engine, use: Invocation) -> Prepared:
    action, arguments = take_arguments(engine, use)
    destination = engine.destination(use.connection, use.environment)
    authorization = engine.authorization(destination)
    return ready(engine, use, action, arguments, destination, authorization)


async def prepare_masked(engine: Engine, use: Invocation) -> Masked:
    """The request of a use with a mask for every secret; no secret is opened."""
    return await engine.io.run(_prepared_masked, engine, use)


def _prepared_masked(engine: Engine, use: Invocation) -> Masked:
    action, arguments = take_arguments(engine, use, confirm=False)
    destination = engine.destination(use.connection, use.environment, masked=True)
    authorization = masked(engine.integration.auth, MASK)
    request = _rendered(engine, use, action, arguments, destination, authorization)
    return request, _priced(engine, action, arguments, destination, request), arguments, destination


def take_arguments(engine: Engine, use: Invocation, *, confirm: bool = True) -> tuple[Action, Arguments]:
    """The action that a use names, and its arguments, checked. It blocks."""
    engine.check_open()
    action = engine.action(use.action)
    _check_accept(engine, action, use.accept)
    return action, take(action, use.given, engine.checker(action), engine.sources, confirm=confirm)


def ready(
    engine: Engine,
    use: Invocation,
    action: Action,
    arguments: Arguments,
    destination: Destination,
    authorization: Authorization,
) -> Prepared:
    """The call of checked arguments at a destination."""
    request = _rendered(engine, use, action, arguments, destination, authorization)
    estimate = _priced(engine, action, arguments, destination, request)
    kind = template.fill(action.output.kind, {"inputs": arguments.values})
    call = RenderedCall(
        action,
        attempts.at_stake(request, estimate),
        estimate,
        "auto" if kind is template.MISSING else str(kind),
        engine.transport(destination),
        _fingerprint(engine, destination, estimate),
    )
    other = None
    if action.request.fallback is not None and call.harmless:
        elsewhere = _rendered(engine, use, action, arguments, destination, authorization, fallback=True)
        other = replace(call, request=elsewhere)
    return Prepared(call, destination, arguments, use.accept, other)


def _fingerprint(engine: Engine, destination: Destination, estimate: Estimate) -> str:
    """The name under which the credential is counted; nothing is kept where nothing is counted."""
    if engine.integration.rate_limit is None and not estimate.paid:
        return ""
    return engine.workspace.database.fingerprint(destination.identity)


def _rendered(
    engine: Engine,
    use: Invocation,
    action: Action,
    arguments: Arguments,
    destination: Destination,
    authorization: Authorization,
    *,
    fallback: bool = False,
) -> Request:
    request = render.render(
        engine.integration,
        action,
        arguments.values,
        destination.target,
        authorization,
        accept=use.accept,
        fallback=fallback,
    )
    timeout = request.timeout if use.timeout is None else replace(request.timeout, total=use.timeout)
    own = (arguments.values.get(name) for name, one in action.parameters.items() if one.get("writeOnly"))
    given = (value for value in own if isinstance(value, str) and value)
    secrets = Secrets(dict.fromkeys((*request.secrets, *destination.secrets, *given)))
    return replace(request, timeout=timeout, secrets=secrets)


def _priced(
    engine: Engine, action: Action, arguments: Arguments, destination: Destination, request: Request
) -> Estimate:
    path = request.url.removeprefix(destination.target.base_url.rstrip("/"))
    return pricing.estimate(engine.integration, action, arguments.values, request.method, path)


def _check_accept(engine: Engine, action: Action, accept: str | None) -> None:
    """An answer form is one that the action, or the one that fetches its result, declares."""
    if accept is None:
        return
    forms = accept_forms(engine, action)
    if accept not in forms:
        offered = f"one of: {', '.join(forms)}" if forms else f"{action.title} has no choice of answer form"
        raise InvalidArguments([Problem("accept", f"is {accept!r}; {offered}")], action.title)


def accept_forms(engine: Engine, action: Action) -> tuple[str, ...]:
    """The answer forms that a caller may choose among."""
    if action.job is None:
        return action.request.accept
    return engine.integration.actions[action.job.fetch].request.accept
