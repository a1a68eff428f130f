"""An incoming upload: it arrives piece by piece, and is nowhere to be seen until it is whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from connector.errors import InvocationError
from connector.media import Media

_PIECE = 1 << 18


class FileTooLarge(InvocationError):
    """The file has more bytes than the host takes."""

    code = "too_large"


class IncomingUpload:
    """A file that is being written, under a name that nobody knows."""

    def __init__(self, path: Path, max_bytes: int | None) -> None:
        self.path = path
        self.size = 0
        self._most = max_bytes
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None

    def write(self, chunk: bytes) -> None:
        """Adds a piece. Raises FileTooLarge."""
        self.size += len(chunk)
        if self._most is not None and self.size > self._most:
            raise FileTooLarge(f"the file is larger than the {self._most:,} bytes that are taken here")
        self._digest.update(chunk)
        self._opened().write(chunk)

    def copy(self, media: Media) -> None:
        with media.open() as source:
            for piece in _pieces(source):
                self.write(piece)

    def link(self, path: Path | None) -> bool:
        """Gives the content of a file this name besides; False where that cannot be done."""
        if path is None:
            return False
        try:
            os.link(path, self.path)
        except OSError:  # another disk, or one that knows no links
            return False
        with self.path.open("rb") as source:
            for piece in _pieces(source):
                self.size += len(piece)
                self._digest.update(piece)
        return True

    def finish(self) -> str:
        """All has been written; its digest."""
        if self.size == 0 and not self.path.exists():
            self._opened()
        self._close_file()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Removes what was not kept."""
        self._close_file()
        with suppress(FileNotFoundError):
            self.path.unlink()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            # For its owner only, and a new file for certain.
            handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            self._file = os.fdopen(handle, "wb")
        return self._file

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
