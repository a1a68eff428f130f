"""The contact sheet of a batch: all of its pictures, or some from its whole length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from connector.media import from_path
from connector.runs.batch.tables import Entry, Tables
from connector.runs.contact_sheet.layout import Tile, draw
from connector.spec.schema.amounts import credits

SHEET = "contact-sheet.png"
_MOST = 60
_COLUMNS = 5


def make(folder: Path, tables: Tables, title: str) -> Path | None:
    """Draws the sheet of what is in a folder; None where nothing in it can be drawn."""
    numbers = [at for at, entry in enumerate(tables.entries()) if entry.get("file")]
    if not numbers:
        return None
    chosen = spread(numbers)
    shown = [entry for at, entry in enumerate(tables.entries()) if at in chosen]
    part = f", {len(shown)} of {len(numbers):,} pictures" if len(shown) < len(numbers) else ""
    tiles = [_tile(folder, entry) for entry in shown]
    paper = draw(tiles, columns=_columns(len(shown)), title=f"{title}{part}")
    draft = folder / f".{SHEET}.part"
    paper.save(draft, "PNG")
    return draft.replace(folder / SHEET)


def spread(numbers: Sequence[int]) -> frozenset[int]:
    """So many of them as there is room for, from the first one on, evenly."""
    if len(numbers) <= _MOST:
        return frozenset(numbers)
    return frozenset(numbers[at * len(numbers) // _MOST] for at in range(_MOST))


def _columns(count: int) -> int:
    """Few pictures are seen larger."""
    return min(_COLUMNS, math.ceil(math.sqrt(count)))


def _tile(folder: Path, entry: Entry) -> Tile:
    path = folder / str(entry["file"])
    facts = [
        str(entry["outcome"]),
        f"seed {entry['seed']}" if entry.get("seed") is not None else "",
        credits(entry["credits"]) if entry.get("credits") else "",
    ]
    is_there = path.is_file()
    failed = entry["state"] != "succeeded"
    return Tile(
        path.stem, ", ".join(filter(None, facts)), from_path(path) if is_there else None, failed=failed
    )
