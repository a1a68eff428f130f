"""What a workflow is given is checked, priced and kept before anything is begun."""

import pytest
from port import SAMPLES
from runs.atelier import ENLARGE, ENLARGE_GIVEN, SHEET, STOP, Atelier, text

from connector.errors import CapReached, InvalidArguments
from connector.runs.workflow import load
from connector.storage.runs.history import KeyReused
from connector.storage.runs.model import RunSpec


@pytest.fixture
def studio(tmp_path):
    return Atelier(tmp_path)


def test_a_changed_file_changes_no_run_that_is_under_way(studio, tmp_path):
    """It ends as it began."""
    path = tmp_path / "mine.yaml"
    path.write_text(text(STOP, SHEET))
    workflow = load.from_file(path, studio.integration)
    run = studio.runs.submit_workflow(workflow, RunSpec(workflow.id, {}))
    studio.course(run).look()

    path.write_text("broken: [")

    assert studio.follow(run).outcome == "success"
    assert studio.history.get(run.id).definition == text(STOP, SHEET)


def test_a_limit_that_is_surely_too_low_is_refused_before(studio):
    """Nothing is written down."""
    with pytest.raises(CapReached, match="costs at least 86 credits"):
        studio.begin(STOP, ENLARGE, SHEET, given={"words": ["a boat", "a cat"]}, limit=50)

    assert studio.history.list() == []


def test_what_is_wrong_with_the_inputs_is_told_before_anything_is_written(studio):
    """Files too, by the rules of the actions that take them."""
    steps = ENLARGE_GIVEN
    outputs = 'outputs: {large: "{{ steps.up.file }}"}\n'

    with pytest.raises(InvalidArguments) as caught:
        studio.begin(
            steps,
            outputs=outputs,
            given={"picture": SAMPLES / "tone.mp3", "words": ["x" * 10_001], "more": 1},
        )
    told = [problem.path for problem in caught.value.problems]
    assert told == ["more"]
    with pytest.raises(InvalidArguments) as caught:
        studio.begin(steps, outputs=outputs, given={"picture": SAMPLES / "tone.mp3"})
    assert "MP3" in str(caught.value)
    with pytest.raises(InvalidArguments, match=r"nowhere\.png"):
        studio.begin(steps, outputs=outputs, given={"picture": "nowhere.png"})
    with pytest.raises(InvalidArguments, match="file:0"):
        studio.begin(steps, outputs=outputs, given={"picture": "file:0"})
    assert (studio.history.list(), studio.files.list()) == ([], [])


def test_a_file_is_kept_with_the_run(studio):
    """As it is for an action: by path, by reference, or as it stands in an earlier run."""
    steps = ENLARGE_GIVEN
    outputs = 'outputs: {large: "{{ steps.up.file }}"}\n'

    first = studio.begin(steps, outputs=outputs, given={"picture": SAMPLES / "room.png"})
    kept = first.inputs["picture"]["file"]
    second = studio.begin(steps, outputs=outputs, given={"picture": kept})
    third = studio.begin(steps, outputs=outputs, given=first.inputs)

    assert {run.inputs["picture"]["file"] for run in (second, third)} == {kept}
    assert studio.follow(first).outcome == "success"
    assert (SAMPLES / "room.png").read_bytes() in studio.upstream.requests[0].content


def test_a_key_stands_for_one_run(studio):
    """The same again is the same run; something else is refused."""
    first = studio.begin(STOP, SHEET, idempotency_key="once")

    assert studio.begin(STOP, SHEET, idempotency_key="once").id == first.id
    with pytest.raises(KeyReused):
        studio.begin(STOP, SHEET, idempotency_key="once", given={"words": ["other"]})
