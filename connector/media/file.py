"""A media file as a value: what it is, and its bytes on demand, from memory or from disk."""

from __future__ import annotations

import base64
import binascii
import builtins
import contextlib
import errno
import hashlib
import io
import itertools
import os
import re
import secrets
import shutil
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from typing import BinaryIO, Protocol

from connector.media import orientation
from connector.media.headers import inspect
from connector.media.kinds import SUFFIXES, TEXT, UNKNOWN, settle, suffix_of, type_of

_BAD_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_LONGEST_NAME = 150


class MediaError(ValueError):
    """The value is no file that can be used; the sentence says what to do."""


class ByteStore(Protocol):
    """Where the bytes are."""

    @property
    def path(self) -> Path | None: ...
    def open(self) -> BinaryIO: ...


class Held:
    """Files on disk that go when the last who knows this value does, but not while they are to stay."""

    def __init__(self, *paths: Path, note: Path | None = None, stays: bool = False) -> None:
        self.paths = paths if note is None else (*paths, note)
        self._note = note
        self._end: weakref.finalize[..., Held] | None = None
        if not stays:
            self.lend()

    def lend(self) -> None:
        """Whoever is given this value sees to them: they go with it."""
        self._end = weakref.finalize(self, _remove_all, self.paths)

    def stay(self) -> None:
        """They stay until they are released, whatever becomes of this value."""
        if self._end is not None:
            self._end.detach()

    def delivered(self) -> None:
        """What is in them is somewhere else as well: the note that tells of them goes now."""
        if self._note is not None:
            remove(self._note)

    def release(self) -> None:
        """Nobody needs them any more: they go now."""
        self.stay()
        _remove_all(self.paths)


@dataclass(frozen=True, slots=True)
class InMemory:
    """Bytes in memory, which may be in a file besides."""

    data: bytes
    path: Path | None = None
    held: Held | None = None

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


@dataclass(frozen=True, eq=False)
class OnDisk:
    path: Path
    held: Held | None = None

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def disappearing(self) -> OnDisk:
        """The same, and the file goes when the last who knows it does."""
        return replace(self, held=Held(self.path))


@dataclass(frozen=True, eq=False, repr=False)
class Media:
    """A file that somebody gave or an answer gave. It can be read any number of times.

    ``type`` is what the content is, whatever was said of it; sides and seconds are None where there are
    none or where the file's header cannot be read. The sides are those that people see.
    """

    name: str
    type: str
    size: int
    width: int | None
    height: int | None
    seconds: float | None
    _store: ByteStore = field(repr=False)
    _orientation: int | None = field(default=None, repr=False)

    def open(self) -> BinaryIO:
        """A fresh reader at the first byte; the caller closes it."""
        return self._store.open()

    @cached_property
    def orientation(self) -> int:
        """How its EXIF says that the picture is turned before people see it, from 1 (upright) to 8."""
        if self._orientation is not None or not self.type.startswith("image/"):
            return self._orientation or orientation.UPRIGHT
        with self.open() as reader:
            return orientation.read(reader, self.type)

    def as_stored(self) -> Media:
        """The same bytes as a file of which nothing says that it is turned."""
        is_lying = orientation.is_lying(self.orientation)
        width, height = (self.height, self.width) if is_lying else (self.width, self.height)
        return replace(self, width=width, height=height, _orientation=orientation.UPRIGHT)

    @property
    def path(self) -> Path | None:
        """The file that holds it; None in memory. A temporary one goes with this value: use ``save``."""
        return self._store.path

    def held_in(self, path: Path, held: Held) -> Media:
        """The same file, whose content is in ``path`` as well, for as long as that is held."""
        store = self._store
        kept = InMemory(store.data, path, held) if isinstance(store, InMemory) else OnDisk(path, held)
        return replace(self, _store=kept)

    @property
    def bytes(self) -> builtins.bytes:
        """All of it, in memory."""
        if isinstance(self._store, InMemory):
            return self._store.data
        with self.open() as file:
            return file.read()

    @property
    def base64(self) -> str:
        return base64.b64encode(self.bytes).decode("ascii")

    @property
    def data_uri(self) -> str:
        return f"data:{self.type};base64,{self.base64}"

    @cached_property
    def sha256(self) -> str:
        """The digest of the content, in hexadecimal."""
        digest = hashlib.sha256()
        with self.open() as file:
            while piece := file.read(256 * 1024):
                digest.update(piece)
        return digest.hexdigest()

    def save(
        self, target: Path | str, *, name: str | None = None, overwrite: bool = False, number: bool = False
    ) -> Path:
        """Write it to a folder, or to the file that ``target`` names, and say where it is.

        A target is a folder if it is one, ends in a slash, or a ``name`` is given; a name that is taken there
        gets a number. A file that was named and is there already raises FileExistsError, unless it is to be
        replaced (``overwrite``) or this one is to get a number (``number``).
        """
        wanted = Path(target)
        if name is not None or wanted.is_dir() or str(target).endswith(("/", os.sep)):
            wanted, number = wanted / (safe_name(name) if name else self.name), True
        wanted.parent.mkdir(parents=True, exist_ok=True)
        draft = wanted.with_name(f".{wanted.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}.part")
        try:
            with self.open() as source, draft.open("xb") as file:
                shutil.copyfileobj(source, file, 1024 * 1024)
                to_disk(file)
            saved = _replaced(draft, wanted) if overwrite else _named(draft, wanted, number)
        finally:
            remove(draft)
        folder_to_disk(saved.parent)
        return saved

    def __repr__(self) -> str:
        sides = f", {self.width} x {self.height}" if self.width else ""
        length = f", {self.seconds:.1f} s" if self.seconds else ""
        return f"<Media {self.name!r}: {self.type}{sides}{length}, {self.size:,} bytes>"


