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
    root = "a folder that files are read from and results put in; repeatable (default: the current one)"
    add("--root", metavar="DIR", type=Path, action="append", default=[], help=root)
    save = "put every result into this folder besides; it may be read from"
    add("--save", metavar="DIR", type=Path, nargs=1, default=[], help=save)
    add("--limit-credits", metavar="N", type=numbers.credits, help="refuse what would cost more in all")
    offered = "offer only actions whose id or group is like this; repeatable"
    add("--actions", metavar="PATTERN", action="append", default=[], help=offered)
    add("--all", action="store_true", help="list every action as a tool, not only the main ones")
    add("--read-only", action="store_true", help="offer only what costs and changes nothing")
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
    from connector.mcp.folders import Folders
    from connector.mcp.offer import Offer
    from connector.mcp.session_cap import SessionCap

    logging.basicConfig(level=logging.ERROR if args.quiet else logging.WARNING)
    folders = Folders(_folders("root", args.root or [Path.cwd()]), *_folders("save", args.save))
    alone = Alone(find_action.integration(folder_of(args)), folders)
    desk = ToolCaller(alone, SessionCap(args.limit_credits))
    offer = Offer(tuple(args.actions), args.all, args.read_only)
    caller = Caller("mcp", args.environment, args.connection, offer=offer)
    _check(alone, desk, caller)
    with suppress(KeyboardInterrupt):
        asyncio.run(_over_http(args, alone, desk, caller) if args.http else _over_stdio(alone, desk, caller))
    return 0


def _folders(option: str, given: list[Path]) -> tuple[Path, ...]:
    """The folders, as they are now: a later change of the working folder changes nothing."""
    folders = tuple(folder.expanduser().resolve() for folder in given)
    missing = [Problem(option, f"there is no folder {one}") for one in folders if not one.is_dir()]
    if missing:
        raise InvalidArguments(missing, "connector mcp", f"--{option} must name folders that are there")
    return folders


def _check(alone: Alone, desk: ToolCaller, caller: Caller) -> None:
    """What is wrong with the options is told before a client waits for an answer."""
    for worker in alone.integrations.values():
        worker.connector.place(**caller.place)
    if not desk.offered(caller.offer):
        named = "--actions" if caller.offer.patterns else "--read-only"
        raise InvocationError(f"{named} leaves no action; `connector actions` lists them with their groups")


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
