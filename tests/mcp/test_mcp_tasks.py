"""Tasks as agents do them, without a model: the calls of a client that has read the tools alone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tooling import SAMPLES, Tooling, tooling

TASKS = yaml.safe_load(Path(__file__).with_name("tasks.yaml").read_text(encoding="utf-8"))
_HOLE = re.compile(r"<([^<>]+)>")


@pytest.mark.parametrize("task", TASKS, ids=[task["asks"] for task in TASKS])
def test_a_task_is_done_by_what_the_tools_say(task: dict[str, Any], tmp_path: Path) -> None:
    """Each tool and input is there to be read, and the answers are what a person wants to hear."""
    user = tmp_path / "user"
    user.mkdir()
    for name in ("room.png", "room-mask.png", "subject.png"):
        shutil.copy(SAMPLES / name, user)
    before = {path: path.read_bytes() for path in user.iterdir()}
    with tooling(tmp_path / "home", folders=(user,)) as opened:
        agent = Agent(opened, user)
        for step in task["steps"]:
            agent.take(step)
    made = {str(path.relative_to(user)) for path in user.rglob("*") if path.is_file() and path not in before}
    assert made == {*task.get("left", ())}
    assert {path: path.read_bytes() for path in before} == before


class Agent:
    """A client that calls nothing of which it has not read."""

    def __init__(self, tools: Tooling, user: Path) -> None:
        self._tools = tools
        self._user = user
        self._answers: list[Any] = []
        listed, instructions = tools.talk(_looked)
        self._schemas = {tool.name: tool.input_schema for tool in listed}
        self._read = [
            instructions,
            *(tool.description for tool in listed),
            json.dumps([*self._schemas.values()]),
        ]

    def take(self, step: dict[str, Any]) -> None:
        """One step of a task: what it needs was told, and its answer is as it should be."""
        tool, given = step.get("tool"), self._filled(step["given"])
        schema = self._schemas[tool] if tool else None
        if "find" in step:
            found = self._tools.call("find-action", {"words": step["find"]}).structured_content["found"][0]
            tool, schema = "use-action", found["inputs"]
            self._read.append(found["description"])
            given = {"action": found["action"], "inputs": given}
        assert {*step["given"]} <= {*schema["properties"]}
        unread = [said for said in step.get("told", ()) if not any(said in text for text in self._read)]
        assert unread == []
        answer = self._tools.call(tool, given)
        self._answers.append(answer.structured_content)
        told = {path: _at(answer.structured_content, path) for path in step["answer"]}
        assert told == self._filled(step["answer"]), answer.content[0].text

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        return _HOLE.sub(self._known, value) if isinstance(value, str) else value

    def _known(self, hole: re.Match[str]) -> str:
        number, _, path = hole[1].partition(".")
        return str(self._user if number == "home" else _at(self._answers[int(number) - 1], path))


async def _looked(client: Any) -> tuple[list[Any], str]:
    return (await client.list_tools()).tools, client.instructions


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[int(name)] if isinstance(value, list) else value.get(name)
    return value
