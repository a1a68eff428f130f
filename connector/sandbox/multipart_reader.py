"""Multipart bodies, read piece by piece, and as leniently as the servers that people know read them.

What stands before the first boundary and after the last is no part. Lines may end with LF alone, boundaries
with blanks, headers may be folded, and a file's name may be told in any way that clients have. Only what is
cut short, or encoded in a way that would change its bytes, is refused. The libraries for it, python-multipart
and multipart, refuse LF alone, blanks behind a boundary and some preambles, and do not decode base64.
"""

from __future__ import annotations

import binascii
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value

# Browsers write quotes and line ends in names as percent escapes; nothing else is escaped.
_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_FULL_PATH = re.compile(r"(?:[A-Za-z]:|\\)\\.*\\|[A-Za-z]:\\", re.DOTALL)
_HEAD_END = re.compile(rb"(?:\A|\n)\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LONGEST_HEAD = 16 * 1024
# A boundary may be followed by so many blanks; what is longer is no boundary.
_LONGEST_PADDING = 256
_AS_THEY_ARE = ("", "7bit", "8bit", "binary")


class Malformed(Exception):
    """The body is no form, or ends too early; the sentence says where."""


@dataclass(frozen=True, slots=True)
class PartHead:
    """What a part says of itself. ``name`` is empty, and the others are None, where it does not say it."""

    name: str
    filename: str | None
    content_type: str | None


def boundary(content_type: str | None) -> str | None:
    """The boundary of a form, empty where none is named; None where the content type is not a form's."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    return (parameter(content_type or "", "boundary") or "") if kind == "multipart/form-data" else None


def parameter(header: str, name: str) -> str | None:
    """A parameter of a header, in whichever way it is quoted, cut into pieces or encoded."""
    message = Message()
    message["content-type"] = header
    found = message.get_param(name)
    return None if found is None else collapse_rfc2231_value(found)


class MultipartReader:
    """Gives for each piece of a body what is known after it: the head of a part, or some of its bytes."""

    def __init__(self, mark: str) -> None:
        if not mark:
            raise Malformed("the content type names no boundary")
        self._mark = b"--" + mark.encode("latin-1", "replace")
        # As if a line had ended before the body: the first boundary stands after one then, as all do.
        self._held = b"\n"
        self._step = self._before
        self._ended = False

    def feed(self, data: bytes) -> Iterator[PartHead | bytes]:
        """Raises Malformed."""
        self._held += data
        while not self._ended and (found := self._step()) is not None:
            if found:
                yield found

    def close(self) -> None:
        """Raises Malformed where the body is not complete."""
        if not self._ended:
            raise Malformed("the body ends before its closing boundary")

    def _before(self) -> PartHead | bytes | None:
        """The first boundary decides how lines end: a file may begin or end with a lone line feed."""
        first = re.search(rb"\n" + re.escape(self._mark) + rb"(?:--|[ \t]*(\r?\n))", self._held)
        if first is None:
            self._held = self._held[-len(self._mark) - _LONGEST_PADDING :]
            return None
        self._start = (first[1] or b"\r\n") + self._mark
        self._boundary = re.compile(re.escape(self._start) + rb"(--)?[ \t]*(?(1)|\r?\n)")
        self._held = self._held[first.end() :]
        self._ended, self._step = first[1] is None, self._head
        return b""

    def _head(self) -> PartHead | bytes | None:
        end = _HEAD_END.search(self._held)
        if (end.start() if end else len(self._held)) > _LONGEST_HEAD:
            raise Malformed("the headers of a part are too long")
        if end is None:
            return None
        headers = _headers(self._held[: end.start()])
        encoding = headers.get("content-transfer-encoding", "").lower()
        if encoding not in (*_AS_THEY_ARE, "base64"):
            raise Malformed(f"a part is encoded as {encoding[:40]!r}; send its bytes as they are")
        self._coded: bytes | None = b"" if encoding == "base64" else None
        self._held, self._step = self._held[end.end() :], self._content
        return _told(headers)

    def _content(self) -> PartHead | bytes | None:
        end = self._boundary.search(self._held)
        if end is not None:
            found = self._decoded(self._held[: end.start()], last=True)
            self._held = self._held[end.end() :]
            self._ended, self._step = end[1] is not None, self._head
            return found
        begun = self._held.rfind(self._start)
        if begun < 0 or len(self._held) - begun > len(self._start) + _LONGEST_PADDING:
            begun = max(0, len(self._held) - len(self._start) + 1)
        found, self._held = self._decoded(self._held[:begun]), self._held[begun:]
        return found or None

    def _decoded(self, content: bytes, *, last: bool = False) -> bytes:
        if self._coded is None:
            return content
        coded = self._coded + content.translate(None, b"\r\n\t ")
        whole = len(coded) if last else len(coded) // 4 * 4
        self._coded = coded[whole:]
        try:
            return binascii.a2b_base64(coded[:whole], strict_mode=True) if whole else b""
        except binascii.Error as error:
            raise Malformed("a part says that it is base64, and is not") from error


def _headers(raw: bytes) -> dict[str, str]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    pairs = (line.partition(":") for line in re.split(r"\r?\n", _FOLD.sub(" ", text)))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _told(headers: dict[str, str]) -> PartHead:
    disposition = headers.get("content-disposition", "")
    name, filename = parameter(disposition, "name"), parameter(disposition, "filename")
    kind = headers.get("content-type")
    if filename is None and kind:
        filename = parameter(kind, "name")  # as mails have it
    return PartHead(_meant(name or ""), filename if filename is None else _file_name(filename), kind)


def _file_name(told: str) -> str:
    """Some clients tell the whole path of a file, some encode its name as mails do."""
    if "=?" in told:
        with contextlib.suppress(MessageError, LookupError, ValueError):
            told = str(make_header(decode_header(told)))
    return _FULL_PATH.sub("", _meant(told), count=1)


def _meant(text: str) -> str:
    for escape, meant in _ESCAPES.items():
        text = text.replace(escape, meant)
    return text
