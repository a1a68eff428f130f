"""Prices of generations, in hundredths of a credit, so that sums stay exact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# The one kind of formula that the price list has: a base and so much for each unit of a field.
_FORMULA = re.compile(r"([\d.]+) \+ ([\d.]+) \* (\w+)")


def price(credits: Mapping[str, Any] | None, values: Mapping[str, Any]) -> int:
    """The price of a generation with these values, defaults included; 0 where none is known."""
    if credits is None:
        return 0
    told = credits["flat"] if "flat" in credits else credits["values"][values[credits["by"]]]
    return hundredths(_computed(told, values) if isinstance(told, str) else told)


def _computed(formula: str, values: Mapping[str, Any]) -> float:
    found = _FORMULA.fullmatch(formula)
    if found is None:
        raise ValueError(f"the price {formula!r} is not of the form 'base + share * field'")
    return float(found[1]) + float(found[2]) * float(values[found[3]])


def hundredths(credits: float) -> int:
    return round(credits * 100)


def credits(amount: int) -> int | float:
    """Hundredths as credits, whole where they are."""
    return amount // 100 if amount % 100 == 0 else amount / 100
