"""The parser of specs: what a file says, once it has passed its schema, becomes the value it declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.spec.model import (
    Action,
    Auth,
    Balance,
    BodySpec,
    CatalogEntry,
    ConnectionTest,
    Deprecation,
    Empty,
    Environment,
    ErrorPlaces,
    Example,
    FactSource,
    Fallback,
    Integration,
    JobSpec,
    OutcomeRule,
    OutputSpec,
    Price,
    RateLimit,
    RequestSpec,
    Retry,
    TimeoutSpec,
    ToolEntry,
)

Raw = Mapping[str, Any]


def action(raw: Raw, defaults: Raw = Empty, source: Path | None = None) -> Action:
    """The action of a spec file; ``defaults`` are the manifest's, and hold where the spec is silent."""
    return Action(
        id=raw["id"],
        title=raw["title"],
        group=raw["group"],
        catalog=CatalogEntry(**{"task": raw["group"], "title": raw["title"], **raw.get("catalog", {})}),
        tool=ToolEntry(**{"name": raw["id"], **raw.get("tool", {})}),
        description=raw["description"].strip(),
        request=request(raw["request"]),
        inputs=raw["inputs"],
        output=_output({**defaults.get("output", {}), **raw["output"]}),
        documentation=raw.get("documentation"),
        notes=tuple(raw.get("notes", ())),
        outcomes=outcomes(raw.get("outcomes", ())),
        price=_price(raw.get("credits")),
        job=JobSpec(**raw["job"]) if "job" in raw else None,
        timeout=TimeoutSpec(**{**defaults.get("timeout", {}), **raw.get("timeout", {})}),
        deprecated=_deprecation(raw["deprecated"]) if "deprecated" in raw else None,
        examples=tuple(Example(entry["title"], entry["arguments"]) for entry in raw.get("examples", ())),
        source=source,
    )


def integration(raw: Raw, actions: Mapping[str, Action], folder: Path, icon: Path | None) -> Integration:
    """The integration of a manifest, with the actions that were made of its spec files."""
    connection, defaults = raw["connection"], raw.get("defaults", {})
    environments = {name: Environment(name, **entry) for name, entry in raw["environments"].items()}
    limits = defaults.get("limits", {})
    return Integration(
        id=raw["id"],
        name=raw["name"],
        version=raw["version"],
        description=raw["description"].strip(),
        environments=environments,
        default_environment=raw.get("default_environment", next(iter(environments))),
        actions=actions,
        credential=connection.get("credential", Empty),
        auth=_auth(connection["auth"]),
        test=ConnectionTest(**connection["test"]) if "test" in connection else None,
        balance=Balance(**raw["balance"]) if "balance" in raw else None,
        headers=defaults.get("headers", Empty),
        timeout=TimeoutSpec(**defaults.get("timeout", {})),
        retry=Retry(**defaults.get("retry", {})),
        rate_limit=RateLimit(**defaults["rate_limit"]) if "rate_limit" in defaults else None,
        max_request_bytes=limits.get("request_bytes"),
        max_response_bytes=limits.get("response_bytes"),
        errors=_error_places(defaults.get("errors", {})),
        outcomes=outcomes(defaults.get("outcomes", ())),
        icon=icon,
        documentation=raw.get("documentation"),
        workflows=tuple(raw.get("workflows", ())),
        folder=folder,
    )


def outcomes(raw: Any) -> tuple[OutcomeRule, ...]:
    """The rules in the order in which they are asked."""
    return tuple(_outcome(entry) for entry in raw)


def request(raw: Raw) -> RequestSpec:
    """The request that an action's spec declares."""
    fallback = raw.get("fallback")
    return RequestSpec(
        method=raw["method"],
        path=raw["path"],
        query=raw.get("query", Empty),
        styles=raw.get("styles", Empty),
        headers=raw.get("headers", Empty),
        accept=tuple(raw.get("accept", ())),
        body=_body(raw.get("body", "none")),
        max_bytes=raw.get("max_bytes"),
        fallback=fallback and Fallback(fallback["on"], fallback["path"], tuple(fallback.get("accept", ()))),
    )


def _body(raw: str | Raw) -> BodySpec:
    return BodySpec(kind=raw) if isinstance(raw, str) else BodySpec(**raw)


def _output(raw: Raw) -> OutputSpec:
    places: Any = {
        name: FactSource(**raw[name]) for name in ("seed", "finish_reason", "request_id") if name in raw
    }
    plain = {name: raw[name] for name in ("kind", "field", "schema") if name in raw}
    return OutputSpec(types=tuple(raw.get("types", ())), **plain, **places)


def _outcome(raw: Raw) -> OutcomeRule:
    when = raw["when"]
    fields = when.get("field", {})
    told = {name: raw[name] for name in ("billed", "ran", "message") if name in raw}
    return OutcomeRule(
        outcome=raw["outcome"],
        statuses=_several(when.get("status", ())),
        headers=when.get("header", Empty),
        fields={path: _several(value) for path, value in fields.items()},
        finish_reason=when.get("finish_reason"),
        **told,
    )


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _price(raw: Any) -> Price:
    if isinstance(raw, Mapping):
        return Price(by=raw["by"], values=raw["values"])
    if raw in ("by_request", "unknown"):
        return Price(by_request=raw == "by_request", unknown=raw == "unknown")
    return Price(flat=raw)


def _deprecation(raw: Raw) -> Deprecation:
    return Deprecation(raw.get("since"), raw["reason"], tuple(raw.get("use", ())), raw.get("advice"))


def _auth(raw: Raw) -> Auth:
    return Auth(raw["kind"], {name: value for name, value in raw.items() if name != "kind"})


def _error_places(raw: Raw) -> ErrorPlaces:
    return ErrorPlaces(**{**raw, "messages": tuple(raw.get("messages", ()))})
