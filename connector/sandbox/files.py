"""File rules of the document; a file's content decides, not its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from connector.sandbox.errors import WORDS

if TYPE_CHECKING:
    from connector.sandbox.studio import Info


def file_problems(info: Info | None, rules: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each rule that the file breaks; None is a file that nobody can read."""
    formats = rules.get("formats")
    if info is None or (formats and info.format not in formats):
        yield f"must be a readable file of the format {', '.join(formats or ['jpeg', 'png', 'webp'])}"
        return
    dimensions = rules.get("dimensions")
    if dimensions and f"{info.width}x{info.height}" not in dimensions:
        yield f"dimensions must be one of {', '.join(dimensions)}"
    for name, bound in product(WORDS["files"], ("min", "max")):
        limit, size = rules.get(f"{bound}_{name}"), _measured(info, name, min if bound == "min" else max)
        if limit is not None and size is not None and (size < limit if bound == "min" else size > limit):
            sentence = WORDS["files"][name].format("least" if bound == "min" else "most", limit)
            yield (
                f"{sentence}, it has {size:.4g}" if isinstance(size, float) else f"{sentence}, it has {size}"
            )


def _measured(info: Info, name: str, choose: Callable[[int, int], int]) -> float | None:
    if name in ("width", "height", "seconds"):
        size: float | None = getattr(info, name)
        return size
    if not info.width or not info.height:
        return None
    wide, high = info.width, info.height
    return {"side": choose(wide, high), "pixels": wide * high, "aspect": wide / high}[name]
