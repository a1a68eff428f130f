"""Files by reference: put in, looked at, taken out, thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from connector.errors import InvalidArguments, Problem
from connector.server import responses, send_file, uploads
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall, kind_of
from connector.server.problem_documents import Refused
from connector.storage.database.protocols import Conflict
from connector.storage.files.store import StoredFile


async def put_file(call: OperationCall) -> Response:
    """A file, as a part of a form, or as the body itself with its name in X-File-Name, percent-encoded."""
    if kind_of(call.request) == "multipart/form-data":
        async with uploads.parts(call.request) as found:
            one = _the_file(found)
            stored = await _stored(call, uploads.pieces(one), one.filename, one.content_type)
    else:
        name = unquote(call.request.headers.get("x-file-name", ""))
        stored = await _stored(call, uploads.UploadReader(call.request), name, kind_of(call.request) or None)
    return Reply(stored.to_dict(), 201, {"location": f"/api/files/{stored.id}"})


async def put_signed_file(call: OperationCall) -> Response:
    await call.host.run(call.host.links.check, "PUT", call.names["id"], call.query)
    return await put_file(call)


def _the_file(found: list[tuple[str, UploadFile]]) -> UploadFile:
    """The only part with a file name, or the one that is called file, or the only one with a content type."""
    named = [one for _, one in found if one.filename is not None]
    typed = [one for _, one in found if one.content_type is not None]
    for files in (named, [one for name, one in found if name == "file"], typed):
        if len(files) == 1:
            return files[0]
    raise InvalidArguments([Problem("file", f"give one file; the form has {len(named)}")])


async def _stored(
    call: OperationCall, chunks: Iterable[bytes], name: str | None, kind: str | None
) -> StoredFile:
    store, most = call.host.files, call.host.settings.max_body
    keep, unused = _for_how_long(call)
    how: Any = {"keep_seconds": keep, "unused": unused, "file_id": call.names.get("id")}
    try:
        stored = await call.host.run(store.put_stream, chunks, name or "file", kind, most, **how)
    except Conflict as error:
        raise Refused("conflict", "this link was used, and takes one file; ask for another") from error
    if not stored.bytes:
        await call.host.run(store.remove, stored.id)
        raise InvalidArguments([Problem("file", "is empty; send a file with content")])
    return stored


def _for_how_long(call: OperationCall) -> tuple[float | None, bool]:
    """The seconds that an upload is kept, and whether that ends with its first use."""
    settings = call.host.settings
    keep: float | None = call.query.get("keep", settings.keep)
    if "keep" in call.query or (keep is not None and keep <= settings.keep_unused):
        return keep, False
    return settings.keep_unused, True


async def list_files(call: OperationCall) -> Response:
    wanted = {"limit": 50, **call.query}
    found = await call.host.run(call.host.files.list, **wanted)
    before = found[-1].id if len(found) == wanted["limit"] else None
    return responses.page(call, {"files": [stored.to_dict() for stored in found], "before": before}, "before")


async def get_file(call: OperationCall) -> Response:
    return Reply((await _file(call)).to_dict())


async def get_content(call: OperationCall) -> Response:
    return await send_file.file(call.host, call.request, await _file(call))


async def get_signed_file(call: OperationCall) -> Response:
    await call.host.run(call.host.links.check, "GET", call.names["id"], call.query)
    return await get_content(call)


async def get_thumbnail(call: OperationCall) -> Response:
    stored = await _file(call)
    found = await call.host.run(call.host.files.thumbnail, stored.id)
    if found is None:
        raise Refused("not_found", f"there is no small picture of a file of the type {stored.type}")
    return await send_file.file(call.host, call.request, await call.host.run(call.host.files.get, found))


async def remove_file(call: OperationCall) -> Response:
    await call.host.run(call.host.files.remove, call.names["id"])
    return Response(status_code=204)


async def _file(call: OperationCall) -> StoredFile:
    return await call.host.run(call.host.files.get, call.names["id"])
