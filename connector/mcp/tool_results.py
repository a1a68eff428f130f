"""Tool results: facts, a small picture to look at, and a link to the whole file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mcp_types as types

from connector.errors import ConnectorError
from connector.mcp.backend import Links
from connector.mcp.tools import DECLARED
from connector.media import from_bytes, thumbnail
from connector.storage.files.store import FileStore, StoredFile
from connector.storage.runs.model import Run

Handed = Callable[[StoredFile], dict[str, str]]

SCHEME = "connector://files/"
# A longer answer of the API is kept as a file: a model reads every character that it is sent.
_LONGEST_VALUE = 32 * 1024
_FACTS = ("seed", "finish_reason", "request_id", "warnings")
_BILLED = {"yes": "It was billed.", "unknown": "It may have been billed."}


def of_run(files: FileStore, run: Run, handed: Handed) -> types.CallToolResult:
    """The answer of a run, however it stands; ``handed`` tells where else its file is. It blocks."""
    stored = files.get(run.file) if run.file else None
    facts = dict(_of_run(run))
    stored, facts = _shortened(files, run, stored, facts)
    if stored is not None:
        facts["file"] = of_file(stored) | handed(stored)
    if run.has_ended and run.state != "succeeded":
        return failure(facts | {"error": _error(run)}, _shown(files, stored))
    text = types.TextContent(text=json.dumps(facts, ensure_ascii=False))
    return types.CallToolResult(content=[text, *_shown(files, stored)], structured_content=facts)


def of_error(error: ConnectorError) -> types.CallToolResult:
    """The answer for what was refused before there was a run."""
    facts = {"outcome": error.code, "billed": error.billed, "error": error.to_dict()}
    return failure(facts, [])


def failure(facts: Mapping[str, Any], more: list[types.ContentBlock]) -> types.CallToolResult:
    """A tool's error: what happened, whether it was paid for, and what to do."""
    text = types.TextContent(text="\n".join(_sentences(facts["error"])))
    return types.CallToolResult(content=[text, *more], structured_content=dict(facts), is_error=True)


def of_facts(facts: Mapping[str, Any]) -> types.CallToolResult:
    """The answer that is nothing but facts."""
    text = types.TextContent(text=json.dumps(facts, ensure_ascii=False))
    return types.CallToolResult(content=[text], structured_content=dict(facts))


def of_file(stored: StoredFile) -> dict[str, Any]:
    """A kept file, as a tool's answer names it."""
    facts = {
        "file": stored.reference,
        "uri": SCHEME + stored.id,
        "name": stored.name,
        "type": stored.type,
        "bytes": stored.bytes,
        "width": stored.width,
        "height": stored.height,
        "seconds": stored.seconds,
    }
    return {name: value for name, value in facts.items() if value is not None}


def address(links: Links | None, stored: StoredFile, origin: str) -> dict[str, str]:
    """Where a file can be downloaded, or why it cannot."""
    try:
        return {"url": links.download(stored.id, origin)} if links else {}
    except ConnectorError as error:
        return {"no_url": error.message}


def _sentences(error: Mapping[str, Any]) -> Iterator[str]:
    yield f"{error['code']}: {error['message']}"
    yield from filter(None, [_BILLED.get(error["billed"]), DECLARED["advice"].get(error["code"])])
    if error.get("retry_after"):
        yield f"Try again in {error['retry_after']:.0f} seconds."
    elif error.get("retryable"):
        yield "Trying again can help."


def _of_run(run: Run) -> Iterator[tuple[str, Any]]:
    yield "outcome", run.outcome or ("pending" if not run.has_ended else run.state)
    yield "billed", run.billed
    result = run.result or {}
    told = {name: result.get(name) for name in _FACTS}
    own = {
        "credits": run.credits,
        "run": run.id,
        "action": run.action,
        "environment": run.environment or None,
        "connection": run.connection or None,
        "job_id": run.job_id,
        "seconds": None if run.seconds is None else round(run.seconds, 3),
        "value": result.get("value"),
    }
    yield from ((name, value) for name, value in {**own, **told}.items() if value is not None)


def _shortened(
    files: FileStore, run: Run, stored: StoredFile | None, facts: dict[str, Any]
) -> tuple[StoredFile | None, dict[str, Any]]:
    """A long value as a file, where the run has none."""
    text = json.dumps(facts.get("value"), ensure_ascii=False)
    if len(text) <= _LONGEST_VALUE:
        return stored, facts
    kept = {name: value for name, value in facts.items() if name != "value"}
    if stored is not None:
        return stored, kept
    whole = from_bytes(text.encode(), name=f"{run.action}.json", declared_type="application/json")
    return files.put(whole, source="result", run_id=run.id), kept


def _error(run: Run) -> dict[str, Any]:
    told = dict(run.error or {})
    own = {
        "code": run.outcome or run.state,
        "message": f"the run {run.id} ended as {run.state}",
        "retryable": False,
        "billed": run.billed,
    }
    return own | told


def _shown(files: FileStore, stored: StoredFile | None) -> list[types.ContentBlock]:
    if stored is None:
        return []
    if (seen := thumbnail.glimpse(files.open(stored.id))) is None:
        return [link(stored)]
    content, kind = seen
    picture = types.ImageContent(data=base64.b64encode(content).decode("ascii"), mime_type=kind)
    return [picture, link(stored)]


def link(stored: StoredFile) -> types.ResourceLink:
    """Where the whole file can be read."""
    return types.ResourceLink(
        uri=SCHEME + stored.id,
        name=stored.name,
        description=f"The whole file; to other tools it is {stored.reference}.",
        mime_type=stored.type,
        size=stored.bytes,
    )
