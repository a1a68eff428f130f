"""Where specs and an OpenAPI document disagree, it is told at the spec's line."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from connector.authoring import checks, drift
from connector.spec import loader

MANIFEST = """\
id: small
name: Small
version: 1.0.0
description: An integration that is compared with documents.
connection:
  credential: {type: object, properties: {key: {type: string, title: Key, secret: true}}}
  auth: {kind: api_key, in: header, name: X-Key, value: "{{ credential.key }}"}
environments:
  here: {base_url: "https://api.example.com"}
defaults:
  headers: {x-client: tests}
actions: [actions/make.yaml, actions/fetch.yaml]
"""
MAKE = """\
id: make
title: Make
group: Tests
description: Makes a picture of a prompt.
request:
  method: POST
  path: /make/{{ inputs.where }}
  query: {page: "{{ inputs.page }}"}
  accept: [image/*, application/json]
  body: multipart
  max_bytes: 1000
inputs:
  type: object
  required: [where, prompt]
  properties:
    where: {type: string, description: Where it is made.}
    page: {type: integer, description: Which page., minimum: 1}
    prompt: {type: string, description: What it shows., maxLength: 100}
    size: {type: string, description: How large., enum: [small, large], default: small}
    model: {type: string, description: Which one., enum: [one, two], open: true}
    steps: {type: integer, description: How often., minimum: 1, maximum: 50}
    image: {type: string, format: binary, description: A start., file: {formats: [png, jpeg], min_side: 64}}
output: {kind: media, types: [image/png], field: image}
credits:
  by: size
  values: {small: 1, large: "{{ 2 + inputs.steps * 0.5 }}"}
job: {id: id, fetch: fetch, interval: 10, keep: 86400}
"""
FETCH = """\
id: fetch
title: Fetch
group: Tests
description: Fetches what was made.
request:
  method: GET
  path: /results/{{ inputs.id }}
inputs:
  type: object
  required: [id]
  properties:
    id: {type: string, description: The id of the job.}
output: {kind: json}
"""


def _compared(folder: Path, document: Path) -> list[Any]:
    """Every problem of the folder's own, and every disagreement with the document."""
    return [*checks.problems(folder), *drift.report(loader.read(folder), document).problems]


def _parameter(name: str, place: str, schema: Any, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, "required": required or place == "path"}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "paths": {
        "/make/{place}": {
            "parameters": [_parameter("place", "path", {"type": "string"})],
            "post": {
                "x-credits": {"by": "size", "values": {"small": 1, "large": "steps / 2 + 2"}},
                "x-async": {"result": "/results/{name}", "poll_seconds": 10, "retention_hours": 24},
                "parameters": [
                    _parameter("page", "query", {"type": "number", "minimum": 1}),
                    _parameter("X-Key", "header", {"type": "string"}, True),
                    _parameter("X-Client", "header", {"type": "string"}),
                    {"$ref": "#/components/parameters/Accept"},
                ],
                "requestBody": {
                    "required": True,
                    "x-max-bytes": 1000,
                    "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Make"}}},
                },
                "responses": {"200": {"description": "made"}},
            },
        },
        "/results/{id}": {
            "get": {
                "parameters": [_parameter("id", "path", {"type": "string"})],
                "responses": {"200": {"description": "fetched"}},
            }
        },
        "/old": {"get": {"x-legacy": True, "responses": {"200": {"description": "old"}}}},
    },
    "components": {
        "parameters": {
            "Accept": _parameter(
                "accept", "header", {"type": "string", "enum": ["image/*", "application/json"]}
            )
        },
        "schemas": {
            "Size": {"type": "string", "enum": ["small", "large"]},
            "Make": {
                "type": "object",
                "required": ["prompt"],
                "properties": {
                    "prompt": {"type": "string", "maxLength": 100},
                    "size": {"allOf": [{"$ref": "#/components/schemas/Size"}], "default": "small"},
                    "model": {"type": "string", "enum": ["one"]},
                    "steps": {"type": "number"},
                    "image": {
                        "type": "string",
                        "format": "binary",
                        "x-file": {"formats": ["jpeg", "png"], "min_side": 64},
                    },
                },
                "allOf": [
                    {
                        "if": {"properties": {"size": {"const": "large"}}},
                        "then": {"properties": {"steps": {"minimum": 10, "maximum": 50}}},
                        "else": {"properties": {"steps": {"minimum": 1, "maximum": 8}}},
                    }
                ],
            },
        },
    },
}
OPERATION = "paths./make/{place}.post"
BODY = "components.schemas.Make"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "actions").mkdir()
    (tmp_path / "integration.yaml").write_text(MANIFEST)
    (tmp_path / "actions" / "make.yaml").write_text(MAKE)
    (tmp_path / "actions" / "fetch.yaml").write_text(FETCH)
    return tmp_path


def _changed(path: str, value: Any) -> dict[str, Any]:
    """The document with another value at a path; None takes out what is there."""
    document = deepcopy(DOCUMENT)
    *above, last = path.split(".")
    node = document
    for part in above:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


def _found(folder: Path, document: Any) -> list[str]:
    path = folder / "api.json"
    path.write_text(json.dumps(document))
    return [str(problem) for problem in _compared(folder, path)]


def test_specs_that_say_the_same_have_no_problems(folder: Path) -> None:
    """In other words too: references, folded parts, narrower numbers, open lists, equal formulas."""
    assert _found(folder, DOCUMENT) == []


@pytest.mark.parametrize(
    ("path", "value", "line", "says"),
    [
        (
            f"{BODY}.properties.style",
            {"type": "string"},
            "make.yaml:15",
            "style is missing, optional in the body",
        ),
        (f"{BODY}.properties.prompt.maxLength", 50, "make.yaml:18", "maxLength: is 100; the document has 50"),
        (
            f"{BODY}.properties.prompt.minLength",
            1,
            "make.yaml:18",
            "minLength: is missing; the document has 1",
        ),
        (f"{BODY}.properties.prompt.type", "integer", "make.yaml:18", "is string; the document has integer"),
        (
            f"{BODY}.properties.prompt.pattern",
            "^a",
            "make.yaml:18",
            "pattern: is missing; the document has '^a'",
        ),
        (f"{BODY}.properties.size.default", "large", "make.yaml:19", "is 'small'; the document has 'large'"),
        (f"{BODY}.properties.size.default", None, "make.yaml:19", "is 'small'; the document has none"),
        (
            "components.schemas.Size.enum",
            ["small"],
            "make.yaml:19",
            "has large, which the document does not take",
        ),
        ("components.schemas.Size.enum", ["small", "large", "huge"], "make.yaml:19", "lacks huge"),
        (f"{BODY}.properties.model.enum", ["one", "three"], "make.yaml:20", "lacks three"),
        (f"{BODY}.properties.steps.type", "string", "make.yaml:21", "is integer; the document has string"),
        (f"{BODY}.properties.steps.maximum", 40, "make.yaml:21", "is 50; the document has 40"),
        (
            f"{BODY}.properties.image.x-file.min_side",
            32,
            "make.yaml:22",
            "min_side: is 64; the document has 32",
        ),
        (f"{BODY}.properties.image.format", None, "make.yaml:22", "is file; the document has string"),
        (f"{BODY}.properties.image", None, "make.yaml:22", "the document has no image in the body"),
        (f"{BODY}.required", ["prompt", "size"], "make.yaml:19", "is optional; the document requires it"),
        (f"{BODY}.required", [], "make.yaml:18", "is required; in the document it is optional"),
        (f"{OPERATION}.x-credits.values.small", 2, "make.yaml:26", "is 1; the document has 2"),
        (f"{OPERATION}.x-credits.values.large", "steps + 2", "make.yaml:26", "the document has steps + 2"),
        (f"{OPERATION}.x-credits.by", "model", "make.yaml:25", "is size; in the document model decides"),
        (f"{OPERATION}.x-credits", {"flat": 3}, "make.yaml:24", "the document has 3"),
        (f"{OPERATION}.x-async.poll_seconds", 5, "make.yaml:27", "is 10; the document has 5"),
        (f"{OPERATION}.x-async.retention_hours", 1, "make.yaml:27", "is 86400; the document has 3600"),
        (
            f"{OPERATION}.x-async.result",
            "/elsewhere/{id}",
            "make.yaml:27",
            "fetches the result at /elsewhere/{id}",
        ),
        (f"{OPERATION}.requestBody.x-max-bytes", 99, "make.yaml:11", "is 1000; the document has 99"),
        (
            f"{OPERATION}.requestBody.content",
            {"application/json": {"schema": {"$ref": "#/components/schemas/Make"}}},
            "make.yaml:10",
            "is multipart; the document takes application/json",
        ),
        (f"{OPERATION}.deprecated", True, "make.yaml:1", "calls the operation deprecated or removed"),
        (
            "components.parameters.Accept.schema.enum",
            ["image/*"],
            "make.yaml:9",
            "has application/json, which the document does not offer",
        ),
        (
            "components.parameters.Accept.schema.enum",
            ["image/*", "application/json", "*/*"],
            "make.yaml:9",
            "lacks */*",
        ),
        (
            f"{OPERATION}.parameters",
            [_parameter("pages", "query", {"type": "number"})],
            "make.yaml:17",
            "the document has no page in the query; did you mean 'pages'?",
        ),
        (
            "paths./results/{id}",
            {"post": {**DOCUMENT["paths"]["/results/{id}"]["get"]}},
            "fetch.yaml:7",
            "the document has this path with POST, not with GET",
        ),
        ("paths./results/{id}", None, "fetch.yaml:7", "the document has no GET /results/"),
        (
            "paths./new",
            {"get": {"responses": {"200": {"description": "new"}}}},
            "integration.yaml:12",
            "none covers GET /new of api.json",
        ),
    ],
)
def test_each_disagreement_is_told_at_the_specs_line(
    folder: Path, path: str, value: Any, line: str, says: str
) -> None:
    """Missing, extra and changed, in both directions."""
    found = _found(folder, _changed(path, value))

    assert any(line in problem and says in problem for problem in found), found


