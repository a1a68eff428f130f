"""The spending chart: what was spent on each day, as the shapes of a small drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from connector.spec.schema import amounts

Key = TypeVar("Key")

# Across in hundredths of the room there is, down in pixels.
WIDTH, HEIGHT, _BOTTOM, _TOP = 100, 176, 24, 8
_STEPS = (1, 2, 2.5, 5, 10)
# The colours of a chart stand apart up to here; whatever else there is shares the last.
COLOURS = 5


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One environment's share of one day; ``colour`` counts from 1."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside an axis, at a place along it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn. ``total`` is in credits."""

    bars: tuple[ChartBar, ...]
    lines: tuple[Label, ...]
    days: tuple[Label, ...]
    environments: tuple[tuple[str, int, float], ...]
    total: float
    height: int = HEIGHT


Costs = Iterable[tuple[date, str, float]]


def chart(costs: Costs, last: date, count: int) -> Chart:
    """The chart of ``count`` days up to ``last``: the credits of each environment, one above the other."""
    first = last - timedelta(days=count - 1)
    seen = [
        (day, environment, credits) for day, environment, credits in costs if credits and first <= day <= last
    ]
    totals = _sums((environment, credits) for _, environment, credits in seen)
    colours = {name: min(at, COLOURS) for at, name in enumerate(sorted(totals), 1)}
    top = _round_up(max(_sums((day, credits) for day, _, credits in seen).values(), default=0))
    return Chart(
        bars=tuple(_bars(seen, colours, first, count, top)),
        lines=tuple(_lines(top)),
        days=tuple(_days(first, count)),
        environments=tuple((name, colours[name], totals[name]) for name in sorted(totals)),
        total=round(math.fsum(totals.values()), 4),
    )


def _bars(
    seen: Sequence[tuple[date, str, float]], colours: Mapping[str, int], first: date, count: int, top: float
) -> Iterable[ChartBar]:
    piled: dict[date, float] = {}
    column = WIDTH / count
    for day, environment, credits in sorted(seen):
        below = piled.get(day, 0.0)
        piled[day] = below + credits
        y = _y(piled[day], top)
        title = f"{day:%d %b %Y}, {environment}: {amounts.credits(credits)}"
        x = (day - first).days * column + column * 0.15
        height = max(_y(below, top) - y, 0.0)
        yield ChartBar(round(x, 2), y, round(column * 0.7, 2), round(height, 2), colours[environment], title)


def _lines(top: float) -> Iterable[Label]:
    for share in (0, 0.5, 1):
        yield Label(_y(top * share, top), f"{top * share:g}")


def _days(first: date, count: int) -> Iterable[Label]:
    column, each = WIDTH / count, max(1, round(count / 6))
    for at in range(each // 2, count, each):
        yield Label(round((at + 0.5) * column, 2), f"{first + timedelta(days=at):%-d %b}")


def _y(credits: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - credits / top * (HEIGHT - _BOTTOM - _TOP), 2)


def _round_up(most: float) -> float:
    """The least round number above what must fit under it."""
    if most <= 0:
        return 10.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in _STEPS if step * power >= most * 0.999999)


def _sums(pairs: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for key, credits in pairs:
        found[key] = found.get(key, 0.0) + credits
    return found
