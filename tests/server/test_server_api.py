"""What the host can be asked for does what it says: actions, runs, files, jobs, money."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from server.support import SANDBOX, Place, picture, place

from connector.storage.ledger.model import PollTurn

CORE = "stable-image-core"
BOAT = {"prompt": "a paper boat", "seed": 7}
JOB = "start-creative-upscale"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One host for all: each test makes what it looks at."""
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _uploaded(host: Place, content: bytes = b"", name: str = "a.png") -> dict[str, Any]:
    answer = host.post(
        "/api/files",
        content=content or picture(),
        headers={"content-type": "image/png", "x-file-name": name},
    )
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_what_there_is_can_be_listed(host: Place) -> None:
    """An integration with its environments and its credential's form, and its actions with prices."""
    (integration,) = host.get("/api/integrations").json()["integrations"]
    told = host.get(f"/api/integrations/{integration['id']}").json()
    assert {each["name"] for each in told["environments"]} == {"production", "staging", "sandbox"}
    assert told["credential"]["properties"]["api_key"]["secret"] is True
    assert "sk-sandbox-0000" not in json.dumps(told)
    actions = host.get("/api/actions").json()["actions"]
    assert [each["id"] for each in actions] == told["actions"]
    assert next(each for each in actions if each["id"] == CORE)["price"] == "3"
    assert host.get(f"/api/integrations/{integration['id']}/icon").headers["content-type"] == "image/svg+xml"


def test_an_action_tells_all_about_itself(host: Place) -> None:
    """Inputs as JSON Schema with the rules of files, forms of answer, examples, notes, job."""
    erase = host.get("/api/actions/erase").json()
    assert erase["inputs"]["properties"]["image"]["file"]["min_side"] == 64
    assert erase["inputs"]["properties"]["mask"]["widget"] == "mask"
    assert erase["accept"] == ["image/*", "application/json"]
    assert erase["examples"][0]["arguments"]["seed"] == 4
    assert (erase["credits"], erase["paid"], erase["job"]) == (5, True, None)
    assert host.get(f"/api/actions/{JOB}").json()["job"]["interval"] == 10


def test_json_in_and_out(host: Place) -> None:
    """The run, the result as the engine shows it, and the file by reference."""
    answer = host.invoke(CORE, BOAT)
    told = answer.json()
    assert answer.status_code == 200, told
    assert (told["run"]["state"], told["run"]["inputs"]) == ("succeeded", BOAT)
    assert (told["result"]["seed"], told["result"]["credits"], told["result"]["billed"]) == (7, 3, "yes")
    assert told["file"]["type"] == "image/png"
    content = host.get(f"/api/files/{told['file']['id']}/content")
    assert content.content.startswith(b"\x89PNG")
    assert answer.headers["x-run-id"] == told["run"]["id"]
    assert told["run"]["token_name"] == "first"


def test_the_picture_itself_where_it_is_asked_for(host: Place) -> None:
    """With what the JSON would have told as headers."""
    answer = host.invoke(CORE, BOAT, headers={"accept": "image/*"})
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert (answer.headers["x-seed"], answer.headers["x-credits"]) == ("7", "3")
    assert host.get(f"/api/runs/{answer.headers['x-run-id']}").json()["run"]["state"] == "succeeded"


def test_an_answer_without_a_file_is_json_all_the_same(host: Place) -> None:
    """A wish for a picture is no reason to fail."""
    answer = host.invoke("balance", headers={"accept": "image/*"})
    assert answer.json()["result"]["value"]["credits"] > 0


def test_a_form_with_uploads(host: Place) -> None:
    """Fields become what the schema asks for, files stay out of history but for their reference."""
    answer = host.post(
        "/api/actions/erase",
        params=SANDBOX,
        data={"seed": "4", "grow_mask": "2.5"},
        files={"image": ("room.png", picture(), "image/png"), "mask": ("mask.png", picture(), "image/png")},
    )
    told = answer.json()
    assert answer.status_code == 200, told
    inputs = told["run"]["inputs"]
    assert (inputs["seed"], inputs["grow_mask"]) == (4, 2.5)
    assert inputs["image"]["file"].startswith("file:")
    assert inputs["image"]["name"] == "room.png"
    assert host.get(f"/api/files/{inputs['image']['file'][5:]}/content").content == picture()


