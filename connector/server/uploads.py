"""Uploads go to disk as they come, and none is ever whole in memory; inputs, as JSON or as a form."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request

from connector.engine.arguments import with_options
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem
from connector.media import Media, MediaError, adopt
from connector.runs.batch.columns import Runnable
from connector.sandbox.multipart_reader import Malformed, MultipartReader, boundary, parameter
from connector.server import operation, query_values
from connector.server.host import Host
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused
from connector.spec import file_options
from connector.spec.model import JsonSchema
from connector.spec.schema import coerce

_PIECE = 1 << 18
_MOST_PARTS = 400
_spool = partial(SpooledTemporaryFile, 1 << 20)
# A text in a form is read whole; what is longer is sent as a file.
_MOST_TEXT = 1024 * 1024
# What may stand for a file: a name, a reference, an address, a data URI, base64 in lines.
_ONE_WORD = re.compile(
    r"[^\s<>{}\x00-\x1f]+|data:[^\x00]*|[A-Za-z0-9+/=_\-\s]{64,}|[^<>{}\x00-\x1f]{1,255}", re.IGNORECASE
)

_JSON, _FORM = "application/json", "multipart/form-data"
Pair = tuple[str, Any]


@asynccontextmanager
async def parts(request: Request) -> AsyncIterator[list[tuple[str, UploadFile]]]:
    """The parts of a multipart body, in order, each spooled, be it a file or a text."""
    found: list[tuple[str, UploadFile]] = []
    try:
        await _read(request, found)
        # What a browser sends for a file field that nobody filled is left out.
        yield [(name, one) for name, one in found if one.size or one.filename != ""]
    except Malformed as error:
        raise Refused("bad_request", f"the form cannot be read: {error}") from error
    finally:
        for _, one in found:
            await one.close()


async def _read(request: Request, found: list[tuple[str, UploadFile]]) -> None:
    reader = MultipartReader(boundary(request.headers.get("content-type")) or "")
    async for piece in request.stream():
        for event in reader.feed(piece):
            if isinstance(event, bytes):
                await found[-1][1].write(event)
                continue
            if len(found) == _MOST_PARTS:
                raise Malformed(f"it has more than {_MOST_PARTS} parts")
            headers = Headers({} if event.content_type is None else {"content-type": event.content_type})
            spool = cast(BinaryIO, _spool())
            found.append((event.name, UploadFile(spool, size=0, filename=event.filename, headers=headers)))
    reader.close()
    for _, one in found:
        await one.seek(0)


async def text(one: UploadFile) -> str | None:
    """A part as text, in the charset that it names; None where it is none."""
    if (one.size or 0) > _MOST_TEXT:
        return None
    content = await one.read()
    await one.seek(0)
    charset = parameter(one.content_type or "", "charset") or "utf-8"
    for named in (charset, "utf-8"):
        with suppress(UnicodeDecodeError, LookupError):
            return content.decode(named)
    return None


async def inputs(host: Host, action: Runnable, request: Request) -> list[Pair]:
    """The parts as the inputs of an action, with each file as a Media, which outlives the form.

    A part is a file where the action takes one there, whatever the part says of itself, unless it is the
    text that stands for one: a reference, an address, a data URI, base64. Raises all problems at once.
    """
    problems: list[Problem] = []
    async with parts(request) as found:
        taken = [(name, await _taken(host, action, name, one, problems)) for name, one in found]
    if problems:
        raise InvalidArguments(problems)
    return taken


async def _taken(host: Host, action: Runnable, name: str, one: UploadFile, problems: list[Problem]) -> Any:
    said = await text(one)
    may_be = _may_be_file(query_values.schema_of(action.inputs, name))
    if said is not None and not (may_be and (_is_called_file(one) or _is_content(said))):
        return _file_of(said) if may_be else said
    try:
        return await host.run(_adopted, one, host.settings.max_body)
    except MediaError as error:
        problems.append(Problem(name, str(error)))
        return None


def _may_be_file(schema: JsonSchema | None) -> bool:
    """Whether a file may stand there, or as an item or an entry of what stands there."""
    if not schema or schema.get("format") == "binary":
        return True
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("properties", {}).values()]
    return any(_may_be_file(one) for one in inner if isinstance(one, Mapping))


def _is_called_file(one: UploadFile) -> bool:
    kind = (one.content_type or "text/plain").partition(";")[0].strip().lower()
    return one.filename is not None or not (kind.startswith("text/") or kind.endswith("json"))


def _is_content(said: str) -> bool:
    """Whether a text is what a file has in it: it stands for none, and is no name of one either."""
    return _file_of(said) is said and not _ONE_WORD.fullmatch(said)


def _file_of(said: str) -> Any:
    """What stands for a file, where that is an object written as JSON."""
    found = coerce.whole(dict, said) if said.lstrip().startswith("{") else None
    return found if found and ("base64" in found or found.get("type") == "Buffer") else said


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


async def read(call: OperationCall, action: Runnable) -> dict[str, Any]:
    """The inputs, as they were given, with what the query says of their files.

    What they must be is the engine's to say.
    """
    return with_options(action, await _given(call, action), file_options.chosen(call.query))


async def _given(call: OperationCall, action: Runnable) -> dict[str, Any]:
    kind = operation.kind_of(call.request)
    if kind == _FORM:
        given = await inputs(call.host, action, call.request)
        # Forms send what nobody filled in as an empty text.
        needed = action.inputs.get("required", ())
        return query_values.values(action.inputs, [one for one in given if one[1] != "" or one[0] in needed])
    if kind not in ("", _JSON):
        raise operation.wrong_kind(call.request, _JSON, _FORM)
    return _of_json(await operation.read_json(call.request, call.host.settings.max_json, optional=True))


def _of_json(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or set(body) - {"inputs"}:
        raise InvalidArguments([Problem("", 'must be an object whose one member is "inputs"')])
    given = body.get("inputs", {})
    if not isinstance(given, dict):
        raise InvalidArguments([Problem("inputs", "must be an object, with a member for each input")])
    return given
