"""``connector preview``: the very request that ``invoke`` would send, and nothing is sent."""

from __future__ import annotations

import sys

from connector.cli.parsing import find_action, invoke_options
from connector.cli.terminal import terminal
from connector.spec.schema import amounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from connector.engine.preview import Preview


def run(words: list[str]) -> int:
    asked = invoke_options.read("preview", words)
    from connector.engine.connector import Connector

    with Connector(find_action.integration(asked.folder)) as connector:
        preview = connector.preview(asked.card.id, asked.given, **asked.where)
    if asked.args.json:
        terminal.print_json(preview.to_dict())
        return 0
    print(preview.curl())
    if not asked.args.quiet:
        _remark(preview)
    return 0


def _remark(preview: Preview) -> None:
    from connector.cli.report.show_result import place

    credits, why = preview.credits, preview.why
    for warning in preview.warnings:
        terminal.say(f"{terminal.paint('Warning:', 'yellow', sys.stderr)} {terminal.clean(str(warning))}")
    price = "Its price is not known" if credits is None else f"It would cost {amounts.credits(credits)}"
    terminal.say(
        f"Nothing was sent. {price if credits != 0 else 'It is free'}{f' ({why})' if credits else ''}."
    )
    terminal.say(f"It would go to {terminal.clean(place(**preview.where))}.")
