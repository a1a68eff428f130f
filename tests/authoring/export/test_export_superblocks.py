"""Steps of Superblocks: ours by their types, theirs as uses of our actions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connector.authoring.export import superblocks as exported
from connector.authoring.export import superblocks_document, superblocks_steps
from connector.cli import main
from connector.cli.commands import superblocks
from connector.engine.connector import Connector
from connector.engine.http.messages import Multipart, Raw
from connector.errors import InvalidArguments
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
    refused = []
    known = {"plugin": "restapiintegration", "refused": refused}
    first, second, third = superblocks_steps.invocations(INTEGRATION, API, GENERIC, **known)
    assert refused == ["Script: is a step of python"]
    assert (first.name, first.action, first.accept) == ("Generate", "stable-diffusion-3", "image/*")
    assert first.inputs == {"seed": 7}
    assert first.to_fill["prompt"] == "{{body.prompt}}"
    assert json.loads(first.to_fill["image"]) == {"type": "Buffer", "data": [1, 2]}
    assert any(note.startswith("image: ") for note in first.notes)  # two bytes are no picture
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
    for file in (path, Path("/nowhere.json")):
        with pytest.raises(InvocationError):
            superblocks.read([str(file)])


CASES = yaml.safe_load((Path(__file__).parents[2] / "cases/superblocks-rows.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES["rows"], ids=lambda case: case["text"] or "empty")
def test_a_text_is_a_row_that_sends_it(case):
    """What Superblocks would reckon, or send as ``undefined``, is an expression for that very text."""
    assert exported.literal(case["text"]) == case["row"]
    assert superblocks_document.read(case["row"]) == case["text"]


def test_an_expression_that_only_javascript_reads_stays_one():
    """Nothing of it is lost or guessed."""
    assert superblocks_document.is_bound(superblocks_document.read(r'{{"\x41"}} boat'))


@pytest.mark.parametrize("case", CASES["bodies"], ids=lambda case: str(case["given"]))
def test_a_body_is_sent_as_it_is(connector, case):
    """With its type, without an escape that is not meant, and with numbers that JavaScript would change."""
    block, request = _block(connector, GENERIC, {"method": "POST", "path": "/v9/new", **case["given"]})
    step = block["step"][INTEGRATION.id]
    assert {name: step[name] for name in case["step"]} == case["step"]
    assert {row["key"]: row["value"] for row in step["headers"]} == case["headers"]
    assert _again(connector, block) == _wire(request)


@pytest.mark.parametrize("case", CASES["steps"], ids=lambda case: case["title"])
def test_a_step_of_others_is_taken_or_told(case):
    """Each is a use that ``invoke`` takes, apart from what is to be filled in; or it is refused."""
    refused = []
    found = superblocks_steps.invocations(INTEGRATION, {"step": case["step"]}, GENERIC, refused=refused)
    if "refused" in case:
        assert found == []
        assert case["refused"] in refused[0]
        return
    (one,) = found
    assert (one.action, one.inputs) == (case.get("action", GENERIC), case["inputs"])
    assert one.to_fill == case.get("to_fill", {})
    assert case.get("note", "") in " | ".join(one.notes)
    assert "sk-" not in json.dumps(one.to_dict())


def _wire(request):
    """What is sent, apart from the boundary, and from an Accept that is sent without a row too."""
    headers = {name.lower(): value for name, value in request.headers}
    body = request.body
    told = (body.content, body.content_type) if isinstance(body, Raw) else body
    if isinstance(body, Multipart):
        told = [(part.name, part.value if isinstance(part.value, str) else "FILE") for part in body.parts]
    return request.method, request.url, {"accept": "*/*"} | headers, told


def _again(connector, block, integration=INTEGRATION, **files):
    """What the invocation sends that a step becomes, with its files."""
    (found,) = superblocks_steps.invocations(integration, json.loads(json.dumps(block)), GENERIC)
    assert {*found.to_fill} == {*files}
    given, where = {**found.inputs, **files}, {"accept": found.accept}
    if found.action != GENERIC and where["accept"] is None:
        where = {}
    environment = integration.default_environment
    return _wire(connector.preview(found.action, given, environment=environment, **where).request)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
TEXTS = TEXTS | st.sampled_from(
    ["{{x}}", "`a`", "(() => 1)()", '"', "\\{{", "[1]", "{}", "5", "true", "a, b"]
)
NAMES = st.from_regex(r"[A-Za-z{}][A-Za-z0-9 {}.\[\]-]{0,8}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    NAMES, TEXTS | st.just("") | st.lists(TEXTS, min_size=2, max_size=3), min_size=1, max_size=4
)
BODIES = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"body": st.just("json"), "json": JSON.filter(lambda value: value is not None)}),
    st.fixed_dictionaries({"body": st.just("raw"), "content": TEXTS}),
    st.fixed_dictionaries({"body": st.just("multipart"), "fields": FIELDS}),
    st.fixed_dictionaries({"body": st.just("form"), "fields": FIELDS}),
)
# A hundred in `make test`; TRUTH says how many there are in `make truth`.
MANY = settings(max_examples=int(os.environ.get("TRUTH", "100")), deadline=None, derandomize=True)
MANY = settings(MANY, suppress_health_check=[*HealthCheck])


@MANY
@given(data=st.data())
def test_any_request_comes_back_as_it_was(connector, data):
    """The generic request with whatever it may be given, also where no letter is what it seems."""
    told = {"method": "POST", "path": "/v9/new", "query": data.draw(FIELDS)} | data.draw(BODIES)
    block, request = _block(connector, GENERIC, told)
    assert _again(connector, block) == _wire(request)


@pytest.mark.parametrize("text", ["0", "none", "null", "true", "{}", "[1]"])
@pytest.mark.parametrize(("body", "member"), [("json", "json"), ("raw", "content")])
def test_a_text_that_looks_like_something_else_stays_a_text(connector, body, member, text):
    """As the whole of a body."""
    block, request = _block(
        connector, GENERIC, {"method": "POST", "path": "/v9/new", "body": body, member: text}
    )
    assert _again(connector, block) == _wire(request)


@MANY
@given(data=st.data())
def test_any_use_of_an_action_comes_back_as_it_was(connector, data):
    """Actions without files: the same action with the same inputs."""
    plain = [one for one in INTEGRATION.actions.values() if not one.files and one.id != GENERIC]
    action = data.draw(st.sampled_from(plain))
    example = action.examples[0].arguments
    given = dict(example) | {
        name: data.draw(TEXTS) for name in example if name in ("prompt", "negative_prompt")
    }
    given |= {"seed": data.draw(st.integers(0, 4294967294))} if "seed" in action.parameters else {}
    try:
        block, request = _block(connector, action.id, given)
    except InvalidArguments:
        assume(False)
    (found,) = superblocks_steps.invocations(INTEGRATION, json.loads(json.dumps(block)), GENERIC)
    assert (found.action, dict(found.inputs)) == (action.id, given) or request.url.count("/results/")
    assert _again(connector, block) == _wire(request)


OTHER = load(Path(__file__).parents[2] / "other")
USES = [
    ("print-label", {"number": "P-1", "paper": "a4", "copies": 2}),
    ("send-parcel", {"name": "{{Ada}}", "zip": "10115", "grams": 800, "insured": False, "note": ""}),
    ("track-parcel", {"number": "P 1/2", "since": 3, "event": ["lost", "found"]}),
    ("track-parcel-of-the-day", {}),
]


@pytest.mark.parametrize(("name", "given"), USES, ids=[name for name, _ in USES])
def test_another_integration_comes_back_too(tmp_path, name, given):
    """Inputs in headers, in a query with constants, and deep in JSON."""
    environ = {"PARCELS_CLIENT_ID": "c", "PARCELS_CLIENT_SECRET": KEY}
    with Connector(OTHER, home=tmp_path, environ=environ) as connector:
        request = connector.preview(name, given).request
    block = exported.block(OTHER.actions[name], request, "https://parcels.example/api", OTHER.id)
    (found,) = superblocks_steps.invocations(OTHER, block, None)
    assert (found.action, found.inputs, found.to_fill) == (name, given, {})
