"""``connector demo``: a story and every action once, against a sandbox of its own."""

from __future__ import annotations

from pathlib import Path

from connector.cli.parsing.parser import Parser
from connector.errors import needing


def run(words: list[str]) -> int:
    parser = Parser("demo")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", default="out", help="where to write (default: out)"
    )
    parser.add_argument("--story", action="store_true", help="only the first contact sheet")
    args = parser.read(words)
    with needing("the demo", "all"):
        from connector.cli import demo

        return demo.run(Path(args.output), only_story=args.story)
