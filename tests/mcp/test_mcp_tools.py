"""The tools as the SDK's own client sees them, in both eras of the protocol."""

from __future__ import annotations

import base64
import io
import json
import threading
from dataclasses import replace

import anyio
import httpx
import pytest
from mcp.shared.exceptions import MCPError
from PIL import Image
from tooling import INTEGRATION, KEY, SAMPLES, tooling
from upstream import forms

from connector.mcp import builtin_tools
from connector.mcp import tools as action_tools
from connector.mcp.call_tool import Caller
from connector.mcp.offer import Offer
from connector.spec.model import ToolEntry
from connector.spec.schema.validator import Checker

ERAS = pytest.mark.parametrize("era", ["legacy", "auto"])
ROOM = {"image": "room.png", "mask": str(SAMPLES / "room-mask.png")}


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    with tooling(tmp_path_factory.mktemp("home")) as opened:
        yield opened


EVERYTHING = Caller("mcp", "sandbox", offer=Offer(everything=True))


def _listed(tools, caller=None):
    found = tools.talk(lambda client: client.list_tools(), caller=caller)
    return {tool.name: tool for tool in found.tools}


@pytest.fixture(scope="module")
def listed(tools):
    return _listed(tools)


def test_the_main_actions_are_tools_and_the_others_on_demand(tools, listed):
    """By the names that the specs declare for agents; and our own tools are beside them."""
    ours = {*builtin_tools.named(tools.desk)}
    main = {action.tool.name for action in INTEGRATION.actions.values() if action.tool.listed}
    assert {*listed} == main | ours
    assert {"upscale-conservative", "control-style"} <= main
    every = {action.tool.name for action in INTEGRATION.actions.values()}
    assert {*_listed(tools, EVERYTHING)} == every | ours


def test_looking_at_the_tools_is_cheap(tools):
    """A model reads the whole list before the first word of its user: four characters are about a token."""
    found = tools.talk(lambda client: client.list_tools())
    text = json.dumps(found.model_dump(mode="json", by_alias=True, exclude_none=True), ensure_ascii=False)
    assert len(text) / 4 < 8000


def test_what_many_inputs_say_is_said_once(tools, listed):
    """In the instructions, with the choices and limits that the list leaves out."""
    told = tools.talk(lambda client: _instructions(client))
    for said in ("`seed`: The same seed", "neon-punk", "0 to 4,294,967,294"):
        assert told.count(said) == 1
        assert said not in json.dumps([tool.input_schema for tool in listed.values()])


async def _instructions(client):
    return client.instructions


@pytest.mark.parametrize("name", sorted(INTEGRATION.actions))
def test_a_tool_takes_what_its_action_takes(name):
    """Every input is there, what is required is required, and each example that needs no file passes.

    Beside the inputs is what can be said of pictures, and where the result goes.
    """
    action = INTEGRATION.actions[name]
    schema = action_tools.input_schema(action, saves=True)
    assert schema["type"] == "object"
    files = [action.parameters[name].get("file", {}) for name in action.files]
    pictured = any({"png", "jpeg"} & {*rules.get("formats", ("png",))} for rules in files)
    options = ["keep_orientation"] if pictured else []
    options += ["accept_warnings"] if "mask" in action.parameters else []
    assert [*schema["properties"]] == [*action.parameters, *options, "save_as"]
    assert schema.get("required") == action.inputs.get("required")
    assert not {"allOf", "anyOf", "oneOf", "not", "if"} & {*schema}
    for example in action.examples:
        assert Checker(schema, noun="an input").problems(dict(example.arguments)) == []


def test_an_action_is_called_by_its_tools_name_and_by_its_id(tools):
    """Also one that is not listed: what a client called yesterday it calls today."""
    for name in ("erase-object", "erase"):
        assert tools.call(name, ROOM).structured_content["action"] == "erase"
    assert (
        tools.call("balance").structured_content["value"]
        == tools.call("stability-balance").structured_content["value"]
    )


