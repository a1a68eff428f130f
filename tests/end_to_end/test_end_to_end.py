"""Every action over a real port: what is valid arrives as it was shown, and what is not never leaves."""

import re
import shutil
import subprocess
import wave
from functools import cache

import pytest
from declared import ACTIONS, CASES, EXAMPLES, INVALID, SPECS, load_yaml, parameters
from PIL import Image
from port import SAMPLES, port
from upstream import KEY

from connector import errors
from connector.engine.arguments import beside
from connector.secret import MASK

HERE = CASES.parent / "end_to_end"
FILES = load_yaml(HERE / "files.yaml")
REQUESTS = load_yaml(HERE / "requests.yaml")
STARTS = {spec["job"]["fetch"]: action for action, spec in SPECS.items() if "job" in spec}
# What curl has of its own: it frames a form in its own way.
OF_CURL = {"accept", "accept-encoding", "user-agent", "content-length", "content-type"}


def cases(found):
    return [pytest.param(*values, id=name) for name, values in found]


every_example = pytest.mark.parametrize(
    ("action", "given"), cases((f"{action}-{number}", (action, given)) for action, number, given in EXAMPLES)
)
every_request = pytest.mark.parametrize("case", cases((case["wrong_way"], (case,)) for case in REQUESTS))


@pytest.fixture(scope="module")
def shared():
    with port() as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(shared, tmp_path_factory):
    made = shared.connector(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture
def far(shared):
    shared.reset()
    return shared


@pytest.fixture
def connector(far, standing):
    return standing


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the cases' files lie: the samples, and some that the cases name."""
    place = tmp_path_factory.mktemp("files")
    (place / "samples").symlink_to(SAMPLES)
    for name in ("a.png", "b.png", "d.png", "c.d", "b.txt"):
        shutil.copy(made(place, "png 768x768"), place / name)
    for name in ("a.wav", "a.mp3"):
        shutil.copy(SAMPLES / f"tone{name[1:]}", place / name)
    (place / "named").mkdir()
    shutil.copy(SAMPLES / "subject.png", place / "named" / 'it\'s "my" cat; ü=1.png')
    return place


@cache
def made(place, told, limit=None):
    """A file in the folder, as the cases describe it: ``png 64x64``, ``wav 6``, cut or padded besides."""
    kind, size, change = (*told.split(), "", "")[:3]
    path = place / f"{told.replace(' ', '-')}.{kind}"
    if kind in MADE:
        MADE[kind](path, size)
    if change == "cut":
        path.write_bytes(path.read_bytes()[:20])
    if change == "padded":
        with path.open("r+b") as file:
            file.truncate(limit + 1)
    return path


def _picture(path, size):
    Image.new("L", tuple(map(int, size.split("x")))).save(path)


def _sound(path, seconds):
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000 * int(seconds)))


MADE = {
    "png": _picture,
    "gif": _picture,
    "wav": _sound,
    "text": lambda path, size: path.write_text("no picture, no sound"),
    "empty": lambda path, size: path.touch(),
    "folder": lambda path, size: path.mkdir(exist_ok=True),
}


def ready(connector, far, action, given, folder=ACTIONS):
    """The arguments of an example; the id of a job is that of one that is ready to be fetched."""
    if action not in STARTS:
        return beside(connector.action(action), given, folder)
    start = STARTS[action]
    _, _, example = next(found for found in EXAMPLES if found[0] == start)
    started = connector.submit(start, beside(connector.action(start), example, ACTIONS))
    far.clock.sleep(20)
    return {"id": started.job_id}


def shown(preview):
    """A preview in the words of the sandbox's control path, without what is not on the wire."""
    told = preview.to_dict()
    return told["method"], told["url"], [_part(part) for part in told.get("parts", ())]


def _part(part):
    """A part as shown; a text part has no file name and no type."""
    named = {"filename": None, "content_type": None} | part
    return named | {"size": named.pop("bytes")} if "bytes" in named else named


def carried(far, request):
    """What the wire carried, in the same words."""
    query = f"?{request['query']}" if request["query"] else ""
    return request["method"], far.url + request["path"] + query, request["parts"]


def same_headers(preview, request, but=frozenset()):
    """Whether the wire carried the headers that were shown, and none that tell more."""
    on_wire = {name: re.sub("(boundary=)[^;]+", r"\1…", value) for name, value in request["headers"]}
    told = preview.to_dict()["headers"]
    secret = told.pop("authorization"), on_wire.pop("authorization")
    differing = {name for name in told.keys() | on_wire.keys() if told.get(name) != on_wire.get(name)}
    return secret == (f"Bearer {MASK}", "Bearer ***") and differing <= but


