"""What an integration's files said when they were last read, so that unchanged files need no reading.

Kept in a cache folder, one file for each integration folder: the values of files that passed their schema,
and what a list of actions shows. A file that changed since (by size and both of its times) is read again.
This module answers `connector actions`, so it imports next to nothing.
"""

# ruff: noqa: PTH100, PTH103, PTH105, PTH111, PTH112, PTH116, PTH120, PTH123
# (importing pathlib takes longer than all that is done here)

from __future__ import annotations

import marshal
import os
import sys
from zlib import crc32

from connector import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from connector.spec import Action

    Stamp = tuple[int, int, int]
    Place = str | os.PathLike[str]

MANIFEST = "integration.yaml"
# Another version of this package, or of Python's marshal format, keeps its own.
_FORMAT = f"{__version__}-{sys.implementation.cache_tag}-1"


def default_folder() -> str:
    """The integration that came with this package: inside the wheel, else beside it in a checkout."""
    package = os.path.dirname(os.path.abspath(__file__))
    inside = package + "/_integration"
    return inside if os.path.isdir(inside) else os.path.dirname(package)


def default_cache(environ: Mapping[str, str] = os.environ) -> str:
    """``CONNECTOR_HOME``'s cache, or the place where the desktop conventions put one."""
    if chosen := environ.get("CONNECTOR_HOME"):
        return os.path.expanduser(chosen) + "/cache"
    base = environ.get("XDG_CACHE_HOME", "")
    return (base if base.startswith("/") else os.path.expanduser("~/.cache")) + "/connector"


def entries(folder: Place, cache: Place | None = None) -> list[dict[str, Any]]:
    """Each action as a list shows it: id, title, group, price, description, deprecated, job.

    Raises SpecError where the files are wrong.
    """
    kept = _kept(folder, cache)
    if "entries" in kept and _unchanged(folder, kept) == kept["stamps"].keys():
        return list(kept["entries"])
    from connector import loader

    integration = loader.load(folder, cache)
    listed = [_entry(action) for action in integration.actions.values()]
    _keep(folder, cache, _with_entries(_kept(folder, cache), listed))
    return listed


def _with_entries(kept: dict[str, Any], listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The list beside what the files say that it was made of, without those that are listed no more."""
    said = kept.get("values", {})
    if MANIFEST not in said:
        return {}
    names = [MANIFEST, *said[MANIFEST]["actions"]]
    parts = {part: {name: kept[part][name] for name in names} for part in ("values", "stamps")}
    return {**kept, **parts, "entries": listed}


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
        os.makedirs(cache, mode=0o700, exist_ok=True)
        with open(draft, "wb") as file:
            file.write(crc32(packed).to_bytes(4, "big") + packed)
        os.replace(draft, path)
    except OSError:
        return


def _entry(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "title": action.title,
        "group": action.group,
        "price": price_text(action),
        "description": action.description,
        "deprecated": action.deprecated is not None,
        "job": action.job is not None,
    }


def price_text(action: Action) -> str:
    """The price in a few characters, such as ``3``, ``2.5 to 6.5``, ``free``, ``unknown`` or ``varies``."""
    from connector import schema, template

    price = action.price
    if price.free:
        return "free"
    if price.unknown:
        return "unknown"
    scope = {"inputs": schema.defaults(action.inputs, {})}
    named = price.values.values() if price.by else (price.flat,)
    try:
        numbers = sorted(float(template.fill(value, scope)) for value in named)
    except (template.TemplateError, TypeError, ValueError):
        return "varies"
    shown = f"{numbers[0]:g}" + (f" to {numbers[-1]:g}" if numbers[0] != numbers[-1] else "")
    formula = any(isinstance(value, str) for value in named)
    return f"about {shown}" if formula else shown
