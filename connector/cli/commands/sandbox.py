"""``connector sandbox``: the stand-in for the API, served on a port."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from connector.cli.parsing.parser import Parser
from connector.cli.terminal import terminal
from connector.errors import InvocationError, needing

if TYPE_CHECKING:
    from connector.sandbox import Sandbox


def run(words: list[str]) -> int:
    from connector.sandbox import command

    parser = Parser("sandbox")
    command.add_arguments(parser)
    args = parser.read(words)
    try:
        with needing("the sandbox", "sandbox"):
            command.run(args, lambda url, sandbox: _greet(args, url, sandbox))
    except OSError as error:
        # asyncio adds the address to the system's own sentence, which names it here already.
        reason = (error.strerror or str(error)).partition(" (")[0]
        sentence = f"cannot listen on {args.host}:{args.port} ({reason}); choose another --port"
        raise InvocationError(sentence) from error
    return 0


def _greet(args: argparse.Namespace, url: str, sandbox: Sandbox) -> None:
    from connector.sandbox import command

    if args.json:
        terminal.print_json({"url": url, "key": command.KEY})
    elif args.quiet:
        print(url)
    else:
        print(command.greeting(url, sandbox))
    sys.stdout.flush()  # whoever reads it through a pipe waits for the address
