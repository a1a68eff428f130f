"""The shipped specs as plain mappings, for the tests that read them as any YAML reader would."""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ACTIONS = ROOT / "actions"
CASES = Path(__file__).parent / "cases" / "actions"


def load_yaml(path: Path) -> Any:
    """What a YAML 1.1 reader, such as an editor's, makes of the file."""
    return yaml.safe_load(path.read_text("utf-8"))


def load_json(name: str) -> Any:
    return json.loads((ROOT / "schemas" / name).read_text("utf-8"))


MANIFEST = load_yaml(ROOT / "integration.yaml")
SPECS: dict[str, Any] = {path.stem: load_yaml(path) for path in sorted(ACTIONS.glob("*.yaml"))}
INVALID: dict[str, list[Any]] = load_yaml(CASES / "invalid.yaml")
EXAMPLES = [
    (action, number, example["arguments"])
    for action, spec in SPECS.items()
    for number, example in enumerate(spec["examples"], start=1)
]


def parameters(action: str) -> dict[str, Any]:
    found: dict[str, Any] = SPECS[action]["inputs"]["properties"]
    return found
