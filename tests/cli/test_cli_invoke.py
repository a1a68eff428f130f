"""An invocation's result is saved and told; its inputs come in as whoever types them has them."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connector import Connector
from connector.cli import main
from connector.cli.parsing import invoke_options
from connector.cli.parsing.input_arguments import Stdin, combined
from connector.sandbox import transport

SMALL = "erase -e sandbox --image @small.png --seed 7 --yes"


def _sides(picture: Any) -> tuple[int, int]:
    with Image.open(picture) as image:
        return image.size


def test_a_picture_is_sent_upright_unless_it_is_to_stay(run: Any) -> None:
    """It is told, and the result is as high as what was seen; a preview and a batch tell it as well."""
    tag = Image.Exif()
    tag[0x0112] = 6
    Image.new("RGB", (96, 64), "teal").save("photo.jpg", exif=tag)
    line, said = "outpaint -e sandbox --image @photo.jpg --up 100", "image: is sent upright"
    ended = run(f"invoke {line} -o up.png")
    assert said in ended.err
    assert _sides("up.png") == (64, 196)
    ended = run(f"invoke {line} -o kept.png --keep-orientation")
    assert said not in ended.err
    assert _sides("kept.png") == (96, 164)
    assert said in run(f"preview {line}").err
    for option, is_told in (("", True), ("--keep-orientation", False)):
        ended = run(f"batch outpaint photo.jpg --set up=100 -e sandbox -o out --dry-run {option}")
        assert (said in ended.err) is is_told


def test_a_picture_is_saved_and_told(run: Any) -> None:
    """The path is the result; what it is, seed, credits, request and environment stand beside it."""
    ended = run(f"invoke {SMALL}")
    assert ended.code == 0
    assert ended.out == "erase-7.png\n"
    assert "80x64 PNG" in ended.err
    assert "seed 7, 5 credits" in ended.err
    assert "request " in ended.err
    assert "SANDBOX: The stand-in" in ended.err
    assert _sides("erase-7.png") == (80, 64)


def test_a_file_that_is_there_is_replaced_only_where_it_is_said(run: Any, place: Path) -> None:
    """Elsewhere than on a terminal nothing is sent, and both ways on are told."""
    (place / "a.png").write_text("mine")
    refused = run(f"invoke {SMALL} -o a.png")
    assert refused.code == 2
    assert "there is a file 'a.png' already" in refused.err
    assert "--overwrite" in refused.err
    assert "--number" in refused.err
    assert run("spend --json").document["credits"] == 0
    assert run(f"invoke {SMALL} -q -o a.png --number").out == "a-2.png\n"
    assert (place / "a.png").read_text() == "mine"
    assert run(f"invoke {SMALL} -q -o a.png --overwrite").out == "a.png\n"
    assert _sides("a.png") == (80, 64)
    both = run(f"invoke {SMALL} -o a.png --overwrite --number")
    assert (both.code, "give one of them" in both.err) == (2, True)


def test_a_value_is_not_written_over_a_file(run: Any, place: Path) -> None:
    """Nor into what is no file at all."""
    (place / "a.json").write_text("mine")
    assert run("invoke balance -e sandbox -o a.json").code == 2
    assert (place / "a.json").read_text() == "mine"
    assert run("invoke balance -e sandbox -o a.json --overwrite").code == 0
    assert "credits" in json.loads((place / "a.json").read_text())
    assert "no ordinary file" in run("invoke balance -e sandbox -o /dev/null --overwrite").err


def test_names_that_are_made_here_get_a_number(run: Any) -> None:
    """Without -o, and in a folder."""
    paths = [run(f"invoke {SMALL} -q {where}").out for where in ("", "", "-o out/", "-o out/")]
    assert paths == ["erase-7.png\n", "erase-7-2.png\n", "out/erase-7.png\n", "out/erase-7-2.png\n"]


def test_quiet_prints_the_path_alone(run: Any) -> None:
    """With -q nothing stands beside the result."""
    assert run(f"invoke {SMALL} --quiet -o out/").err == ""
    assert Path("out/erase-7.png").exists()


def test_a_success_is_one_document(run: Any) -> None:
    """--json is the result's own shape, and where its file is."""
    document = run(f"invoke {SMALL} --json").document
    assert document["file"] == "erase-7.png"
    assert {
        "action",
        "outcome",
        "environment",
        "status",
        "billed",
        "media",
        "seed",
        "credits",
    } <= document.keys()


