"""``connector export superblocks`` and the reading of what was exported there: steps of Superblocks."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any
from uuid import UUID

from connector.cli.parsing import find_action, invoke_options
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.terminal import terminal
from connector.errors import InvocationError

_MOST_BYTES = 10 * 1024 * 1024


def export(words: list[str]) -> int:
    """Writes a step. It is checked as ``invoke`` checks its inputs, and nothing is sent."""
    asked = invoke_options.read("export superblocks", words, _add_options)
    from connector.authoring.export import superblocks, write_files
    from connector.engine.connector import Connector

    args = asked.args
    with Connector(find_action.integration(asked.folder)) as connector:
        sent = connector.preview(asked.card.id, asked.given, **asked.where).request
        integration = connector.integration
        name, _ = connector.place(environment=args.environment, connection=args.connection)
    base = integration.environments[name].base_url if name in integration.environments else sent.url
    plugin = args.plugin or integration.id
    block = superblocks.block(
        integration.actions[asked.card.id], sent, base, plugin, str(args.integration_id)
    )
    write_files.file(args.output, json.dumps(block, indent=2, ensure_ascii=False) + "\n", force=args.force)
    _tell(args, superblocks.pickers(sent))
    return 0


def _add_options(parser: Parser) -> None:
    from connector.authoring.export.superblocks import NO_ID

    add = parser.add_argument_group("what is written").add_argument
    add("-o", "--output", metavar="FILE", type=Path, required=True, help="where it is written")
    add("--plugin", metavar="NAME", help="the kind of step (default: the integration's id)")
    said = "Superblocks' id of its integration"
    add("--integration-id", metavar="UUID", type=UUID, default=UUID(NO_ID), help=said)
    add("--force", action="store_true", help="write over what is there")


def _tell(args: Namespace, pickers: tuple[str, ...]) -> None:
    if args.json:
        terminal.print_json({"written": str(args.output), "pickers": list(pickers)})
    elif not args.quiet:
        needed = (
            f" It reads the FilePicker{'s' * (len(pickers) > 1)} {', '.join(pickers)}." if pickers else ""
        )
        print(f"{args.output} is written.{needed}")


def read(words: list[str]) -> int:
    """``connector import superblocks FILE``: tells what each step does, as JSON."""
    parser = Parser("import superblocks", "Tells what the HTTP steps of a Superblocks API do here, as JSON.")
    parser.add_argument("file", metavar="FILE", type=Path, help="an API, a block or a step, as JSON")
    parser.add_argument("--generic", metavar="ACTION", default="generic-http-request", help=_GENERIC)
    said = "the kind of steps that are the integration's, where their addresses do not tell it"
    parser.add_argument("--plugin", metavar="NAME", help=said)
    args = parser.read(words)
    from connector.authoring.export import superblocks_steps
    from connector.spec.loader import load

    refused: list[str] = []
    integration, document = load(Path(folder_of(args))), _document(args.file)
    found = superblocks_steps.invocations(
        integration, document, args.generic, plugin=args.plugin, refused=refused
    )
    if not found:
        said = "; ".join(refused) or "it has no step with a method and an address"
        raise InvocationError(f"{args.file} has no step of {integration.name}: {said}")
    terminal.print_json({"invocations": [one.to_dict() for one in found], "refused": refused})
    return 0


_GENERIC = "the action for paths that no other has (default: generic-http-request)"


def _document(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvocationError(f"{path} is larger than the {_MOST_BYTES:,} bytes that are read")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvocationError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InvocationError(f"{path} is no JSON, or is nested too deep") from error
