"""Received bytes become a Media: in memory while they are few, in a temporary file once they are not."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

from connector.media.content import Incoming
from connector.media.file import InMemory, Media, OnDisk, describe, remove

MEMORY_LIMIT = 2 * 1024 * 1024
# What is under this name is not whole yet.
DRAFT = ".connector-"
_PIECE = 1 << 18


def receive(
    body: Incoming,
    *,
    folder: Path | None = None,
    name_hint: str | None = None,
    declared_type: str | None = None,
    size: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> Media:
    """The body of an answer as a file. It is read to its end and closed.

    ``size`` is how many bytes it will probably have. The temporary file of a large one lies in ``folder``,
    or in the system's where there is none or it cannot be written, and goes when the Media goes.
    """
    try:
        return collect(
            body.chunks(),
            folder=folder,
            name=name_hint,
            declared_type=declared_type,
            size=size,
            memory_limit=memory_limit,
        )
    finally:
        body.close()


def collect(
    chunks: Iterable[bytes],
    *,
    folder: Path | None = None,
    name: str | None = None,
    declared_type: str | None = None,
    size: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> Media:
    """The chunks as a file."""
    # Room for all of it at once: pieces that are joined in the end take twice the memory, and the
    # system gives fresh memory out page by page, which takes longer than the copying.
    held = io.BytesIO(bytes(size if size is not None and size <= memory_limit else 0))
    arriving = iter(chunks)
    for chunk in arriving:
        held.write(chunk)
        if held.tell() > memory_limit:
            store, found = _on_disk(held, arriving, folder)
            return describe(store, found, name=name, declared_type=declared_type)
    held.truncate()
    data = held.getvalue()
    return describe(InMemory(data), len(data), name=name, declared_type=declared_type)


def _on_disk(held: io.BytesIO, arriving: Iterable[bytes], folder: Path | None) -> tuple[OnDisk, int]:
    draft = _Draft(folder)
    try:
        held.truncate()
        with held.getbuffer() as view:
            draft.write(view)
        held.close()
        for chunk in arriving:
            draft.write(chunk)
    except BaseException:  # now, and not when the last traceback that knows it is forgotten
        draft.remove()
        raise
    return draft.finish(), draft.size


class _Draft:
    """A temporary file in a folder. Where that cannot be written or is full, it moves to the system's."""

    def __init__(self, folder: Path | None) -> None:
        self._folders: list[Path | None] = [None] if folder is None else [folder, None]
        self._path = Path()
        self._file: FileIO | None = None
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        while True:
            try:
                file = self._file or self._opened()
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
            except OSError:
                if not self._folders:
                    raise
                self._move()
            else:
                self.size += len(data)
                return

    def finish(self) -> OnDisk:
        assert self._file is not None
        self._file.close()
        return OnDisk(self._path).disappearing()

    def remove(self) -> None:
        if self._file is not None:
            self._file.close()
            remove(self._path)

    def _opened(self) -> FileIO:
        folder = self._folders.pop(0)
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=DRAFT, dir=folder)
        self._path, self._file = Path(name), os.fdopen(handle, "wb", buffering=0)
        return self._file

    def _move(self) -> None:
        before, path, self._file = self._file, self._path, None
        if before is None:
            return
        try:
            with path.open("rb") as source:
                file, left = self._opened(), self.size
                while left:
                    piece = source.read(min(left, _PIECE))
                    left -= file.write(piece)
                    source.seek(self.size - left)
        finally:
            before.close()
            remove(path)
