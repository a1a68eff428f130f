"""Operations on money: what the account has left, and what was spent by day and environment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from connector.server.json_reply import Reply
from connector.server.operation import OperationCall


async def get_balance(call: OperationCall) -> Response:
    served = call.host.served(call.query.get("integration"))
    credits = await served.connector.balance(**call.place)
    return Reply({"credits": credits} | {name: each for name, each in call.place.items() if each})


async def get_spend(call: OperationCall) -> Response:
    """Every face's invocations, by the ledger, with those whose outcome nobody knows."""
    ledger = call.host.served(None).connector.workspace.ledger
    days = call.query.get("days", 30)
    today = datetime.fromtimestamp(call.host.settings.clock(), UTC).date()
    unknown = await call.host.run(ledger.unknown)  # first, as it settles what a killed process left
    rows = await call.host.run(ledger.summary, today - timedelta(days=days - 1), today)
    told = {
        "days": [row.to_dict() for row in rows],
        "credits": sum(row.credits for row in rows),
        "unknown": [entry.to_dict() for entry in unknown],
    }
    return Reply(told)
