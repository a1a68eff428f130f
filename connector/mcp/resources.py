"""MCP resources: results are listed, newest first, and read up to a size."""

from __future__ import annotations

import base64

import mcp_types as types

from connector.errors import ConnectorError
from connector.mcp.tool_results import SCHEME
from connector.storage.files.store import FileStore

# A message is in memory several times over, at both ends.
MOST_BYTES = 16 * 1024 * 1024
_PAGE = 50
_TEXTS = ("text/", "application/json")


class ResourceError(Exception):
    """Why a resource cannot be had."""


def listed(files: FileStore, before: str | None) -> types.ListResourcesResult:
    """A page of the results; ``before`` is the cursor of the page that came last. It blocks."""
    found = files.list(source="result", before=before, limit=_PAGE)
    resources = [
        types.Resource(uri=SCHEME + one.id, name=one.name, mime_type=one.type, size=one.bytes)
        for one in found
    ]
    return types.ListResourcesResult(
        resources=resources, next_cursor=found[-1].id if len(found) == _PAGE else None
    )


def templates() -> types.ListResourceTemplatesResult:
    """How the address of a result is made of its id."""
    told = "A file that a tool made or was given; its id stands in the tool's answer behind `file:`."
    template = types.ResourceTemplate(uri_template=SCHEME + "{id}", name="file", description=told)
    return types.ListResourceTemplatesResult(resource_templates=[template])


def read(files: FileStore, uri: str) -> types.ReadResourceResult:
    """The content of a resource. Raises Unreadable. It blocks."""
    if not uri.startswith(SCHEME):
        raise ResourceError(f"there is no resource {uri[:200]!r}; addresses here begin with {SCHEME}")
    try:
        stored = files.get(uri.removeprefix(SCHEME))
        if stored.bytes > MOST_BYTES:
            raise ResourceError(
                f"{stored.name} has {stored.bytes:,} bytes, and {MOST_BYTES:,} can be read this way; "
                f"give it to a tool as {stored.reference}, or get it with `connector` or from the host"
            )
        content = files.open(stored.id).bytes
    except ConnectorError as error:
        raise ResourceError(error.message) from error
    return types.ReadResourceResult(contents=[_contents(uri, stored.type, content)])


def _contents(uri: str, kind: str, content: bytes) -> types.TextResourceContents | types.BlobResourceContents:
    if kind.startswith(_TEXTS):
        return types.TextResourceContents(
            uri=uri, mime_type=kind, text=content.decode("utf-8", errors="replace")
        )
    blob = base64.b64encode(content).decode("ascii")
    return types.BlobResourceContents(uri=uri, mime_type=kind, blob=blob)
