"""Blobs: the contents of kept files, in a folder of this machine or in an object store that many share.

What is given a place is whole there at once, and nobody knows it before its row is written down. What is in
an object store is read through a cache on this machine's disk, which processes share.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from connector.errors import ConnectorError, InvocationError, needing
from connector.media.file import ByteStore, OnDisk
from connector.storage.home import make_private

_ID = re.compile(r"[0-9a-f]{32}")
_ARRIVING = "arriving"
_FOLDER = "files"
_CACHE = Path("cache", "files")
# As many bytes are kept on this machine's disk; the last file that was read is kept however large it is.
_CACHED = 1 << 30
# Nothing takes so long to be fetched.
_LEFT_BEHIND = 24 * 3600.0


class FilesUnavailable(ConnectorError):
    """The object store is away, or does not take or give files."""

    code = "files_unavailable"
    retryable = True


class Blobs(Protocol):
    """Contents by their id, which never change. All methods block, and may be called from any thread.

    ``arriving`` is a folder to write a content in before it is kept.
    """

    @property
    def arriving(self) -> Path: ...

    def keep(self, blob_id: str, draft: Path) -> None:
        """A content that is whole; the draft is gone afterwards."""
        ...

    def open(self, blob_id: str, size: int) -> ByteStore:
        """The content of so many bytes. Raises FileNotFoundError."""
        ...

    def remove(self, blob_id: str) -> None:
        """The content is gone, if there was one."""
        ...


def open_blobs(home: Path, environ: Mapping[str, str], where: Path | str | None = None) -> Blobs:
    """The contents at a place, else where ``CONNECTOR_FILES`` says, else in a folder under ``home``.

    A place is a folder, or the URL of an object store such as ``s3://bucket/prefix``.
    """
    place = where or environ.get("CONNECTOR_FILES") or home / _FOLDER
    if isinstance(place, str) and "://" in place:
        return ObjectStore(place, home / _CACHE)
    return Folder(Path(place).expanduser())


class Folder:
    """Contents in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.arriving = folder / _ARRIVING

    def keep(self, blob_id: str, draft: Path) -> None:
        place = self._folder / _place(blob_id)
        make_private(place.parent)
        draft.replace(place)

    def open(self, blob_id: str, size: int) -> ByteStore:
        place = self._folder / _place(blob_id)
        if not place.is_file():
            raise FileNotFoundError(place)
        return OnDisk(place)

    def remove(self, blob_id: str) -> None:
        (self._folder / _place(blob_id)).unlink(missing_ok=True)


class ObjectStore:
    """Contents in whatever fsspec knows by a URL, with a cache on disk of at most so many bytes."""

    def __init__(self, url: str, cache: Path, most: int = _CACHED) -> None:
        self._fs, self._root = _opened(url)
        self._shown = _shown(url)
        self._cache = cache
        self._most = most
        self.arriving = cache / _ARRIVING

    def keep(self, blob_id: str, draft: Path) -> None:
        place = self._at(blob_id)
        with self._away("take"):
            try:
                self._fs.put_file(str(draft), place)
            except BaseException:
                # What came but in part must not stay: nobody would ever know of it.
                with suppress(Exception):
                    self._fs.rm_file(place)
                raise
        # Whoever made it is likely to be the next who wants it.
        draft.replace(self._cached(blob_id))
        self._make_room(blob_id)

    def open(self, blob_id: str, size: int) -> ByteStore:
        self.read(blob_id, size).close()
        return _Fetched(self, blob_id, size)

    def read(self, blob_id: str, size: int) -> BinaryIO:
        """A reader of the cached content. What it reads stays, also where another process makes room."""
        while True:
            with suppress(FileNotFoundError):
                file = self._cached(blob_id).open("rb")
                if os.fstat(file.fileno()).st_size == size:
                    os.utime(file.fileno())  # it is not the next to make room
                    return file
                file.close()  # a power cut has left less of it
            self._fetch(blob_id, size)

    def remove(self, blob_id: str) -> None:
        self._cached(blob_id).unlink(missing_ok=True)
        with self._away("remove"), suppress(FileNotFoundError):
            self._fs.rm_file(self._at(blob_id))

    def _fetch(self, blob_id: str, size: int) -> None:
        place, cached = self._at(blob_id), self._cached(blob_id)
        draft = cached.with_name(f"{blob_id}.{secrets.token_hex(4)}")
        try:
            with self._away("give"):
                self._fs.get_file(place, str(draft))
                if draft.stat().st_size != size:
                    raise OSError(errno.EIO, "it gave another number of bytes than were kept")
            draft.replace(cached)
        finally:
            draft.unlink(missing_ok=True)
        self._make_room(blob_id)

    def _at(self, blob_id: str) -> str:
        return f"{self._root}/{_place(blob_id)}"

    def _cached(self, blob_id: str) -> Path:
        make_private(self._cache)
        return self._cache / _known_id(blob_id)

    def _make_room(self, newest: str) -> None:
        """Removes what nobody has read for the longest time, until the rest is not too much."""
        found = sorted(self._found(), reverse=True)
        left = self._most
        for _, size, path in found:
            left -= size
            if left < 0 and path.name != newest:
                path.unlink(missing_ok=True)

    def _found(self) -> Iterator[tuple[float, int, Path]]:
        """What is in the cache: when it was read last, its size, and where; without what is under way."""
        now = time.time()
        for entry in os.scandir(self._cache):
            with suppress(FileNotFoundError):
                told = entry.stat()
                if entry.is_file() and ("." not in entry.name or told.st_mtime < now - _LEFT_BEHIND):
                    yield told.st_mtime, told.st_size, Path(entry.path)

    @contextmanager
    def _away(self, act: str) -> Iterator[None]:
        """A failure of the store as ours. Each kind has errors of its own, which may quote a signed URL."""
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise FilesUnavailable(
                f"the object store {self._shown} does not {act} a file ({reason}); see that it can be "
                "reached, and that its credential may read and write there"
            ) from error


@dataclass(frozen=True, eq=False)
class _Fetched:
    """A content in an object store, on this machine for now."""

    blobs: ObjectStore
    blob_id: str
    size: int
    # The cached file may go at any time; a reader keeps what it has opened.
    path: None = None

    def open(self) -> BinaryIO:
        return self.blobs.read(self.blob_id, self.size)


def _place(blob_id: str) -> str:
    return f"{_known_id(blob_id)[:2]}/{blob_id[2:]}"


def _known_id(text: str) -> str:
    """The id. Nothing but one of ours becomes a path."""
    if not _ID.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no file's id")
    return text


def _opened(url: str) -> tuple[Any, str]:
    """What fsspec knows by a URL, and the path in it."""
    scheme = url.partition("://")[0]
    with needing(f"the store at {scheme}://", "objects"):
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # it has no types
    # Folders are made as they are needed; a store has none to make.
    options = {"auto_mkdir": True} if scheme in ("file", "local") else {}
    try:
        fs, root = url_to_fs(url, **options)
    except ImportError as error:
        raise InvocationError(f"files at {scheme}:// need another package: {error} (by pip)") from error
    except ValueError as error:
        raise InvocationError(
            f"files cannot be kept at {scheme}://; give a folder, or a URL that fsspec knows such as "
            "s3://BUCKET/PREFIX"
        ) from error
    return fs, str(root).rstrip("/")


def _shown(url: str) -> str:
    """The URL without what some kinds let stand in it: user, password and options."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
