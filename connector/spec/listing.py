"""The list of actions: each as it is shown in one line, from the cache where nothing has changed.

This answers `connector actions`, so it imports next to nothing.
"""

from __future__ import annotations

from connector.spec import cache as spec_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from connector.spec.cache import Place
    from connector.spec.model import Action


def entries(folder: Place, cache: Place | None = None) -> list[dict[str, Any]]:
    """Each action as a list shows it: id, title, group, names, price, description, deprecated, job.

    Raises SpecError where the files are wrong.
    """
    known = spec_cache.entries(folder, cache)
    if known is not None:
        return known
    from connector.spec import loader

    listed = [entry(action) for action in loader.load(folder, cache).actions.values()]
    spec_cache.keep_entries(folder, cache, listed)
    return listed


def entry(action: Action) -> dict[str, Any]:
    """The action as a list shows it."""
    return {
        "id": action.id,
        "title": action.title,
        "group": action.group,
        "names": action.names,
        "price": price_text(action),
        "description": action.description,
        "deprecated": action.deprecated is not None,
        "job": action.job is not None,
    }


def ranks(entries: list[dict[str, Any]], words: str) -> list[float]:
    """How well each entry fits the words; 0 is not at all.

    A word counts most in what an action is called, and the more the fewer actions have it.
    """
    found = [0.0] * len(entries)
    for word in words.casefold().split():
        fits = [_fit(entry, word if len(word) < _LONG else word[:-3]) for entry in entries]
        found = [rank + fit / max(1, sum(fits)) for rank, fit in zip(found, fits, strict=True)]
    return found


# A word of so many letters may have an ending, such as "upscaling".
_LONG = 7


def _fit(entry: dict[str, Any], word: str) -> int:
    is_named = any(word in name.casefold() for name in entry["names"])
    return 3 if is_named else int(word in entry["description"].casefold())


def price_text(action: Action) -> str:
    """The price in a few characters, such as ``3``, ``2.5 to 6.5``, ``free``, ``unknown`` or ``varies``."""
    from connector.spec import template
    from connector.spec.schema import validator
    from connector.spec.segments import TemplateError

    price = action.price
    if price.free:
        return "free"
    if price.unknown:
        return "unknown"
    scope = {"inputs": validator.defaults(action.inputs, {})}
    named = price.values.values() if price.by else (price.flat,)
    try:
        numbers = sorted(float(template.fill(value, scope)) for value in named)
    except (TemplateError, TypeError, ValueError):
        return "varies"
    shown = f"{numbers[0]:g}" + (f" to {numbers[-1]:g}" if numbers[0] != numbers[-1] else "")
    formula = any(isinstance(value, str) for value in named)
    return f"about {shown}" if formula else shown