def from_bytes(data: bytes, *, name: str | None = None, declared_type: str | None = None) -> Media:
    """The bytes as a file; its name gets the ending that its content asks for."""
    return describe(InMemory(data), len(data), name=name, declared_type=declared_type)


def from_path(path: Path) -> Media:
    """The file on disk, under its own name."""
    store = OnDisk(path)
    return describe(store, path.stat().st_size, own_name=path.name)


def from_base64(text: str, declared_type: str | None = None, *, name: str | None = None) -> Media:
    """What base64 or a data URI holds. Raises MediaError where it is neither."""
    if text[:5].lower() == "data:":
        return from_data_uri(text, name=name)
    return from_bytes(decode_base64(text), name=name, declared_type=declared_type)


def from_data_uri(text: str, *, name: str | None = None) -> Media:
    """What a data URI holds."""
    from urllib.parse import unquote_to_bytes

    head, comma, data = text[5:].partition(",")
    if not comma:
        raise MediaError("is a data URI without a comma; write data:image/png;base64,... or give a file")
    is_base64 = head.rstrip().lower().endswith(";base64")
    content = decode_base64(data) if is_base64 else unquote_to_bytes(data)
    return from_bytes(content, name=name, declared_type=head.partition(";")[0] or None)


def decode_base64(text: str) -> bytes:
    """The bytes; line breaks are allowed, anything else that is not base64 is not."""
    try:
        plain = "".join(text.split()).encode("ascii")
        return binascii.a2b_base64(plain, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MediaError("is not base64: it is cut short or has other characters in it") from error


def describe(
    store: ByteStore,
    size: int,
    *,
    name: str | None = None,
    own_name: str | None = None,
    declared_type: str | None = None,
) -> Media:
    """A Media of what is stored, read from its own content."""
    with store.open() as file:
        info = inspect(file)
    kind = settle(info.type, declared_type)
    shown = own_name and own_name.encode("utf-8", "replace").decode()  # a file's name can be any bytes
    facts = info.width, info.height, info.seconds
    return Media(shown or name_for(name, kind), kind, size, *facts, store, info.orientation)


@lru_cache(maxsize=256)
def name_for(hint: str | None, type: str) -> str:
    """A file name with the ending that the type asks for."""
    name = safe_name(hint or "file")
    suffix = PurePath(name).suffix
    ending = suffix_of(type)
    if suffix.lower() in SUFFIXES:
        return name if _usual(suffix) == ending else PurePath(name).stem + ending
    # Many kinds of file are text, or unknown to us, and know best how their names end.
    return name if suffix and type in (TEXT, UNKNOWN) else name + ending


def _usual(suffix: str) -> str:
    """The usual spelling of an ending: ``.jpeg`` and ``.JPG`` are ``.jpg``."""
    return suffix_of(type_of(suffix[1:]))


def safe_name(name: str) -> str:
    """The last part of a name, without what file systems refuse; never a folder, never hidden."""
    last = re.split(r"[/\\]", name)[-1]
    kept = _BAD_IN_NAMES.sub("_", last).strip(" .")
    return kept[-_LONGEST_NAME:].lstrip(" .") or "file"


def _replaced(draft: Path, wanted: Path) -> Path:
    """The draft, a whole file, takes the place of another; what is no file, such as a device, is left."""
    if os.path.lexists(wanted) and not wanted.is_file():
        raise FileExistsError(errno.EEXIST, "it is no ordinary file", str(wanted))
    draft.replace(wanted.resolve())
    return wanted


def _named(draft: Path, wanted: Path, number: bool) -> Path:
    """The wanted one, or the first free one of name.png, name-2.png, ..., which the draft becomes."""
    for count in itertools.count(1):
        path = wanted if count == 1 else wanted.with_name(f"{wanted.stem}-{count}{wanted.suffix}")
        try:
            _link(draft, path)
            return path
        except FileExistsError:
            if not number:
                raise FileExistsError(errno.EEXIST, "there is one already", str(wanted)) from None
    raise AssertionError("unreachable")


def _link(draft: Path, path: Path) -> None:
    """Raises FileExistsError for a name that is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # A disk that knows no links: the name is taken first, and whoever looks then sees it empty.
        path.open("xb").close()
        try:
            draft.replace(path)
        except BaseException:
            remove(path)
            raise


def remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _remove_all(paths: Iterable[Path]) -> None:
    for path in paths:
        remove(path)


def to_disk(file: BinaryIO) -> None:
    """What was written survives a power cut."""
    file.flush()
    os.fsync(file.fileno())


def folder_to_disk(folder: Path) -> None:
    """So do the names in a folder, where the system can promise that."""
    with contextlib.suppress(OSError):  # not every system opens folders, nor every disk waits for them
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