def test_a_removed_operation_needs_no_action(folder: Path) -> None:
    """Nobody adds one for what has ended."""
    removed = {"get": {"deprecated": True, "responses": {"200": {"description": "ended"}}}}

    assert _found(folder, _changed("paths./ended", removed)) == []


def test_legacy_operations_are_only_counted(folder: Path) -> None:
    """They are no problems, and nobody is left to wonder where they went."""
    (folder / "api.json").write_text(json.dumps(DOCUMENT))

    report = drift.report(loader.read(folder), folder / "api.json")

    assert str(report) == "2 of 2 operations are covered by actions; 1 legacy ones were left out"


def test_a_document_of_version_3_0_says_the_same_in_its_own_words(folder: Path) -> None:
    """Exclusive limits as booleans, and nullable; written in YAML."""
    import yaml

    document = _changed(
        f"{BODY}.properties.steps", {"type": "integer", "minimum": 0, "exclusiveMinimum": True}
    )
    document["openapi"] = "3.0.3"
    document["components"]["schemas"]["Make"]["properties"]["prompt"]["nullable"] = True
    # Conditions are JSON Schema's, which 3.0 does not know.
    del document["components"]["schemas"]["Make"]["allOf"]
    spec = (folder / "actions" / "make.yaml").read_text()
    (folder / "actions" / "make.yaml").write_text(
        spec.replace("minimum: 1, maximum: 50", "exclusiveMinimum: 0")
    )
    (folder / "api.yaml").write_text(yaml.safe_dump(document))

    assert [str(problem) for problem in _compared(folder, folder / "api.yaml")] == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.json", None, "cannot be read"),
        ("api.json", "{", "is not JSON"),
        ("api.json", "[" * 100_000, "is nested deeper than 200 levels"),
        ("api.json", "[]", "is not an OpenAPI document"),
        ("api.json", '{"openapi": "2.0"}', "is not an OpenAPI document"),
        ("api.json", '{"openapi": "3.1.0"}', "holds no operation"),
        ("api.json", '{"swagger": "2.0", "paths": []}', "holds no operation"),
        ("api.json", b"\xff\xfe", "is not UTF-8 text"),
        ("api.yaml", "openapi: [", "is not YAML"),
    ],
)
def test_a_document_that_is_none_is_a_problem(
    folder: Path, name: str, content: str | bytes | None, says: str
) -> None:
    """At its own file, and the comparison ends there."""
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    found = _compared(folder, folder / name)

    assert found
    assert all(problem.file == name and says in problem.message for problem in found), found


