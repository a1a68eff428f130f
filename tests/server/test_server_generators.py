"""The host's document is one that generators of clients take: nothing in it is what they stumble over."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from port import INTEGRATION

from connector.server.openapi.document import document
from connector.server.routes import OPERATIONS

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document([INTEGRATION], OPERATIONS, 8760)))
COMPONENTS = DOCUMENT["components"]
ASKED = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
# Their own names in the modules that they write.
TAKEN = {"File", "Response", "Client", "AuthenticatedClient", "Unset"}


def contents() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where it stands, the media type, and what is said of the body."""
    for label, operation in ASKED:
        for kind, told in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{label} body", kind, told
        for status, answer in operation["responses"].items():
            shown = COMPONENTS["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
            for kind, told in shown.get("content", {}).items():
                yield f"{label} {status}", kind, told


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema that a class is made of, with its name; rules between fields make none."""
    for name, schema in COMPONENTS["schemas"].items():
        yield from within(name, schema)
    for label, kind, told in contents():
        if not {*told["schema"]} & {"$ref"}:
            yield from within(f"{label} {kind}", told["schema"])


def within(name: str, schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict) or "$ref" in schema:
        return
    yield pascal(name), schema
    for member, inner in schema.get("properties", {}).items():
        yield from within(f"{name} {member}", inner)
    yield from within(f"{name} item", schema.get("items"))
    yield from within(f"{name} additional property", schema.get("additionalProperties"))
    for at, inner in enumerate(schema.get("anyOf", ())):
        yield from within(f"{name} type {at}", inner)


def pascal(name: str) -> str:
    parts = re.split(r"[^A-Za-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name))
    return "".join(part[:1].upper() + part[1:] for part in parts)


def test_a_parameter_that_must_be_given_says_so() -> None:
    """Those of the query too."""
    [cron] = [
        one for one in DOCUMENT["paths"]["/api/schedule-times"]["get"]["parameters"] if one["name"] == "cron"
    ]
    assert cron["required"] is True


def test_no_value_is_a_constant() -> None:
    """openapi-python-client writes no Python for an optional one."""
    assert [name for name, schema in schemas() if "const" in schema] == []


def test_no_two_schemas_are_one_class() -> None:
    """Nor is one a class that generators have already."""
    names = Counter(
        name for name, schema in schemas() if schema.get("type") == "object" or "properties" in schema
    )
    assert [name for name, times in names.items() if times > 1] == []
    assert not TAKEN & {*names}


def test_no_member_has_the_name_of_its_schema() -> None:
    """A variable of that name would be both."""
    found = [
        name
        for name, schema in COMPONENTS["schemas"].items()
        if pascal(name) in {pascal(member) for member in schema.get("properties", ())}
    ]
    assert found == []


def test_what_is_a_file_is_said_to_be_one() -> None:
    """Parts of forms and answers alike."""
    parts = [schema for _, schema in schemas() if "contentMediaType" in schema]
    assert parts
    assert all(schema["format"] == "binary" for schema in parts)
    plain = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
    for label, kind, told in contents():
        if not kind.startswith(("text/", "application/*", "application/openmetrics")) and kind not in plain:
            is_json = kind.endswith("+json")
            assert is_json or told["schema"].get("format") == "binary", (label, kind)


def test_an_answer_is_of_a_type_that_is_known() -> None:
    assert [label for label, kind, _ in contents() if kind == "*/*"] == []


def test_every_body_is_of_a_type_that_generators_send() -> None:
    known = {
        *("application/json", "multipart/form-data"),
        *("application/octet-stream", "application/x-www-form-urlencoded"),
    }
    assert {kind for label, kind, _ in contents() if label.endswith(" body")} <= known


def test_every_group_is_described() -> None:
    described = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    used = {tag for _, operation in ASKED for tag in operation["tags"]}
    assert used == {*described}
    assert all(described.values())
    assert not [name for name in described if name[0].isdigit()]


@pytest.mark.parametrize(("label", "operation"), ASKED, ids=[label for label, _ in ASKED])
def test_an_operation_is_understood_by_itself(label: str, operation: dict[str, Any]) -> None:
    """Its summary needs no neighbour, and nothing in it is called "it"."""
    summary = operation["summary"]
    assert len(summary.split()) > 1 or label.endswith(("login", "logout"))
    assert not {"it", "its", "them", "this"} & {*summary.lower().split()}
    assert operation["description"].endswith((".", "`", ":"))
    assert operation["operationId"]


def test_no_two_operations_have_one_summary() -> None:
    assert [*Counter(operation["summary"] for _, operation in ASKED).values()] == [1] * len(ASKED)


@pytest.mark.parametrize(("label", "operation"), ASKED, ids=[label for label, _ in ASKED])
def test_every_body_has_an_example_that_its_schema_allows(label: str, operation: dict[str, Any]) -> None:
    """Of JSON, of forms but those that only carry a file, and of events."""
    for where, kind, told in contents():
        if not where.startswith(f"{label} ") or where.removeprefix(f"{label} ").count(" "):
            continue
        shown = examples(told)
        plain = "json" in kind or kind == "text/event-stream" or "form" in kind
        carries_a_file = "file" in told["schema"].get("properties", ())
        assert shown or not plain or carries_a_file, (where, kind)
        whole = {"$defs": COMPONENTS["schemas"], **told["schema"]}
        schema = json.loads(json.dumps(whole).replace("#/components/schemas/", "#/$defs/"))
        for value in shown:
            assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == [], where


def examples(told: dict[str, Any]) -> list[Any]:
    named = [
        COMPONENTS["examples"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for one in told.get("examples", {}).values()
    ]
    return [one["value"] for one in named] + ([told["example"]] if "example" in told else [])
