"""Everything that is wrong with any row is told before the first credit is spent."""

import json

from port import INTEGRATION, SAMPLES

from connector.engine.sources import Sources
from connector.media import from_path
from connector.runs.batch.columns import Naming
from connector.runs.batch.create import BadRows
from connector.runs.batch.dry_run import DryRun
from connector.runs.batch.read_rows import Rows
from connector.runs.batch.runnable import check_of, price_of
from connector.runs.workflow import load
from connector.storage.files.store import FileNotFound

NOWHERE = Sources(urls=None)


def inspected(path, action, defaults=None, sources=NOWHERE):
    """What is found in a file of rows for an action or a workflow."""
    is_workflow = action in load.names(INTEGRATION)
    subject = load.find(INTEGRATION, action) if is_workflow else INTEGRATION.actions[action]
    price = price_of(subject, INTEGRATION, lambda given: None)
    found = DryRun(check_of(subject, INTEGRATION, sources), price, defaults or {})
    for row in Rows([str(path)], subject, Naming({})):
        found.look(row)
    return found


def told(found):
    return [(problem.line, problem.path) for problem in found.problems]


def file(tmp_path, text, name="a.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_every_problem_of_every_row_is_found(tmp_path):
    """Each with its file, line and field, by the rules of the action itself."""
    rows = file(tmp_path, "prompt,seed,aspect_ratio\n,1,\nboat,x,9:1\nfine,2,\n")
    found = inspected(rows, "stable-image-core")
    assert told(found) == [(2, "prompt"), (3, "aspect_ratio"), (3, "seed")]
    assert (found.rows, found.wrong_rows, found.problem_count, found.credits) == (3, 2, 3, 3)
    assert str(found.problems[0]) == f"{rows}:2: prompt: is required"


def test_files_are_opened_and_checked(tmp_path):
    """One that is not there, one that is no picture, one that is right."""
    (tmp_path / "note.txt").write_text("no picture")
    rows = file(tmp_path, f"image\nnope.png\nnote.txt\n{SAMPLES / 'room.png'}\n")
    found = inspected(rows, "fast-upscale")
    assert told(found) == [(2, "image"), (3, "image")]
    assert "there is no file at" in found.problems[0].message


def test_defaults_are_checked_with_each_row_which_may_say_otherwise(tmp_path):
    """And their names have columns."""
    found = inspected(
        file(tmp_path, "seed\n1\n"), "stable-image-core", {"prompt": "a boat", "style_preset": "x"}
    )
    assert told(found) == [(2, "style_preset")]
    assert list(found.inputs) == ["prompt", "style_preset", "seed"]


def test_addresses_are_left_for_when_they_are_sent(tmp_path):
    """Nobody downloads a file to look at it; everything else is checked."""
    rows = file(tmp_path, "image,seed\nhttps://example.invalid/a.png,1\nhttps://example.invalid/a.png,x\n")
    assert told(inspected(rows, "erase")) == [(3, "seed")]


def test_references_are_those_of_files_that_are_kept(tmp_path):
    """As for any invocation."""

    def resolve(reference):
        if reference == "file:room":
            return from_path(SAMPLES / "room.png")
        raise FileNotFound("no")

    rows = file(tmp_path, '{"image": "file:room"}\n{"image": "file:none"}\n', "a.jsonl")
    assert told(inspected(rows, "fast-upscale", sources=Sources(urls=None, references=resolve))) == [
        (2, "image")
    ]


def test_so_many_problems_are_told_and_the_others_counted(tmp_path):
    """The output of a large file is bounded."""
    found = inspected(file(tmp_path, "prompt,seed\n" + ",x\n" * 70), "stable-image-core")
    assert (len(found.problems), found.problem_count, found.wrong_rows) == (50, 140, 70)
    error = BadRows(found, "a.csv")
    assert error.message.startswith("a.csv has 140 problems in 70 of 70 rows; nothing was sent:\n")
    assert error.message.endswith("\n  ... and 90 more")


def test_each_row_has_its_price(tmp_path):
    """By what the action's price goes by."""
    rows = file(tmp_path, "prompt,model\na,sd3.5-large\nb,sd3.5-medium\nc,\n")
    assert inspected(rows, "stable-diffusion-3").credits == 6.5 + 3.5 + 6.5


def test_a_price_that_nobody_knows_is_told(tmp_path):
    """By the first row that has it."""
    rows = file(tmp_path, "path,method\n/v1/a,GET\n/v1/b,GET\n")
    found = inspected(rows, "generic-http-request")
    assert (found.unpriced, found.credits) == (1, 0)


def test_rows_of_a_workflow_are_checked_by_its_own_rules(tmp_path):
    """Its inputs, and what its steps will take."""
    workflow = load.find(INTEGRATION, "variations")
    found = inspected(file(tmp_path, "{}\n", "b.jsonl"), "variations")
    assert [path for _, path in told(found)] == list(workflow.inputs["required"])
    example = json.dumps(dict(workflow.examples[0].arguments))
    found = inspected(file(tmp_path, f"{example}\n", "b.jsonl"), "variations")
    assert (found.problems, found.credits > 3) == ([], True)
