"""Received bytes become a Media: in memory while they are few, in a temporary file once they are not."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path

from connector.media.content import Incoming
from connector.media.file import InMemory, Media, OnDisk, describe, remove

MEMORY_LIMIT = 2 * 1024 * 1024


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

    ``size`` is how many bytes it will probably have. The temporary file of a large one lies in ``folder``
    (else in the system's) and goes when the Media goes.
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
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix="connector-", dir=folder, delete=False) as file:
        store = OnDisk(Path(file.name)).disappearing()
        try:
            held.truncate()
            with held.getbuffer() as view:
                file.write(view)
            held.close()
            file.writelines(arriving)
        except BaseException:  # now, and not when the last traceback that knows it is forgotten
            remove(store.path)
            raise
        return store, file.tell()
