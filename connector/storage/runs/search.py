"""Searching the history: filters that the database keeps to, words, spans of time, and pages both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.errors import InvalidArguments, Problem
from connector.storage.database.database import Database
from connector.storage.runs.model import Run

WINDOW = 10_000
"""So many of the newest runs that the other filters leave are searched for words, and are counted."""

_BOUNDS = {"before": "id < :before", "after": "id > :after", "since": "id >= :since", "until": "id < :until"}
NO_MOMENT = "is no date such as 2026-03-31, nor a time such as 2026-03-31T08:00:00Z"
_MAY_BE_ESCAPED = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs, newest first; ``before`` and ``after`` are the ids that lead to older and newer ones.

    ``total`` is None where there are more than WINDOW; it ``is_cut`` where a search left some out.
    """

    runs: Sequence[Run]
    before: str | None
    after: str | None
    total: int | None
    is_cut: bool


def condition(asked: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What runs have to meet, and the values in it. Raises InvalidArguments for what is no time."""
    given = {name: value for name, value in asked.items() if value is not None}
    told = [_BOUNDS.get(name, f"{name} = :{name}") for name in given]
    values = {name: int(value) if isinstance(value, bool) else value for name, value in given.items()}
    return " AND ".join(["writer <> 'deleted'", *told]), values | _moments(given)


def having(
    database: Database, statements: Mapping[str, str], asked: Mapping[str, Any], text: str
) -> list[str]:
    """The ids of the runs that have each word in their id, a text of their inputs or a file's name.

    Newest first, whatever the case. The database leaves out what certainly has not; as it knows neither
    JSON's escapes nor the case of all letters, what is left is read here.
    """
    where, values = condition(asked)
    words = text.lower().split()
    likes = {f"word{at}": f"%{_MAY_BE_ESCAPED.sub('%', word)}%" for at, word in enumerate(words)}
    told = " AND ".join(statements["has_word"].replace("{word}", name) for name in likes)
    query = statements["having"].replace("{condition}", where).replace("{words}", told)
    rows = database.read(query, values | likes | {"most": WINDOW})
    return [row["id"] for row in rows if all(word in _text_of(row) for word in words)]


def _text_of(row: Any) -> str:
    names = _texts(json.loads(row["result"] or "null"), only_names=True)
    return "\n".join([row["id"], *_texts(json.loads(row["inputs"])), *names]).lower()


def _texts(value: Any, only_names: bool = False) -> Iterator[str]:
    """The texts in a value, and of each file in it the name."""
    if isinstance(value, Mapping) and "file" in value:
        yield str(value.get("name", ""))
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each, only_names)
    elif isinstance(value, str) and not only_names:
        yield value


def moment(text: str, *, ends: bool = False) -> float:
    """When a date or time begins, or a date that ``ends`` a span is over; of UTC where it names no zone.

    Raises ValueError or OverflowError for what is none.
    """
    found = datetime.fromisoformat(text) + timedelta(days=ends and len(text) <= len("2026-03-31"))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _moments(given: Mapping[str, Any]) -> dict[str, str]:
    """What the ids of runs of those times begin with: microseconds."""
    found, problems = {}, []
    for name in (each for each in ("since", "until") if each in given):
        try:
            found[name] = f"{max(0, int(moment(given[name], ends=name == 'until') * 1e6)):014x}"
        except (ValueError, OverflowError):
            problems.append(Problem(name, NO_MOMENT))
    if problems:
        raise InvalidArguments(problems)
    return found
