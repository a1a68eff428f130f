"""One picture of a contact sheet, with what is said below it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tile:
    """``picture`` is a file that can be drawn, or None where there is nothing to see.

    ``crop`` is the part to show, in fractions of its width and height: left, top, right, bottom.
    """

    title: str
    facts: str
    picture: Path | None = None
    crop: tuple[float, float, float, float] | None = None
    failed: bool = False
