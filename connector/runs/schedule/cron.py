"""Cron lines in a time zone: when their times are, by the durable engine's own reading of such lines.

Five fields: minute, hour, day of the month, month, day of the week; where both days are told, either will do.

When clocks go forward, a time in the hour that is left out is kept at its end: 02:30 is at 03:00. When they
go back, a time in the hour that comes twice is kept the first time; a line for every hour, or for every so
many, is kept both times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from connector.errors import InvalidArguments, Problem, needing
from connector.spec.schema.suggest import nearest

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_RANGES = ("0 to 59", "0 to 23", "1 to 31", "1 to 12 or jan to dec", "0 to 7 or sun to sat")
_HOUR = 1
_EXAMPLE = "'30 8 * * mon-fri' is 8:30 on working days"
_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Cron:
    """A line that was checked: see ``read``."""

    line: str
    timezone: str

    @classmethod
    def read(cls, line: str, timezone: str) -> Cron:
        """The times of a line. Raises InvalidArguments with everything that is wrong with it."""
        problems = [Problem("timezone", said) for said in _zone_problems(timezone)]
        problems += [Problem("cron", said) for said in _line_problems(line)]
        if not problems and not cls(line, timezone).never_is:
            return cls(" ".join(line.split()), timezone)
        never = Problem("cron", f"{line!r} never comes: there is no such day in any year")
        raise InvalidArguments(problems or [never], None, "the schedule cannot be kept")

    @property
    def never_is(self) -> bool:
        return next(self.times(datetime.now(UTC).timestamp()), None) is None

    def times(self, after: float) -> Iterator[datetime]:
        """Every time after a moment, in its zone."""
        for found in self._raw(datetime.fromtimestamp(after, self._zone)):
            if not (found.fold and self._is_once_a_day):
                yield found

    def next(self, after: float) -> datetime | None:
        """The first time after a moment."""
        return next(self.times(after), None)

    def is_time(self, at: float) -> bool:
        """Whether a moment is one of the times."""
        found = self.next(at - 1)
        return found is not None and found.timestamp() == at

    def between(self, after: float, until: float, most: int) -> list[float]:
        """The last times after one moment and up to another one, at most so many, oldest first.

        Whoever looks back far does not go through every minute of it.
        """
        first = self.next(after)
        if first is None or first.timestamp() > until:
            return []
        window = _WINDOW.total_seconds()
        while True:
            begin = max(after, until - window)
            found = [one.timestamp() for one in _up_to(self.times(begin), until)]
            if begin == after or len(found) >= most:
                return found[-most:]
            window *= 4

    def upcoming(self, after: float, count: int) -> list[datetime]:
        return list(islice(self.times(after), count))

    def _raw(self, start: datetime) -> Iterator[datetime]:
        library = _library()
        times = library.croniter(self.line, start, second_at_beginning=True)  # as the engine reads it
        while True:
            try:
                yield times.get_next(datetime)
            except library.CroniterBadDateError:
                return

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def _is_once_a_day(self) -> bool:
        """Whether its hours are told, rather than every hour or every so many."""
        return not self.line.split()[_HOUR].startswith("*")


def _up_to(times: Iterator[datetime], until: float) -> Iterator[datetime]:
    for one in times:
        if one.timestamp() > until:
            return
        yield one


def _library() -> Any:
    """What the durable engine reads such lines with."""
    with needing("a schedule", "runs"):
        import croniter  # type: ignore[import-untyped]  # (it says nothing of its types)
    return croniter


def _zone_problems(timezone: str) -> Iterator[str]:
    known = available_timezones()
    if timezone not in known:
        near = nearest(timezone, known) or "; give one such as Europe/Berlin, or UTC"
        yield f"{timezone[:60]!r} is no time zone{near}"


def _line_problems(line: str) -> Iterator[str]:
    fields = line.split()
    if len(fields) != len(_FIELDS):
        told = (
            f"{line[:60]!r} has {len(fields)} field{'' if len(fields) == 1 else 's'}, and a cron line has 5"
        )
        yield f"{told}: {', '.join(_FIELDS)}; {_EXAMPLE}"
        return
    for at, field in enumerate(fields):
        if not _is_good(at, field):
            yield f"the {_FIELDS[at]} is {field[:40]!r}; give {_RANGES[at]}, *, */N, or several with , or -"


def _is_good(at: int, field: str) -> bool:
    """Whether a field is good by itself. What is left to chance is not: workers would differ."""
    library = _library()
    words = "".join(each if each.isalpha() else " " for each in field.lower()).split()
    alone = " ".join(field if place == at else "*" for place in range(len(_FIELDS)))
    return not {"r", "h"} & {*words} and bool(library.croniter.is_valid(alone, second_at_beginning=True))
