"""Operations on runs: history, events as they happen, cancelling, doing it again."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response, StreamingResponse

from connector.runs.service import deletion, run_files
from connector.server import responses, send_file, sse
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused
from connector.storage.files import archive
from connector.storage.runs.history import RunNotFound
from connector.storage.runs.model import Run


async def list_runs(call: OperationCall) -> Response:
    wanted = {"limit": 50, **call.query}
    found = await call.host.run(partial(call.host.history.search, wanted.pop("text", ""), **wanted))
    cursors = {"before": found.before, "after": found.after, "total": found.total}
    told = {"runs": [run.to_dict() for run in found.runs], **cursors}
    return responses.page(call, told, "before", without="after")


async def get_run(call: OperationCall) -> Response:
    return Reply({"run": (await _run(call)).to_dict()})


async def download_runs(call: OperationCall) -> Response:
    """The files that runs made, as a ZIP in which each is named by its action and time (UTC)."""
    history = call.host.history
    runs = [await call.host.run(history.get, run_id) for run_id in dict.fromkeys(call.query["run"])]
    files = [(run_files.stem(run, title), file_id) for run in runs for title, file_id in run_files.made(run)]
    if not files:
        raise Refused("not_found", "none of these runs made a file")
    zipped = archive.pieces(call.host.files, files)
    return send_file.made(call.host, call.request, "runs.zip", "application/zip", zipped)


async def delete_run(call: OperationCall) -> Response:
    """What was given and made is gone, with each file that nothing else uses. What it cost stays counted.

    A run that goes on, or whose cost nobody knows yet, is refused.
    """
    await call.host.run(deletion.delete, call.host.history, call.host.files, call.names["id"])
    return Response(status_code=204)


async def get_result(call: OperationCall) -> Response:
    """What using the action would have answered: its result, its failure, or that it goes on.

    It waits for the end, and costs nothing however often it is asked for.
    """
    run = await _run(call)
    if not run.has_ended:
        most = call.host.settings.max_wait
        wait = min(call.query.get("timeout", most), most)
        run = await call.host.served(run.integration).runner.wait(run.id, wait)
    return await responses.of_run(call, run)


async def watch_run(call: OperationCall) -> Response:
    """Events with ids. A client that comes again says what it has, and gets the rest."""
    run = await _run(call)
    after = call.query.get("after", sse.last_seen(call.request.headers.get("last-event-id")))
    if run.has_ended and not await call.host.run(call.host.history.events, run.id, after):
        # This tells a browser not to come again.
        return Response(status_code=204)
    if call.request.method == "HEAD":
        return Response(media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
    events = call.host.served(run.integration).runner.subscribe(run.id, after)
    body = sse.stream(events, call.host.settings.heartbeat, call.host.stopping)
    return StreamingResponse(body, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


async def list_exchanges(call: OperationCall) -> Response:
    """What left for the upstream and what came back, each attempt with its times. Secrets are masked."""
    events = await call.host.run(call.host.history.events, (await _run(call)).id)
    told = [each.data["exchange"] for each in events if "exchange" in each.data]
    return Reply({"exchanges": told})


async def cancel_run(call: OperationCall) -> Response:
    run = await _run(call)
    if run.durable and not run.has_ended:
        await call.host.run(call.host.durable.runs.cancel, run.id)
    else:
        await call.host.served(run.integration).runner.cancel(run.id)
    return Reply({"run": (await _run(call)).to_dict()})


async def run_again(call: OperationCall) -> Response:
    """The same action with the same inputs, as a new run."""
    run = await _run(call)
    if run.durable:
        return responses.accepted(await call.host.run(call.host.durable.again, run, call.token_name))
    begun = await call.host.served(run.integration).runner.start(run.spec, token_name=call.token_name)
    return responses.accepted(begun)


async def list_steps(call: OperationCall) -> Response:
    """The steps of a workflow's run, oldest first; one that was tried once more is there twice."""
    run = await _run(call)
    found = await call.host.run(call.host.history.list, parent=run.id, limit=_MOST_STEPS)
    return Reply({"steps": [one.to_dict() for one in reversed(found)]})


async def resume_run(call: OperationCall) -> Response:
    """A run or a job that was cancelled or left goes on, and no step that is done is paid again."""
    return responses.accepted(await call.host.run(call.host.durable.runs.resume, call.names["id"]))


async def retry_run(call: OperationCall) -> Response:
    """A new durable run in the place of one that ended without a result."""
    run = await _run(call)
    return responses.accepted(await call.host.run(call.host.durable.runs.retry, run.id))


async def list_unknown(call: OperationCall) -> Response:
    """Uses whose request left and whose answer did not come back, whoever began them: a person finds out
    whether they were paid."""
    found = await call.host.run(call.host.durable.unknown.list)
    return Reply({"unknown": [one.to_dict() for one in found]})


async def settle_unknown(call: OperationCall) -> Response:
    """What a person found out about an unknown outcome, by the id that the list gives, or by a job's."""
    settle = partial(call.host.durable.unknown.settle, call.names["id"], paid=call.body["paid"])
    return Reply({"settled": (await call.host.run(settle)).to_dict()})


async def mark_run(call: OperationCall) -> Response:
    """What a person found out about a run whose outcome is unknown."""
    run = await _run(call)
    await call.host.run(partial(call.host.durable.unknown.settle, run.id, paid=call.body["paid"]))
    return Reply({"run": (await _run(call)).to_dict()})


async def get_worker(call: OperationCall) -> Response:
    """Who does durable runs: this host, another process, or nobody."""
    worker = call.host.worker
    return Reply({"state": worker.state, "said": worker.said})


async def _run(call: OperationCall) -> Run:
    run: Run = await call.host.run(call.host.history.get, call.names["id"])
    if not call.is_own(run.token_name):
        raise RunNotFound(f"there is no run {run.id!r} of this token")
    return run


_MOST_STEPS = 10_000