def test_an_action_is_found_by_what_it_does_and_called(tools):
    """The best matches tell their inputs, as use-action takes them."""
    found = tools.call("find-action", {"words": "image to video"}).structured_content["found"]
    assert "image-to-video" in [one["action"] for one in found]
    found = tools.call("find-action", {"words": "stable diffusion"}).structured_content["found"]
    assert found[0]["action"] == "stable-diffusion-3"
    assert "6.5 credits" in found[0]["description"]
    assert "prompt" in found[0]["inputs"]["required"]
    given = {"action": found[0]["action"], "inputs": {"prompt": "a boat"}}
    assert tools.call("use-action", given).structured_content["file"]["type"] == "image/png"


def test_a_mistake_in_finding_or_using_says_what_there_is(tools):
    told = tools.call("find-action", {"words": "zzz"}).structured_content
    assert told["found"] == []
    assert "Upscale" in told["groups"]
    wrong = tools.call("use-action", {"action": "erase-objekt"})
    assert wrong.is_error
    assert "did you mean 'erase-object'" in wrong.content[0].text


def test_a_thousand_actions_are_found_and_not_listed(tmp_path):
    """As an API that was imported has them: none says that it is a main one."""
    first = replace(INTEGRATION.actions["balance"], tool=ToolEntry("get-0"), id="get-0", title="Get 0")
    many = {
        f"get-{n}": replace(first, id=f"get-{n}", title=f"Get {n}", tool=ToolEntry(f"get-{n}"))
        for n in range(1000)
    }
    with tooling(tmp_path, integration=replace(INTEGRATION, actions=many)) as tools:
        assert {*_listed(tools)} == {*builtin_tools.named(tools.desk)}
        told = tools.call("find-action", {"words": "get 77"}).structured_content
        assert told["found"][0]["action"] == "get-77"
        assert told["more"] > 0
        assert len(json.dumps(told)) < 10_000
    few = dict(list(many.items())[:3])
    with tooling(tmp_path / "few", integration=replace(INTEGRATION, actions=few)) as tools:
        assert {*few} <= {*_listed(tools)}


def test_a_server_that_only_reads_pays_and_writes_nothing(tools):
    caller = Caller("mcp", "sandbox", offer=Offer(read_only=True))
    listed = _listed(tools, caller)
    assert "stability-balance" in listed
    assert not any("Costs" in tool.description for name, tool in listed.items() if name != "use-action")
    assert "save_as" not in json.dumps([tool.input_schema for tool in listed.values()])
    with pytest.raises(MCPError, match="there is no tool"):
        tools.call("stable-image-core", {"prompt": "a boat"}, caller=caller)
    used = tools.call("use-action", {"action": "erase", "inputs": ROOM}, caller=caller)
    assert used.structured_content["outcome"] == "unknown_name"
    assert not tools.call("stability-balance", caller=caller).is_error


def test_a_result_is_put_where_it_is_wanted(tools):
    """Below a folder of the user's, with the ending of its type; the answer tells the whole path."""
    home = tools.alone.folders.roots[1]
    told = tools.call("erase-object", {**ROOM, "save_as": str(home / "made" / "clean.jpg")})
    path = home / "made" / "clean.png"
    assert told.structured_content["file"]["path"] == str(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    run = told.structured_content["run"]
    again = tools.call("get-run", {"run": run, "save_as": str(home / "again.png")}).structured_content
    assert (home / "again.png").read_bytes() == path.read_bytes()
    assert again["file"]["path"] == str(home / "again.png")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("/etc/hero.png", "is not a path below"),
        ("../hero.png", "is not a path below"),
        (".git/hooks/pre-commit", "is not a path below"),
        ("room.png", "is there already"),
        ("tiles/", "is a folder"),
        ("x\0y", "is not a path"),
        (5, "is not a path"),
    ],
)
def test_a_place_that_will_not_do_is_told_before_anything_is_paid(tools, wanted, said):
    before = tools.desk.purse.spent
    told = tools.call("erase-object", {**ROOM, "save_as": wanted})
    assert told.structured_content["error"]["problems"][0]["field"] == "save_as"
    assert said in told.content[0].text
    assert tools.desk.purse.spent == before