def test_a_picture_is_sent_upright_unless_the_caller_says_otherwise(host: Place) -> None:
    """By the query, for all files of a form or of JSON, or beside one file; a run keeps what was said."""
    out, tag = io.BytesIO(), Image.Exif()
    tag[0x0112] = 6
    Image.new("RGB", (96, 64), "teal").save(out, "JPEG", exif=tag)
    files = {"image": ("photo.jpg", out.getvalue(), "image/jpeg")}
    reference = host.post("/api/files", files={"file": files["image"]}).json()["file"]
    beside = {"file": reference, "keep_orientation": True}
    keep = {**SANDBOX, "keep_orientation": "true"}
    asked: list[tuple[dict[str, Any], bool]] = [
        ({"params": SANDBOX, "data": {"up": "100"}, "files": files}, False),
        ({"params": keep, "data": {"up": "100"}, "files": files}, True),
        ({"params": SANDBOX, "json": {"inputs": {"image": reference, "up": 100}}}, False),
        ({"params": keep, "json": {"inputs": {"image": reference, "up": 100}}}, True),
        ({"params": SANDBOX, "json": {"inputs": {"image": beside, "up": 100}}}, True),
    ]
    for each, is_kept in asked:
        told = host.post("/api/actions/outpaint", **each).json()
        warned = [problem["field"] for problem in told["result"].get("warnings", [])]
        assert warned == ([] if is_kept else ["image"]), each
        kept = told["run"]["inputs"]["image"]
        assert kept["file"].startswith("file:")
        assert kept.get("keep_orientation", False) is is_kept


def test_what_is_hardly_meant_is_sent_once_the_caller_says_so(host: Place) -> None:
    """By the query, or beside the file; a check tells it as a question."""
    reference = _uploaded(host)["file"]
    refused = host.invoke("erase", {"image": reference})
    assert (refused.status_code, refused.json()["code"]) == (422, "needs_confirmation")
    told = [(each["field"], each["severity"]) for each in refused.json()["problems"]]
    assert told == [("mask", "question")]
    asked = host.post("/api/actions/erase/check", params=SANDBOX, json={"inputs": {"image": reference}})
    assert [each["severity"] for each in asked.json()["problems"]] == ["question"]
    said = {**SANDBOX, "accept_warnings": "true"}
    answer = host.post("/api/actions/erase", params=said, json={"inputs": {"image": reference}})
    assert answer.status_code == 200, answer.text
    assert [each["field"] for each in answer.json()["result"]["warnings"]] == ["mask"]
    beside = {"file": reference, "accept_warnings": True}
    assert host.invoke("erase", {"image": beside}).status_code == 200


def test_a_file_by_reference_in_every_form(host: Place) -> None:
    """In JSON, in a form, as base64 with its type, as a data URI."""
    reference = _uploaded(host)["file"]
    encoded = base64.b64encode(picture()).decode()
    forms: list[Any] = [
        reference,
        {"base64": encoded, "type": "image/png"},
        f"data:image/png;base64,{encoded}",
    ]
    for image in forms:
        told = host.invoke("remove-background", {"image": image})
        assert told.status_code == 200, told.text
    form = host.post("/api/actions/remove-background", params=SANDBOX, files={"image": (None, reference)})
    assert form.status_code == 200, form.text


