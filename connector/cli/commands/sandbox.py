"""``connector sandbox``: the stand-in for the API, served on a port."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.parsing.parser import Parser
from connector.cli.terminal import terminal
from connector.errors import InvocationError, needing

if TYPE_CHECKING:
    from connector.sandbox import Sandbox

_KEY = "sk-sandbox"


def run(words: list[str]) -> int:
    args = _parser().read(words)
    try:
        with needing("the sandbox", "sandbox"), suppress(KeyboardInterrupt):
            _serve(args)
    except OSError as error:
        # The socket adds the address to the system's own sentence, which names it here already.
        reason = (error.strerror or str(error)).partition(" (")[0]
        sentence = f"cannot listen on {args.host}:{args.port} ({reason}); choose another --port"
        raise InvocationError(sentence) from error
    return 0


def _parser() -> Parser:
    parser = Parser("sandbox")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=8787, help="the port; 0 takes a free one (default: %(default)s)")
    add("--credits", type=float, default=1000, help="what a new key starts with (default: %(default)g)")
    add("--revoked", action="append", default=[], metavar="KEY", help="a key to refuse; may be repeated")
    told = "how long a started generation takes (default: %(default)g)"
    add("--job-seconds", type=float, default=12, help=told)
    told = "how much faster than the world's time its clock runs; every answer says so"
    add("--speed", type=_speed, help=told)
    told = "do not refuse polls that come too soon"
    add("--no-poll-floor", dest="poll_floor", action="store_false", help=told)
    add("--retry-after", action="store_true", help="add Retry-After to a 429, which the vendor does not")
    told = "answer 404 for what the vendor has ended, as the vendor does"
    add("--as-today", dest="serve_removed", action="store_false", help=told)
    told = "refuse form fields that an operation does not have, which the vendor ignores"
    add("--strict-fields", action="store_true", help=told)
    add("--state", type=Path, metavar="DIR", help="remember accounts and generations in this folder")
    return parser


def _speed(text: str) -> float:
    speed = float(text)
    if speed <= 0:
        raise argparse.ArgumentTypeError("the speed must be above 0")
    return speed


def _serve(args: argparse.Namespace) -> None:
    """Serves until it is interrupted."""
    from connector.sandbox import Sandbox, Settings, serving

    named = {name: value for name, value in vars(args).items() if name in Settings.__dataclass_fields__}
    settings = Settings(**named | {"revoked": frozenset(args.revoked)})
    opened = closing(Sandbox(settings, state=args.state))
    with opened as sandbox, serving(sandbox, args.host, args.port) as url:
        if args.json:
            terminal.print_json({"url": url, "key": _KEY})
        else:
            print(url if args.quiet else greeting(url, sandbox))
        sys.stdout.flush()  # whoever reads it through a pipe waits for the address
        while True:
            time.sleep(3600)


def greeting(url: str, sandbox: Sandbox) -> str:
    """What is said once it listens: where, with which key, and what is not as it seems."""
    lines = f"""\
The sandbox answers at {url}

  key       {_KEY}, or any other that begins with sk-
  credits   {sandbox.settings.credits:g} for each key
  try       curl -H 'authorization: Bearer {_KEY}' {url}/v1/user/balance
  picture   curl -H 'authorization: Bearer {_KEY}' -F prompt='a red boat' -o boat.png \\
              {url}/v2beta/stable-image/generate/core
  clients   use {url} in place of https://api.stability.ai
  look in   {url}/_sandbox""".splitlines()
    clock = sandbox.clock()
    if clock.speed != 1:
        lines.append(f"  time      runs {clock.speed:g} times as fast as the world's")
    if clock.advanced:
        lines.append(f"  time      was set forward by {clock.advanced:g} seconds")
    return "\n".join([*lines, "", "Nothing here costs anything. Press Ctrl+C to stop."])