def test_a_schema_that_holds_itself_is_read_like_any_other(folder: Path) -> None:
    """A tree of trees is a field as any other."""
    tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    document = _changed("components.schemas.Tree", tree)
    document["components"]["schemas"]["Make"]["properties"]["tree"] = {"$ref": "#/components/schemas/Tree"}

    assert any("tree is missing" in problem for problem in _found(folder, document))


def test_a_reference_to_itself_stands_for_anything(folder: Path) -> None:
    """A document that goes in circles is read to its end."""
    circle = {"type": "object", "allOf": [{"$ref": "#/components/schemas/Circle"}]}
    document = _changed("components.schemas.Circle", circle)
    document["components"]["schemas"]["Make"]["properties"]["circle"] = {
        "$ref": "#/components/schemas/Circle"
    }

    [problem] = _found(folder, document)

    assert "circle is missing, optional in the body" in problem


def test_a_body_that_came_is_told_where_it_can_be_sent(folder: Path) -> None:
    """A GET has none, whatever the document says."""
    (folder / "actions" / "fetch.yaml").write_text(FETCH.replace("method: GET", "method: DELETE"))
    document = _changed("paths./results/{id}.get.requestBody", {"content": {"text/plain": {}}})
    item = document["paths"]["/results/{id}"]
    item["delete"] = item["get"]

    told = "\n".join(_found(folder, document))

    assert "fetch.yaml:5: request.body: is missing; the document takes text/plain" in told
    (folder / "actions" / "fetch.yaml").write_text(FETCH)
    del item["delete"]
    assert _found(folder, document) == []