def test_the_ledger_knows_where_the_file_is(run: Any, place: Path) -> None:
    """The place is noted beside the invocation."""
    document = run(f"invoke {SMALL} --json").document
    with Connector() as connector:
        entry = connector.workspace.ledger.get(document["invocation_id"])
    assert entry.files == (str(place / "erase-7.png"),)


@pytest.mark.parametrize("options", ["-o -", "--stream"])
def test_bytes_go_down_a_pipe(options: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With -o - or --stream the file's bytes, and nothing else, are on standard output."""
    assert main(["invoke", *SMALL.split(), *options.split()]) == 0
    printed = capfdbinary.readouterr()
    assert _sides(io.BytesIO(printed.out)) == (80, 64)
    assert b"5 credits" in printed.err


def test_a_stream_goes_to_a_file(run: Any) -> None:
    """--stream with -o writes to a new file, and says which."""
    document = run(f"invoke {SMALL} --stream --json -o out/").document
    assert document["file"] == "out/erase-7.png"
    assert _sides("out/erase-7.png") == (80, 64)


def test_a_value_is_printed_as_json(run: Any) -> None:
    """An answer that is no file is pretty-printed."""
    assert json.loads(run("invoke balance -e sandbox").out) == {"credits": 1000}


def test_a_value_goes_to_a_file_that_is_named(run: Any) -> None:
    """-o is for values too."""
    assert run("invoke balance -e sandbox -o out/").out == "out/balance.json\n"
    assert json.loads(Path("out/balance.json").read_text()) == {"credits": 1000}


def test_a_filtered_picture_is_saved_all_the_same(run: Any) -> None:
    """A filtered result fails with its code, and what was delivered is still the caller's."""
    ended = run("invoke sketch -e sandbox --image small.png --prompt sandbox-filter --seed 3")
    assert ended.code == 4
    assert "What was delivered is in sketch-3.png" in ended.err
    assert Path("sketch-3.png").exists()


def test_a_filtered_picture_can_be_wanted(run: Any) -> None:
    """--on-filtered return makes it a result that says so."""
    line = "invoke sketch -e sandbox --image small.png --prompt sandbox-filter --on-filtered return --json"
    ended = run(line)
    assert ended.code == 0
    assert ended.document["outcome"] == "filtered"


def test_a_filtered_failure_tells_its_file_in_json(run: Any) -> None:
    """The document of the failure has the path."""
    ended = run("invoke sketch -e sandbox --image small.png --prompt sandbox-filter --seed 3 --json")
    assert ended.code == 4
    assert ended.document["error"]["code"] == "filtered"
    assert ended.document["file"] == "sketch-3.png"


def test_a_deprecated_action_warns(run: Any) -> None:
    """What the upstream has ended says so, and is previewed and sent all the same."""
    ended = run(f"preview fetch-generation-result --id {'0' * 64}")
    assert ended.code == 0
    assert "Warning: " in ended.err
    assert "is deprecated since" in ended.err


def test_inputs_come_from_a_file(run: Any, place: Path) -> None:
    """Paths in a file of inputs are relative to it; options replace what it says."""
    (place / "given").mkdir()
    (place / "small.png").rename(place / "given/own.png")
    (place / "given/inputs.yaml").write_text("image: own.png\nseed: 3\noutput_format: webp\n")
    document = run("preview erase -f given/inputs.yaml --seed 4 --json").document
    parts = {part["name"]: part for part in document["parts"]}
    assert parts["image"]["filename"] == "own.png"
    assert parts["seed"]["value"] == "4"
    assert parts["output_format"]["value"] == "webp"


def test_inputs_come_from_json(run: Any, place: Path) -> None:
    """A file whose name ends in .json is read as JSON, and its mistakes have their line."""
    (place / "good.json").write_text('{"prompt": "a boat"}')
    (place / "bad.json").write_text('{"prompt":\n "a boat"')
    assert run("preview stable-image-core -f good.json --json").document["parts"][0]["value"] == "a boat"
    assert "bad.json:2: is no JSON" in run("preview stable-image-core -f bad.json").err


def test_a_file_comes_from_standard_input(run: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """@- is what is piped in, once."""
    with (place / "small.png").open() as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        document = run("preview erase --image @- --json").document
    assert document["parts"][0]["bytes"] == (place / "small.png").stat().st_size
    with (place / "small.png").open() as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        assert "mask: standard input can be read once" in run("preview erase --image @- --mask @-").err


@pytest.mark.parametrize("word", ["@prompt.txt", "@-", "-"])
def test_a_text_is_read_where_it_names_a_file(
    run: Any, place: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """As curl does. A byte order mark and the newline at the end are no part of it."""
    (place / "prompt.txt").write_bytes("\ufeffa paper boat\non a pond\r\n".encode())
    with (place / "prompt.txt").open() as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        told = run(f"preview stable-image-core --prompt {word} --json").document
    assert told["parts"][0]["value"] == "a paper boat\non a pond"


@pytest.mark.parametrize(
    ("word", "sent"),
    [("@@home", "@home"), ("@@-", "@-"), ("a @ b", "a @ b"), ("--x", None), ("a-", "a-"), ("@@", "@")],
)
def test_a_text_that_begins_with_at_is_doubled(run: Any, word: str, sent: str | None) -> None:
    """Anything else is taken as it stands."""
    ended = run("preview", "stable-image-core", f"--prompt={word}", "--json")
    assert ended.document["parts"][0]["value"] == (sent or word)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("@nowhere.txt", "'@nowhere.txt', which cannot be read (No such file or directory)"),
        ("@home", "'@home', which cannot be read"),
        ("@small.png", "'@small.png', which is not UTF-8 text"),
        ("@.", "cannot be read (Is a directory)"),
        ("@~nobody-of-that-name/x", "cannot be read"),
        ("@", "cannot be read"),
    ],
)
def test_nothing_is_sent_where_a_text_cannot_be_read(run: Any, word: str, said: str) -> None:
    """The field says why, and how the text itself is given. It stands beside other mistakes."""
    ended = run(
        "invoke", "stable-image-core", "-e", "sandbox", "--prompt", word, "-i", "negative_prompt=@none"
    )
    assert ended.code == 2
    assert f"prompt: is {word!r}" in ended.err
    assert said in ended.err
    assert "negative_prompt: is '@none'" in ended.err
    assert "a text that begins with @ is written with @@" in ended.err
    assert run("spend --json").document["credits"] == 0


def test_what_is_no_free_text_is_taken_as_it_stands(run: Any, place: Path) -> None:
    """A choice, a number, and what a file of inputs says."""
    (place / "inputs.yaml").write_text('prompt: "@nowhere.txt"')
    told = run("preview stable-image-core -f inputs.yaml --json").document
    assert told["parts"][0]["value"] == "@nowhere.txt"
    assert "cannot be read" not in run("preview stable-image-core --prompt x --aspect-ratio @x").err


def test_a_preview_is_what_is_sent(run: Any) -> None:
    """--json of a preview has method, url, masked headers and ordered parts, and costs no secret."""
    document = run("preview erase --image small.png --seed 3 --json").document
    assert document["method"] == "POST"
    assert document["url"].endswith("/v2beta/stable-image/edit/erase")
    assert document["headers"]["authorization"] == "Bearer ********"
    assert document["headers"]["content-type"] == "multipart/form-data; boundary=…"
    assert [part["name"] for part in document["parts"]] == ["image", "seed"]


def test_an_estimate_sends_nothing(run: Any) -> None:
    """--estimate tells the price, and the credits stay."""
    told = run("invoke stable-diffusion-3 --prompt a --model sd3.5-flash --estimate --json").document
    assert told == {"action": "stable-diffusion-3", "credits": 2.5, "why": "with model sd3.5-flash"}


def test_an_input_may_share_its_name_with_an_option(run: Any) -> None:
    """Its option is --input-NAME; mappings are JSON, or pairs that are put together."""
    line = "preview generic-http-request --method POST --path /x --body json --json"
    document = run(f"""{line} --input-json '{{"a": [1]}}' --headers x-a=1 --headers x-b=2""").document
    assert json.loads(document["body"]["value"]) == {"a": [1]}
    assert document["headers"]["x-a"] == "1"
    assert document["headers"]["x-b"] == "2"


def test_files_in_a_mapping_are_files(run: Any) -> None:
    """--files NAME=@PATH puts a file into a form."""
    line = "preview generic-http-request --method POST --path /x --body multipart"
    parts = run(f"{line} --fields a=1 --files i=@small.png --json").document["parts"]
    assert [part["name"] for part in parts] == ["a", "i"]
    assert parts[1]["content_type"] == "image/png"


def test_what_was_spent_is_told(run: Any) -> None:
    """Day, environment and action have their sums."""
    run(f"invoke {SMALL}")
    assert "erase" in run("spend").out
    document = run("spend --json").document
    assert document["credits"] == 5
    assert document["unknown"] == []
    assert document["days"][0]["environment"] == "sandbox"


def test_a_name_that_promises_another_kind_is_told(run: Any) -> None:
    """A PNG under the name that was asked for, and a warning; under a name of its own, none."""
    assert "a.jpg holds PNG, whatever its name says" in run(f"invoke {SMALL} -o a.jpg").err
    assert "whatever" not in run(f"invoke {SMALL} -o a.png").err


@pytest.mark.parametrize(
    ("option", "waits"), [("", True), ("--wait", True), ("--no-wait", False), ("--no_wait", False)]
)
def test_a_job_is_waited_for_as_asked(option: str, waits: bool, run: Any) -> None:
    """The two names of one option mean two things."""
    asked = invoke_options.read("invoke", [*SMALL.split(), *option.split()])
    assert asked is not None
    assert asked.args.wait is waits


def test_a_job_is_left_and_asked_for(run: Any) -> None:
    """--no-wait gives the id; jobs lists it; result says that it is not finished, with its own code."""
    started = run("invoke start-creative-upscale -e sandbox --image small.png --prompt a --no-wait")
    assert started.code == 0
    job = started.out.strip()
    assert job not in started.err
    listed = run("jobs --json").document["jobs"]
    assert [entry["upstream_id"] for entry in listed] == [job]
    assert f"{job[:8]}...  start-creative-upscale" in run("jobs").out
    asked = run(f"result {job} --no-wait --json")
    assert asked.code == 9
    assert asked.document["error"]["job_id"] == job


def test_a_job_is_finished_in_another_command(run: Any, place: Path) -> None:
    """result fetches what the job made, and saves it under the action that began it."""
    start = "invoke replace-background-and-relight -e sandbox --subject-image small.png"
    job = run(f"{start} --background-prompt a --no-wait -q").out.strip()
    _let_time_pass(place.parent / "home", job)
    ended = run("result", job, "-o", "out/")
    assert ended.code == 0
    assert Path(ended.out.strip()).name.startswith("replace-background-and-relight-")
    assert "8 credits" in ended.err


def test_an_interruption_of_what_costs_is_written_down(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C after a paid request left ends as an unknown outcome does; spend lists it."""
    monkeypatch.setattr("connector.sandbox.Sandbox.answer", _interrupt)
    ended = run(f"invoke {SMALL} --json")
    assert ended.code == 8
    assert ended.document["error"]["code"] == "unknown"
    assert ended.document["error"]["billed"] == "unknown"
    assert "written down as unknown" in ended.document["error"]["message"]
    assert [entry["action"] for entry in run("spend --json").document["unknown"]] == ["erase"]
    assert "Outcome unknown" in run("spend").out


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (SMALL, "connector.engine.engine.Engine.authorization"),
        ("balance -e sandbox", "connector.sandbox.Sandbox.answer"),
    ],
    ids=["before anything was sent", "what costs nothing"],
)
def test_another_interruption_has_a_code_of_its_own(
    run: Any, monkeypatch: pytest.MonkeyPatch, line: str, where: str
) -> None:
    """A script can tell what may have been paid for from what cannot."""
    monkeypatch.setattr(where, _interrupt)
    ended = run(f"invoke {line} --json")
    assert (ended.code, ended.document["error"]["code"]) == (130, "interrupted")
    assert ended.document["error"]["billed"] == "no"


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _let_time_pass(home: Path, job: str) -> None:
    """The stand-in's clock goes on by a minute, and it is time to ask for the job."""
    transport(home / "stability-sandbox").sandbox.change_clock(advance=60)  # type: ignore[attr-defined]
    with Connector() as connector:
        ledger = connector.workspace.ledger
        ledger.polled(ledger.get(job).id, next_poll=0)


def test_a_home_that_cannot_be_made_is_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.setenv("CONNECTOR_HOME", "note.txt/in")
    ended = run("balance -e sandbox")
    assert ended.code == 2
    assert "note.txt/in/stability-sandbox cannot be made (Not a directory)" in ended.err
    assert "set CONNECTOR_HOME to another folder" in ended.err


STDIN = Stdin()
FILE = {"type": "string", "format": "binary"}


@pytest.mark.parametrize(
    ("schema", "texts", "value"),
    [
        ({"type": "string"}, ["007"], "007"),
        ({"type": "integer"}, ["-7"], -7),
        ({"type": "array", "items": {"type": "integer"}}, ["1", "x"], [1, "x"]),
        ({"type": "array", "items": {"type": "integer"}}, ["[1, 2]", "3"], [1, 2, 3]),
        ({"type": "object"}, ['{"a": 1}'], {"a": 1}),
        ({"type": "object"}, ["not a pair"], "not a pair"),
        ({"type": "object"}, ['{"a": 1}', "b=c"], {"a": 1, "b": "c"}),
        ({"type": "object"}, ['{"a": 1', "b=c"], ['{"a": 1', "b=c"]),
        ({"type": "object", "additionalProperties": FILE}, ['{"a": "@a.png"}'], {"a": Path("a.png")}),
        ({"type": "object", "additionalProperties": {"type": "string"}}, ["a=1", "a=2"], {"a": ["1", "2"]}),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, ["a=1"], {"a": 1}),
        (FILE, ["https://x.example/a.png"], "https://x.example/a.png"),
        (FILE, ["@a.png"], Path("a.png")),
    ],
)
def test_text_becomes_what_the_schema_asks_for(schema: dict[str, Any], texts: list[str], value: Any) -> None:
    """Values are converted by their type; what cannot be stays text, for the checker to name."""
    found = combined(schema, texts, STDIN)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.skipif(os.geteuid() != 0, reason="others are refused there before anything is sent")
def test_what_cannot_be_written_where_it_was_asked_is_kept_and_named(run: Any) -> None:
    """And the exit code is not that of a success. Root may write everywhere but there."""
    ended = run("invoke stable-image-core -e sandbox --prompt boat -o /proc/boat.png")
    assert ended.code == 12
    assert "could not be written to '/proc/boat.png'" in ended.err
    (kept,) = re.findall(r"it is kept at (\S+?)[;\s]", ended.err)
    assert Path(kept).read_bytes()[1:4] == b"PNG"
