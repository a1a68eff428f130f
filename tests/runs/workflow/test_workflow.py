"""Workflows are read, found and checked as specs are, and tell what they will cost before they do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector import media
from connector.errors import InvalidArguments, SpecError, UnknownName
from connector.runs.workflow import bind, check, check_run, cost, load, read
from connector.runs.workflow.bind import BindingError
from connector.spec import loader, yaml_lines

SHIPPED = loader.default_folder()
INTEGRATION = loader.load(SHIPPED)
SAMPLES = SHIPPED / "actions" / "samples"
COSTS: list[dict[str, Any]] = yaml_lines.read(Path(__file__).parents[2] / "cases/workflow/cost.yaml").value
SMALL: dict[str, Any] = {
    "id": "small",
    "title": "Small",
    "description": "A workflow that is as small as can be.",
    "inputs": {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "description": "What it shows."},
            "lines": {"type": "array", "description": "More of it.", "items": {"type": "string"}},
        },
    },
    "steps": [
        {"id": "one", "action": "stable-image-core", "inputs": {"prompt": "{{ inputs.prompt }}"}},
        {
            "id": "all",
            "action": "fast-upscale",
            "for_each": "{{ inputs.lines }}",
            "when": "{{ item }}",
            "inputs": {"image": "{{ steps.one.file }}"},
        },
        {
            "id": "sheet",
            "make": "sheet",
            "inputs": {"columns": 2, "tiles": [{"picture": "{{ steps.one.file }}", "title": "One"}]},
        },
    ],
    "outputs": {"sheet": "{{ steps.sheet.file }}"},
    "examples": [{"title": "A cat", "inputs": {"prompt": "a cat", "lines": ["a"]}}],
}


def _text(**changed: Any) -> str:
    return json.dumps({**SMALL, **changed})


def _given(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    files = load.find(INTEGRATION, name).files
    return {
        key: media.from_path(SAMPLES / Path(value).name) if key in files else value
        for key, value in inputs.items()
    }


def test_shipped_workflows_are_found_by_their_ids() -> None:
    """In the manifest's order, each with everything that a form needs."""
    listed = load.names(INTEGRATION)

    assert list(listed) == ["product-shots", "storyboard", "restore", "variations"]
    for id, name in listed.items():
        workflow = load.find(INTEGRATION, id)
        assert (workflow.id, workflow.source) == (id, SHIPPED / name)
        assert all({"title", "description"} <= set(entry) for entry in workflow.parameters.values())
        assert workflow.examples
        assert workflow.text == (SHIPPED / name).read_text()


@pytest.mark.parametrize("name", load.names(INTEGRATION))
def test_a_shipped_example_has_no_problems_and_a_price(name: str) -> None:
    """Before anything runs."""
    workflow = load.find(INTEGRATION, name)
    [example, *_] = workflow.examples
    given = _given(name, dict(example.arguments))

    assert check_run.problems(workflow, INTEGRATION, given) == []
    assert cost.estimate(workflow, INTEGRATION, given).low > 0


def test_a_name_that_nobody_has_names_the_nearest() -> None:
    """As with actions."""
    with pytest.raises(UnknownName, match="did you mean 'storyboard'"):
        load.find(INTEGRATION, "story-board")


def test_a_workflow_of_any_file_can_be_loaded(tmp_path: Path) -> None:
    """Its name need not be its id, and it need not be listed."""
    (tmp_path / "mine.yaml").write_text(_text())

    workflow = load.from_file(tmp_path / "mine.yaml", INTEGRATION)

    assert (workflow.id, [step.id for step in workflow.steps]) == ("small", ["one", "all", "sheet"])
    assert workflow.step("all").title == "all"


def test_a_wrong_file_is_refused_with_every_problem(tmp_path: Path) -> None:
    """Each with its line."""
    steps = [{"id": "one", "action": "stable-image-cor", "inputs": {}}]
    (tmp_path / "mine.yaml").write_text(_text(steps=steps, outputs={"a": "{{ steps.two.file }}"}))

    with pytest.raises(SpecError) as caught:
        load.from_file(tmp_path / "mine.yaml", INTEGRATION)

    found = [problem.path for problem in caught.value.problems]
    assert {"steps.0.action", "outputs.a", "inputs.properties.prompt"} <= set(found)
    assert all(problem.file == str(tmp_path / "mine.yaml") for problem in caught.value.problems)
    assert str(caught.value).startswith("the workflow has 4 problems")


def test_a_text_that_is_missing_hides_no_other_mistake(tmp_path: Path) -> None:
    """The steps are checked though a description was forgotten, and another one is too short."""
    inputs = {"type": "object", "properties": {"prompt": {"type": "string"}}}
    steps = [{"id": "one", "action": "stable-image-core", "inputs": {"prompt": "{{ inputs.promt }}"}}]
    (tmp_path / "mine.yaml").write_text(
        _text(description="x", inputs=inputs, steps=steps, outputs={"a": "{{ steps.two }}"})
    )

    with pytest.raises(SpecError) as caught:
        load.from_file(tmp_path / "mine.yaml", INTEGRATION)

    found = {problem.path for problem in caught.value.problems}
    assert {
        "description",
        "inputs.properties.prompt.description",
        "steps.0.inputs.prompt",
        "outputs.a",
    } <= found


@pytest.mark.parametrize("text", ["", "[]", "steps: [", "a: 1", "steps: {}", "\x00"])
def test_what_is_no_workflow_is_refused(text: str) -> None:
    """Whatever it is."""
    with pytest.raises(SpecError):
        load.from_text(text, INTEGRATION)
    with pytest.raises(SpecError):
        load.kept(text)