def test_a_document_of_version_2_0_says_the_same_in_its_own_words(folder: Path) -> None:
    """A body in parameters, types beside names, and a limit that another version moved."""
    fields = [
        {"name": "prompt", "type": "string", "maxLength": 50, "required": True},
        {"name": "size", "type": "string", "enum": ["small", "large"], "default": "small"},
        {"name": "model", "type": "string", "enum": ["one"]},
        {"name": "steps", "type": "integer", "minimum": 1, "maximum": 50},
        {"name": "image", "type": "file"},
    ]
    make = DOCUMENT["paths"]["/make/{place}"]["post"]
    document = {
        "swagger": "2.0",
        "paths": {
            "/make/{place}": {
                "post": {
                    **{word: make[word] for word in ("x-credits", "x-async")},
                    "x-max-bytes": 1000,
                    "consumes": ["multipart/form-data"],
                    "parameters": [
                        {"name": "place", "in": "path", "type": "string", "required": True},
                        {"name": "page", "in": "query", "type": "integer", "minimum": 1},
                        *({**one, "in": "formData"} for one in fields),
                    ],
                }
            },
            "/results/{id}": {
                "get": {"parameters": [{"name": "id", "in": "path", "type": "string", "required": True}]}
            },
        },
    }

    [problem] = _found(folder, document)

    assert "make.yaml:18: inputs.properties.prompt.maxLength: is 100; the document has 50" in problem


def test_operations_of_one_address_are_told_apart(tmp_path: Path) -> None:
    """By what each always sends, so that each action is compared with its own."""
    from connector.authoring.importing import convert
    from connector.authoring.importing import folder as writing

    def operation(target: str, most: int) -> dict[str, Any]:
        constant = {"type": "string", "enum": [target]}
        name = _parameter("name", "query", {"type": "string", "maxLength": most})
        return {"post": {"parameters": [_parameter("X-Target", "header", constant, True), name]}}

    document = {
        "openapi": "3.0.0",
        "paths": {"/#X-Target=a": operation("a", 1), "/#X-Target=b": operation("b", 2)},
    }
    writing.write(writing.files(convert(document, "api.json")), tmp_path / "made")
    assert _found(tmp_path / "made", document) == []
    document["paths"]["/#X-Target=b"] = operation("b", 3)

    [problem] = _found(tmp_path / "made", document)

    assert "is 2; the document has 3 (POST /#X-Target=b)" in problem


NEW_FIELD = {"type": "string", "maxLength": 9, "description": "In whose style it is made."}


