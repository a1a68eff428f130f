"""``connector mcp``: the actions as tools for agents, over standard input and output or HTTP."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.parsing import find_action, numbers
from connector.cli.parsing.invoke_options import add_place_options
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.terminal import terminal
from connector.errors import InvalidArguments, InvocationError, Problem, needing

if TYPE_CHECKING:
    from connector.mcp.backend import Alone
    from connector.mcp.call_tool import Caller, ToolCaller


def run(words: list[str]) -> int:
    parser = Parser("mcp")
    _add_options(parser)
    args = parser.read(words)
    with needing("MCP", "mcp"):
        import mcp  # noqa: F401
    return _serve(args)


def _add_options(parser: Parser) -> None:
    add = parser.add_argument
    add_place_options(add)
    root = "a folder that files may be read from; repeatable (default: the current one)"
    add("--root", metavar="DIR", type=Path, action="append", default=[], help=root)
    add("--limit-credits", metavar="N", type=numbers.credits, help="refuse what would cost more in all")
    offered = "offer only actions whose id or group is like this; repeatable"
    add("--actions", metavar="PATTERN", action="append", default=[], help=offered)
    add("--http", action="store_true", help="listen on this machine in place of standard input and output")
    port = "with --http; 0 takes a free one (default: 8790)"
    add("--port", metavar="N", type=_port, default=8790, help=port)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"is {text!r}; give a number from 0 to 65535")
    return int(text)


def _serve(args: argparse.Namespace) -> int:
    import asyncio
    import logging

    from connector.mcp.backend import Alone
    from connector.mcp.call_tool import Caller, ToolCaller
    from connector.mcp.session_cap import SessionCap

    logging.basicConfig(level=logging.ERROR if args.quiet else logging.WARNING)
    alone = Alone(find_action.integration(folder_of(args)), _roots(args.root))
    desk = ToolCaller(alone, SessionCap(args.limit_credits), tuple(args.actions))
    caller = Caller("mcp", args.environment, args.connection)
    _check(alone, desk, args)
    with suppress(KeyboardInterrupt):
        asyncio.run(_over_http(args, alone, desk, caller) if args.http else _over_stdio(alone, desk, caller))
    return 0


def _roots(given: list[Path]) -> tuple[Path, ...]:
    """The folders, as they are now: a later change of the working folder changes nothing."""
    roots = tuple(root.expanduser().resolve() for root in given or [Path.cwd()])
    missing = [Problem("root", f"there is no folder {root}") for root in roots if not root.is_dir()]
    if missing:
        raise InvalidArguments(missing, "connector mcp", "--root must name folders")
    return roots


def _check(alone: Alone, desk: ToolCaller, args: argparse.Namespace) -> None:
    """What is wrong with the options is told before a client waits for an answer."""
    for worker in alone.integrations.values():
        worker.connector.place(environment=args.environment, connection=args.connection)
    if not desk.actions:
        raise InvocationError("--actions matches no action; `connector actions` lists them with their groups")


async def _over_stdio(alone: Alone, desk: ToolCaller, caller: Caller) -> None:
    from connector.mcp import stdio

    await stdio.serve(alone, desk, caller)


async def _over_http(args: argparse.Namespace, alone: Alone, desk: ToolCaller, caller: Caller) -> None:
    from connector.mcp import http

    door = http.listen(args.port)
    await http.serve(alone, desk, caller, door, lambda: _greet(args, http.address(door)))


def _greet(args: argparse.Namespace, url: str) -> None:
    if args.json:
        terminal.print_json({"url": url})
    else:
        print(url if args.quiet else f"MCP is served at {url}\nPress Ctrl+C to stop.")
    sys.stdout.flush()  # whoever reads it through a pipe waits for the address
