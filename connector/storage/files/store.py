"""The store of files that are kept, by reference."""

from __future__ import annotations

import builtins
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from connector.errors import InvocationError
from connector.media import Media, thumbnail
from connector.media.file import OnDisk, describe, name_for
from connector.spec import package_data
from connector.storage.database.database import Database, timestamp
from connector.storage.database.protocols import Conflict
from connector.storage.files.blobs import Blobs, Folder
from connector.storage.files.incoming_upload import FileTooLarge, IncomingUpload
from connector.storage.home import make_private

__all__ = ["FileNotFound", "FileStore", "FileTooLarge", "IncomingUpload", "Source", "StoredFile"]

Source = Literal["upload", "result", "thumbnail"]

_SQL = package_data.statements("storage/files/store.sql")
_SCHEME = "file:"
# Nothing takes so long to arrive.
_LEFT_BEHIND = 24 * 3600.0


class FileNotFound(InvocationError, LookupError):
    """There is no file of that id, or it has expired."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept: what it is by its content, and until when. ``id`` cannot be guessed.

    What is ``unused`` goes when it expires unless a run takes it before.
    """

    id: str
    name: str
    type: str
    bytes: int
    width: int | None
    height: int | None
    seconds: float | None
    sha256: str
    created: float
    expires: float | None
    source: Source
    run_id: str | None = None
    unused: bool = False

    @property
    def reference(self) -> str:
        """The text by which an invocation is given this file."""
        return _SCHEME + self.id

    def to_dict(self) -> dict[str, Any]:
        """The file as every face shows it; absent facts are left out."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        expires = None if self.expires is None else timestamp(self.expires)
        shown = known | {"file": self.reference, "created": timestamp(self.created), "expires": expires}
        shown["unused"] = self.unused or None
        return {name: value for name, value in shown.items() if value is not None}


_OWN = tuple(one.name for one in fields(StoredFile))
_COLUMNS = (*_OWN, "thumbnail_of")

_INSERT = f"""
INSERT INTO files ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in _COLUMNS)})"""

_IS_KEPT = "(expires IS NULL OR expires > :now)"
_FILTERS = {
    "source": "source = :source",
    "run_id": "run_id = :run_id",
    "name": "name = :name",
    "before": "number < (SELECT number FROM files WHERE id = :before)",
}


class FileStore:
    """Files whose contents are in a folder or an object store, and what is known of them in a database.

    All methods block, and may be called from any thread.
    """

    def __init__(
        self, database: Database, blobs: Blobs | Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._blobs = Folder(blobs) if isinstance(blobs, Path) else blobs
        self._clock = clock

    def put(
        self,
        media: Media,
        *,
        name: str | None = None,
        source: Source = "upload",
        run_id: str | None = None,
        keep_seconds: float | None = None,
    ) -> StoredFile:
        """Keeps a file. The temporary file of a result gets a second name in place of a copy."""
        arriving = self.arrive()
        try:
            if source != "result" or not arriving.link(media.path):
                arriving.copy(media)
            row = self._row(arriving, media, name_for(name or media.name, media.type))
            return self._kept(arriving, row | {"source": source, "run_id": run_id}, keep_seconds)
        finally:
            arriving.close()

    def put_stream(
        self,
        chunks: Iterable[bytes],
        name: str | None = None,
        declared_type: str | None = None,
        max_bytes: int | None = None,
        *,
        keep_seconds: float | None = None,
        unused: bool = False,
        file_id: str | None = None,
    ) -> StoredFile:
        """Keeps what arrives, piece by piece, as ``file_id`` where that was promised to somebody.

        Raises FileTooLarge as soon as it is too much, and Conflict where there is a file of that id.
        """
        arriving = self.arrive(max_bytes)
        try:
            for chunk in chunks:
                arriving.write(chunk)
            how: Any = {"keep_seconds": keep_seconds, "unused": unused, "file_id": file_id}
            return self.keep(arriving, name, declared_type, **how)
        finally:
            arriving.close()

    def arrive(self, max_bytes: int | None = None) -> IncomingUpload:
        """A file to write to; it is kept once ``keep`` is called, and is gone otherwise when it is closed."""
        folder = self._blobs.arriving
        make_private(folder)
        return IncomingUpload(folder / secrets.token_hex(16), max_bytes)

    def keep(
        self,
        arriving: IncomingUpload,
        name: str | None = None,
        declared_type: str | None = None,
        *,
        keep_seconds: float | None = None,
        unused: bool = False,
        file_id: str | None = None,
    ) -> StoredFile:
        """Keeps an upload that has arrived whole; with ``unused``, only for so long unless a run takes it."""
        row = self._described(arriving, name, declared_type) | {"unused": int(unused)}
        if file_id is None:
            return self._kept(arriving, row, keep_seconds)
        return self._kept(arriving, row | {"id": file_id}, keep_seconds, is_promised=True)

    def use(self, file_id: str, keep_seconds: float | None = None) -> StoredFile:
        """The file, which a run takes: from now on it is kept as the run's other files are."""
        stored = self.get(file_id)
        if not stored.unused:
            return stored
        expires = None if keep_seconds is None else stored.created + keep_seconds
        self._database.write(_SQL["use"], {"id": file_id, "expires": expires})
        return self.get(file_id)

    def get(self, file_id: str) -> StoredFile:
        """What is known of a file. Raises FileNotFound."""
        found = self._database.read(_SQL["get"], {"id": file_id, "now": self._clock()})
        if not found:
            raise FileNotFound(
                f"there is no file {file_id[:60]!r} here; it may have expired: upload it once more"
            )
        return _stored(found[0])

    def open(self, file_id: str) -> Media:
        """The file itself."""
        stored = self.get(file_id)
        try:
            content = self._blobs.open(stored.id, stored.bytes)
        except FileNotFoundError as error:
            raise FileNotFound(f"the content of file {file_id} is gone; upload it once more") from error
        sides = stored.width, stored.height, stored.seconds
        return Media(stored.name, stored.type, stored.bytes, *sides, content)

    def resolve(self, reference: str) -> Media:
        """The file of a reference. Raises FileNotFound, which is a LookupError."""
        return self.open(reference.removeprefix(_SCHEME))

    def find(self, text: str) -> Media | None:
        """The file of a reference; None where a text is none, or the file is gone."""
        try:
            return self.resolve(text) if text.startswith(_SCHEME) else None
        except FileNotFound:
            return None

    def list(
        self,
        *,
        source: str | None = None,
        run_id: str | None = None,
        name: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> builtins.list[StoredFile]:
        """The files, newest first; ``before`` is the id of the last one that is known already."""
        asked = {"source": source, "run_id": run_id, "name": name, "before": before}
        given = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join([_IS_KEPT, "thumbnail_of IS NULL", *(_FILTERS[name] for name in given)])
        query = f"SELECT * FROM files WHERE {where} ORDER BY number DESC LIMIT :limit"
        rows = self._database.read(query, given | {"limit": limit, "now": self._clock()})
        return [_stored(row) for row in rows]

    def remove(self, file_id: str) -> None:
        """The file and its thumbnail are gone. Raises FileNotFound."""
        self.get(file_id)
        self._delete(file_id)

    def expire(self) -> int:
        """Removes what has expired, and what broken uploads left behind; how many files had expired."""
        expired = [row["id"] for row in self._database.read(_SQL["expired"], {"now": self._clock()})]
        for file_id in expired:
            self._delete(file_id)
        self._sweep()
        return len(expired)

    def thumbnail(self, file_id: str) -> str | None:
        """The id of a small picture of a file, made once; None where there can be none."""
        stored = self.get(file_id)
        made = self._database.read(_SQL["thumbnail"], {"id": file_id})
        if made:
            return str(made[0]["id"])
        picture = thumbnail.of(self.open(file_id))
        return None if picture is None else self._put_thumbnail(stored, picture)

    def _put_thumbnail(self, stored: StoredFile, picture: bytes) -> str | None:
        arriving = self.arrive()
        try:
            arriving.write(picture)
            row = self._described(arriving, f"thumbnail of {stored.name}", None)
            own = {"source": "thumbnail", "run_id": stored.run_id, "expires": stored.expires}
            self._add(arriving, row | own | {"thumbnail_of": stored.id})
        except Conflict:  # somebody else was faster
            return self.thumbnail(stored.id)
        finally:
            arriving.close()
        return str(row["id"])

    def _kept(
        self,
        arriving: IncomingUpload,
        row: Mapping[str, Any],
        keep_seconds: float | None,
        is_promised: bool = False,
    ) -> StoredFile:
        kept = {**row, "expires": None if keep_seconds is None else row["created"] + keep_seconds}
        (self._claim if is_promised else self._add)(arriving, kept)
        return _stored(kept)

    def _described(
        self, arriving: IncomingUpload, name: str | None, declared_type: str | None
    ) -> dict[str, Any]:
        """The row of what arrived, by its own content."""
        arriving.finish()
        store = OnDisk(arriving.path)
        media = describe(store, arriving.size, name=name, declared_type=declared_type)
        return self._row(arriving, media, media.name)

    def _row(self, arriving: IncomingUpload, media: Media, name: str) -> dict[str, Any]:
        facts = {"width": media.width, "height": media.height, "seconds": media.seconds}
        return facts | {
            "id": secrets.token_hex(16),
            "name": name,
            "type": media.type,
            "bytes": arriving.size,
            "sha256": arriving.finish(),
            "created": self._clock(),
            "expires": None,
            "source": "upload",
            "run_id": None,
            "unused": 0,
            "thumbnail_of": None,
        }

    def _add(self, arriving: IncomingUpload, row: Mapping[str, Any]) -> None:
        """Whoever finds the row finds the content too."""
        self._blobs.keep(row["id"], arriving.path)
        try:
            self._database.write(_INSERT, row)
        except BaseException:
            self._blobs.remove(row["id"])
            raise

    def _claim(self, arriving: IncomingUpload, row: Mapping[str, Any]) -> None:
        """The row comes first, as one alone may have the id, and nobody asks for it before this has ended."""
        self._database.write(_INSERT, row)
        try:
            self._blobs.keep(row["id"], arriving.path)
        except BaseException:
            self._delete(row["id"])
            raise

    def _delete(self, file_id: str) -> None:
        """The content goes first: what is left of a deletion that was cut short can be found by its row."""
        for row in self._database.read(_SQL["family"], {"id": file_id}):
            self._blobs.remove(row["id"])
        self._database.write(_SQL["delete"], {"id": file_id})

    def _sweep(self) -> None:
        for draft in self._blobs.arriving.glob("*"):
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < time.time() - _LEFT_BEHIND:
                    draft.unlink()


def _stored(row: Mapping[str, Any]) -> StoredFile:
    return StoredFile(**{name: row[name] for name in _OWN} | {"unused": bool(row["unused"])})
