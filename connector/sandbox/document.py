"""The vendor's OpenAPI document: one Operation for each path and method."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any]

_HERE = Path(__file__).resolve()
# Inside an installed package the schemas travel with the manifest; in a checkout they lie at its top.
_FOLDERS = (_HERE.parents[1] / "_integration", _HERE.parents[2])
_PLACES = [folder / "schemas" / "stability.openapi.json" for folder in _FOLDERS]


@dataclass(frozen=True, slots=True)
class Job:
    """What holds for what an operation starts: how often one may ask, and how long the result is kept."""

    poll_seconds: float
    retention_seconds: float


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``body`` is None where it takes none; ``finish_reasons`` are those it can report.

    ``parameters`` are the headers and pieces of the path, as the document declares each.
    """

    id: str
    method: str
    path: str
    parameters: Mapping[str, Schema]
    content_type: str | None
    body: Schema | None
    max_bytes: int | None
    credits: Mapping[str, Any] | None
    starts: bool
    job: Job
    result_of: tuple[str, ...]
    removed: bool
    statuses: frozenset[int]
    refusals: Mapping[int, tuple[str, ...]]
    finish_reasons: frozenset[str]
    pattern: re.Pattern[str] = field(repr=False)

    @property
    def started(self) -> int:
        """The status that a start answers: 200 for pictures, 202 for audio."""
        return min(status for status in self.statuses if status < 300)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in a window, for each key; one more locks the key out."""

    requests: int
    window: float
    lockout: float


@dataclass(frozen=True, slots=True)
class Api:
    """All operations, and what holds for every one of them.

    ``scheme_optional``: a credential is also taken without the word of its scheme before it.
    """

    operations: tuple[Operation, ...]
    rate_limit: RateLimit
    scheme_optional: bool = False

    def operation(self, ident: str) -> Operation:
        return next(known for known in self.operations if known.id == ident)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation at a path, with the pieces of the path that it names."""
        for operation in self.operations:
            found = operation.pattern.fullmatch(path)
            if found and operation.method == method:
                return operation, {name: unquote(value) for name, value in found.groupdict().items()}
        return None


@cache
def load() -> Api:
    """The API of the document that ships with the project."""
    found = next(filter(Path.is_file, _PLACES), _PLACES[0])
    return read(json.loads(found.read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> Api:
    """The API that an OpenAPI document describes."""
    limit = document["info"]["x-rate-limit"]
    rate = RateLimit(limit["requests"], limit["window_seconds"], limit["lockout_seconds"])
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    optional = any("x-scheme-optional" in scheme for scheme in schemes)
    return Api(tuple(_operations(document)), rate, optional)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    defaults = document["info"]["x-async-defaults"]
    for path, methods in document["paths"].items():
        for method, declared in methods.items():
            yield _operation(path, method, resolved(declared, document), defaults)


def _operation(path: str, method: str, declared: Schema, defaults: Mapping[str, Any]) -> Operation:
    request, answers = declared.get("requestBody", {}), declared["responses"]
    content: Mapping[str, Schema] = request.get("content", {})
    content_type = next(iter(content), None)
    told = {**defaults, **declared.get("x-async", {})}
    header = answers.get("200", {}).get("headers", {}).get("finish-reason", {})
    return Operation(
        id=declared["operationId"],
        method=method.upper(),
        path=path,
        parameters={known["name"]: known for known in declared.get("parameters", ())},
        content_type=content_type,
        body=content[content_type]["schema"] if content_type else None,
        max_bytes=request.get("x-max-bytes"),
        credits=declared.get("x-credits"),
        starts="x-async" in declared,
        job=Job(told["poll_seconds"], told["retention_hours"] * 3600),
        result_of=tuple(declared.get("x-result-of", ())),
        removed="x-removed" in declared,
        statuses=frozenset(map(int, answers)),
        refusals={int(status): tuple(told.get("x-error-names", ())) for status, told in answers.items()},
        finish_reasons=frozenset(header.get("schema", {}).get("enum", ())),
        pattern=re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))),
    )


def resolved(node: Any, document: Mapping[str, Any]) -> Any:
    """The node with every local reference replaced by what it points to; words beside one are kept."""
    if isinstance(node, list):
        return [resolved(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    own = {key: resolved(value, document) for key, value in node.items() if key != "$ref"}
    return own if "$ref" not in node else {**resolved(_target(node["$ref"], document), document), **own}


def _target(reference: str, document: Any) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document
