"""Text encoding: a file whose content became text on its way (base64, UTF-8) is named by what it was."""

from __future__ import annotations

import base64
import binascii
import io
import re

from connector.media.file import Media
from connector.media.headers import inspect
from connector.media.kinds import TEXT, UNKNOWN, title_of

_HEAD = 4096
_NOT_FILES = (TEXT, UNKNOWN, "application/json", "text/html")
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_BASE64 = re.compile(r"\s*[\"']?\s*(data:[^,]*,)?\s*([A-Za-z0-9+/_\s-]{16,})", re.IGNORECASE)


def problem(media: Media) -> str | None:
    """What became of a file; None where nothing is known to be wrong. Its first bytes are looked at."""
    with media.open() as reader:
        head = reader.read(_HEAD)
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < _HEAD or error.start < _HEAD - 6:  # else the last character is cut
            return None
        text = head.decode("utf-8-sig", "ignore")
    if _REPLACED in text and _CONTROL.search(text):
        return "was read as UTF-8 text on its way, and lost what is no text; send it as binary data"
    if not text.isascii() and (kind := _kind(text.encode("latin-1", "ignore"))):
        return f"is a {kind} file whose bytes were written as UTF-8 text on their way; send it as binary data"
    found = _BASE64.match(text)
    plain = re.sub(r"\s", "", found[2]).translate({ord("-"): "+", ord("_"): "/"}) if found else ""
    try:
        kind = _kind(base64.b64decode(plain[: len(plain) // 4 * 4]))
    except binascii.Error:
        return None
    form = "the data URI of a" if found and found[1] else "base64, of a"
    return (
        kind
        and f"is text: {form} {kind} file; send the bytes themselves, or give the text in place of a file"
    )


def _kind(content: bytes) -> str | None:
    """What a file is that begins so, where it is none that text may be."""
    kind = inspect(io.BytesIO(content)).type
    return None if kind in _NOT_FILES else title_of(kind)