def _part(name: str, filename: str, content: bytes) -> bytes:
    head = f'--b\r\ncontent-disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_a_field_that_nobody_filled_is_absent(host: Place) -> None:
    """Browsers send an empty part for it."""
    parts = [_part(name, "a.png", picture()) for name in ("init_image", "style_image")]
    parts += [_part("prompt", "", b""), b"--b--\r\n"]
    answer = host.post(
        "/api/actions/style-transfer/check",
        params=SANDBOX,
        content=b"".join(parts),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.json() == {"problems": []}


def test_files_inside_an_object(host: Place) -> None:
    """By the dotted name under which a problem would be told."""
    asked = {"path": "/x", "method": "POST", "body": "multipart", "fields": '{"a": 1}', "fields.b": "2"}
    answer = host.post(
        "/api/actions/generic-http-request/preview",
        params=SANDBOX,
        data=asked,
        files={"files.image": ("a.png", picture())},
    )
    parts = {part["name"]: part for part in answer.json()["parts"]}
    assert (parts["a"]["value"], parts["b"]["value"]) == ("1", "2")
    assert parts["image"]["filename"] == "a.png"


def test_preview_estimate_and_check_spend_nothing(host: Place) -> None:
    """The request as it would be sent, what it would cost, and all that is wrong with the inputs."""
    before = len(host.get("/api/runs").json()["runs"])
    asked = {"json": {"inputs": BOAT}, "params": SANDBOX}
    preview = host.post(f"/api/actions/{CORE}/preview", **asked).json()
    assert preview["method"] == "POST"
    assert preview["curl"].startswith("curl --request POST")
    assert "sk-sandbox" not in json.dumps(preview)
    estimate = host.post(f"/api/actions/{CORE}/estimate?balance=true", json={"inputs": BOAT}, params=None)
    assert estimate.json()["credits"] == 3
    wrong = {"json": {"inputs": {"seed": -1}}, "params": SANDBOX}
    found = host.post(f"/api/actions/{CORE}/check", **wrong).json()["problems"]
    assert {problem["field"] for problem in found} == {"prompt", "seed"}
    assert host.post(f"/api/actions/{CORE}/check", **asked).json() == {"problems": []}
    assert len(host.get("/api/runs").json()["runs"]) == before


def test_what_is_deprecated_warns(host: Place) -> None:
    """A check tells it, and so does the result."""
    deprecated = [each["id"] for each in host.get("/api/actions").json()["actions"] if each["deprecated"]]
    example = host.get(f"/api/actions/{deprecated[0]}").json()["examples"][0]["arguments"]
    inputs = {name: value for name, value in example.items() if not str(value).startswith("samples/")}
    found = host.post(f"/api/actions/{deprecated[0]}/check", json={"inputs": inputs}, params=SANDBOX).json()
    assert {"warning", None} >= {problem.get("severity") for problem in found["problems"]}


def test_the_bytes_as_they_arrive(host: Place) -> None:
    """A stream gives what the upstream sends; it is in the ledger."""
    answer = host.post(f"/api/actions/{CORE}/stream", json={"inputs": BOAT}, params=SANDBOX)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-seed"] == "7"


def test_a_repeated_key_gives_the_first_answer_and_spends_nothing(host: Place) -> None:
    """Also when it comes as the picture itself; with other inputs it is refused."""
    key = {"idempotency-key": "order-17"}
    first = host.invoke(CORE, BOAT, headers=key).json()
    spent = host.get("/api/spend").json()["credits"]
    again = host.invoke(CORE, BOAT, headers=key).json()
    assert again["run"]["id"] == first["run"]["id"]
    assert (
        host.invoke(CORE, BOAT, headers={**key, "accept": "image/*"}).headers["x-run-id"]
        == first["run"]["id"]
    )
    other = host.invoke(CORE, {"prompt": "a tin boat"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert host.get("/api/spend").json()["credits"] == spent


REPLAYED = "idempotency-replayed"


@pytest.mark.parametrize("more", [{}, {"durable": "true"}, {"wait": "false"}], ids=str)
@pytest.mark.parametrize("prompt", ["a boat", "sandbox-refuse"])
def test_a_replay_says_that_it_is_one(host: Place, more: dict[str, str], prompt: str) -> None:
    """Whatever the first answer was; the first one does not, and neither does one without a key."""
    key = {"idempotency-key": f"{prompt} {more}"}
    first, again, third = (host.invoke(CORE, {"prompt": prompt}, params=more, headers=key) for _ in range(3))
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == third.headers[REPLAYED] == "true"
    assert REPLAYED not in host.invoke(CORE, {"prompt": prompt}, params=more).headers


def test_a_replay_of_a_workflow_says_so(host: Place) -> None:
    asked = {"params": SANDBOX, "json": {"inputs": {"prompt": "a boat"}}, "headers": {"idempotency-key": "w"}}
    answers = [host.post("/api/workflows/variations", **asked) for _ in range(2)]
    assert [REPLAYED in answer.headers for answer in answers] == [False, True]


def test_all_pages_of_a_list_are_found_by_their_links(host: Place) -> None:
    """Each page but the last has the address of the next, in its header and as a member."""
    items = [{"prompt": f"boat {number}"} for number in range(3)]
    for name in ("one", "two", "three"):
        asked = {"subject": CORE, "items": items, "name": name, **SANDBOX}
        batch = host.post("/api/batches", json=asked).json()["id"]
        host.invoke(CORE, BOAT)
    lists = {
        "/api/runs?limit=2": ("runs", "id"),
        "/api/files?limit=2&source=result": ("files", "id"),
        "/api/batches?limit=2": ("batches", "id"),
        f"/api/batches/{batch}/rows?limit=2": ("rows", "number"),
    }
    for address, (name, by) in lists.items():
        seen, page = [], host.get(address)
        whole = host.get(address.replace("limit=2", "limit=100")).json()[name]
        while True:
            seen += [one[by] for one in page.json()[name]]
            cursor = page.json()["after" if name == "rows" else "before"]
            assert (cursor is not None) == ("next" in page.links)
            if cursor is None:
                break
            page = host.get(page.links["next"]["url"])
        assert seen == [one[by] for one in whole]
        assert len(seen) >= 3


def test_a_failure_repeats_under_its_key_too(host: Place) -> None:
    """The first answer is the answer."""
    key = {"idempotency-key": "order-18"}
    for _ in range(2):
        assert host.invoke(CORE, {"prompt": "x", "seed": -1}, headers=key).status_code == 422


def test_a_failed_run_is_a_problem_that_names_it(host: Place) -> None:
    """With the outcome's code, whether it was billed, and where it is written down."""
    answer = host.invoke(CORE, {"prompt": "sandbox-refuse"})
    told = answer.json()
    assert (answer.status_code, told["code"], told["billed"]) == (403, "moderated", "no")
    run = host.get(f"/api/runs/{told['run']}").json()["run"]
    assert (run["state"], run["outcome"]) == ("failed", "moderated")


def test_a_run_that_is_not_waited_for(host: Place) -> None:
    """The answer says where to look, and the run goes on."""
    answer = host.invoke(CORE, BOAT, params={"wait": "false"})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/runs/{answer.json()['run']['id']}"
    events = host.get(answer.headers["location"] + "/events")
    assert "event: succeeded" in events.text
    assert host.get(answer.headers["location"]).json()["run"]["state"] == "succeeded"


def test_the_result_of_a_run_is_what_using_the_action_would_have_answered(host: Place) -> None:
    """As JSON, as the file itself, or as the failure that it was; it may be asked for again."""
    begun = host.invoke(CORE, BOAT, params={"wait": "false"}).json()["run"]["id"]
    told = host.get(f"/api/runs/{begun}/result")
    assert (told.status_code, told.json()["result"]["seed"]) == (200, 7)
    itself = host.get(f"/api/runs/{begun}/result", headers={"accept": "image/*"})
    assert (itself.headers["content-type"], itself.headers["x-seed"]) == ("image/png", "7")
    refused = host.invoke(CORE, {"prompt": "sandbox-refuse"}, params={"wait": "false"}).json()["run"]["id"]
    failed = host.get(f"/api/runs/{refused}/result")
    assert (failed.status_code, failed.json()["code"]) == (403, "moderated")
    assert host.get("/api/runs/nothing/result").status_code == 404


def test_a_result_that_is_not_there_yet_says_where_to_ask_again(tmp_path: Path) -> None:
    """After as many seconds as the client would wait; and the run goes on."""
    with place(tmp_path) as host:
        ledger = host.host.served(None).connector.workspace.ledger
        # Nobody polls before the test lets them.
        turn, ledger.poll_turn = ledger.poll_turn, lambda *_: PollTurn(10.0, "running")  # type: ignore[method-assign]
        inputs = {"prompt": "sharper", "image": _uploaded(host, picture(128))["file"]}
        run = host.invoke(JOB, inputs, params={"wait": "false"}).json()["run"]["id"]
        early = host.get(f"/api/runs/{run}/result", params={"timeout": 0})
        assert (early.status_code, early.headers["location"]) == (202, f"/api/runs/{run}")
        ledger.poll_turn = turn  # type: ignore[method-assign]
        assert host.get(f"/api/runs/{run}/result").json()["result"]["job_id"]


def _frames(text: str) -> list[tuple[int, str, Any]]:
    """Number, kind and data of each event, but for a run's thumbnail, which may come after its end."""
    frames = [frame.split("\n") for frame in text.split("\n\n") if frame.startswith("id:")]
    told = [(int(frame[0][4:]), frame[1][7:], json.loads(frame[2][6:])) for frame in frames]
    for _, _, data in told:
        data.get("run", {}).pop("thumbnail", None)
    return told


def test_events_have_numbers_and_none_is_lost(host: Place) -> None:
    """Who comes again with the last number gets what came after it, and in the end is sent home."""
    run = host.invoke(CORE, BOAT).json()["run"]["id"]
    whole = _frames(host.get(f"/api/runs/{run}/events").text)
    assert [number for number, _, _ in whole] == [*range(1, len(whole) + 1)]
    kinds = [kind for _, kind, _ in whole]
    assert (kinds[0], kinds[-1]) == ("queued", "succeeded")
    assert {"running", "sent"} <= {*kinds}
    assert whole[-1][2]["run"]["id"] == run
    for seen in range(len(whole)):
        rest = host.get(f"/api/runs/{run}/events", headers={"last-event-id": str(seen)})
        assert _frames(rest.text) == whole[seen:]
    home = host.get(f"/api/runs/{run}/events", headers={"last-event-id": str(len(whole))})
    assert (home.status_code, home.content) == (204, b"")


def test_a_name_in_a_header_is_percent_encoded(host: Place) -> None:
    """So that a file may have any name."""
    assert _uploaded(host, name="%E7%8C%AB%20photo.png")["name"] == "猫 photo.png"


def test_a_job_is_waited_for(host: Place) -> None:
    """Its id is among the events before its first poll, and its result is the run's."""
    answer = host.post(
        f"/api/actions/{JOB}",
        params=SANDBOX,
        data={"prompt": "sharper"},
        files={"image": ("a.png", picture(128))},
    )
    told = answer.json()
    assert answer.status_code == 200, told
    assert told["run"]["job_id"] == told["result"]["job_id"]
    kinds = [kind for _, kind, _ in _frames(host.get(f"/api/runs/{told['run']['id']}/events").text)]
    assert kinds.index("started") < kinds.index("poll")
    job = host.get(f"/api/jobs/{told['run']['job_id']}").json()["job"]
    assert job["state"] == "done"
    fetched = host.post(f"/api/jobs/{told['run']['job_id']}/wait").json()
    assert fetched["file"]["sha256"] == told["file"]["sha256"]


def test_runs_are_filtered_and_paged(host: Place) -> None:
    """Newest first; the end of a page says where the next one begins."""
    made = []
    for _ in range(3):
        made.append(host.invoke("account").json()["run"]["id"])
        host.clock.now += 1
    page = host.get("/api/runs", params={"action": "account", "limit": 2}).json()
    assert [run["id"] for run in page["runs"]] == made[:0:-1]
    rest = host.get("/api/runs", params={"action": "account", "limit": 2, "before": page["before"]}).json()
    assert ([run["id"] for run in rest["runs"]], rest["before"]) == (made[:1], None)
    assert host.get("/api/runs", params={"state": "cancelled"}).json()["runs"] == []
    back = host.get("/api/runs", params={"action": "account", "limit": 2, "after": made[0]}).json()
    assert [back[name] for name in ("runs", "before", "after", "total")] == [
        page["runs"], page["before"], None, 3
    ]  # fmt: skip


def test_runs_are_searched(host: Place) -> None:
    """By words and days; a day that is none is named, by its member."""
    made = host.invoke(CORE, {"prompt": "a heron at dawn"}).json()["run"]["id"]
    today = datetime.fromtimestamp(host.clock.now, UTC).date().isoformat()

    def found(**asked: str) -> list[str]:
        return [run["id"] for run in host.get("/api/runs", params=asked).json()["runs"]]

    assert found(text="dawn HERON", since=today, until=today) == [made]
    assert found(text="heron", until="2020-01-01") == []
    answer = host.get("/api/runs", params={"since": "monday", "until": "99"})
    assert (answer.status_code, sorted(each["field"] for each in answer.json()["problems"])) == (
        422, ["since", "until"]
    )  # fmt: skip


def test_the_files_of_runs_are_one_archive(host: Place) -> None:
    """Named by action and time, each once; a run that made none adds nothing."""
    runs = [host.invoke(CORE, {"prompt": f"buoy {at}"}).json()["run"] for at in range(2)]
    none = host.invoke("account").json()["run"]["id"]
    asked = [run["id"] for run in runs] + [none, runs[0]["id"]]
    answer = host.get("/api/runs/archive", params={"run": asked})
    assert answer.headers["content-disposition"].startswith('attachment; filename="runs.zip"')
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    moment = datetime.fromisoformat(runs[0]["created"]).strftime("%Y%m%d-%H%M%S")
    assert found.namelist() == [f"{CORE}-{moment}.png", f"{CORE}-{moment}-2.png"]
    content = host.get(f"/api/files/{runs[0]['file']}/content").content
    assert found.read(found.namelist()[0]) == content
    assert host("HEAD", "/api/runs/archive", params={"run": asked}).status_code == 200
    assert host.get("/api/runs/archive", params={"run": [none]}).status_code == 404
    assert host.get("/api/runs/archive").status_code == 422


def test_the_requests_of_a_run_are_told(host: Place) -> None:
    run = host.invoke(CORE, {"prompt": "a told boat"}).json()["run"]["id"]
    [told] = host.get(f"/api/runs/{run}/exchanges").json()["exchanges"]
    assert (told["method"], told["status"], told["attempt"]) == ("POST", 200, 1)
    assert told["headers"]["authorization"] == "********"
    assert {"name": "prompt", "value": "a told boat"} in told["fields"]


def test_a_run_is_deleted_by_whoever_manages(host: Place) -> None:
    run = host.invoke(CORE, {"prompt": "gone tomorrow"}).json()["run"]
    assert host("DELETE", f"/api/runs/{run['id']}", bearer="use").status_code == 403
    assert host("DELETE", f"/api/runs/{run['id']}").status_code == 204
    for path in (f"/api/runs/{run['id']}", f"/api/files/{run['file']}"):
        assert host.get(path).status_code == 404


def test_a_run_again_has_the_same_inputs(host: Place) -> None:
    """Files by reference, in the same place."""
    reference = _uploaded(host)["file"]
    first = host.invoke("remove-background", {"image": reference, "output_format": "webp"}).json()["run"]
    again = host.post(f"/api/runs/{first['id']}/again")
    assert again.status_code == 202
    host.get(f"{again.headers['location']}/events")
    second = host.get(again.headers["location"]).json()["run"]
    assert (second["state"], second["environment"]) == ("succeeded", "sandbox")
    assert second["inputs"]["output_format"] == "webp"
    assert second["id"] != first["id"]


def test_cancelling_what_has_ended_changes_nothing(host: Place) -> None:
    """The run is told as it is."""
    run = host.invoke("balance").json()["run"]["id"]
    answer = host.post(f"/api/runs/{run}/cancel")
    assert (answer.status_code, answer.json()["run"]["state"]) == (200, "succeeded")


def test_a_file_has_ranges_and_a_tag(host: Place) -> None:
    """For players that skip, downloads that go on, and browsers that have it already."""
    stored = _uploaded(host, picture(64))
    address, whole = f"/api/files/{stored['id']}/content", picture(64)
    answer = host.get(address)
    assert answer.content == whole
    assert answer.headers["etag"] == f'"{stored["sha256"]}"'
    assert answer.headers["accept-ranges"] == "bytes"
    part = host.get(address, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert host.get(address, headers={"range": "bytes=-5"}).content == whole[-5:]
    none = host.get(address, headers={"range": f"bytes={len(whole)}-"})
    assert (none.status_code, none.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    same = host.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    stale = host.get(address, headers={"range": "bytes=10-19", "if-range": '"other"'})
    assert (stale.status_code, stale.content) == (200, whole)
    head = host("HEAD", address)
    assert (head.headers["content-length"], head.content) == (str(len(whole)), b"")


@pytest.mark.parametrize(
    ("content", "said", "kind", "how"),
    [
        (picture(), "image/png", "image/png", "inline"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            "image/svg+xml",
            None,
            "inline",
        ),
        (b"<html><script>alert(1)</script></html>", "text/html", "text/html", "attachment"),
        (b"\x00\x01\x02 anything", "application/x-odd", "application/x-odd", "attachment"),
    ],
)
def test_a_file_is_never_shown_as_a_page(
    host: Place, content: bytes, said: str, kind: str | None, how: str
) -> None:
    """What can hold a script is saved and not shown; and nothing of it would run."""
    answer = host.post(
        "/api/files",
        content=content,
        headers={"content-type": said, "x-file-name": 'a"\u00e9.x'.encode("latin-1")},
    )
    got = host.get(f"/api/files/{answer.json()['id']}/content")
    assert got.headers["content-disposition"].startswith(how)
    assert "svg" not in got.headers["content-type"]
    assert got.headers["content-type"].startswith(kind or "text/plain")
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"


def test_files_by_form_are_listed_and_thrown_away(host: Place) -> None:
    """One at a time."""
    answer = host.post("/api/files", files={"file": ("cat.webp", picture(kind="webp"), "image/webp")})
    stored = answer.json()
    assert (answer.status_code, stored["type"], stored["width"]) == (201, "image/webp", 64)
    assert answer.headers["location"] == f"/api/files/{stored['id']}"
    assert (
        host.get("/api/files", params={"source": "upload", "limit": 1}).json()["files"][0]["id"]
        == stored["id"]
    )
    small = host.get(f"/api/files/{stored['id']}/thumbnail")
    assert small.headers["content-type"] == "image/webp"
    two = host.post("/api/files", files=[("file", ("a.png", picture())), ("file", ("b.png", picture()))])
    assert two.status_code == 422
    assert host("DELETE", f"/api/files/{stored['id']}").status_code == 204
    assert host.get(f"/api/files/{stored['id']}/content").status_code == 404


def test_balance_and_spend(host: Place) -> None:
    """What is left, and what went by day, environment and action."""
    host.invoke(CORE, BOAT)
    assert host.get("/api/balance", params=SANDBOX).json()["credits"] > 0
    spend = host.get("/api/spend", params={"days": 7}).json()
    rows = [row for row in spend["days"] if (row["action"], row["environment"]) == (CORE, "sandbox")]
    assert rows[0]["credits"] >= 3
    assert spend["credits"] == sum(row["credits"] for row in spend["days"])


def test_metrics_count_runs_and_requests(host: Place) -> None:
    """By action and outcome, and by pattern of the path rather than by path."""
    run = host.invoke(CORE, BOAT).json()["run"]["id"]
    host.get(f"/api/runs/{run}")
    text = host.get("/metrics").text
    assert f'connector_runs_total{{action="{CORE}",environment="sandbox",outcome="success"}}' in text
    assert 'connector_http_requests_total{method="GET",route="/api/runs/{id}",status="200"}' in text
    assert 'connector_credits_total{environment="sandbox"}' in text
    assert 'connector_runs{state="running"} 0' in text
    assert run not in text


def test_the_log_is_a_line_for_each_request_and_run(host: Place) -> None:
    """JSON, with an id that the answer has too, and without the query."""
    answer = host.get("/api/balance?environment=sandbox&connection=")
    line = next(json.loads(line) for line in host.lines() if answer.headers["x-host-request-id"] in line)
    assert (line["event"], line["path"], line["token"]) == ("request", "/api/balance", "first")
    assert "environment" not in line["path"]
    run = host.invoke(CORE, BOAT).json()["run"]["id"]
    told = [json.loads(line) for line in host.lines() if run in line]
    assert {each["event"] for each in told} == {"request", "run"}


def test_a_key_of_the_operator_is_told_by_nobody(tmp_path: Path) -> None:
    """Not by a body, a header, the log or the metrics, whatever the upstream repeats."""
    from server.support import KEY

    def echoing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            400, json={"id": "e1", "name": "bad", "errors": [f"no: {request.headers['authorization']}"]}
        )

    upstream = httpx.MockTransport(echoing)
    with place(tmp_path, upstream=upstream, environ={"STABILITY_API_KEY": KEY}) as host:
        for path in ("", "/stream", "/preview"):
            host.post(f"/api/actions/balance{path}", json={}, params={"environment": "production"})
        host.post(f"/api/actions/{CORE}", json={"inputs": BOAT}, params={"environment": "production"})
        run = host.get("/api/runs").json()["runs"][0]
        host.get(f"/api/runs/{run['id']}/events")
        host.get("/metrics")
        assert "no: " in host.everything()  # it was told, without the key


def test_a_line_that_is_full_turns_away(tmp_path: Path) -> None:
    """Rather than let everybody wait for ever."""
    with place(tmp_path, max_queue=0, max_runs=1) as host:
        first = next(iter(host.host.integrations.values()))
        run = host.invoke("balance").json()["run"]
        host.host.under_way["x"] = host.host.history.get(run["id"])
        answer = host.invoke("balance")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert answer.headers["retry-after"] == "5"
        del host.host.under_way["x"]
        assert first.integration.id == run["integration"]


def test_a_host_that_stops_takes_nothing_new(tmp_path: Path) -> None:
    """And says so to whoever balances load."""
    with place(tmp_path) as host:
        host.host.stopping.set()
        assert host.get("/readyz").json()["code"] == "stopping"
        assert host.invoke("balance").status_code == 503
        assert host.get("/healthz").status_code == 200


def test_a_second_integration_is_served_beside(tmp_path: Path) -> None:
    """Each with its own actions; names lead to whichever has them."""
    from connector.spec.loader import default_folder

    other = Path(__file__).parents[1] / "other"
    with place(tmp_path, integrations=(default_folder(), other)) as host:
        ids = [each["id"] for each in host.get("/api/integrations").json()["integrations"]]
        assert len(ids) == 2
        own = host.get(f"/api/integrations/{ids[1]}").json()["actions"]
        assert host.get(f"/api/actions/{own[0]}").json()["integration"] == ids[1]


def test_a_job_can_be_cancelled(tmp_path: Path) -> None:
    """We stop asking for it; whether it is billed is the upstream's to say."""
    with place(tmp_path) as host:
        # Nobody polls: the engine's sleep is the test's to let pass.
        host.host.served(None).connector.workspace.ledger.poll_turn = lambda *_: PollTurn(10.0, "running")  # type: ignore[method-assign]
        begun = host.post(
            f"/api/actions/{JOB}",
            params=SANDBOX | {"wait": "false"},
            data={"prompt": "sharper"},
            files={"image": ("a.png", picture(128))},
        ).json()["run"]["id"]

        async def cancelled() -> httpx.Response:
            async for event in host.host.served(None).runner.subscribe(begun):
                if event.kind == "started":
                    return await host.asked("POST", f"/api/runs/{begun}/cancel")
            raise AssertionError

        answer = host.run(cancelled())
        assert answer.json()["run"]["state"] == "cancelled"


def test_files_go_when_their_time_is_over(tmp_path: Path) -> None:
    """As the host has it for all, or the sender for one."""
    with place(tmp_path, keep=100.0) as host:
        kept = _uploaded(host)
        short = host.post(
            "/api/files?keep=10", content=picture(), headers={"content-type": "image/png"}
        ).json()
        assert short["expires"] < kept["expires"]
        host.clock.now += 50
        assert host.get(f"/api/files/{short['id']}").status_code == 404
        assert host.get(f"/api/files/{kept['id']}").status_code == 200

        async def tidied() -> None:
            async with host.host.running():
                pass

        host.clock.now += 100
        host.run(tidied())
        assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


def test_metrics_tell_what_is_left(tmp_path: Path) -> None:
    """Of the day's cap, and how long the rate limit makes the next request wait."""
    with place(tmp_path) as host:
        one = {"environments": ["sandbox"], "cap": 10, "fields": {"api_key": "sk-sandbox-1"}}
        assert host.post("/api/connections", json={"name": "w", "configurations": [one]}).status_code == 201
        host.invoke(CORE, BOAT, params={"connection": "w"})
        host.host.served(None).connector.workspace.rate_limiter.lock_out("a-key", 30)
        text = host.get("/metrics").text
        assert 'connector_cap_left_credits{connection="w",environment="sandbox"} 7' in text
        assert 'connector_rate_wait_seconds{credential="a-key"} 30' in text
        refused = [host.invoke(CORE, BOAT, params={"connection": "w"}) for _ in range(3)][-1]
        assert (refused.status_code, refused.json()["code"]) == (402, "cap_reached")
        assert int(refused.headers["retry-after"]) > 0


def test_a_stream_that_breaks_is_cut(tmp_path: Path) -> None:
    """The client sees that there is no end, and the log says why."""

    class Breaking(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield picture() * 4000
            raise httpx.ReadError("gone")

    upstream = httpx.MockTransport(
        lambda request: httpx.Response(200, headers={"content-type": "image/png"}, stream=Breaking())
    )
    with place(tmp_path, upstream=upstream) as host:
        with pytest.raises(AssertionError):  # the word of httpx for an answer that was never finished
            host.post(f"/api/actions/{CORE}/stream", json={"inputs": BOAT}, params=SANDBOX)
        assert '"cut"' in host.log.getvalue()
        assert '"crashed"' not in host.log.getvalue()
