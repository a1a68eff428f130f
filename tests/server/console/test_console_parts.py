"""What the pages are made from: conditions, fields, limits, calls, the chart."""

from __future__ import annotations

import ast
import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from jsonschema import Draft202012Validator

from connector.cli.commands.workflow_run import _add_options
from connector.cli.parsing.invoke_options import taken
from connector.mcp.tools import input_schema
from connector.server.console.code_samples import COMMAND_OPTIONS, SampleUse, calls
from connector.server.console.conditions import compiled, effects, holds
from connector.server.console.fields import fields
from connector.server.console.rendering import STATIC, asset
from connector.server.console.spend_chart import HEIGHT, WIDTH, chart
from connector.spec.cache import default_folder
from connector.spec.loader import load

INTEGRATION = load(default_folder())
SAMPLES = Path(default_folder()) / "actions" / "samples"
CONDITIONS = [
    pytest.param(action, rule["if"], id=f"{action.id}-{at}")
    for action in INTEGRATION.actions.values()
    for at, rule in enumerate(action.inputs.get("allOf", ()))
    if "if" in rule
]


class TestConditions:
    """Rules between inputs, as a page follows them."""

    @pytest.mark.parametrize(("action", "condition"), CONDITIONS)
    def test_a_condition_means_what_its_schema_means(self, action: Any, condition: Any) -> None:
        """For everything that can be given to the inputs it is about."""
        told = compiled(condition)
        assert told is not None
        names = [name for name in action.parameters if f'"{name}"' in json.dumps(condition)]
        for values in itertools.product(*(_values(action.parameters[name]) for name in names)):
            given = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            assert holds(told, given) is Draft202012Validator(condition).is_valid(given), given

    @pytest.mark.parametrize(
        ("schema", "given", "expected"),
        [
            (True, {}, True),
            ({}, {}, True),
            ({"required": ["a"]}, {}, False),
            ({"properties": {"a": {"const": 1}}}, {}, True),
            ({"properties": {"a": {"minimum": 3, "exclusiveMaximum": 5}}}, {"a": 4}, True),
            ({"properties": {"a": {"minimum": 3, "exclusiveMaximum": 5}}}, {"a": 5}, False),
            ({"properties": {"a": False}}, {"a": 1}, False),
            ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}, True),
            ({"not": {"anyOf": [{"required": ["a"]}]}}, {"a": 1}, False),
        ],
    )
    def test_each_word_is_judged(self, schema: Any, given: dict[str, Any], expected: bool) -> None:
        told = compiled(schema)
        assert told is not None
        assert holds(told, given) is expected

    def test_what_cannot_be_said_is_left_to_the_engine(self) -> None:
        assert compiled({"properties": {"a": {"pattern": "x"}}}) is None
        assert compiled({"contains": {}}) is None

    def test_needs_follow_what_is_given(self) -> None:
        found = effects({"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}})
        assert found["b"].required == [{"given": "a"}]

    def test_limits_change_with_a_condition(self) -> None:
        found = effects(INTEGRATION.actions["stable-audio-2-text-to-audio"].inputs)
        assert any(changed.get("minimum") == 30 for _, changed in found["steps"].changes)


def _values(schema: Any) -> list[Any]:
    return [None, *schema.get("enum", (0, 1, "x"))]


KINDS = [
    ({"type": "string"}, "text"),
    ({"type": "string", "maxLength": 10000}, "textarea"),
    ({"type": "string", "maxLength": 2048, "pattern": "^/"}, "text"),
    ({"type": "string", "widget": "textarea"}, "textarea"),
    ({"type": "string", "widget": "color"}, "color"),
    ({"type": "integer"}, "number"),
    ({"type": "boolean"}, "pills"),
    ({"type": "string", "enum": ["png", "jpeg"]}, "pills"),
    ({"type": "string", "enum": ["16:9", "1:1", "9:16"]}, "ratios"),
    ({"type": "string", "enum": [f"choice-{at}" for at in range(9)]}, "select"),
    ({"type": "string", "enum": ["a", "b"], "open": True}, "combo"),
    ({"type": "string", "format": "binary"}, "file"),
    ({"type": "string", "format": "binary", "widget": "mask"}, "mask"),
    ({"type": "object", "additionalProperties": {"type": "string"}}, "rows"),
    ({"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}, "files"),
    ({"type": ["string", "number"]}, "json"),
    ({}, "json"),
]


class TestFields:
    """Which kind of field an input has."""

    @pytest.mark.parametrize(("schema", "kind"), KINDS)
    def test_the_schema_decides(self, schema: Any, kind: str) -> None:
        assert fields({"properties": {"x": schema}})[0].kind == kind

    def test_edges_are_one_group_in_the_place_of_the_first(self) -> None:
        edge = {"type": "integer", "widget": "edges"}
        made = fields(
            {"properties": {"a": {"type": "string"}, "left": edge, "b": {"type": "string"}, "up": edge}}
        )
        assert [field.name for field in made] == ["a", "edges", "b"]
        assert [part.side for part in made[1].parts] == ["left", "up"]

    def test_a_value_is_filled_in(self) -> None:
        schema = {"properties": {"x": {"type": "string", "enum": ["a", "b"], "default": "a"}}}
        assert [choice.chosen for choice in fields(schema, {"x": "b"})[0].choices] == [False, True]

    def test_a_field_out_of_place_says_so(self) -> None:
        schema = INTEGRATION.actions["stable-diffusion-3"].inputs
        here = {field.name: field.here for field in fields(schema, {"mode": "image-to-image"})}
        assert (here["image"], here["aspect_ratio"]) == (True, False)


class TestAssets:
    """What is sent of the scripts and styles."""

    def test_remarks_on_lines_of_their_own_are_left_out(self) -> None:
        """And nothing else: what is left stands in the file in the same order."""
        for file in STATIC.glob("*.[jc]s*"):
            whole, sent = file.read_text().splitlines(), asset(file.name).decode().splitlines()
            assert not [line for line in sent if line.lstrip().startswith(("//", "/*"))], file
            rest = iter(whole)
            assert all(any("?v=" in line or line == each for each in rest) for line in sent), file


def _typed(line: str, folder: Path) -> str:
    """What a shell prints that has the line as it stands."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = os.environ | {"PATH": path, "CONNECTOR_HOME": str(folder / "home")}
    done = subprocess.run(["sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestCalls:
    """The same call elsewhere."""

    USE = SampleUse(
        "erase",
        {"image": {"file": "file:abc", "name": "it's.png"}, "seed": 4, "note": "a 'quoted' $HOME `x`"},
        "sandbox",
        "my studio",
    )

    def test_curl_is_safe_to_paste(self) -> None:
        """A shell reads every text as it was given."""
        words = shlex.split(calls(self.USE, "http://localhost:8760")["curl"].replace("\\\n", " "))
        assert (
            words[2] == "http://localhost:8760/api/actions/erase?environment=sandbox&connection=my%20studio"
        )
        body = json.loads(words[words.index("--data") + 1])
        assert body["inputs"] == {"image": "file:abc", "seed": 4, "note": "a 'quoted' $HOME `x`"}

    def test_python_is_a_program(self) -> None:
        tree = ast.parse(calls(self.USE, "http://localhost")["Python"])
        invoke = next(
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        )
        assert ast.literal_eval(invoke.args[1])["image"] == "it's.png"

    def test_what_was_said_of_a_file_is_said_again(self) -> None:
        """A picture that was sent as it is stored is so in the sample."""
        kept = {"file": "file:abc", "name": "a.png", "keep_orientation": True}
        samples = calls(replace(self.USE, inputs={"image": kept}), "http://localhost")
        words = shlex.split(samples["curl"].replace("\\\n", " "))
        given = {"image": {"file": "file:abc", "keep_orientation": True}}
        assert json.loads(words[words.index("--data") + 1])["inputs"] == given
        tree = ast.parse(samples["Python"])
        given = next(node for node in ast.walk(tree) if isinstance(node, ast.Dict))
        assert ast.literal_eval(given)["image"] == {"file": "a.png", "keep_orientation": True}

    @pytest.mark.parametrize(
        "prompt", ["a 'quoted' $HOME `x` \\ \"y\"", "--seed 5", "two\nlines; echo no | cat", "@room.png", "5"]
    )
    def test_a_command_line_is_typed_as_it_stands(self, prompt: str, tmp_path: Path) -> None:
        """A shell and the command read every input as it was given, files by their path."""
        shutil.copy(SAMPLES / "room.png", tmp_path / "a room's.png")
        picture = {"file": "file:abc", "name": "a room's.png", "keep_orientation": True}
        inputs = {"prompt": prompt, "image": picture, "mode": "image-to-image", "strength": 0.5, "seed": 4}
        line = calls(SampleUse("stable-diffusion-3", inputs, "sandbox"), "http://localhost")["CLI"]
        told = json.loads(_typed(f"{line} --json".replace(" invoke ", " preview ", 1), tmp_path))
        parts = {part["name"]: part.get("value") for part in told["parts"]}
        assert {name: parts[name] for name in ("prompt", "strength", "seed")} == {
            "prompt": prompt,
            "strength": "0.5",
            "seed": "4",
        }

    def test_a_command_line_makes_what_the_form_made(self, tmp_path: Path) -> None:
        shutil.copy(SAMPLES / "room.png", tmp_path)
        inputs = {
            "image": {"file": "file:abc", "name": "room.png"},
            "search_prompt": "vase",
            "prompt": "a clock",
        }
        line = calls(SampleUse("search-and-replace", inputs, "sandbox"), "http://localhost")["CLI"]
        _typed(line, tmp_path)
        assert len([*tmp_path.glob("search-and-replace*.png")]) == 1

    def test_the_options_of_the_commands_are_known(self) -> None:
        """An input of such a name is given by -i."""
        assert {each for each in taken(_add_options) if each.startswith("--")} == COMMAND_OPTIONS
        line = calls(SampleUse("x", {"file": "a", "Not-an option": [1, 2]}), "http://localhost")["CLI"]
        words = shlex.split(line.replace("\\\n", ""))
        assert words[3:] == ["-i", "file=a", "-i", "Not-an option=1", "-i", "Not-an option=2"]

    def test_a_tool_call_is_one_of_mcp(self) -> None:
        kept = {"file": "file:abc", "name": "a.png", "keep_orientation": True}
        samples = calls(replace(self.USE, inputs={"image": kept, "seed": 4}), "http://localhost")
        call = types.JSONRPCRequest.model_validate_json(samples["MCP"])
        given = types.CallToolRequestParams.model_validate(call.params)
        assert given.name == "erase"
        assert given.arguments == {"image": "file:abc", "seed": 4, "keep_orientation": True}
        schema = input_schema(INTEGRATION.actions["erase"])
        assert Draft202012Validator(schema).is_valid(given.arguments)

    def test_a_workflow_has_a_command_and_no_tool(self) -> None:
        samples = calls(SampleUse("restore", {}, "sandbox", is_workflow=True), "http://localhost")
        assert samples["CLI"] == "connector workflow run restore -e sandbox"
        assert not {"MCP", "Python"} & samples.keys()

    def test_a_result_is_saved_by_its_name(self) -> None:
        """That of the run, where there was one."""
        known = calls(replace(self.USE, saves_as="room-7.png"), "http://localhost")
        assert known["curl"].endswith("--output room-7.png")
        assert calls(self.USE, "http://localhost")["curl"].endswith("--output erase")

    def test_javascript_has_the_inputs_as_they_are(self) -> None:
        text = calls(self.USE, "http://localhost:8760")["JavaScript"]
        body = text[text.index("JSON.stringify(") + len("JSON.stringify(") : text.rindex("),\n});")]
        assert json.loads(body)["inputs"]["note"] == "a 'quoted' $HOME `x`"
        assert text.startswith("import { writeFile }")
        assert "await writeFile(name, " in text
        assert '"http://localhost:8760/api/actions/erase?environment=sandbox&connection=my%20studio"' in text

    def test_http_tells_its_length(self) -> None:
        head, _, body = calls(self.USE, "http://localhost:8760")["HTTP"].partition("\n\n")
        assert f"Content-Length: {len(body.encode())}" in head
        assert "Host: localhost:8760" in head


class TestChart:
    """What was spent, drawn."""

    LAST = date(2026, 11, 22)

    def test_environments_are_piled_on_their_day(self) -> None:
        costs = [(self.LAST, "production", 30.0), (self.LAST, "sandbox", 10.0)]
        drawn = chart(costs, self.LAST, 30)
        first, second = drawn.bars
        assert first.x == second.x
        assert second.y + second.height == pytest.approx(first.y)
        assert (drawn.total, [name for name, _, _ in drawn.environments]) == (40.0, ["production", "sandbox"])

    def test_everything_is_inside(self) -> None:
        days = [(date(2026, 11, day), f"e{day % 7}", float(day * day)) for day in range(1, 23)]
        for bar in chart(days, self.LAST, 30).bars:
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH
            assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT

    def test_an_empty_month_has_a_chart_too(self) -> None:
        drawn = chart([(date(2026, 1, 1), "old", 5.0)], self.LAST, 30)
        assert (drawn.bars, drawn.total) == ((), 0.0)
        assert drawn.lines
