"""Schedules: what is done by itself, at the times of a cron line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connector.runs.schedule.store import Schedule
from connector.server.host import Host
from connector.server.json_reply import Reply
from connector.server.operation import LIMIT, NAME, WHERE, Operation, OperationCall, members

_ABOUT = ("name", "subject", "inputs")


async def list_schedules(call: OperationCall) -> Response:
    durable = call.host.durable
    found = await call.host.run(durable.schedules.list)
    return Reply({"schedules": [await call.host.run(durable.schedule_shown, one) for one in found]})


async def add_schedule(call: OperationCall) -> Response:
    """Its inputs are checked and its files are kept now; a workflow runs as it is now."""
    schedule = await call.host.run(_added, call.host, call.body)
    shown = await call.host.run(call.host.durable.schedule_shown, schedule)
    return Reply(shown, 201, {"location": f"/api/schedules/{quote(schedule.name, safe='')}"})


def _added(host: Host, body: Mapping[str, Any]) -> Schedule:
    connector, subject, definition = host.durable.subject(body["subject"])
    how = {name: value for name, value in body.items() if name not in _ABOUT and value is not None}
    given = body.get("inputs", {})
    return host.durable.timetable.add(body["name"], connector, subject, given, definition=definition, **how)


async def get_schedule(call: OperationCall) -> Response:
    """With its next times, and what became of the last ones, the latest first."""
    schedule = await call.host.run(call.host.durable.schedules.get, call.names["name"])
    shown = await call.host.run(call.host.durable.schedule_shown, schedule, call.query.get("ticks", 20))
    return Reply(shown)


async def remove_schedule(call: OperationCall) -> Response:
    """Its runs stay, and go on."""
    await call.host.run(call.host.durable.timetable.remove, call.names["name"])
    return Response(status_code=204)


async def pause_schedule(call: OperationCall) -> Response:
    """Its times come to nothing until it is resumed."""
    return await _changed(call, call.host.durable.timetable.pause)


async def resume_schedule(call: OperationCall) -> Response:
    """Its times count from now on."""
    return await _changed(call, call.host.durable.timetable.resume)


async def run_schedule(call: OperationCall) -> Response:
    """Does it now, whatever the time. What it may spend holds: the tick says what became of it."""
    tick = await call.host.run(call.host.durable.timetable.run, call.names["name"])
    return Reply({"tick": tick.to_dict()})


async def _changed(call: OperationCall, act: Any) -> Response:
    schedule = await call.host.run(act, call.names["name"])
    return Reply(await call.host.run(call.host.durable.schedule_shown, schedule))


NEW = members(
    *("name", "subject", "cron"),
    name=NAME,
    subject={**NAME, "description": "The action or the workflow."},
    inputs={"type": "object", "description": "Those of the action or workflow."},
    cron={**NAME, "description": "Minute, hour, day of the month, month, day of the week."},
    timezone={**NAME, "default": "UTC"},
    **WHERE,
    overlap={"enum": ["skip", "queue"], "default": "skip"},
    catch_up={"enum": ["none", "last", "all"], "default": "last"},
    limit_credits={**LIMIT, "description": "Credits that one run may spend."},
    limit_daily={**LIMIT, "description": "Credits that all runs of a UTC day may spend."},
)
_ALL, _ONE = "/api/schedules", "/api/schedules/{name}"
_TICKS = members(ticks={"type": "integer", "minimum": 1, "maximum": 500, "default": 20})

OPERATIONS = (
    Operation("GET", _ALL, list_schedules, "The schedules", answers={200: "Schedules"}),
    Operation(
        "POST", _ALL, add_schedule, "Keep a schedule", role="manage", body=NEW, answers={201: "Schedule"}
    ),
    Operation("GET", _ONE, get_schedule, "One schedule", query=_TICKS, answers={200: "Schedule"}),
    Operation("DELETE", _ONE, remove_schedule, "Forget it", role="manage", answers={204: None}),
    Operation("POST", f"{_ONE}/pause", pause_schedule, "Pause it", role="manage", answers={200: "Schedule"}),
    Operation(
        "POST", f"{_ONE}/resume", resume_schedule, "Resume it", role="manage", answers={200: "Schedule"}
    ),
    Operation("POST", f"{_ONE}/run", run_schedule, "Do it now", answers={200: "Ticked"}),
)
