"""Jobs that the upstream works on, whichever process started them: look, wait, stop asking."""

from __future__ import annotations

from starlette.responses import Response

from connector.errors import JobNotFound, JobPending
from connector.media import Media
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.storage.ledger.model import LedgerEntry


async def list_jobs(call: OperationCall) -> Response:
    ledger = call.host.served(None).connector.workspace.ledger
    found = await call.host.run(ledger.entries, "running", limit=1000)
    return Reply({"jobs": [entry.to_dict() for entry in found]})


async def get_job(call: OperationCall) -> Response:
    return Reply({"job": (await _entry(call)).to_dict()})


async def wait_for_job(call: OperationCall) -> Response:
    """The result, or the job as it stands where it is not finished in that time."""
    entry = await _entry(call)
    try:
        result = await call.host.served(entry.integration).connector.wait(
            entry.id, timeout=call.query.get("timeout", call.host.settings.max_wait)
        )
    except JobPending:
        return Reply({"job": (await _entry(call)).to_dict()}, 202)
    told = {"job": (await _entry(call)).to_dict(), "result": result.to_dict()}
    if isinstance(result.media, Media):
        stored = await call.host.run(
            call.host.files.put,
            result.media,
            name=result.file_name,
            source="result",
            keep_seconds=call.host.settings.keep,
        )
        told["file"] = stored.to_dict()
    return Reply(told)


async def cancel_job(call: OperationCall) -> Response:
    entry = await _entry(call)
    await call.host.served(entry.integration).connector.cancel(entry.id)
    return Reply({"job": (await _entry(call)).to_dict()})


async def _entry(call: OperationCall) -> LedgerEntry:
    ledger = call.host.served(None).connector.workspace.ledger
    try:
        return await call.host.run(ledger.get, call.names["id"])
    except JobNotFound as error:  # which tells an operator in which database it looked
        raise JobNotFound(f"this host knows no job {call.names['id'][:80]!r}") from error
