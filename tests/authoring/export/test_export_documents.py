"""What platforms register, by their own validators; and what it describes, at a host."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from server.support import place

from connector.server.exports import openapi, swagger2
from connector.spec.loader import default_folder, load

INTEGRATION = load(default_folder())
OTHER = load(Path(__file__).parents[2] / "other")
URL = "https://connector.example/base"
NEWER = openapi.document(INTEGRATION, URL)
OLDER = swagger2.definition(INTEGRATION, URL)
ACTIONS = sorted(INTEGRATION.actions)


@pytest.mark.parametrize("integration", [INTEGRATION, OTHER], ids=["shipped", "other"])
@pytest.mark.parametrize("build", [openapi.document, swagger2.definition], ids=["3.1", "2.0"])
def test_a_document_is_valid(integration, build):
    """By a validator that is not ours, and as strict JSON."""
    document = build(integration, URL)
    validate(document)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_and_every_field_is_there(name):
    action = INTEGRATION.actions[name]
    newer = NEWER["paths"][f"/api/actions/{name}"]["post"]
    for shape in ("json", "form"):
        assert [*NEWER["components"]["schemas"][f"{name}.{shape}"]["properties"]] == [*action.parameters]
    older = OLDER["paths"][f"/api/actions/{name}"]["post"]
    fields = {one["name"]: one for one in older["parameters"] if one["in"] == "formData"}
    assert [*fields] == [*action.parameters]
    assert {n for n, one in fields.items() if one["required"]} == set(action.inputs.get("required", ()))
    assert {n for n, one in fields.items() if one["type"] == "file"} == set(action.files)
    assert "default" in newer["responses"]
    assert "default" in older["responses"]


@pytest.mark.parametrize("name", ACTIONS)
def test_an_answer_is_the_file_where_a_file_is_made(name):
    """That of a job is what fetches it."""
    action = INTEGRATION.actions[name]
    told = INTEGRATION.actions[action.job.fetch] if action.job else action
    older = OLDER["paths"][f"/api/actions/{name}"]["post"]
    is_file = older["responses"]["200"]["schema"].get("format") == "binary"
    assert is_file == bool(told.output.types)
    assert set(told.output.types) <= set(older["produces"])
    newer = NEWER["paths"][f"/api/actions/{name}"]["post"]["responses"]["200"]["content"]
    assert set(told.output.types) <= set(newer)


def test_operations_have_short_names_of_their_own():
    ids = [one["operationId"] for methods in OLDER["paths"].values() for one in methods.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]{1,59}", name) for name in ids)


def test_swagger_says_nothing_that_it_has_no_words_for():
    """Nor does a designer meet a field without a title, a description and a place."""
    text = json.dumps(OLDER)
    unknown = ("oneOf", "anyOf", "allOf", '"const"', '"if"', "contentMediaType", "components/")
    assert not [word for word in unknown if word in text]
    for methods in OLDER["paths"].values():
        for one in (p for operation in methods.values() for p in operation["parameters"]):
            assert one["description"]
            assert one["x-ms-visibility"] in ("important", "advanced", "internal")
            assert one["x-ms-visibility"] == "internal" or one["x-ms-summary"]


def test_an_operation_reads_one_kind_of_body():
    for methods in OLDER["paths"].values():
        for operation in methods.values():
            assert "body" not in {one["in"] for one in operation["parameters"]}
            assert operation.get("consumes", ["multipart/form-data"]) == ["multipart/form-data"]


def test_what_costs_is_told_to_whoever_confirms():
    """And nobody's generic test calls it."""
    for name, action in INTEGRATION.actions.items():
        older = OLDER["paths"][f"/api/actions/{name}"]["post"]
        newer = NEWER["paths"][f"/api/actions/{name}"]["post"]
        assert older["x-ms-safe-operation"] is not action.paid
        assert older["x-ms-no-generic-test"] is action.paid
        assert newer["x-openai-isConsequential"] is action.paid


def test_only_a_token_is_asked_for():
    """It is kept secret, and no default stands in its place."""
    parameter = swagger2.properties()["properties"]["connectionParameters"]["api_key"]
    assert parameter["type"] == "securestring"
    assert "default" not in json.dumps(parameter)
    assert [*NEWER["components"]["securitySchemes"]] == ["bearer"]


def test_a_document_leads_to_its_host():
    assert NEWER["servers"] == [{"url": URL}]
    assert (OLDER["host"], OLDER["basePath"], OLDER["schemes"]) == ("connector.example", "/base", ["https"])


def test_nothing_that_only_a_person_manages_is_described():
    for document in (NEWER, OLDER):
        assert not [path for path in document["paths"] if "token" in path or "connection" in path]


def test_components_are_those_that_are_needed():
    text = json.dumps(NEWER["paths"]) + json.dumps(NEWER["components"])
    assert all(f'/schemas/{name}"' in text for name in NEWER["components"]["schemas"])
    older = json.dumps(OLDER)
    referred = set(re.findall(r'"#/definitions/([^"]+)"', older))
    assert referred <= set(OLDER["definitions"])


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _form(action, example):
    """What a client of the Swagger document sends for an example."""
    parts = {}
    for name, value in example.arguments.items():
        if name in action.files:
            path = default_folder() / "actions" / value
            parts[name] = (path.name, path.read_bytes())
        else:
            parts[name] = (None, value if isinstance(value, str) else json.dumps(value))
    return parts


# Fetching wants an id that somebody started; the raw request is what its own tests are about.
CALLED = [
    name
    for name, action in INTEGRATION.actions.items()
    if action.group != "Request" and not name.startswith("fetch-")
]


@pytest.mark.parametrize("name", CALLED)
def test_a_host_answers_as_the_document_says(host, name):
    """To the form and the headers that the document asks for, with a file where it promises one."""
    action = INTEGRATION.actions[name]
    told = OLDER["paths"][f"/api/actions/{name}"]["post"]
    headers = {
        one["name"]: one["default"]
        for one in told["parameters"]
        if one["in"] == "header" and "default" in one
    }
    files = _form(action, action.examples[0])
    answer = host.post(
        f"/api/actions/{name}", files=files or None, headers=headers, params={"environment": "sandbox"}
    )
    assert answer.status_code == 200, answer.text
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in told["produces"]
    is_file = told["responses"]["200"]["schema"].get("format") == "binary"
    assert is_file == (kind != "application/json")
