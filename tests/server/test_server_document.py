"""The host describes itself, and is as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from server.support import SANDBOX, Place, picture, place

from connector.server import api
from connector.server.openapi.components import SCHEMAS
from connector.server.operation import ROWS, SHARED
from connector.server.routes import OPERATIONS
from connector.spec import file_options


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def document(host: Place) -> dict[str, Any]:
    told: dict[str, Any] = host.get("/openapi.json").json()
    return told


@pytest.fixture(scope="module")
def actions(host: Place) -> Any:
    return host.host.served(None).integration.actions


def test_it_is_valid(document: dict[str, Any]) -> None:
    """By the validator that others use."""
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_action_is_an_operation_with_its_own_fields(document: dict[str, Any], actions: Any) -> None:
    """As JSON and as a form, with what it makes among its answers."""
    for name, action in actions.items():
        told = document["paths"][f"/api/actions/{name}"]["post"]
        content = told["requestBody"]["content"]
        assert content["application/json"]["schema"]["properties"]["inputs"]["$ref"].endswith(f"{name}.json")
        assert content["multipart/form-data"]["schema"]["$ref"].endswith(f"{name}.form")
        for shape in ("json", "form"):
            schema = document["components"]["schemas"][f"{name}.{shape}"]
            assert schema["properties"].keys() == action.parameters.keys()
        assert {*action.output.types} <= {*told["responses"]["200"]["content"]} or action.job
        assert told.get("deprecated", False) is (action.deprecated is not None)


def test_an_answer_form_is_one_of_the_actions_own(document: dict[str, Any], actions: Any) -> None:
    """Where there is no choice, there is no parameter for it."""
    for name, action in actions.items():
        told = document["paths"][f"/api/actions/{name}"]["post"]["parameters"]
        forms = [one["schema"]["enum"] for one in told if one["name"] == "accept"]
        fetched = actions[action.job.fetch] if action.job else action
        assert forms == ([list(fetched.request.accept)] if fetched.request.accept else [])


def test_every_operation_of_the_host_is_there(document: dict[str, Any], actions: Any) -> None:
    """None is left out, and no id is used twice; what there is for each action is there for each."""
    for operation in OPERATIONS:
        whole = operation.path == "/api/actions/{id}"
        paths = [f"/api/actions/{name}" for name in actions] if whole else [operation.path]
        for path in paths:
            assert operation.method.lower() in document["paths"][path]
    told = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(told) == len({*told})


def test_every_handler_is_declared() -> None:
    """What no row names would answer nothing."""
    for group in {path.stem for path in Path(api.__file__).parent.glob("*.py")} - {"__init__"}:
        module = import_module(f"connector.server.api.{group}")
        public = {name for name, one in vars(module).items() if _is_handler(one, module) and name[0] != "_"}
        assert public == ROWS[group].keys()


def _is_handler(one: Any, module: ModuleType) -> bool:
    named = getattr(one, "__annotations__", {})
    return getattr(one, "__module__", "") == module.__name__ and "OperationCall" in named.values()


def test_no_word_of_ours_is_left(document: dict[str, Any]) -> None:
    """Readers elsewhere know JSON Schema and ``x-`` words."""
    ours = {"open", "widget", "unit", "mask_of", "help", "variable"}

    def words(node: Any, *, names: bool = False) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if not names:
                    yield key
                yield from words(value, names=key in ("properties", "values") and not names)
        elif isinstance(node, list):
            for one in node:
                yield from words(one)

    schemas = document["components"]["schemas"]
    assert not ours & {
        *words({name: schema for name, schema in schemas.items() if name[0].islower()}, names=True)
    }


def test_every_example_passes_the_schema_that_is_told(document: dict[str, Any], actions: Any) -> None:
    """What the engine takes, the document allows; files by their reference."""
    resolver = {"$defs": document["components"]["schemas"]}
    for name, action in actions.items():
        for example in action.examples:
            schema = json.loads(
                json.dumps({**resolver, "$ref": f"#/$defs/{name}.json"}).replace(
                    "#/components/schemas/", "#/$defs/"
                )
            )
            given = {key: _as_reference(value) for key, value in example.arguments.items()}
            assert [*Draft202012Validator(schema).iter_errors(given)] == [], (name, example.title)


def _as_reference(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_reference(each) for key, each in value.items()}
    return "file:0" if isinstance(value, str) and value.startswith("samples/") else value


def test_answers_are_as_the_document_says(host: Place, document: dict[str, Any]) -> None:
    """Each with a body of the schema of its status, failures too."""
    uploaded = host.post("/api/files", content=picture(), headers={"content-type": "image/png"}).json()
    run = host.invoke("stable-image-core", {"prompt": "a boat"}).json()["run"]["id"]
    core = "/api/actions/stable-image-core"
    body = {"json": {"inputs": {"prompt": "a boat"}}, "params": SANDBOX}
    host.post(
        "/api/connections",
        json={
            "name": "w",
            "configurations": [{"environments": ["production"], "fields": {"api_key": "sk-12345"}}],
        },
    )
    asked = [
        ("GET", "/api/integrations", {}, {}),
        ("GET", "/api/integrations/{id}", {"id": "stabilityai"}, {}),
        ("GET", "/api/actions", {}, {}),
        ("GET", "/api/actions/erase", {}, {}),
        ("GET", "/api/actions/start-creative-upscale", {}, {}),
        ("GET", "/api/runs/{id}", {"id": "nothing"}, {}),
        ("POST", core, {}, body),
        ("POST", core, {}, {"json": {"inputs": {}}}),
        ("POST", core, {}, body | {"params": {**SANDBOX, "wait": "false"}}),
        ("POST", "/api/actions/{id}/preview", {"id": "stable-image-core"}, body),
        ("POST", "/api/actions/{id}/estimate", {"id": "stable-image-core"}, body),
        ("POST", "/api/actions/{id}/check", {"id": "stable-image-core"}, body),
        ("GET", "/api/runs", {}, {}),
        ("GET", "/api/runs/{id}", {"id": run}, {}),
        ("POST", "/api/runs/{id}/again", {"id": run}, {}),
        ("POST", "/api/runs/{id}/cancel", {"id": run}, {}),
        ("GET", "/api/jobs", {}, {}),
        ("GET", "/api/files", {}, {}),
        ("GET", "/api/files/{id}", {"id": uploaded["id"]}, {}),
        ("GET", "/api/connections", {}, {}),
        ("GET", "/api/connections/{name}", {"name": "w"}, {}),
        ("GET", "/api/balance", {}, {"params": SANDBOX}),
        ("GET", "/api/spend", {}, {}),
        ("GET", "/api/tokens", {}, {}),
        ("GET", "/healthz", {}, {}),
    ]
    for method, path, names, more in asked:
        answer = host(method, path.format(**names), **more)
        _check(document, document["paths"][path][method.lower()], answer)


def _check(document: dict[str, Any], operation: dict[str, Any], answer: Any) -> None:
    told = operation["responses"].get(str(answer.status_code), {"$ref": "#/components/responses/Problem"})
    told = document["components"]["responses"]["Problem"] if "$ref" in told else told
    kind = answer.headers["content-type"]
    schema = {"$defs": document["components"]["schemas"], **told["content"][kind]["schema"]}
    plain = json.loads(json.dumps(schema).replace("#/components/schemas/", "#/$defs/"))
    errors = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(plain).iter_errors(answer.json())
    ]
    assert errors == [], (operation["operationId"], answer.status_code)


NONSENSE = (
    None,
    True,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x" * 5000,
    "\ud800",
    "\0",
    [],
    [[]],
    {},
    {"a": {"b": None}},
)


def test_nonsense_is_refused_and_breaks_nothing(host: Place, actions: Any) -> None:
    """Whatever stands in an input of an action, the answer is about that input."""
    for name, action in actions.items():
        for value in NONSENSE:
            inputs = dict.fromkeys(action.parameters, value)
            body = json.dumps({"inputs": {**inputs, "\ud800": 1}})
            answer = host.post(
                f"/api/actions/{name}/check",
                content=body,
                params=SANDBOX,
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 200, (name, value, answer.text)
            assert answer.json()["problems"], (name, value)


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
def test_nonsense_in_a_body_is_refused(host: Place, value: Any) -> None:
    """Wherever a body is taken: with a problem document, and never with a failure of ours."""
    for operation in OPERATIONS:
        if operation.body is None:
            continue
        members = operation.body["properties"]
        path = operation.path.format(**dict.fromkeys(("id", "name"), "nothing"))
        for body in (value, dict.fromkeys(members, value), {"configurations": [value], "name": "n"}):
            answer = host(
                operation.method, path, content=json.dumps(body), headers={"content-type": "application/json"}
            )
            assert 400 <= answer.status_code < 500, (operation.id, body, answer.text)


def test_what_is_said_of_files_is_what_the_other_interfaces_take() -> None:
    """The table of operations and the schema of a file repeat it, with the same words."""
    assert SHARED["files"] == file_options.schemas()
    *_, opened = SCHEMAS["GivenFile"]["anyOf"]
    assert opened["properties"].items() >= file_options.schemas().items()
