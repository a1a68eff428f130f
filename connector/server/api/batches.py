"""Batches: an action or a workflow for many rows."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from connector.runs.batch import results
from connector.runs.batch.store import Batch, BatchNotFound
from connector.runs.contact_sheet import of_batch
from connector.server import batch_requests, responses, send_file
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused
from connector.storage.files import archive


async def list_batches(call: OperationCall) -> Response:
    durable = call.host.durable
    limit = call.query.get("limit", 50)
    found = await call.host.run(durable.batches.list, limit, call.query.get("before"))
    shown = [await call.host.run(durable.batch_shown, one) for one in found]
    before = found[-1].id if len(found) == limit else None
    return responses.page(call, {"batches": shown, "before": before}, "before")


async def begin_batch(call: OperationCall) -> Response:
    """All rows are checked before the first credit is spent. Files in them are references or addresses."""
    host = call.host
    await call.check_callback(call.body)
    begin = partial(batch_requests.begin, host.durable, host.files, host.settings.home)
    batch = await host.run(begin, call.body, call.token_name)
    await call.keep_callback(call.body, "batch", batch.id)
    shown = await host.run(host.durable.batch_shown, batch)
    return Reply(shown, 201, {"location": f"/api/batches/{batch.id}"})


async def check_batch(call: OperationCall) -> Response:
    """What a batch would be, with its price; nothing is kept, sent or paid."""
    host = call.host
    found = await host.run(batch_requests.check, host.durable, host.files, host.settings.home, call.body)
    return Reply(found)


async def get_batch(call: OperationCall) -> Response:
    """With its rows by state, its credits, and the seconds that it may still take."""
    return Reply(await call.host.run(call.host.durable.batch_shown, await _batch(call)))


async def list_batch_rows(call: OperationCall) -> Response:
    rows = call.host.durable.batches.rows((await _batch(call)).id)
    limit = call.query.get("limit", 100)
    found = await call.host.run(rows.rows, call.query.get("after", 0), limit)
    names = ("number", "label", "state", "outcome", "credits", "billed", "seconds", "message", "run_id")
    shown = [{name: getattr(row, name) for name in names} for row in found]
    after = found[-1].number if len(found) == limit else None
    return responses.page(call, {"rows": shown, "after": after}, "after")


async def cancel_batch(call: OperationCall) -> Response:
    """Nothing more is begun; what has left and cannot be taken back ends by itself."""
    batch = await call.host.run(call.host.durable.cancel_batch, (await _batch(call)).id)
    return Reply(await call.host.run(call.host.durable.batch_shown, batch))


async def retry_batch(call: OperationCall) -> Response:
    retry = call.host.durable.retry_batch
    batch = await call.host.run(retry, call.names["id"], call.body.get("limit_credits"))
    return Reply(await call.host.run(call.host.durable.batch_shown, batch))


async def download_batch(call: OperationCall) -> Response:
    """The files of all rows as a ZIP, each named by its row, as far as the batch is."""
    host, batch = call.host, await _batch(call)
    files = results.files(host.durable.batches.rows(batch.id), host.history)
    pieces = archive.pieces(host.files, files)
    return send_file.made(host, call.request, f"{batch.name}.zip", "application/zip", pieces)


async def download_batch_table(call: OperationCall) -> Response:
    """What became of each row as CSV, with its inputs; files stand as references."""
    host, batch = call.host, await _batch(call)
    lines = results.table(host.durable.batches.rows(batch.id), host.history)
    return send_file.made(host, call.request, f"{batch.name}.csv", "text/csv", lines)


async def download_batch_sheet(call: OperationCall) -> Response:
    host, batch = call.host, await _batch(call)
    entries = partial(results.entries, host.durable.batches.rows(batch.id), host.history)
    sheet = await host.run(of_batch.png, entries, host.files.find, batch.name)
    if sheet is None:
        raise Refused("not_found", f"no row of batch {batch.name} has made a file yet")
    headers = {"content-disposition": send_file.disposition(f"{batch.name}.png", "image/png")}
    return Response(sheet, headers=headers | {"cache-control": "no-store"}, media_type="image/png")


async def _batch(call: OperationCall) -> Batch:
    batch: Batch = await call.host.run(call.host.durable.batches.get, call.names["id"])
    if not call.is_own(batch.token_name):
        raise BatchNotFound(f"there is no batch {batch.id!r} of this token")
    return batch
