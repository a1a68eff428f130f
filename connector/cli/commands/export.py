"""``connector export``: what other platforms register, as files."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.cli.parsing.parser import HelpShown, Parser, folder_of, overview
from connector.cli.terminal import terminal
from connector.errors import InvalidArguments, InvocationError, Problem, needing
from connector.spec.model import Integration

_HOST = "http://127.0.0.1:8760"
Write = Callable[[Integration, str, Path, bool], None]


def run(words: list[str]) -> int:
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        raise HelpShown(overview("export"))
    if name == "superblocks":
        from connector.cli.commands import superblocks

        return superblocks.export(words[1:])
    if name not in PLATFORMS:
        raise _unknown(name)
    description, metavar, write = PLATFORMS[name]
    parser = Parser(f"export {name}", description)
    add = parser.add_argument
    add("-o", "--output", metavar=metavar, type=Path, required=True, help="where it is written")
    add("--host", metavar="URL", default=_HOST, help=f"where the host answers (default: {_HOST})")
    add("--force", action="store_true", help="write over what is there")
    args = parser.read(words[1:])
    return _export(args, write)


def _unknown(name: str) -> InvocationError:
    from connector.cli.parsing.usage import BadUsage
    from connector.spec.schema.suggest import nearest

    said = f"export knows no platform {name!r}{nearest(name, [*PLATFORMS, 'superblocks'])}"
    return BadUsage(Problem("command", said), command="export")


def _export(args: Namespace, write: Write) -> int:
    from connector.spec.loader import load

    write(load(Path(folder_of(args))), _address(args.host), args.output, args.force)
    if args.json:
        terminal.print_json({"written": str(args.output), "host": args.host})
    elif not args.quiet:
        print(f"{args.output} is written.")
    return 0


def _address(text: str) -> str:
    """The host's address, without anything that belongs to a request or to somebody."""
    try:
        place = urlsplit(text)
        plain = place.scheme in ("http", "https") and place.hostname and not place.query + place.fragment
        if plain and place.username is None and place.port != 0:
            return text.rstrip("/")
    except ValueError:
        pass
    said = f"{text!r} is no address of a host; give one such as https://connector.example"
    raise InvalidArguments([Problem("host", said)], "connector export", "--host is not understood")


def _openapi(integration: Integration, url: str, target: Path, force: bool) -> None:
    from connector.authoring.export import write_files

    builders = _builders()
    write_files.file(target, _text(builders.openapi.document(integration, url)), force=force)


def _swagger(integration: Integration, url: str, target: Path, force: bool) -> None:
    from connector.authoring.export import write_files

    swagger = _builders().swagger2
    files = {
        "apiDefinition.swagger.json": _text(swagger.definition(integration, url)),
        "apiProperties.json": _text(swagger.properties()),
    }
    write_files.folder(target, files, force=force)


def _n8n(integration: Integration, url: str, target: Path, force: bool) -> None:
    from connector.authoring.export import write_files
    from connector.authoring.export.n8n import package

    write_files.folder(target, package.files(integration, url), force=force)


def _builders() -> Any:
    """What builds the documents: of the host's own tables, which need its packages."""
    with needing("the export", "host"):
        from connector.server import exports
        from connector.server.exports import openapi, swagger2  # noqa: F401
    return exports


def _text(document: Any) -> str:
    """Strict JSON: what is no JSON is a mistake of ours, and not written."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


PLATFORMS: dict[str, tuple[str, str, Write]] = {
    "openapi": ("Writes the OpenAPI 3.1 document of a host with this integration.", "FILE", _openapi),
    "swagger": ("Writes what Power Platform registers as a custom connector.", "DIR", _swagger),
    "n8n": ("Writes a package with a node for n8n, whose operations are the actions.", "DIR", _n8n),
}
