"""``connector serve``: the connector over HTTP, and its console in a browser."""

from __future__ import annotations

from connector.cli.parsing.parser import Parser, folder_of
from connector.errors import needing


def run(words: list[str]) -> int:
    with needing("the host", "host"):
        from connector.server import serve_command
    parser = Parser("serve")
    serve_command.add_arguments(parser)
    args = parser.read(words)
    return serve_command.run(args, folder_of(args))
