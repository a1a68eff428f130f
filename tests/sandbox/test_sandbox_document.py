"""The document that the sandbox obeys is a valid description of the vendor's whole API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connector.sandbox import document

PATH = Path(__file__).resolve().parents[2] / "schemas" / "stability.openapi.json"
DOCUMENT = json.loads(PATH.read_text(encoding="utf-8"))
API = document.load()

FILE_RULES = {
    "formats", "max_bytes", "min_side", "max_side", "min_width", "max_width", "min_height", "max_height",
    "min_pixels", "max_pixels", "min_aspect", "max_aspect", "dimensions", "min_seconds", "max_seconds",
}  # fmt: skip


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def test_it_is_valid_openapi() -> None:
    """The document passes the public validator of OpenAPI 3.1."""
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_it_has_every_endpoint_once() -> None:
    """Forty operations, each under an id of its own."""
    assert len(API.operations) == 40
    assert len({operation.id for operation in API.operations}) == 40


def test_every_component_is_used() -> None:
    """Nothing is described that no operation refers to."""
    used = {node["$ref"] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    kinds = {kind: known for kind, known in DOCUMENT["components"].items() if kind != "securitySchemes"}
    assert used == {f"#/components/{kind}/{name}" for kind, known in kinds.items() for name in known}


@pytest.mark.parametrize("operation", API.operations, ids=lambda operation: operation.id)
def test_each_body_is_a_sound_schema(operation: document.Operation) -> None:
    """A plain JSON Schema validator can apply the rules of each body, conditions and all."""
    if operation.body is not None:
        Draft202012Validator.check_schema(operation.body)
        assert operation.body["additionalProperties"] is False
        assert set(operation.body.get("required", ())) <= set(operation.body["properties"])


def test_files_use_one_vocabulary() -> None:
    """Every binary field of a request states its rules, in the agreed words."""
    fields = [
        field
        for operation in API.operations
        for field in (operation.body or {"properties": {}})["properties"].values()
        if field.get("format") == "binary"
    ]
    assert len(fields) > 25
    assert all(set(field["x-file"]) <= FILE_RULES for field in fields)


def test_every_start_names_its_result() -> None:
    """What a start promises can be fetched: the path exists and knows the start."""
    declared = {node["operationId"]: node for node in nodes(DOCUMENT["paths"]) if "operationId" in node}
    starts = [ident for ident, node in declared.items() if "x-async" in node]
    assert len(starts) == 7
    for ident in starts:
        promise = declared[ident]["x-async"]
        assert API.operation(promise["operation"]).path == promise["result"]
        assert ident in API.operation(promise["operation"]).result_of


def test_refusals_are_declared_in_the_words_of_their_generation() -> None:
    """v1 fails with a message, everything later with a list of errors."""
    for operation in API.operations:
        declared = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"]["401"]
        assert declared["$ref"].endswith("UnauthorizedV1") == operation.path.startswith("/v1/")


def test_the_numbers_of_the_limits() -> None:
    """150 requests in 10 seconds, then 60 seconds locked out; results kept for a day."""
    assert (API.rate_limit.requests, API.rate_limit.window, API.rate_limit.lockout) == (150, 10, 60)
    job = API.operation("upscale_creative_start").job
    assert job == document.Job(poll_seconds=10, retention_seconds=86400)