@every_example
def test_every_example_gives_its_result(far, connector, action, given):
    """A result comes, a job's too; what it cost is what the sandbox was paid, and is written down."""
    arguments = ready(connector, far, action, given)
    before = far.spent
    result = connector.invoke(action, arguments)
    assert result.outcome == "success"
    assert result.request_id == far.requests[-1]["request_id"]
    assert result.headers["x-sandbox"] == "true"
    assert far.spent - before == result.credits
    assert not result.credits or written(connector, result) == ("done", "success", "yes", result.credits)


def written(connector, result):
    entry = connector.workspace.ledger.get(result.invocation_id)
    return entry.state, entry.outcome, entry.billed, entry.credits


@every_example
def test_every_example_is_sent_as_it_was_shown(far, connector, action, given):
    """Method, address, headers and the parts in their order, each with its name, type, size and digest."""
    arguments = ready(connector, far, action, given)
    preview, before = connector.preview(action, arguments), len(far.requests)
    connector.invoke(action, arguments, wait=False)
    request = far.requests[before]
    assert shown(preview) == carried(far, request)
    assert same_headers(preview, request)


@every_request
def test_what_is_easily_changed_on_its_way_is_not(far, connector, folder, case):
    """Odd text, empty values, names of files, other kinds of bodies: the wire carries what was shown."""
    action, given = case["action"], beside(connector.action(case["action"]), case["arguments"], folder)
    preview = connector.preview(action, given)
    assert outcome(connector, action, given) == case["outcome"]
    (request,) = far.requests
    assert shown(preview) == carried(far, request)
    assert same_headers(preview, request)
    assert body(preview) == (request["body"] or None)


def outcome(connector, action, given):
    try:
        return connector.invoke(action, given, wait=False).outcome
    except errors.UpstreamError as error:
        return error.code


def body(preview):
    told = preview.to_dict().get("body", {})
    if "bytes" in told:
        return preview.request.body.content.bytes[:10_000].decode("utf-8", "replace")
    return told.get("value")


def test_the_cases_cover_all_actions():
    """Every action has a valid use, and invalid ones; how many is for the tests of the actions to say."""
    assert {action for action, _, _ in EXAMPLES} == SPECS.keys()
    assert INVALID.keys() == SPECS.keys()


def refused(far, connector, action, given):
    """The problems of a use that must not leave: by their fields, with nothing sent and nothing paid."""
    before = len(connector.workspace.ledger.entries(limit=10_000))
    with pytest.raises(errors.InvalidArguments) as caught:
        connector.invoke(action, given)
    assert (far.requests, far.ledger) == ([], [])
    assert len(connector.workspace.ledger.entries(limit=10_000)) == before
    assert all(problem["message"] for problem in caught.value.to_dict()["problems"])
    return {problem.path for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("action", "case"),
    cases(
        (f"{action}-{case['wrong']}", (action, case)) for action, found in INVALID.items() for case in found
    ),
)
def test_a_mistake_is_told_at_its_field_and_nothing_leaves(far, connector, folder, action, case):
    """Missing, of the wrong type, out of range, forbidden together: the fields concerned, and no others."""
    given = beside(connector.action(action), case["arguments"], folder)
    assert refused(far, connector, action, given) == set(case["fields"])


def broken_files():
    """Each file of each action with everything that may be wrong with it by the rules declared for it."""
    for action in SPECS:
        for name, entry in parameters(action).items():
            if entry.get("format") == "binary":
                rules = entry.get("file", {})
                kind = "sounds" if "min_seconds" in rules else "pictures" if rules else "anything"
                yield from (
                    (f"{action}-{name}-{case['wrong']}", (action, name, case["file"], rules))
                    for case in FILES[kind]
                    if "breaks" not in case or {*case["breaks"]} & rules.keys()
                )


@pytest.mark.parametrize(("action", "name", "told", "rules"), cases(broken_files()))
def test_a_wrong_file_is_told_at_its_field_and_nothing_leaves(
    far, connector, folder, action, name, told, rules
):
    """Format, sides, pixels, bytes, and files that cannot be read."""
    given = with_file(connector, action, name, made(folder, told, rules.get("max_bytes")))
    assert refused(far, connector, action, given) == {name}


def with_file(connector, action, name, path):
    """An example that takes this file, with another one in its place."""
    if action == "generic-http-request":
        return {"method": "POST", "path": "/v1", "body": "raw", name: path}
    examples = [given for found, _, given in EXAMPLES if found == action]
    example = next((given for given in examples if name in given), examples[0])
    return beside(connector.action(action), example, ACTIONS) | {name: path}


@pytest.mark.parametrize("told", [case["file"] for case in FILES["anything"]])
def test_a_wrong_file_of_any_request_is_told_at_its_own_name(far, connector, folder, told):
    """Also where the caller chose the field's name."""
    files = {"image": made(folder, told), "mask": SAMPLES / "room-mask.png"}
    given = {"method": "POST", "path": "/v2beta/stable-image/edit/erase", "body": "multipart", "files": files}
    assert refused(far, connector, "generic-http-request", given) == {"files.image"}


