"""``connector init``: a folder with an integration to begin with, which is then changed by hand."""

from __future__ import annotations

import re

from connector.cli.parsing.parser import Parser
from connector.cli.report import exit_codes
from connector.cli.terminal import terminal
from connector.spec import package_data

_FILES = ("integration.yaml", "actions/list-things.yaml", "actions/make-thing.yaml")


def run(words: list[str]) -> int:
    parser = Parser("init")
    parser.add_argument("folder", metavar="FOLDER", help="the folder that is made")
    args = parser.read(words)
    from pathlib import Path

    from connector.authoring.importing import folder

    target = Path(args.folder)
    name = re.sub("[^a-z0-9]+", "-", target.absolute().name.lower()).strip("-") or "my-api"
    folder.write(
        {file: _named(package_data.text(f"authoring/starter/{file}"), name) for file in _FILES}, target
    )
    if args.json:
        terminal.print_json({"folder": str(target), "integration": name})
    else:
        terminal.say(f"{target} has an integration to begin with; next: connector check {target}")
    return exit_codes.DONE


def _named(text: str, name: str) -> str:
    """The text with another id, name and variable than those of the starter."""
    title = name.replace("-", " ").title()
    variable = re.sub("^(?=[0-9])", "API_", name.upper().replace("-", "_"))
    return text.replace("my-api", name).replace("My API", title).replace("MY_API", variable)