def test_a_file_of_the_user_comes_before_an_earlier_result_of_its_name(tools):
    """And whoever may see their own results alone is given nobody else's."""
    made = tools.call("stable-image-core", {"prompt": "a boat", "seed": 77}).structured_content["file"]
    limited = Caller("guest", "sandbox", only_own=True)
    given = {"image": made["name"], "up": 64}
    assert tools.call("outpaint", given, caller=limited).structured_content["outcome"] == "bad_input"
    assert not tools.call("outpaint", given).is_error
    (tools.alone.folders.roots[1] / made["name"]).write_text("no picture")
    assert tools.call("outpaint", given).structured_content["outcome"] == "bad_input"


def test_a_success_tells_the_next_step(tools):
    told = tools.call("stable-image-core", {"prompt": "a boat"}).structured_content["file"]
    assert "give its `file`" in told["next"]
    place = str(tools.alone.folders.roots[1] / "next.png")
    told = tools.call("stable-image-core", {"prompt": "a boat", "save_as": place}).structured_content["file"]
    assert "`path`" in told["next"]


def test_a_link_leads_no_result_out_of_a_folder(tools, tmp_path):
    home = tools.alone.folders.roots[1]
    (home / "way-out").symlink_to(tmp_path)
    told = tools.call("erase-object", {**ROOM, "save_as": str(home / "way-out" / "x.png")})
    assert told.structured_content["outcome"] == "bad_input"
    assert [*tmp_path.iterdir()] == []


def test_a_result_that_cannot_be_written_is_kept_and_said(tools):
    """It is paid for: the call has succeeded, and the file is here."""
    home = tools.alone.folders.roots[1]
    (home / "flat").write_text("a file where a folder is wanted")
    told = tools.call("erase-object", {**ROOM, "save_as": str(home / "flat" / "x.png")})
    assert told.structured_content["outcome"] == "success"
    assert "cannot be written" in told.structured_content["file"]["not_saved"]
    assert "path" not in told.structured_content["file"]


def test_every_result_is_put_into_the_folder_for_all(tmp_path):
    """One beside the other, whatever their names."""
    with tooling(tmp_path / "home", keep=tmp_path / "out") as tools:
        paths = {
            tools.call("stable-image-core", {"prompt": "a boat", "seed": 7}).structured_content["file"][
                "path"
            ]
            for _ in range(2)
        }
        assert paths == {str(path) for path in (tmp_path / "out").iterdir()}
        assert len(paths) == 2


def _photo(orientation=1):
    out, tag = io.BytesIO(), Image.Exif()
    tag[0x0112] = orientation
    Image.new("RGB", (96, 64), "teal").save(out, "JPEG", exif=tag)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


def test_a_picture_is_sent_upright_unless_the_tool_is_told_otherwise(tools):
    """The model is told, and says otherwise beside the inputs."""
    photo = _photo(6)
    for options in ({}, {"keep_orientation": True}):
        given = {"image": photo, "up": 100, **options}
        answer = tools.talk(lambda client, given=given: client.call_tool("outpaint", given))
        warned = [warning["field"] for warning in answer.structured_content.get("warnings", [])]
        assert warned == ([] if options else ["image"])


def test_a_tool_asks_before_it_pays_for_what_is_hardly_meant(tools):
    """The model is told what to do: to mend it, or to call again with the flag that a person agreed to."""
    image = {"image": _photo()}
    told = tools.call("erase", image)
    assert told.structured_content["outcome"] == "needs_confirmation"
    assert "accept_warnings" in told.content[0].text
    assert tools.call("erase", {**image, "accept_warnings": True}).structured_content["outcome"] == "success"


def test_what_is_said_of_files_never_has_the_name_of_an_input():
    """An action that has such an input keeps it, and the option is told apart."""
    erase = INTEGRATION.actions["erase"]
    properties = {**erase.parameters, "keep_orientation": {"type": "boolean"}}
    own = replace(erase, inputs={**erase.inputs, "properties": properties})
    names = {"_keep_orientation": "keep_orientation", "accept_warnings": "accept_warnings"}
    assert action_tools.option_names(own) == names
    assert [*action_tools.input_schema(own)["properties"]][-3:] == ["keep_orientation", *names]


