"""The dry run of a batch, as it is shown: what it would cost, and how long it would take."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from connector.cli.report import exit_codes
from connector.cli.terminal import terminal
from connector.cli.terminal.bar import length
from connector.engine.connector import Connector
from connector.errors import ConnectorError
from connector.runs.batch.create import BatchOrder
from connector.runs.batch.dry_run import DryRun
from connector.spec.model import Action
from connector.spec.schema import amounts


def show(connector: Connector, wanted: BatchOrder, found: DryRun, args: Namespace) -> int:
    """Shows it; the exit code."""
    facts = _facts(connector, wanted, found)
    if args.json:
        terminal.print_json(facts)
    else:
        print("\n".join(_lines(connector, wanted, found, facts)))
        if not args.quiet:
            for note in (*wanted.rows.notes, *found.warnings):
                terminal.say(terminal.clean(f"Note: {note}"))
            terminal.say("No row was sent.")
    return exit_codes.DONE


def _facts(connector: Connector, wanted: BatchOrder, found: DryRun) -> dict[str, Any]:
    balance, why = _balance(connector, wanted)
    left = found.rows - found.done_rows
    facts = {
        "batch": wanted.batch_name,
        "subject": wanted.subject.id,
        "environment": wanted.environment,
        "rows": found.rows,
        "done": found.done_rows,
        "credits": None if found.unpriced else found.credits,
        "limit_credits": wanted.limit_credits,
        "balance": balance,
        "balance_unknown": why,
        "seconds": _seconds(connector, wanted, left),
        "problems": [],
    }
    return {name: value for name, value in facts.items() if value is not None or name == "credits"}


def _seconds(connector: Connector, wanted: BatchOrder, left: int) -> float | None:
    """The least that the rate limit lets it take; a job is started, and asked for after a while."""
    limit = connector.integration.rate_limit
    if limit is None:
        return None
    job = wanted.subject.job if isinstance(wanted.subject, Action) else None
    requests = left if job is None else 2 * left
    return max(requests * limit.window / limit.requests, job.interval if job and left else 0.0)


def _balance(connector: Connector, wanted: BatchOrder) -> tuple[float | None, str | None]:
    """What the account has left; asking is free."""
    if connector.integration.balance is None:
        return None, None
    try:
        where = {"environment": wanted.environment, "connection": wanted.connection or None}
        return connector.balance(**where), None
    except ConnectorError as error:
        return None, error.message.splitlines()[0]


def _lines(connector: Connector, wanted: BatchOrder, found: DryRun, facts: dict[str, Any]) -> Iterator[str]:
    left = found.rows - found.done_rows
    done = f", {found.done_rows:,} of them done" if found.done_rows else ""
    place = f"in {wanted.environment}" + (f", connection {wanted.connection}" if wanted.connection else "")
    rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
    yield f"{rows} for {wanted.subject.title} {place}{done}; no problems."
    yield f"  cost     {_cost(wanted, found, left)}"
    if "balance" in facts:
        short = found.credits - facts["balance"]
        yield f"  balance  {many_credits(facts['balance'])}" + (
            f", {many_credits(short)} too few" if short > 0 else ""
        )
    elif "balance_unknown" in facts:
        yield f"  balance  not known: {facts['balance_unknown']}"
    limit = connector.integration.rate_limit
    if limit is not None and left:
        rate = f"{limit.requests} requests in {limit.window:g} s"
        yield f"  time     at least {length(facts['seconds'])}, by the limit of {rate}"


def _cost(wanted: BatchOrder, found: DryRun, left: int) -> str:
    if found.unpriced is not None:
        known = f"; the others cost {many_credits(found.credits)}" if found.credits else ""
        return f"not known for row {found.unpriced}{known}"
    told = many_credits(found.credits) + (f" for {left:,} rows" if found.done_rows else "")
    limit = wanted.limit_credits
    return told + (
        f", of which it may spend {limit:g}" if limit is not None and limit < found.credits else ""
    )


def many_credits(amount: float) -> str:
    """Credits of which there can be many."""
    return f"{amount:,.6g} credits" if amount >= 1000 else amounts.credits(amount)
