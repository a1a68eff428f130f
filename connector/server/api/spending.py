"""Operations on money: what the account has left, and what was spent by day and environment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from connector.server.json_reply import Reply
from connector.server.operation import NAME, Operation, OperationCall, members


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


_WHERE = members(environment=NAME, connection=NAME, integration=NAME)
_DAYS = members(days={"type": "integer", "minimum": 1, "maximum": 3660, "default": 30})

OPERATIONS = (
    Operation(
        "GET",
        "/api/balance",
        get_balance,
        "Credits left",
        query=_WHERE,
        answers={200: "Balance"},
        at_once=True,
    ),
    Operation("GET", "/api/spend", get_spend, "Credits spent", query=_DAYS, answers={200: "Spend"}),
)