def test_what_costs_says_so(tools):
    """In its annotations, where they differ from what clients take for granted, and its description."""
    listed = _listed(tools, EVERYTHING)
    paid, free = listed["erase-object"], listed["stability-balance"]
    assert not paid.annotations.read_only_hint
    assert not paid.annotations.idempotent_hint
    assert paid.annotations.open_world_hint is not False
    assert paid.annotations.destructive_hint is False
    assert "Costs 5 credits" in paid.description
    assert free.annotations.read_only_hint
    assert "Free." in free.description


def test_what_is_deprecated_says_so_first(tools):
    listed = _listed(tools, EVERYTHING)
    old = [one.tool.name for one in INTEGRATION.actions.values() if one.deprecated]
    assert old
    assert all(listed[name].description.startswith("DEPRECATED") for name in old)


def test_rules_that_no_model_takes_in_a_schema_are_told_in_words(tools):
    request = _listed(tools, EVERYTHING)["stability-http-request"]
    assert "Rule: a raw body needs content or a content file." in request.description


def test_a_tool_says_what_is_true_of_a_tool(listed):
    """It waits for its job, so that nobody hears of ids that another action fetches."""
    waiting = [action.tool for action in INTEGRATION.actions.values() if action.job]
    assert waiting
    for entry in waiting:
        assert entry.description
        assert "answers with an id" not in entry.description


@ERAS
def test_a_picture_comes_to_be_looked_at_and_linked(tools, era):
    """Small as a picture, whole as a resource; its facts are structured, and say what it cost."""
    told = tools.call("stable-image-core", {"prompt": "a paper boat", "seed": 7}, mode=era)
    text, seen, link = told.content
    assert not told.is_error
    assert (text.type, seen.type, link.type) == ("text", "image", "resource_link")
    assert Image.open(io.BytesIO(base64.b64decode(seen.data))).size == (64, 64)
    facts = told.structured_content
    assert json.loads(text.text) == facts
    assert (facts["seed"], facts["credits"], facts["billed"]) == (7, 3.0, "yes")
    assert facts["file"]["uri"] == link.uri
    whole = tools.talk(lambda client: client.read_resource(link.uri), mode=era).contents[0]
    assert len(base64.b64decode(whole.blob)) == link.size


def test_files_are_given_in_every_form(tools):
    """As paths, data URIs, file URIs, and as what an earlier call made, by its name too."""
    made = tools.call("erase", ROOM).structured_content["file"]
    content = base64.b64encode((SAMPLES / "room.png").read_bytes()).decode()
    for image in (
        made["file"],
        made["uri"],
        made["name"],
        f"data:image/png;base64,{content}",
        (SAMPLES / "room.png").as_uri(),
    ):
        told = tools.call("erase", {**ROOM, "image": image})
        assert not told.is_error, told.content[0].text


@pytest.mark.parametrize("path", ["/etc/passwd", "../../README.md", "file:///etc/passwd"])
def test_files_outside_of_the_roots_are_refused(tools, path):
    told = tools.call("erase", {"image": path})
    assert told.is_error
    assert told.structured_content["error"]["code"] == "bad_input"
    assert "outside" in told.content[0].text


def test_a_link_out_of_a_root_is_refused(tools, tmp_path_factory):
    """Wherever it seems to be."""
    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    outside.write_bytes((SAMPLES / "room.png").read_bytes())
    link = tools.alone.folders.roots[1] / "inside.png"
    link.symlink_to(outside)
    told = tools.call("erase", {"image": "inside.png"})
    assert told.is_error
    told = tools.call("erase", {"image": str(link)})
    assert "outside" in told.content[0].text


def test_sound_is_linked_and_not_sent(tools):
    told = tools.call("stable-audio-2-text-to-audio", {"prompt": "rain"})
    assert [each.type for each in told.content] == ["text", "resource_link"]


