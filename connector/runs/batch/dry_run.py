"""The dry run of a batch: what is wrong with its rows, and what they will cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.errors import InvalidArguments, Problem
from connector.runs.batch.read_rows import InputRow
from connector.runs.batch.runnable import Check, Price

# So many are told; of the others, how many there are.
_MOST_PROBLEMS = 50
_MOST_WARNINGS = 10


class DryRun:
    """Looks at one row after the other, and keeps in mind only what does not grow with their number.

    ``credits`` is what those will cost together that are not done, ``unpriced`` the first row of which nobody
    can tell that, and ``inputs`` are the names that any row gives.
    """

    def __init__(self, check: Check, price: Price, defaults: Mapping[str, Any]) -> None:
        self._check = check
        self._price = price
        self._defaults = defaults
        self.rows = 0
        self.done_rows = 0
        self.wrong_rows = 0
        self.credits = 0.0
        self.unpriced: int | None = None
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.warnings: dict[str, None] = {}
        self.inputs: dict[str, None] = dict.fromkeys(defaults)

    def skip(self, row: InputRow) -> None:
        """A row that is done."""
        self.rows += 1
        self.done_rows += 1
        self.inputs |= dict.fromkeys(row.inputs)

    def look(self, row: InputRow) -> None:
        """Checks one row, and adds its price."""
        self.rows += 1
        self.inputs |= dict.fromkeys(row.inputs)
        given = {**self._defaults, **row.inputs}
        told = [] if row.is_unread else [_in(row, each) for each in self._check(given)]
        found = [*row.problems, *(each for each in told if each.severity != "warning")]
        if not found:
            self._note([str(replace(each, file=None, line=None)) for each in told])
            found = self._add_price(row, given)
        self.wrong_rows += bool(found)
        self.problem_count += len(found)
        self.problems += found[: _MOST_PROBLEMS - len(self.problems)]

    def _note(self, warnings: list[str]) -> None:
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings |= dict.fromkeys(warnings)

    def _add_price(self, row: InputRow, given: Mapping[str, Any]) -> list[Problem]:
        try:
            credits = self._price(given)
        except InvalidArguments as error:
            return [_in(row, each) for each in error.problems]
        self.credits += credits or 0.0
        if credits is None and self.unpriced is None:
            self.unpriced = row.number
        return []


def _in(row: InputRow, problem: Problem) -> Problem:
    """The problem, with the place of its row."""
    return replace(problem, file=row.file, line=row.line)
