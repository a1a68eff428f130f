"""What the README shows is what happens, and so is what the documents show that it leads to."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from port import TinyStudio

from connector.cli import main
from connector.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
# Each of these is a session of its own: its commands are run in their order.
PAGES = ["README.md", *(f"docs/{name}.md" for name in (
    "batches", "connections", "durable-runs", "host", "n8n", "openapi", "superblocks",
))]  # fmt: skip


def _blocks(kind, page="README.md"):
    blocks = re.findall(r"```(\w*)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [text for name, text in blocks if name == kind]


def _commands(page):
    """Each `connector` line of a shell block."""
    lines = [line for block in _blocks("sh", page) for line in block.splitlines()]
    return [line for line in lines if line.startswith("connector ")]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STABILITY_API_KEY", "sk-readme-0123456789")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".secrets").mkdir()
    (tmp_path / ".secrets" / "stability-staging").write_text("sk-staging-0123456789\n")
    (tmp_path / ".secrets" / "stability-staging").chmod(0o600)
    for name in ("actions", "schemas", "workflows", "integration.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_program_runs(home):
    """The README's Python works as it stands."""
    (program,) = _blocks("python")
    exec(compile(program, "README.md", "exec"), {})
    assert (home / "out" / "room.png").stat().st_size > 1000


def test_the_preview_is_what_the_command_prints(home, capsys):
    """The request beside the spec is the real one."""
    (shown,) = _blocks("console")
    command, _, expected = shown.removeprefix("$ ").partition("\n")
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == expected


def test_the_spec_shown_is_part_of_the_spec():
    """Nothing in the excerpt is invented."""
    (excerpt,) = map(yaml.safe_load, _blocks("yaml"))
    assert _within(excerpt, yaml.safe_load((ROOT / "actions" / "fast-upscale.yaml").read_text()))


def _within(part, whole):
    if isinstance(part, dict):
        return all(name in whole and _within(value, whole[name]) for name, value in part.items())
    return part == whole


@pytest.mark.parametrize("page", PAGES)
def test_its_commands_are_understood(page, home, monkeypatch):
    """Those that would reach the vendor are priced; those that serve are left out."""
    monkeypatch.setattr(Sandbox, "studio", TinyStudio())  # what is on the pictures is for others to see
    for name in ("room", "mask"):
        (home / f"{name}.png").symlink_to(ROOT / "actions/samples" / f"room{'-mask' * (name == 'mask')}.png")
    for command in _commands(page):
        if "connections test" in command or command.split()[1] in ("demo", "serve"):
            continue
        if "staging --prompt" in command:
            command += " --estimate"
        assert (command, main(shlex.split(command, comments=True)[1:])) == (command, 0)


def test_it_counts_the_actions():
    """One that was added is told."""
    listed = yaml.safe_load((ROOT / "integration.yaml").read_text())["actions"]
    assert f"all {len(listed)} actions" in README


def test_every_command_is_one():
    """A command that was renamed is noticed."""
    from connector.cli.command_table import NAMES

    text = "\n".join((ROOT / page).read_text() for page in PAGES)
    assert set(re.findall(r"(?:`|^)connector ([a-z]+)", text, re.MULTILINE)) <= set(NAMES)


def test_it_is_short():
    """What a newcomer does not need stands in the documents that it leads to."""
    assert len(README.split()) < 900
