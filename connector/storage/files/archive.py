"""An archive of kept files: a ZIP that is written as it is read, so that its size fills no memory."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from connector.media.kinds import suffix_of
from connector.storage.files.store import FileNotFound, FileStore

_PIECE = 1 << 18
_MISSING = "missing.txt"
_IS_FILE = 0o100644 << 16


class _Sink(io.RawIOBase):
    """What was written since it was last asked. It cannot be sought in, so that ZipFile only appends."""

    _written = b""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        written, self._written = self._written, b""
        return written


def pieces(store: FileStore, files: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """The bytes of a ZIP of the files of these stems and ids, stored as they are; it blocks.

    No two have one name, even where case does not count. What is no longer kept is named in a text.
    """
    sink, missing, taken = _Sink(), [], {_MISSING}
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for stem, file_id in files:
            try:
                stored, media = store.get(file_id), store.open(file_id)
            except FileNotFound:
                missing.append(stem)
                continue
            suffix = suffix_of(stored.type)
            numbered = (f"{stem}-{number}{suffix}" for number in itertools.count(2))
            name = next(
                one for one in itertools.chain([stem + suffix], numbered) if one.casefold() not in taken
            )
            taken.add(name.casefold())
            entry = ZipInfo(name, datetime.fromtimestamp(stored.created, UTC).timetuple()[:6])
            entry.external_attr, entry.file_size = _IS_FILE, stored.bytes
            with archive.open(entry, "w") as target, media.open() as source:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    yield sink.taken()
        if missing:
            archive.writestr(_MISSING, "No longer kept:\n" + "\n".join(missing) + "\n")
    yield sink.taken()
