"""The rescue folder, ``rescued`` in the home: what was paid for lies there until it is where it is wanted.

An answer's file is on the disk before the ledger says that it came. Who delivers it takes it away again, so
that what is left belongs to processes that were killed, or could not write to where it should have gone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.media.file import Held, Media, folder_to_disk, from_path, remove, to_disk
from connector.media.receive import DRAFT
from connector.storage.process import is_alive, this_process

# Nothing takes so long to arrive.
_LEFT_BEHIND = 24 * 3600.0
_WRITER = "writer"


@dataclass(frozen=True, slots=True)
class RescuedAnswer:
    """An answer that was paid for: its facts as every face shows them, and the file that came with it."""

    invocation_id: str
    facts: Mapping[str, Any]
    path: Path | None
    held: Held

    @property
    def media(self) -> Media | None:
        return None if self.path is None else from_path(self.path).held_in(self.path, self.held)

    @property
    def is_left(self) -> bool:
        """Whether whoever was to deliver it is not there any more."""
        return not is_alive(str(self.facts.get(_WRITER) or "  "))


class RescueFolder:
    """The folder. All methods block, and may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hold(
        self, invocation_id: str, facts: Mapping[str, Any], media: Media | None, name: str = ""
    ) -> tuple[Media | None, Held]:
        """Puts an answer on the disk, where it stays until it is lent or released.

        Where the folder does not take it, a temporary one does. Raises OSError where neither can.
        """
        try:
            return _held(self.folder, invocation_id, facts, media, name)
        except OSError:
            other = Path(tempfile.mkdtemp(prefix="connector-rescued-"))
            return _held(other, invocation_id, facts, media, name)

    def find(self, invocation_id: str) -> RescuedAnswer | None:
        """The answer of an invocation; None where it is not here (any more)."""
        path = self.folder / f"{invocation_id}.json"
        try:
            facts = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        file = next(self.folder.glob(f"{invocation_id}-*"), None)
        if file is None and facts.get("value") is None:
            return None
        return RescuedAnswer(invocation_id, facts, file, _hold(path, file))

    def facts(self, invocation_id: str) -> Mapping[str, Any] | None:
        """What is known of an answer that is here."""
        found = self.find(invocation_id)
        return None if found is None else found.facts

    def left(self) -> Iterator[RescuedAnswer]:
        """What nobody is about to deliver, oldest first; drafts that were left behind go."""
        for draft in self.folder.glob(f"{DRAFT}*"):
            with suppress(OSError):
                if draft.stat().st_mtime < time.time() - _LEFT_BEHIND:
                    draft.unlink()
        for path in sorted(self.folder.glob("*.json")):
            found = self.find(path.stem)
            if found is not None and found.is_left:
                yield found


def _held(
    folder: Path, invocation_id: str, facts: Mapping[str, Any], media: Media | None, name: str
) -> tuple[Media | None, Held]:
    """The facts come last: where they are, the file is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = folder / f"{invocation_id}.json"
    place = None if media is None else folder / f"{invocation_id}-{name}"
    try:
        if media is not None and place is not None and not _linked(media.path, place):
            _write(place, media)
        # Under its name at once: a part of it is no JSON, and to rename it would wait for the disk once more.
        with open(told, "wb", opener=_private) as note:
            note.write(json.dumps({**facts, _WRITER: this_process()}).encode())
            to_disk(note)
    except BaseException:
        if place is not None:
            remove(place)
        raise
    folder_to_disk(folder)
    held = _hold(told, place)
    return media if media is None or place is None else media.held_in(place, held), held


def _hold(note: Path, file: Path | None) -> Held:
    return Held(*((file,) if file else ()), note=note, stays=True)


def _linked(path: Path | None, place: Path) -> bool:
    """Gives a temporary file this name besides; False where that cannot be done."""
    if path is None:
        return False
    try:
        os.link(path, place)
    except OSError:  # another disk, or one that knows no links
        return False
    with place.open("rb") as file:
        to_disk(file)
    return True


def _write(place: Path, content: Media) -> None:
    """The file is whole on the disk, or is not there."""
    draft = place.with_name(f"{DRAFT}{os.urandom(6).hex()}")
    try:
        with content.open() as source, open(draft, "xb", opener=_private) as file:
            shutil.copyfileobj(source, file, 1 << 20)
            to_disk(file)
        draft.replace(place)
    except BaseException:
        remove(draft)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