def test_files_that_are_too_large_together_are_told_at_the_largest(far, connector, folder):
    """Each keeps to its limit, and the request does not keep to its own."""
    halves = {
        name: padded(folder / f"{name}.png", size) for name, size in (("image", 6 << 20), ("mask", 5 << 20))
    }
    assert refused(far, connector, "erase", halves) == {"image"}


def padded(path, size):
    shutil.copy(SAMPLES / "room.png", path)
    with path.open("r+b") as file:
        file.truncate(size)
    return path


def test_a_picture_cut_off_behind_its_header_is_refused_unpaid(far, connector, tmp_path):
    """Its sides can be read and its pixels cannot, which only the upstream finds out: at the same field."""
    (tmp_path / "half.png").write_bytes((SAMPLES / "room.png").read_bytes()[:9000])
    with pytest.raises(errors.BadRequest) as caught:
        connector.invoke("remove-background", {"image": tmp_path / "half.png"})
    assert [problem.path for problem in caught.value.problems] == ["image"]
    assert (caught.value.billed, far.ledger) == ("no", [])


def test_an_unknown_action_is_told_with_the_nearest_name(far, connector):
    """And nothing leaves."""
    with pytest.raises(errors.UnknownName, match="stable-image-core"):
        connector.invoke("stable-image-cor", {"prompt": "a boat"})
    assert far.requests == []


def test_without_a_credential_nothing_leaves(far, tmp_path):
    """Another environment's key is not taken instead."""
    with far.connector(tmp_path) as connector, pytest.raises(errors.ConnectorError, match="production"):
        connector.invoke("stable-image-core", {"prompt": "a boat"}, environment="production")
    assert far.requests == []


def test_a_cap_is_kept(far, tmp_path):
    """What would pass it is refused before it leaves."""
    with far.connector(tmp_path, cap=7) as connector:
        for _ in range(2):
            connector.invoke("stable-image-core", {"prompt": "a boat"})
        with pytest.raises(errors.CapReached):
            connector.invoke("stable-image-core", {"prompt": "a boat"})
    assert (len(far.requests), far.spent) == (2, 6)


def test_the_connection_is_tested_by_its_balance(far, connector):
    """By the cheapest call."""
    assert connector.test().startswith("the key works; the balance is")
    assert [request["path"] for request in far.requests] == ["/v1/user/balance"]
    assert connector.balance() == far.sandbox.settings.credits


# Curl, by the very command that is shown.

_CURL = "--silent --show-error --max-time 10 --output body --write-out '%{http_code}'"


def curled(preview, path):
    """The status that the shown command gets, the secret filled in; it leaves the answer as ``body``."""
    command = f"{preview.curl().replace(MASK, KEY)} {_CURL}"
    said = subprocess.run(["sh", "-c", command], capture_output=True, check=True, cwd=path, text=True)
    return int(said.stdout)


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@needs_curl
@every_example
def test_the_shown_command_does_the_same(far, connector, tmp_path, action, given):
    """Status, parts and what is delivered."""
    arguments = ready(connector, far, action, given)
    preview = connector.preview(action, arguments)
    result = connector.invoke(action, arguments, wait=False)
    far.clock.sleep(20)
    assert curled(preview, tmp_path) == result.status
    ours, theirs = (carried(far, request) for request in far.requests[-2:])
    assert ours == theirs
    if result.media is not None and result.media.type.startswith("image/"):
        with Image.open(tmp_path / "body") as picture:
            picture.load()


@needs_curl
@every_request
def test_the_shown_command_changes_nothing_on_the_way(far, connector, folder, tmp_path, case):
    """The same bytes by a shell and curl as by the connector."""
    action, given = case["action"], beside(connector.action(case["action"]), case["arguments"], folder)
    preview = connector.preview(action, given)
    outcome(connector, action, given)
    curled(preview, tmp_path)
    ours, theirs = far.requests
    assert carried(far, ours) == carried(far, theirs)
    assert (ours["body"], ours["status"]) == (theirs["body"], theirs["status"])
    assert same_headers(preview, theirs, but=OF_CURL)


def test_a_head_and_an_empty_header_are_shown_in_curl_s_own_words(connector):
    """It would wait for a body, and leave the header out."""
    given = {"method": "HEAD", "path": "/v1", "headers": {"x-empty": ""}}
    command = connector.preview("generic-http-request", given).curl()
    assert command.startswith("curl --head http://")
    assert "--header 'x-empty;'" in command


def test_secrets_stay_out_of_what_is_shown(far, connector):
    """Neither in the description nor in the command."""
    preview = connector.preview("stable-image-core", {"prompt": "a boat"})
    assert KEY not in f"{preview.to_dict()} {preview.curl()} {preview!r}"
