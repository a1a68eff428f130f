"""Rows are known by what they hold: what is done stays done, wherever it stands in its file now."""

import tracemalloc
from pathlib import Path

import pytest
import yaml
from runs.batchery import Batchery, row

from connector.runs.batch.refresh import renew

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases/batch/renewal.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_source_is_written_down_once(case, tmp_path):
    """What is new in it, what has changed, what is gone."""
    rows = Batchery(tmp_path, 0).rows
    rows.add(_known(at, *each) for at, each in enumerate(case["before"].items(), 1))

    def source():
        return (row(at, text) for at, text in enumerate(case["source"], 1))

    found = renew(source, rows)
    assert [f"{each.number} {each.inputs['prompt']} {each.state}" for each in rows.rows()] == case["after"]
    told = {"new": found.new, "changed": found.changed, "gone": found.gone, "late": found.late}
    assert told == {name: case.get(name, [] if name == "late" else 0) for name in told}
    again = renew(source, rows)
    assert (again.new, again.changed, again.gone) == (0, 0, 0)


def _known(number, text, told):
    state, _, unpaid = told.partition(" ")
    return row(number, text, state=state, billed="no" if unpaid else "yes", run_id=f"run {number}")


def test_other_prices_are_those_of_what_is_not_done(tmp_path):
    """Where defaults have changed, a row may cost something else."""
    rows = Batchery(tmp_path, 0).rows
    rows.add([row(1, state="succeeded"), row(2)])
    renew(lambda: [row(1, estimate=5.0), row(2, estimate=5.0)], rows, prices=True)
    assert [each.estimate for each in rows.rows()] == [3.0, 5.0]


@pytest.mark.parametrize("known", [0, 5_000])
def test_many_rows_are_compared_and_written_in_flat_memory(known, tmp_path):
    """The database is asked once for some hundred of them."""
    batchery = Batchery(tmp_path, 0)
    for first in range(1, known + 1, 500):
        batchery.rows.add(row(number) for number in range(first, first + 500))
    before = batchery.database.acts
    tracemalloc.start()
    found = renew(lambda: (row(number) for number in range(1, 5_001)), batchery.rows)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.new == 5_000 - known
    assert most < 2_500_000
    assert batchery.database.acts - before < 40
