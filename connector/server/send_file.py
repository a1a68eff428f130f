"""Sending a file: whole or a part of it, from disk in pieces, as what it is and as nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from connector.media import Media
from connector.server.host import Host
from connector.server.problem_documents import Refused
from connector.storage.files.store import StoredFile

_PIECE = 1 << 18
# What a browser may show by itself. Nothing that can hold a script is among it.
_SHOWN = frozenset(
    ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif", "text/plain")
)
_SHOWN_KINDS = ("audio/", "video/")
_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


async def file(
    host: Host, request: Request, stored: StoredFile, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that a stored file is, or the part of it that is asked for."""
    etag = f'"{stored.sha256}"'
    common = {
        **(headers or {}),
        "etag": etag,
        "accept-ranges": "bytes",
        # A file never changes under its name, and is nobody's but the caller's.
        "cache-control": "private, max-age=3600, immutable",
        "content-disposition": disposition(stored.name, stored.type),
    }
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=common)
    start, end, status = _part(request, etag, stored.bytes)
    if status == 206:
        common["content-range"] = f"bytes {start}-{end}/{stored.bytes}"
    common["content-length"] = str(end - start + 1)
    media = await host.run(host.files.open, stored.id)
    if request.method == "HEAD":
        return Response(status_code=status, headers=common, media_type=stored.type)
    body = _pieces(host, media, start, end - start + 1)
    return StreamingResponse(body, status, common, media_type=stored.type)


def _part(request: Request, etag: str, size: int) -> tuple[int, int, int]:
    """The first and last byte that are asked for, and the status of such an answer."""
    condition = request.headers.get("if-range")
    header = request.headers.get("range") if condition in (None, etag) else None
    try:
        asked = wanted(header, size)
    except Unsatisfiable as error:
        said = f"the file has {size:,} bytes"
        raise Refused("range", said, {"content-range": f"bytes */{size}"}) from error
    return (*asked, 206) if asked else (0, size - 1, 200)


class Unsatisfiable(ValueError):
    """The file has no such part."""


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first and the last byte that a ``Range`` asks for (RFC 9110, 14); None for the whole file.

    Several parts at once, and what cannot be read, are answered with the whole file, as the standard allows.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size or end < start:
        raise Unsatisfiable
    return start, end


def matches(header: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` or ``If-Match`` names the tag; ``W/`` before a tag does not count."""
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return "*" in tags or etag in tags


def made(host: Host, request: Request, name: str, kind: str, pieces: Iterator[bytes]) -> Response:
    """An answer that is made while it is sent; what makes it blocks."""

    async def sent() -> AsyncIterator[bytes]:
        while request.method != "HEAD" and (piece := await host.run(next, pieces, None)) is not None:
            yield piece

    headers = {"content-disposition": disposition(name, kind), "cache-control": "no-store"}
    return StreamingResponse(sent(), headers=headers, media_type=kind)


def disposition(name: str, kind: str) -> str:
    """How a browser is to take the file: shown, or saved under its name."""
    plain = kind.partition(";")[0]
    shown = plain in _SHOWN or plain.startswith(_SHOWN_KINDS)
    how = "inline" if shown else "attachment"
    ascii_name = "".join(
        one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in name
    )
    return f"{how}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _pieces(host: Host, media: Media, start: int, length: int) -> AsyncIterator[bytes]:
    reader = await host.run(_opened, media, start)
    try:
        while length > 0 and (piece := await host.run(reader.read, min(_PIECE, length))):
            length -= len(piece)
            yield piece
    finally:
        reader.close()


def _opened(media: Media, start: int) -> BinaryIO:
    reader = media.open()
    reader.seek(start)
    return reader