@ERAS
def test_a_job_is_waited_for_with_progress(tools, era):
    """Each step is told, with numbers that only grow."""
    steps = []

    async def heard(progress, total, message):
        steps.append((progress, message))

    async def talk(client):
        given = {"image": "subject.png", "prompt": "a red vase"}
        return await client.call_tool("start-creative-upscale", given, progress_callback=heard)

    told = tools.talk(talk, mode=era)
    assert not told.is_error, told.content[0].text
    assert told.structured_content["job_id"]
    assert told.structured_content["file"]["type"].startswith("image/")
    numbers = [number for number, _ in steps]
    assert numbers == sorted(set(numbers))
    assert any("Check" in message for _, message in steps)


def test_every_mistake_is_told_at_its_input(tools):
    told = tools.call("stable-image-core", {"prompt": 5, "aspect": "1:1"})
    problems = told.structured_content["error"]["problems"]
    assert told.is_error
    assert {problem["field"] for problem in problems} == {"prompt", "aspect"}
    assert told.structured_content["billed"] == "no"
    assert "did you mean 'aspect_ratio'" in told.content[0].text


def test_a_failure_says_whether_it_was_billed_and_what_to_do(tools):
    told = tools.call("stable-image-core", {"prompt": "sandbox-refuse"})
    assert told.is_error
    assert (told.structured_content["outcome"], told.structured_content["billed"]) == ("moderated", "no")
    assert "the same will be refused again" in told.content[0].text
    gone = tools.call("fetch-result", {"id": "0" * 64})
    assert gone.structured_content["error"]["code"] == "not_found"


@ERAS
def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(tools, era):
    with pytest.raises(MCPError, match="there is no tool and no action 'paint'"):
        tools.call("paint", mode=era)


def test_a_session_may_spend_so_much(tmp_path):
    """What would cost more is refused before it is sent, and so is what nobody can price."""
    with tooling(tmp_path, limit=7) as tools:
        assert not tools.call("stable-image-core", {"prompt": "one"}).is_error
        assert not tools.call("stable-image-core", {"prompt": "two"}).is_error
        told = tools.call("stable-image-core", {"prompt": "three"})
        assert told.structured_content["error"]["code"] == "cap_reached"
        assert "1 are left" in told.content[0].text
        unpriced = {"method": "POST", "path": "/v9/new", "body": "json", "json": {}}
        assert tools.call("generic-http-request", unpriced).structured_content["outcome"] == "cap_reached"
        spent = tools.call("spending").structured_content
        assert (spent["spent"], spent["left"], spent["today_credits"]) == (6.0, 1.0, 6.0)
        assert not tools.call("balance").is_error


def test_what_was_refused_leaves_the_limit_as_it_was(tmp_path):
    with tooling(tmp_path, limit=7) as tools:
        for _ in range(3):
            assert tools.call("stable-image-core", {"prompt": ""}).is_error
        assert tools.desk.purse.spent == 0.0


def test_own_tools_tell_what_an_agent_should_know(tools):
    estimate = tools.call("estimate", {"action": "erase", "inputs": ROOM}).structured_content
    assert estimate["credits"] == 5
    assert tools.call("estimate", {"action": "erase"}).structured_content["outcome"] == "bad_input"
    assert tools.call("estimate", {}).is_error
    places = tools.call("environments").structured_content["environments"]
    in_use = [one for one in places if one["in_use"]]
    assert [(one["environment"], one["needs_credential"]) for one in in_use] == [("sandbox", False)]
    assert tools.call("spending").structured_content["balance"] > 0


def test_only_what_is_wanted_is_offered(tmp_path):
    """By ids or groups; nothing else can be called."""
    with tooling(tmp_path, patterns=("stable-image-*", "upscale")) as tools:
        names = {tool.name for tool in tools.talk(lambda client: client.list_tools()).tools}
        assert "upscale-fast" in names
        assert "erase" not in names
        with pytest.raises(MCPError):
            tools.call("erase", ROOM)


def test_no_key_is_told(tools):
    """Production has a key here, and is asked for something that fails before it leaves."""
    told = tools.call("erase", {"image": "nothing.png"}, caller=Caller("mcp", "production"))
    everything = told.model_dump_json() + tools.talk(lambda client: client.list_tools()).model_dump_json()
    assert KEY not in everything


