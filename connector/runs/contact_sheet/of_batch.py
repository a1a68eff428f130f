"""The contact sheet of a batch: all of its pictures, or some from its whole length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path

from connector.media import Media, from_path
from connector.runs.batch.results import differences
from connector.runs.batch.tables import Entry, Tables
from connector.runs.contact_sheet.layout import Tile, draw
from connector.spec.schema.amounts import credits

SHEET = "contact-sheet.png"
_MOST = 60
_COLUMNS = 5

Opened = Callable[[str], Media | None]


def put(folder: Path, tables: Tables, title: str) -> Path | None:
    """Draws the sheet of what is in a folder into it; None where nothing in it can be drawn."""

    def opened(text: str) -> Media | None:
        try:
            return from_path(path) if (path := folder / text).is_file() else None
        except (OSError, ValueError):  # no text that a path can be
            return None

    if (made := png(tables.entries, opened, title)) is None:
        return None
    draft = folder / f".{SHEET}.part"
    draft.write_bytes(made)
    return draft.replace(folder / SHEET)


def png(entries: Callable[[], Iterable[Entry]], opened: Opened, title: str) -> bytes | None:
    """The sheet of rows as a PNG; None where no row has a file. ``opened`` is as for ``tiles``."""
    numbers = [at for at, entry in enumerate(entries()) if entry.get("file")]
    if not numbers:
        return None
    chosen = spread(numbers)
    shown = tiles([entry for at, entry in enumerate(entries()) if at in chosen], opened)
    part = f", {len(shown)} of {len(numbers):,} pictures" if len(shown) < len(numbers) else ""
    target = BytesIO()
    draw(shown, columns=_columns(len(shown)), title=f"{title}{part}").save(target, "PNG")
    return target.getvalue()


def tiles(entries: Sequence[Entry], opened: Opened) -> list[Tile]:
    """The tiles of rows that have a file, each under what varies in its inputs.

    ``opened`` is the file that a text in an entry stands for; None where it is gone, or was none.
    """
    told = differences([entry["inputs"] for entry in entries], opened)
    return [_tile(entry, said, opened(str(entry["file"]))) for entry, said in zip(entries, told, strict=True)]


def spread(numbers: Sequence[int]) -> frozenset[int]:
    """So many of them as there is room for, from the first one on, evenly."""
    if len(numbers) <= _MOST:
        return frozenset(numbers)
    return frozenset(numbers[at * len(numbers) // _MOST] for at in range(_MOST))


def _columns(count: int) -> int:
    """Few pictures are seen larger."""
    return min(_COLUMNS, math.ceil(math.sqrt(count)))


def _tile(entry: Entry, said: str, picture: Media | None) -> Tile:
    facts = [
        str(entry["outcome"]),
        f"seed {entry['seed']}" if entry.get("seed") is not None else "",
        credits(entry["credits"]) if entry.get("credits") else "",
    ]
    failed = entry["state"] != "succeeded"
    return Tile(f"{entry['row']}. {said}", ", ".join(filter(None, facts)), picture, failed=failed)
