"""Adoption of files: whatever a caller gives becomes a Media, or a sentence on why it cannot."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from connector.errors import ConnectorError
from connector.media.content import DownloadRefused, Downloads
from connector.media.file import Media, MediaError, from_base64, from_bytes, from_data_uri, from_path
from connector.media.receive import collect

_REFERENCE = re.compile(r"[a-z][a-z0-9_-]+:\S+")
_MEANT = (
    (
        re.compile(r"[A-Za-z0-9+/\r\n]{64,}={0,2}\s*"),
        'looks like base64 text: give {"base64": "...", "type": "image/png"} or a data URI'
        " (data:image/png;base64,...)",
    ),
    (re.compile(r"file:\S+"), "is a reference to a file, and none are known here"),
)


_WORDS = {list: "a list, where one file is taken", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Policy:
    """Where files may come from.

    ``paths``: anywhere, nowhere, or only below one folder or some (links resolved), which relative paths
    are relative to. ``urls``: what downloads them; None for no downloads. ``references``: what
    resolves a text such as ``file:ID``.
    """

    paths: bool | Path | tuple[Path, ...] = True
    urls: Downloads | None = None
    references: Callable[[str], Media] | None = None
    max_bytes: int | None = None


LOCAL = Policy()


def _forms(policy: Policy) -> str:
    """What can be given, in a sentence."""
    given = {
        "a path": policy.paths is not False,
        "bytes, an open file": policy.paths is True,
        "the file itself as a part of a form, a reference to an upload (file:...)": policy.paths is False,
        "an http(s) address": policy.urls is not None,
    }
    known = [form for form, is_known in given.items() if is_known]
    return f"give {', '.join([*known, 'a data URI'])}, or {{base64: ..., type: ...}}"


def adopt(value: Any, policy: Policy = LOCAL) -> Media:
    """The value as a file. Raises MediaError, whose sentence says what is wrong and what to do."""
    media = _adopted(value, policy)
    if media.size == 0:
        raise MediaError(f"{media.name!r} is empty; give a file with content")
    _check_size(media.size, policy)
    return media


def _adopted(value: Any, policy: Policy) -> Media:
    if isinstance(value, Media):
        return value
    if isinstance(getattr(value, "media", None), Media):
        return _media_of(value)
    if isinstance(value, Path):
        return _from_path(value, policy)
    if isinstance(value, str):
        return _from_text(value, policy)
    if isinstance(value, bytes | bytearray | memoryview):
        return from_bytes(bytes(value))
    if isinstance(value, Mapping):
        return _from_mapping(value, policy)
    if hasattr(value, "read"):
        return _from_file(value, policy)
    raise MediaError(f"is {_WORDS.get(type(value), f'of the type {type(value).__name__}')}; {_forms(policy)}")


def _media_of(value: Any) -> Media:
    media: Media = value.media
    return media


def _from_text(text: str, policy: Policy) -> Media:
    lowered = text[:8].lower()
    if lowered.startswith("data:"):
        return from_data_uri(text)
    if lowered.startswith(("http://", "https://")):
        return _from_url(text, policy)
    if policy.references is not None and _REFERENCE.fullmatch(text):
        return _from_reference(text, policy.references)
    try:
        return _from_path(Path(text), policy)
    except MediaError as error:
        # It may have been meant as something else than the path that it is not.
        hint = next((f"{hint}; {_forms(policy)}" for looks, hint in _MEANT if looks.fullmatch(text)), None)
        raise MediaError(hint or str(error)) from error


def _from_reference(text: str, resolve: Callable[[str], Media]) -> Media:
    try:
        return resolve(text)
    except LookupError as error:
        raise MediaError(f"there is no file {text[:80]!r} here; it may have expired") from error


def _from_path(path: Path, policy: Policy) -> Media:
    if policy.paths is False:
        raise MediaError(f"is text, and stands for no file that is known here; {_forms(policy)}")
    allowed = _allowed(path, policy.paths)
    try:
        mode = allowed.stat().st_mode
        if stat.S_ISDIR(mode):
            raise MediaError(f"{_shown(path)} is a folder; name a file in it")
        if not stat.S_ISREG(mode):
            raise MediaError(f"{_shown(path)} is not a plain file")
        return from_path(allowed)
    except FileNotFoundError as error:
        raise MediaError(
            f"there is no file at {_shown(path)}; look at the spelling and the folder"
        ) from error
    except (OSError, ValueError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{_shown(path)} cannot be read: {_why(error)}") from error


def _allowed(path: Path, roots: bool | Path | tuple[Path, ...]) -> Path:
    """The path, resolved; outside of the roots it is refused, whether or not there is something."""
    if isinstance(roots, bool):
        return _at_home(path) if str(path).startswith("~") else path
    try:
        inside = [*_inside(path, roots if isinstance(roots, tuple) else (roots,))]
    except (OSError, ValueError, RuntimeError) as error:
        raise MediaError("is not a path that can be read here") from error
    if not inside:
        raise MediaError(f"{_shown(path)} is outside of the folder that files may be read from")
    return next((found for found in inside if found.exists()), inside[0])


def _inside(path: Path, roots: tuple[Path, ...]) -> Iterator[Path]:
    for root in roots:
        resolved = (root / path).resolve()
        if resolved.is_relative_to(root.resolve()):
            yield resolved


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user; then it may be the file's own name
        return path


def _shown(path: Path) -> str:
    text = str(path)
    return f"'{text}'" if len(text) <= 200 else f"'{text[:200]}...'"


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else "it is not a path"


def _from_mapping(value: Mapping[str, Any], policy: Policy) -> Media:
    if isinstance(value.get("base64"), str):
        kind, name = value.get("type"), value.get("name")
        return from_base64(
            value["base64"],
            kind if isinstance(kind, str) else None,
            name=name if isinstance(name, str) else None,
        )
    if value.get("type") == "Buffer" and isinstance(value.get("data"), list):
        return _from_buffer(value["data"])
    raise MediaError(f'is an object without "base64", and no {{"type": "Buffer", ...}}; {_forms(policy)}')


def _from_buffer(numbers: list[Any]) -> Media:
    try:
        return from_bytes(bytes(numbers))
    except (TypeError, ValueError) as error:
        raise MediaError('is a Buffer whose "data" is not a list of numbers from 0 to 255') from error


def _from_file(file: Any, policy: Policy) -> Media:
    if isinstance(file, io.TextIOBase):
        raise MediaError('is a file opened as text; open it with "rb"')
    name = getattr(file, "name", None)
    try:
        return collect(_limited(_pieces(file), policy), name=name if isinstance(name, str) else None)
    except OSError as error:
        raise MediaError(f"is an open file that cannot be read: {_why(error)}") from error


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(256 * 1024):
        if not isinstance(piece, bytes | bytearray):
            raise MediaError('is a file opened as text; open it with "rb"')
        yield bytes(piece)


def _from_url(url: str, policy: Policy) -> Media:
    if policy.urls is None:
        raise MediaError("is an address, and nothing is downloaded here; send the file itself")
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or None
    except ValueError as error:
        raise MediaError("is no address: its host cannot be read") from error
    try:
        with policy.urls.fetch(url, policy.max_bytes) as response:
            if response.status != 200:
                raise MediaError(f"the address answered {response.status}, not with a file")
            return collect(
                response.body.chunks(), name=name, declared_type=response.headers.get("content-type")
            )
    except (DownloadRefused, ConnectorError) as error:
        raise MediaError(f"could not be downloaded: {error}") from error


def _limited(pieces: Iterable[bytes], policy: Policy) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        _check_size(size, policy)
        yield piece


def _check_size(size: int, policy: Policy) -> None:
    if policy.max_bytes is not None and size > policy.max_bytes:
        raise MediaError(f"is larger than the {policy.max_bytes:,} bytes that are accepted here")
