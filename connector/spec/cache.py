"""The cache of specs: what an integration's files said when they were last read.

Kept in a cache folder, one file for each integration folder: the values of files that passed their schema,
and what a list of actions shows. A file that changed since (by size and both of its times) is read again.
It serves `connector actions`, so it imports next to nothing.
"""

# ruff: noqa: PTH100, PTH103, PTH105, PTH108, PTH111, PTH112, PTH116, PTH120, PTH123
# (importing pathlib takes longer than all that is done here)

from __future__ import annotations

import marshal
import os
import sys
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Stamp = tuple[int, int, int]
    Place = str | os.PathLike[str]

MANIFEST = "integration.yaml"
# Another form of these files, or of Python's marshal format, has files of its own. Another version of this
# package is told by its schemas, which are written anew when it is installed.
_FORMAT = f"3-{sys.implementation.cache_tag}"


def default_folder() -> str:
    """The integration that came with this package: inside the wheel, else beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = package + "/_integration"
    return inside if os.path.isdir(inside) else os.path.dirname(package)


def default_cache(environ: Mapping[str, str] = os.environ) -> str:
    """``CONNECTOR_HOME``'s cache, or the place where the desktop conventions put one."""
    if chosen := environ.get("CONNECTOR_HOME"):
        return os.path.expanduser(chosen) + "/cache"
    base = environ.get("XDG_CACHE_HOME", "")
    return (base if base.startswith("/") else os.path.expanduser("~/.cache")) + "/connector"


def entries(folder: Place, cache: Place | None) -> list[dict[str, Any]] | None:
    """The list of actions that was kept; None where there is none, or a file has changed since."""
    kept = _kept(folder, cache)
    is_fresh = "entries" in kept and _unchanged(folder, kept) == kept["stamps"].keys()
    return list(kept["entries"]) if is_fresh else None


def keep_entries(folder: Place, cache: Place | None, listed: list[dict[str, Any]]) -> None:
    """Notes the list beside what the files say that it was made of, without those that are listed no more."""
    kept = _kept(folder, cache)
    said = kept.get("values", {})
    if MANIFEST not in said:
        return
    names = [MANIFEST, *said[MANIFEST]["actions"]]
    if not said.keys() >= set(names):  # what was read since could not be written
        return
    parts = {part: {name: kept[part][name] for name in names} for part in ("values", "stamps")}
    _keep(folder, cache, {**kept, **parts, "entries": listed})


def values(folder: Place, cache: Place | None) -> dict[str, Any]:
    """What the files say that have not changed since they passed their schema, by name."""
    kept = _kept(folder, cache)
    fresh = _unchanged(folder, kept)
    return {name: value for name, value in kept.get("values", {}).items() if name in fresh}


def _unchanged(folder: Place, kept: Mapping[str, Any]) -> set[str]:
    """The files that are as they were when they were kept; none where the schemas have changed."""
    if kept.get("schemas") != _schemas():
        return set()
    now = stamps(folder, kept["stamps"])
    return {name for name, stamp in kept["stamps"].items() if now[name] == stamp}


def keep(
    folder: Place,
    cache: Place | None,
    found: Mapping[str, Any],
    seen: Mapping[str, Stamp],
) -> None:
    """Notes what files said that passed their schema; ``seen`` are their stamps from before the reading."""
    _keep(folder, cache, {"schemas": _schemas(), "stamps": dict(seen), "values": dict(found)})


def stamps(folder: Place, names: Mapping[str, Any] | list[str]) -> dict[str, Stamp | None]:
    """What tells that a file has not changed; None where there is no such file."""
    base = os.fspath(folder)
    return {name: _stamp(f"{base}/{name}") for name in names}


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    # The time of change is there because the other one can be set back.
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _schemas() -> tuple[Stamp | None, ...]:
    folder = default_folder() + "/schemas"
    return tuple(stamps(folder, ["action.schema.json", "integration.schema.json"]).values())


def _place(folder: Place, cache: Place) -> tuple[str, str]:
    """The cache file of a folder, and the folder as the file must name it."""
    whole = os.path.abspath(folder)
    return f"{os.fspath(cache)}/{crc32(whole.encode()):08x}.{_FORMAT}", whole


def _kept(folder: Place, cache: Place | None) -> dict[str, Any]:
    """The cache file's content, or nothing where it is missing, damaged or another folder's."""
    if cache is None:
        return {}
    path, whole = _place(folder, cache)
    try:
        with open(path, "rb") as file:
            content = file.read()
        if crc32(content[4:]) != int.from_bytes(content[:4], "big"):
            return {}
        kept: dict[str, Any] = marshal.loads(content[4:])
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return kept if kept.get("folder") == whole else {}


def _keep(folder: Place, cache: Place | None, content: dict[str, Any]) -> None:
    """Replaces the cache file in one act; a cache that cannot be written is no reason to fail."""
    if cache is None or "stamps" not in content:
        return
    path, whole = _place(folder, cache)
    packed = marshal.dumps({**content, "folder": whole})
    draft = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        # Each by itself: above the last one `makedirs` has a mode of its own, and the first may be the home.
        for place in (os.path.dirname(cache), cache):
            os.makedirs(place, mode=0o700, exist_ok=True)
        try:
            with open(draft, "wb") as file:
                file.write(crc32(packed).to_bytes(4, "big") + packed)
            os.replace(draft, path)
        except OSError:  # a full disk gets back what was written
            os.unlink(draft)
    except OSError:
        return
