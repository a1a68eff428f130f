"""Schedules: what is done by itself, at the times of a cron line."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connector.runs.schedule.cron import Cron
from connector.runs.schedule.store import Schedule
from connector.server.host import Host
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.storage.database.database import timestamp

_ABOUT = ("name", "subject", "inputs")


async def list_schedules(call: OperationCall) -> Response:
    durable = call.host.durable
    found = await call.host.run(durable.schedules.list)
    return Reply({"schedules": [await call.host.run(durable.schedule_shown, one) for one in found]})


async def get_schedule_times(call: OperationCall) -> Response:
    """The next times of a cron line in a time zone, before a schedule is kept. Nothing is kept."""
    line = Cron.read(call.query["cron"], call.query.get("timezone", "UTC"))
    times = islice(line.times(call.host.settings.clock()), call.query.get("limit", 3))
    return Reply({"times": [timestamp(each.timestamp()) for each in times]})


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
