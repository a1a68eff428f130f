"""Steps of Superblocks: ours by their types, theirs as uses of our actions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.authoring.export import superblocks as exported
from connector.authoring.export import superblocks_steps
from connector.cli import main
from connector.cli.commands import superblocks
from connector.engine.connector import Connector
from connector.spec.loader import default_folder, load

INTEGRATION = load(default_folder())
KEY = "sk-live-9b1e44c0"
GENERIC = "generic-http-request"
EXAMPLES = [
    pytest.param(name, at, id=f"{name}-{at}")
    for name, action in INTEGRATION.actions.items()
    for at in range(len(action.examples))
]


@pytest.fixture(scope="module")
def connector(tmp_path_factory):
    options = {"home": tmp_path_factory.mktemp("home"), "environ": {"STABILITY_API_KEY": KEY}}
    with Connector(INTEGRATION, **options) as opened:
        yield opened


def _given(action, example):
    files = {
        name: default_folder() / "actions" / example.arguments[name]
        for name in action.files
        if name in example.arguments
    }
    several = example.arguments.get("files")
    more = {"files": {n: default_folder() / "actions" / v for n, v in several.items()}} if several else {}
    return {**example.arguments, **files, **more}


def _block(connector, name, given):
    action = INTEGRATION.actions[name]
    request = connector.preview(name, given, environment="production").request
    return exported.block(action, request, "https://api.stability.ai", INTEGRATION.id), request


@pytest.mark.parametrize(("name", "at"), EXAMPLES)
def test_a_step_comes_back_as_what_it_was(connector, name, at):
    """Every example of every action: the same action, the same inputs, and files to be filled in."""
    action = INTEGRATION.actions[name]
    given = _given(action, action.examples[at])
    block, request = _block(connector, name, given)
    (found,) = superblocks_steps.invocations(INTEGRATION, json.loads(json.dumps(block)), GENERIC)
    if name == GENERIC:  # what has an action of its own is that action
        assert INTEGRATION.actions[found.action].request.path == given["path"]
        return
    files = {one for one in given if one in action.files}
    assert INTEGRATION.actions[found.action].request.path == action.request.path
    assert dict(found.inputs) == {one: value for one, value in given.items() if one not in files}
    assert set(found.to_fill) == files == set(exported.pickers(request))


@pytest.mark.parametrize(("name", "at"), EXAMPLES)
def test_a_step_has_the_types_that_superblocks_publishes(connector, name, at):
    """Those on PyPI are older: they know the kind of step by its general name, and two flags not at all."""
    types = pytest.importorskip("superblocks_types.api.v1.api_pb2", reason="superblocks-types is missing")
    from google.protobuf import json_format

    action = INTEGRATION.actions[name]
    block, _ = _block(connector, name, _given(action, action.examples[at]))
    step = block["step"].pop(INTEGRATION.id)
    known = {
        key: value
        for key, value in step.items()
        if key not in ("verboseHttpOutput", "doNotFailOnRequestError")
    }
    block["step"]["restapiintegration"] = known
    parsed = json_format.ParseDict(block, types.Block())
    assert parsed.step.restapiintegration.urlPath == step["urlPath"]


def test_no_credential_is_in_a_step(connector):
    """Superblocks has its own; not even a mask stands in its place."""
    block, _ = _block(connector, "stable-image-core", {"prompt": "a boat"})
    headers = {row["key"] for row in block["step"][INTEGRATION.id]["headers"]}
    assert headers == {"accept"}
    assert KEY not in json.dumps(block)


@pytest.mark.parametrize("text", ["{{ secrets }}", 'say "{{x}}" {{y}}', "}}{{", "plain {brace}"])
def test_a_text_stays_a_text(connector, text):
    """What looks like a binding is none, there and back again."""
    block, _ = _block(connector, "stable-image-core", {"prompt": text})
    (row,) = block["step"][INTEGRATION.id]["formData"]
    assert row["value"] == text or row["value"].startswith('{{"')
    assert "{{" not in row["value"][2:]
    (found,) = superblocks_steps.invocations(INTEGRATION, block, GENERIC)
    assert found.inputs == {"prompt": text}


API = {
    "api": {
        "blocks": [
            {
                "name": "Loop",
                "loop": {
                    "blocks": [
                        {
                            "name": "Generate",
                            "step": {
                                "integration": exported.NO_ID,
                                "stabilityai": {
                                    "httpMethod": "POST",
                                    "urlPath": "/v2beta/stable-image/generate/sd3",
                                    "responseType": "binary",
                                    "bodyType": "formData",
                                    "headers": [{"key": "Accept", "value": "image/*"}],
                                    "formData": [
                                        {"key": "prompt", "value": "{{body.prompt}}"},
                                        {"key": "seed", "value": "7"},
                                        {"key": "negative_prompt", "value": ""},
                                        {
                                            "key": "image",
                                            "value": {"type": "Buffer", "data": [1, 2]},
                                            "file": {"filename": "a.png"},
                                        },
                                    ],
                                    "doNotFailOnRequestError": True,
                                },
                            },
                        }
                    ]
                },
            },
            {
                "name": "Fetch",
                "step": {
                    "stabilityai": {
                        "httpMethod": "GET",
                        "urlPath": "/v2beta/image-to-video/result/{{Start.output.id}}",
                    }
                },
            },
            {
                "name": "Other",
                "step": {
                    "restapiintegration": {
                        "httpMethod": "POST",
                        "urlPath": "/v9/new",
                        "bodyType": "jsonBody",
                        "body": '{"a": [1]}',
                        "params": [{"key": "q", "value": "x"}],
                    }
                },
            },
            {"name": "Script", "step": {"python": {"body": "1"}}},
        ]
    }
}


def test_an_api_is_read_step_by_step():
    """Wherever a step stands; what Superblocks reckons is told, and what is otherwise here too."""
    first, second, third = superblocks_steps.invocations(INTEGRATION, API, GENERIC)
    assert (first.name, first.action, first.accept) == ("Generate", "stable-diffusion-3", "image/*")
    assert first.inputs == {"seed": 7, "image": {"type": "Buffer", "data": [1, 2]}}
    assert first.to_fill == {"prompt": "{{body.prompt}}"}
    assert any("a failure is an error" in note for note in first.notes)
    assert any("no list of numbers" in note for note in first.notes)
    assert second.action == "fetch-generation-result"
    assert second.to_fill == {"id": "{{Start.output.id}}"}
    assert (third.action, third.inputs["json"], third.inputs["query"]) == (GENERIC, {"a": [1]}, {"q": "x"})


@pytest.mark.parametrize("document", [None, [], {}, 5, "x", {"step": {"stabilityai": {"urlPath": 5}}}])
def test_where_no_step_is_nothing_is_found(document):
    assert superblocks_steps.invocations(INTEGRATION, document, GENERIC) == []


def test_a_step_is_written_and_read_by_commands(tmp_path, monkeypatch, capsys):
    """Over nothing that is there."""
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    room = default_folder() / "actions/samples/room.png"
    line = ["export", "superblocks", "remove-background", "--image", f"@{room}", "-o", "step.json"]
    assert main(line) == 0
    assert "reads the FilePicker image" in capsys.readouterr().out
    assert main(line) == 2
    assert main([*line, "--force"]) == 0
    capsys.readouterr()
    assert main(["import", "superblocks", "step.json"]) == 0
    told = json.loads(capsys.readouterr().out)["invocations"]
    assert [(one["name"], one["action"]) for one in told] == [("RemoveBackground", "remove-background")]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", "{}"])
def test_a_file_that_is_no_api_is_refused(tmp_path, monkeypatch, text):
    from connector.errors import InvocationError

    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    path = tmp_path / "api.json"
    path.write_text(text)
    for given in (path, Path("/nowhere.json")):
        with pytest.raises(InvocationError):
            superblocks.read([str(given)])
