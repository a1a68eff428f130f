"""Options made of what an integration declares never clash with a command's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.cli import command_table
from connector.cli.completion import complete
from connector.cli.parsing.input_options import PREFIX
from connector.cli.parsing.parser import Parser

OTHER = Path(__file__).parents[1] / "other"
ACTION, WORKFLOW = "every-option", "every-option-flow"
COMMANDS = [
    *([name] for name in command_table.NAMES if name not in complete._BELOW or name in complete._ALONE),
    *([name, below] for name, several in complete._BELOW.items() for below in several),
    ["schedule", "add", "nightly"],
]


def _own(words: list[str]) -> set[str]:
    parser = complete._parser(words[0], words[1:])
    return {option for option in parser.options if option.startswith("--")} if parser else set()


@pytest.fixture
def names() -> list[str]:
    """An input for each option of any command; one is called like what another becomes."""
    options = sorted(set().union(*map(_own, COMMANDS)))
    assert {"--integration-id", "--cron", "--keep-orientation", "--no-wait", "--catch-up"} <= {*options}
    plain = [option[2:].replace("-", "_") for option in options]
    return [*(f"input_{name}" for name in plain), *plain]


@pytest.fixture
def folder(tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another integration, with an action, a workflow and a credential that have all these inputs."""
    folder = tmp_path / "other"
    shutil.copytree(OTHER, folder)
    inputs = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": "Takes whatever is called like an option."}
            for name in names
        },
    }
    action = {
        "id": ACTION,
        "title": "T",
        "group": "G",
        "description": "Takes whatever is called like an option.",
        "inputs": inputs,
    }
    action |= {"request": {"method": "POST", "path": "/every", "body": "json"}, "output": {"kind": "json"}}
    (folder / f"actions/{ACTION}.yaml").write_text(
        yaml.safe_dump(action | {"examples": [{"title": "None", "arguments": {}}]})
    )
    workflow = {
        "id": WORKFLOW,
        "title": "T",
        "description": "Takes whatever is called like an option.",
        "inputs": inputs,
    }
    handed = {name: f"{{{{ inputs['{name}'] }}}}" for name in names}
    workflow |= {"steps": [{"id": "one", "action": ACTION, "inputs": handed}]}
    workflow["outputs"] = {"one": "{{ steps.one.value }}"}
    (folder / "workflows").mkdir()
    (folder / f"workflows/{WORKFLOW}.yaml").write_text(yaml.safe_dump(workflow))
    manifest = yaml.safe_load((folder / "integration.yaml").read_text())
    manifest["actions"].append(f"actions/{ACTION}.yaml")
    manifest["workflows"] = [f"workflows/{WORKFLOW}.yaml"]
    fields = {name: {"type": "string", "title": "T"} for name in names}
    manifest["connection"]["credential"]["properties"] |= fields
    (folder / "integration.yaml").write_text(yaml.safe_dump(manifest))
    monkeypatch.setenv("CONNECTOR_INTEGRATION", str(folder))
    return folder


def _parser(words: list[str]) -> Parser | None:
    """The command's parser, once it knows what is used; an error of argparse would come through."""
    return complete._parser(words[0], words[1:])


def _taking() -> list[tuple[list[str], str]]:
    used = {
        known: name
        for name, known in ((ACTION, complete.known.actions), (WORKFLOW, complete.known.workflows))
    }
    rows = [
        ([*name.replace(" NAME", " nightly").split()], used[source])
        for name, sources in complete._WORDS.items()
        for source in sources
        if source in used and name not in ("describe", "batch", "workflow show")
    ]
    return [*rows, (["connections", "add"], "work")]


@pytest.mark.parametrize(("words", "used"), _taking(), ids=str)
def test_no_own_option_clashes(words: list[str], used: str, names: list[str], folder: Path, run: Any) -> None:
    """Every command that makes options of inputs: it keeps its own, each input has one, and help is shown."""
    own = _own(words)
    parser = _parser([*words, used])
    assert parser is not None
    prefixes = (PREFIX, "field ")
    made = {a.dest.partition(" ")[2]: o for o, a in parser.options.items() if a.dest.startswith(prefixes)}
    assert {*names} <= {*made}
    assert len(set(made.values())) == len(made)
    kept = {option for option in own if not parser.takes(option).dest.startswith(prefixes)}
    assert kept == own if used != "work" else kept > {"--cap", "--plain-header", "--json", "--integration"}
    assert run(*words, used, "--help").code == 0
    given = {name: f"value of {name}" for name in names}
    filled = [word for name, value in given.items() for word in (made[name], value)]
    needed = ["-o", "out.json"] if words[0] == "export" else ["work"] if used == "work" else []
    read = {dest.partition(" ")[2]: told for dest, told in vars(parser.read(filled + needed)).items()}
    assert all(read[name] in (value, [value]) for name, value in given.items())


@pytest.mark.parametrize("show", [f"describe {ACTION}", f"workflow show {WORKFLOW}"])
def test_what_is_shown_is_what_is_taken(show: str, folder: Path, run: Any) -> None:
    """The options that are told of an action or a workflow are those that it is used with."""
    use = ["invoke", ACTION] if show.startswith("describe") else ["workflow", "run", WORKFLOW]
    parser = _parser(use)
    assert parser is not None
    shown = run(show).out
    assert all(f"  {option}" in shown for option, a in parser.options.items() if a.dest.startswith(PREFIX))


def test_an_input_has_one_name_in_all_commands(run: Any) -> None:
    """What is pasted from ``invoke`` works with ``export superblocks``, also for an input called id."""
    made = run(f"export superblocks fetch-result --id {'0' * 64} -q -o step.json")
    assert (made.code, made.err) == (0, "")
    assert "0" * 64 in Path("step.json").read_text()
    assert run("export superblocks fetch-result --help").code == 0