def test_a_kept_text_is_read_as_it_was_kept() -> None:
    """Also where an action that it names is there no more: that is the step's failure."""
    steps = [{"id": "one", "action": "gone", "inputs": {}}]

    assert load.kept(_text(steps=steps)).steps[0].action == "gone"


def test_hostile_values_never_raise() -> None:
    """Each key of a good workflow is replaced by each kind of value in turn."""
    for path in _paths(SMALL):
        for value in (None, 7, "x{{", "{{ inputs }}", "{{ steps.one }}", [], {}, [{}], {"a": []}):
            source = read.source_of(json.dumps(_replaced(SMALL, path, value)), "hostile")
            check.problems(source, INTEGRATION)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    below = [found for name, entry in inner for found in _paths(entry, (*path, name))]
    return [*([path] if path else []), *below]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copied


@pytest.mark.parametrize("case", COSTS, ids=lambda case: case["about"])
def test_the_cost_is_told_before(case: dict[str, Any]) -> None:
    """From the least to the most, step by step."""
    if "workflow" in case:
        workflow = load.find(INTEGRATION, case["workflow"])
        given = _given(case["workflow"], case["inputs"])
    else:
        workflow = load.kept(_text(steps=case["steps_given"], inputs={"type": "object", "properties": {}}))
        given = {}

    told = cost.estimate(workflow, INTEGRATION, given)

    assert {step.step: [step.least, step.most, step.low, step.high] for step in told.steps} == case["steps"]
    assert (told.low, told.high) == (case["low"], case["high"])
    assert told.to_dict()["steps"][0]["step"] == told.steps[0].step


def test_what_a_later_step_would_refuse_is_told_at_its_input() -> None:
    """Before the first step is paid for: the third step's limits are met by the input itself."""
    steps = [
        {"id": "one", "action": "stable-image-core", "inputs": {"prompt": "a cat"}},
        {
            "id": "two",
            "action": "search-and-replace",
            "for_each": "{{ inputs.lines }}",
            "inputs": {
                "image": "{{ steps.one.file }}",
                "prompt": "{{ item }}",
                "search_prompt": "{{ inputs.prompt }}",
            },
        },
    ]
    workflow = load.kept(_text(steps=steps))

    found = check_run.problems(workflow, INTEGRATION, {"prompt": "x" * 10_001, "lines": ["a", "y" * 10_001]})

    assert [problem.path for problem in found] == ["prompt", "lines.1"]
    assert "has 10001 characters; at most 10000 characters (for Search and Replace, step two)" in str(
        found[0]
    )


def test_a_file_that_a_step_would_refuse_is_told_at_its_input() -> None:
    """By the action's own rules for files, where the workflow's say less."""
    steps = [{"id": "one", "action": "fast-upscale", "inputs": {"image": "{{ inputs.picture }}"}}]
    picture = {"type": "string", "format": "binary", "description": "A picture."}
    workflow = load.kept(_text(steps=steps, inputs={"type": "object", "properties": {"picture": picture}}))

    [problem] = check_run.problems(workflow, INTEGRATION, {"picture": media.from_path(SAMPLES / "tone.mp3")})

    assert problem.path == "picture"
    assert "MP3" in problem.message


def test_inputs_are_checked_by_their_own_schema_first() -> None:
    """With their words, and without what follows from it."""
    found = check_run.problems(load.find(INTEGRATION, "storyboard"), INTEGRATION, {"lines": [], "colum": 3})

    assert [problem.path for problem in found] == ["lines", "colum"]


def test_inputs_that_cannot_be_bound_are_told() -> None:
    """Rather than found out in the middle of a run."""
    steps = [{"id": "one", "action": "engines", "for_each": "{{ inputs.prompt }}", "inputs": {}}]
    workflow = load.kept(_text(steps=steps))

    [problem] = check_run.problems(workflow, INTEGRATION, {"prompt": "a"})

    assert "is no list" in problem.message
    with pytest.raises(InvalidArguments):
        cost.estimate(workflow, INTEGRATION, {"prompt": "a"})


def test_defaults_hold_where_nothing_is_given() -> None:
    """And what is None is not given."""
    known = check_run.with_defaults(load.find(INTEGRATION, "variations"), {"prompt": "a", "seeds": None})

    assert (known["seeds"], known["core"]) == ([1, 2, 3], True)


def test_tiles_are_repeated_for_their_lists_and_left_out_by_their_conditions() -> None:
    """Each with what its holes gave."""
    inputs = {
        "tiles": [
            {"picture": "{{ inputs.picture }}", "title": "Before"},
            {"picture": "{{ inputs.none }}", "title": "{{ inputs.none }}", "facts": "nothing"},
            {
                "for_each": "{{ inputs.all }}",
                "when": "{{ item.file is defined }}",
                "picture": "{{ item.file }}",
                "title": "{{ index }}",
            },
        ]
    }
    known = bind.scope({"picture": "file:0", "all": [{"file": "file:1"}, {}, {"file": "file:3"}]}, {})

    assert bind.tiles(inputs, known) == [
        {"picture": "file:0", "title": "Before", "facts": None},
        {"picture": None, "title": None, "facts": "nothing"},
        {"picture": "file:1", "title": 0, "facts": None},
        {"picture": "file:3", "title": 2, "facts": None},
    ]


def test_a_hole_that_cannot_be_filled_says_why() -> None:
    """In a sentence for the author."""
    with pytest.raises(BindingError, match="cannot be filled"):
        bind.filled("{{ inputs.a / 0 }}", bind.scope({"a": 1}, {}))
