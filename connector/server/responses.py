"""Responses of a run: JSON, or its file where the client would rather have that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from connector.server import problem_documents, send_file
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.storage.runs.model import Run

# The kinds of file that an answer may be.
FAMILIES = ("image/", "audio/", "video/", "model/")
_JSON = "application/json"
_UNDER_WAY = ("queued", "running")


async def of_run(call: OperationCall, run: Run) -> Response:
    """The answer of a run, however it stands."""
    call.request.state.run = run.id
    if run.state in _UNDER_WAY:
        return accepted(run)
    if run.state != "succeeded":
        return problem_documents.answer(failure(run), run=run.id)
    stored = await call.host.run(call.host.files.get, run.file) if run.file else None
    if stored is not None and prefers(call.request.headers.get("accept"), stored.type):
        return await send_file.file(call.host, call.request, stored, _facts(run))
    told = {"run": run.to_dict(), "result": run.result}
    return Reply(told | ({"file": stored.to_dict()} if stored else {}), headers={"x-run-id": run.id})


def page(call: OperationCall, shown: Mapping[str, Any], cursor: str, without: str = "") -> Response:
    """A page of a list. Where the next one begins is the member ``cursor``, null on the last page, and its
    address, which has no parameter ``without``, is in the header Link."""
    if shown[cursor] is None:
        return Reply(shown)
    address = call.request.url.remove_query_params(without).include_query_params(**{cursor: shown[cursor]})
    return Reply(shown, headers={"link": f'<{address.path}?{address.query}>; rel="next"'})


def accepted(run: Run) -> Response:
    """The answer for a run that goes on: where to look."""
    return Reply({"run": run.to_dict()}, 202, {"location": f"/api/runs/{run.id}", "x-run-id": run.id})


def failure(run: Run) -> Mapping[str, Any]:
    """The facts of a run that has no result."""
    if run.error:
        return run.error
    code = {"cancelled": "job_cancelled", "unknown": "unknown"}.get(run.state, "error")
    return {
        "code": code,
        "message": f"the run {run.id} ended as {run.outcome or run.state}",
        "billed": run.billed or "unknown",
        "retryable": False,
    }


def _facts(run: Run) -> dict[str, str]:
    """What the JSON would have told, as headers."""
    result = run.result or {}
    facts = {
        "x-run-id": run.id,
        "x-seed": result.get("seed"),
        "x-credits": run.credits,
        "x-request-id": result.get("request_id"),
        "x-outcome": run.outcome,
    }
    return plain(facts)


def plain(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as headers: those that there are, and that a header can hold."""
    shown = {name: _text(value) for name, value in facts.items() if value is not None}
    return {name: text for name, text in shown.items() if text.isascii() and text.isprintable()}


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def prefers(accept: str | None, kind: str) -> bool:
    """Whether the client would rather have the file than JSON about it. ``*/*`` is no wish."""
    if not kind.startswith(FAMILIES):
        return False
    wishes = list(_wishes(accept or ""))
    file = max((quality for wish, quality in wishes if _names(wish, kind)), default=0.0)
    told = max((quality for wish, quality in wishes if _names(wish, _JSON)), default=0.0)
    return file > told or (0.0 < file == told and _first(wishes, kind) < _first(wishes, _JSON))


def _names(wish: str, kind: str) -> bool:
    family, _, one = wish.partition("/")
    return wish == kind or (one == "*" and family == kind.partition("/")[0])


def _first(wishes: list[tuple[str, float]], kind: str) -> int:
    return next(at for at, (wish, _) in enumerate(wishes) if _names(wish, kind))


def _wishes(accept: str) -> Iterator[tuple[str, float]]:
    for entry in accept.split(","):
        wish, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            yield wish, float(quality)
        except ValueError:
            yield wish, 0.0
