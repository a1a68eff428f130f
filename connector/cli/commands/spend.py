"""``connector spend``: what was spent, by day, environment and action, and what nobody knows the end of."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connector.cli.parsing import find_action
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.terminal import terminal
from connector.engine.connector import Connector
from connector.storage.database.database import timestamp
from connector.storage.ledger.ledger import LedgerEntry, SpendingRow


def run(words: list[str]) -> int:
    parser = Parser("spend")
    parser.add_argument(
        "--days", metavar="N", type=_days, default=7, help="how many days back, with today (default: 7)"
    )
    args = parser.read(words)
    today = datetime.now(UTC).date()
    with Connector(find_action.integration(folder_of(args))) as connector:
        ledger = connector.workspace.ledger
        unknown = ledger.unknown()  # first, as it settles what a killed process left
        rows = ledger.summary(today - timedelta(days=args.days - 1), today)
    if args.json:
        told = {
            "days": [row.to_dict() for row in rows],
            "credits": sum(row.credits for row in rows),
            "unknown": [entry.to_dict() for entry in unknown],
        }
        terminal.print_json(told)
        return 0
    print("\n".join([*_table(rows, args.days), *_unknown(unknown)]))
    return 0


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) < 10_000:
        raise argparse.ArgumentTypeError(f"is {text!r}; give a number of days, such as 7")
    return int(text)


def _table(rows: Sequence[SpendingRow], days: int) -> Iterator[str]:
    if not rows:
        yield f"Nothing was spent in the last {days} days." if days > 1 else "Nothing was spent today."
        return
    heading = ("day", "environment", "action", "times", "credits", "")
    cells = [_cells(row) for row in rows]
    total = sum(row.credits for row in rows)
    times = sum(row.invocations for row in rows)
    head, *lines, last = terminal.columns([heading, *cells, ("", "", "", str(times), f"{total:g}", "in all")])
    yield from (terminal.paint(head, "dim"), *lines, terminal.paint(last, "bold"))


def _cells(row: SpendingRow) -> tuple[str, ...]:
    place = f"{row.connection}/{row.environment}" if row.connection else row.environment
    uncertain = f"{row.uncertain:g} of it not certain yet" if row.uncertain else ""
    return row.day, place, row.action, str(row.invocations), f"{row.credits:g}", uncertain


def _unknown(entries: Sequence[LedgerEntry]) -> Iterator[str]:
    if not entries:
        return
    yield from ("", terminal.paint("Outcome unknown; settle them with: connector jobs unknown", "yellow"))
    yield from terminal.columns(
        (timestamp(entry.created), entry.environment, entry.action, entry.id) for entry in entries
    )