def _merged(one: Any, other: Any) -> Any:
    """A spec with an addition put into it."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{name: _merged(one.get(name), entry) for name, entry in other.items()}}


def _changes(folder: Path, document: Any) -> list[drift.Change]:
    (folder / "api.json").write_text(json.dumps(document))
    return list(drift.report(loader.read(folder), folder / "api.json").changes)


def test_what_is_new_gone_and_changed_is_told_apart(folder: Path) -> None:
    """Each with the action that it is about."""
    document = _changed(f"{BODY}.properties.style", NEW_FIELD)
    make = document["components"]["schemas"]["Make"]["properties"]
    make["prompt"]["maxLength"] = 50
    del make["image"], document["paths"]["/results/{id}"]
    document["paths"]["/new"] = {"get": {"responses": {"200": {"description": "new"}}}}

    told = [(one.kind, one.subject, one.problem.path) for one in _changes(folder, document)]

    assert told == [
        ("new", "make", "inputs.properties.style"),
        ("gone", "make", "inputs.properties.image"),
        ("changed", "make", "inputs.properties.prompt.maxLength"),
        ("gone", "fetch", "request.path"),
        ("new", "GET /new", "actions"),
    ]


@pytest.mark.parametrize("required", [True, False])
def test_a_new_field_comes_with_the_yaml_that_mends_it(folder: Path, required: bool) -> None:
    """Put into the spec, there is nothing left to say."""
    import yaml

    document = _changed(f"{BODY}.properties.style", NEW_FIELD)
    document["components"]["schemas"]["Make"]["required"] += ["style"] * required
    [change] = _changes(folder, document)

    assert change.addition is not None
    spec = folder / "actions" / "make.yaml"
    spec.write_text(yaml.safe_dump(_merged(yaml.safe_load(MAKE), yaml.safe_load(change.addition))))
    assert _found(folder, document) == []


def test_a_new_query_parameter_comes_with_its_place(folder: Path) -> None:
    """Under a name that a template can look up."""
    document = deepcopy(DOCUMENT)
    document["paths"]["/results/{id}"]["get"]["parameters"].append(
        _parameter("as-of", "query", {"type": "string"})
    )
    [change] = _changes(folder, document)

    assert change.addition == (
        'request:\n  query: {as-of: "{{ inputs.as_of }}"}\n'
        'inputs:\n  properties:\n    as_of: {description: "As of, in the query.", type: string}\n'
    )


def test_a_new_operation_comes_with_its_whole_file(folder: Path) -> None:
    """Put beside the others and listed, there is nothing left to say."""
    new = {
        "post": {
            "operationId": "makeBetter",
            "summary": "Make it better",
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Better"}}},
            },
            "responses": {"200": {"description": "new"}},
        }
    }
    document = _changed("paths./better", new)
    document["components"]["schemas"]["Better"] = {"type": "object", "properties": {"how": NEW_FIELD}}
    [change] = _changes(folder, document)

    assert change.addition is not None
    head, _, text = change.addition.partition("\n")
    assert head == "# actions/make-better.yaml"
    (folder / "actions" / "make-better.yaml").write_text(text)
    listed = MANIFEST.replace("actions/fetch.yaml", "actions/fetch.yaml, actions/make-better.yaml")
    (folder / "integration.yaml").write_text(listed)
    assert _found(folder, document) == []


def test_an_imported_folder_agrees_with_its_document(tmp_path: Path) -> None:
    """What an import writes is what a comparison looks for."""
    from connector.authoring.importing import convert
    from connector.authoring.importing import folder as writing

    writing.write(writing.files(convert(DOCUMENT, "api.json")), tmp_path / "made")
    # Prices and jobs are the document's own words, which an import does not read.
    silent = {"x-credits", "x-async", "x-max-bytes", "x-file"}
    document = _without(DOCUMENT, silent)

    told = [str(one.problem.message) for one in _changes(tmp_path / "made", document)]

    assert [text for text in told if "GET /old" not in text] == []


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(entry, names) for name, entry in value.items() if name not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


def test_another_server_and_another_proof_are_told(folder: Path) -> None:
    """Of the integration as a whole; a document that says nothing of them asks for nothing."""
    document = deepcopy(DOCUMENT)
    document["servers"] = [{"url": "https://api.example.com/v2"}, {"url": "https://api.example.com"}]
    document["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "query", "name": "X-Key"}}
    document["security"] = [{"key": []}]

    told = [(one.kind, one.subject, str(one.problem)) for one in _changes(folder, document)]

    base = "none has the path of the document's first base URL, https://api.example.com/v2"
    assert told == [
        ("changed", "small", f"integration.yaml:8: environments: {base}"),
        ("changed", "small", "integration.yaml:7: connection.auth.in: is header; the document has query"),
    ]


def test_the_report_is_read_by_action(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the terminal each action once, its lines below it; the exit code is that of any problem."""
    from connector.cli import main

    (folder / "api.json").write_text(json.dumps(_changed(f"{BODY}.properties.style", NEW_FIELD)))
    assert main(["check", str(folder), "--against", str(folder / "api.json"), "--quiet"]) == 1
    out = capsys.readouterr().out
    assert out == (
        "\nmake\n"
        "  new: actions/make.yaml:15: inputs.properties.style: style is missing, optional in the body "
        "(POST /make/{place})\n"
        "    add:\n"
        "      inputs:\n"
        "        properties:\n"
        "          style: {description: In whose style it is made., type: string, maxLength: 9}\n"
        "\n1 new, 0 gone, 0 changed; 2 of 2 operations are covered by actions; "
        "1 legacy ones were left out.\n"
    )
    assert main(["check", str(folder), "--against", str(folder / "api.json"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["subject"]) for one in told["changes"]] == [("new", "make")]
    (folder / "api.json").write_text(json.dumps(DOCUMENT))
    assert main(["check", str(folder), "--against", str(folder / "api.json")]) == 0
