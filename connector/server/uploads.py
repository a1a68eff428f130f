"""Uploads go to disk as they come: none is ever whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem
from connector.media import Media, MediaError, adopt
from connector.server.host import Host
from connector.server.problem_documents import Refused

_PIECE = 1 << 18
_MOST_PARTS = 200
# A text in a form is read whole; what is longer is sent as a file.
_MOST_TEXT = 1024 * 1024

Pair = tuple[str, Any]


@asynccontextmanager
async def form(request: Request) -> AsyncIterator[list[Pair]]:
    """The parts of a multipart body, in order; a file is an UploadFile, which is spooled."""
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=_MOST_PARTS,
        max_fields=_MOST_PARTS,
        max_part_size=_MOST_TEXT,
    )
    try:
        data = await parser.parse()
    except MultiPartException as error:
        raise Refused("bad_request", f"the form cannot be read: {error.message}") from error
    try:
        # What a browser sends for a file field that nobody filled is left out.
        yield [(name, one) for name, one in data.multi_items() if not _is_left_empty(one)]
    finally:
        await data.close()


def _is_left_empty(one: Any) -> bool:
    return isinstance(one, UploadFile) and not one.size and not one.filename


async def media(host: Host, pairs: list[Pair]) -> list[Pair]:
    """The parts with each file as a Media, which outlives the form. Raises all problems at once."""
    problems: list[Problem] = []
    taken = [(name, await _taken(host, name, one, problems)) for name, one in pairs]
    if problems:
        raise InvalidArguments(problems)
    return taken


async def _taken(host: Host, name: str, one: Any, problems: list[Problem]) -> Any:
    if not isinstance(one, UploadFile):
        return one
    try:
        return await host.run(_adopted, one, host.settings.max_body)
    except MediaError as error:
        problems.append(Problem(name, str(error)))
        return None


class _Named:
    """An upload's bytes under the name that its sender gave, which a spooled file does not have."""

    def __init__(self, upload: UploadFile) -> None:
        self.name = upload.filename or None
        self._file: BinaryIO = upload.file

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


def _adopted(upload: UploadFile, most: int) -> Media:
    return adopt(_Named(upload), Sources(paths=False, urls=None, max_bytes=most))


def pieces(upload: UploadFile) -> Iterator[bytes]:
    """The bytes of a spooled upload. It blocks."""
    while piece := upload.file.read(_PIECE):
        yield piece


class UploadReader:
    """The body of a request, read piece by piece by a thread while the event loop receives it."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._loop = asyncio.get_running_loop()

    def __iter__(self) -> Iterator[bytes]:
        while piece := asyncio.run_coroutine_threadsafe(self._next(), self._loop).result():
            yield piece

    async def _next(self) -> bytes:
        """The next piece; the stream ends with an empty one, which ours must not stop at before that."""
        async for piece in self._stream:
            if piece:
                return piece
        return b""