@ERAS
def test_a_cancelled_call_ends_by_the_engines_rules(tmp_path, era):
    """A paid request that has left is unknown from then on, and its run says so to whoever asks."""
    left, go = threading.Event(), threading.Event()

    def far(request: httpx.Request) -> httpx.Response:
        left.set()
        go.wait(60)
        return httpx.Response(500)

    runs = []

    async def heard(progress, total, message):
        if message.startswith("it is run"):
            runs.append(message.split()[-1])

    async def talk(client):
        async with anyio.create_task_group() as group:

            async def call():
                await client.call_tool("stable-image-core", {"prompt": "x"}, progress_callback=heard)

            group.start_soon(call)
            await anyio.to_thread.run_sync(left.wait)
            group.cancel_scope.cancel()

    async def ask(client):
        return await client.call_tool("get-run", {"run": runs[0], "wait": 10})

    with tooling(tmp_path, httpx.MockTransport(far)) as tools:
        try:
            tools.talk(talk, mode=era)
            told = tools.talk(ask, mode=era)
        finally:
            go.set()
    assert told.structured_content["outcome"] == "unknown"
    assert told.structured_content["billed"] == "unknown"
    assert "may have been billed" in told.content[0].text


def test_resources_are_listed_newest_first_in_pages(tmp_path):
    """And a text is read as text."""
    with tooling(tmp_path) as tools:
        made = [tools.call("stable-image-core", {"prompt": str(n)}).content[-1].uri for n in range(3)]
        found = tools.talk(lambda client: client.list_resources()).resources
        assert [one.uri for one in found] == made[::-1]
        files = tools.alone.files
        for _ in range(50):
            files.put(files.open(made[0].rpartition("/")[2]), source="result")
        first = tools.talk(lambda client: client.list_resources())
        rest = tools.talk(lambda client: client.list_resources(cursor=first.next_cursor))
        assert (len(first.resources), len(rest.resources), rest.next_cursor) == (50, 3, None)


@pytest.mark.parametrize("uri", ["connector://files/nothing", "file:///etc/passwd", "test://x"])
@ERAS
def test_what_is_no_resource_is_an_error_of_the_protocol(tools, uri, era):
    with pytest.raises(MCPError):
        tools.talk(lambda client: client.read_resource(uri), mode=era)


def test_a_file_that_is_too_large_for_a_message_is_refused_with_what_to_do(tools, monkeypatch):
    made = tools.call("erase", ROOM).structured_content["file"]
    monkeypatch.setattr("connector.mcp.resources.MOST_BYTES", 10)
    with pytest.raises(MCPError, match="give it to a tool as file:"):
        tools.talk(lambda client: client.read_resource(made["uri"]))


def test_a_long_answer_becomes_a_file(tmp_path):
    """A model is not made to read it."""
    far = httpx.MockTransport(lambda request: httpx.Response(200, json={"text": "x" * 100_000}))
    with tooling(tmp_path, far) as tools:
        told = tools.call("generic-http-request", {"path": "/v1/long"})
        assert "value" not in told.structured_content
        assert len(told.content[0].text) < 2000
        uri = told.structured_content["file"]["uri"]
        read = tools.talk(lambda client: client.read_resource(uri)).contents[0]
        assert json.loads(read.text) == {"text": "x" * 100_000}


@pytest.mark.parametrize("path", ["/echoed", "/refused"])
def test_no_answer_of_a_tool_has_the_key(tmp_path, path):
    """What a model is told is kept by others, in whatever form a far side sends it back."""

    def echo(request):
        told = forms(request.headers["authorization"].removeprefix("Bearer "))
        status = 401 if request.url.path.endswith("/refused") else 200
        said = {"errors": told, "message": " ".join(told), "credits": 1} | dict.fromkeys(told, "")
        return httpx.Response(status, json=said, headers={"x-request-id": told[0]})

    with tooling(tmp_path, httpx.MockTransport(echo)) as opened:
        caller = Caller("mcp", "production")
        answer = opened.call("generic-http-request", {"path": path}, caller=caller)
        told = repr([answer, opened.call("spending", {}, caller=caller)])
    assert "********" in told
    assert [form for form in forms(KEY) if form[4:24] in told] == []
