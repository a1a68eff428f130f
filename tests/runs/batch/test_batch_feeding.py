"""A batch is fed so many rows at a time, never beyond its limit, and by whoever comes after a kill."""

import pytest
from runs.batchery import Batchery

from connector.errors import ConnectorError, InvalidArguments, OutOfCredits


@pytest.fixture
def three(tmp_path):
    """A batch of three rows, of which two may be under way at once."""
    return Batchery(tmp_path)


def test_so_many_rows_are_under_way_and_no_more(three):
    """The next one begins when one has ended, in their order."""
    assert three.feeder.step()
    assert (three.states(), three.submitted) == (["running", "running", "pending"], [1, 2])
    assert three.feeder.step()
    assert three.submitted == [1, 2]
    three.end(2)
    assert three.feeder.step()
    assert (three.states(), three.submitted) == (["running", "succeeded", "running"], [1, 2, 3])


def test_a_batch_is_done_when_every_row_has_ended(three):
    """Also where a row failed for a reason of its own."""
    three.feeder.step()
    three.end(1, "failed", "moderated", "no", 0.0, error={"message": "not that"})
    three.end(2)
    three.feeder.step()
    three.end(3)
    assert not three.feeder.step()
    assert (three.state, three.states()) == ("done", ["failed", "succeeded", "succeeded"])
    failed = three.rows.rows()[0]
    assert (failed.outcome, failed.billed, failed.message, failed.credits) == (
        "moderated",
        "no",
        "not that",
        0,
    )
    assert three.rows.counts().credits == 6


def test_what_is_under_way_counts_as_spent(tmp_path):
    """So a limit holds whatever is still to end; what cost nothing makes room again."""
    batchery = Batchery(tmp_path, 5, concurrency=4, limit_credits=7.5)
    batchery.feeder.step()
    assert batchery.submitted == [1, 2]
    batchery.end(1, "failed", "rejected", "no", 0.0)
    batchery.end(2)
    assert batchery.feeder.step()
    assert batchery.submitted == [1, 2, 3]
    batchery.end(3)
    assert not batchery.feeder.step()
    assert (batchery.state, batchery.states().count("pending")) == ("limited", 2)
    assert "row 4" in batchery.batches.get("boats").message


def test_a_limit_is_for_the_whole_batch(tmp_path):
    """What an earlier process spent is part of it, and what nobody knows counts as paid."""
    batchery = Batchery(tmp_path, 4, limit_credits=9)
    batchery.feeder.step()
    batchery.end(1)
    batchery.end(2, "unknown", "unknown", "unknown", None)
    other = batchery.new_feeder()
    assert other.step()
    assert batchery.submitted == [1, 2, 3]
    batchery.end(3)
    assert not other.step()
    assert batchery.state == "limited"
    counts = batchery.rows.counts()
    assert (counts.credits, counts.uncertain) == (9, 3)


def test_a_limit_that_is_raised_lets_it_go_on(tmp_path):
    """With the same rows."""
    batchery = Batchery(tmp_path, 2, limit_credits=3)
    batchery.feeder.step()
    batchery.end(1)
    assert not batchery.feeder.step()
    batchery.batches.change(
        batchery.batch.id, state="feeding", options={"concurrency": 2, "limit_credits": 6}
    )
    other = batchery.new_feeder()
    assert other.step()
    batchery.end(2)
    assert not other.step()
    assert batchery.state == "done"


def test_what_every_row_would_fail_for_stops_the_batch(tmp_path):
    """Once; what is under way ends, and the rows are done when whoever goes on has mended it."""
    batchery = Batchery(tmp_path, 4)
    batchery.feeder.step()
    batchery.end(1, "failed", "out_of_credits", "no", 0.0, error={"message": "too few credits\nbuy some"})
    assert batchery.feeder.step()
    assert batchery.state == "feeding"
    batchery.end(2)
    assert not batchery.feeder.step()
    assert (batchery.state, batchery.submitted) == ("halted", [1, 2])
    assert batchery.batches.get("boats").message == "row 1: too few credits"
    assert batchery.rows.outside() == "out_of_credits"
    assert batchery.rows.again() == 1
    assert batchery.states() == ["pending", "succeeded", "pending", "pending"]


def test_a_row_that_cannot_become_a_run_has_failed(tmp_path):
    """The others go on."""
    batchery = Batchery(tmp_path, 2, concurrency=1)
    submit = batchery.submit

    def broken(batch, row):
        if row.number == 1:
            raise InvalidArguments([], "Draw", "its file is gone")
        return submit(batch, row)

    batchery.submit = broken
    feeder = batchery.new_feeder()
    assert feeder.step()
    assert feeder.step()
    assert batchery.states() == ["failed", "running"]
    refused = batchery.rows.rows()[0]
    assert (refused.outcome, refused.billed) == ("bad_input", "no")
    assert batchery.rows.again() == 0
    assert batchery.rows.again(failed=True) == 1


def test_what_is_wrong_with_everything_is_found_before_anything_is_sent(tmp_path):
    """A credential that is missing where runs are submitted stops it at the first row."""
    batchery = Batchery(tmp_path)

    def broke(batch, row):
        raise OutOfCredits("too few")

    batchery.submit = broke
    feeder = batchery.new_feeder()
    while feeder.step():
        pass
    assert batchery.states() == ["failed", "pending", "pending"]
    assert batchery.state == "halted"


def test_a_failure_that_passes_is_no_failure_of_a_row(three):
    """A full disk is waited for by whoever feeds."""

    def full(batch, row):
        raise ConnectorError("the disk is full")

    three.submit = full
    with pytest.raises(ConnectorError):
        three.new_feeder().step()
    assert three.states() == ["pending"] * 3


def test_whoever_comes_after_a_kill_begins_no_row_twice(three):
    """Not even where a run was written down, and that its row has it was not."""
    submit = three.submit

    def dies(batch, row):
        submit(batch, row)
        raise KeyboardInterrupt

    three.submit = dies
    with pytest.raises(KeyboardInterrupt):
        three.new_feeder().step()
    three.submit = submit
    assert (three.submitted, three.states()) == ([1], ["pending"] * 3)
    assert three.new_feeder().step()
    assert (three.submitted, three.states()) == ([1, 2], ["running", "running", "pending"])


def test_somebody_who_stops_it_is_obeyed(three):
    """Nothing more begins; what is under way ends, and then the feeder is done."""
    three.feeder.step()
    three.batches.change(three.batch.id, state="paused")
    three.end(1)
    assert three.feeder.step()
    assert three.submitted == [1, 2]
    three.end(2)
    assert not three.feeder.step()
    assert (three.state, three.states()) == ("paused", ["succeeded", "succeeded", "pending"])


def test_a_run_that_somebody_tried_again_is_its_rows(three):
    """And so is what somebody found out of one whose outcome was unknown."""
    three.feeder.step()
    three.end(1, "unknown", "unknown", "unknown", None)
    three.end(2, "unknown", "unknown", "unknown", None)
    three.feeder.step()
    three.end(3)
    (unknown,) = three.runs(2)
    known = {"outcome": "lost", "billed": "yes", "credits": 3.0}
    three.history.enter(unknown.id, "failed", "it was paid for", among=frozenset({"unknown"}), **known)
    three.submit(three.batch, three.rows.rows()[0])
    assert three.feeder.step()
    assert three.states() == ["running", "running", "succeeded"]
    three.end(1)
    assert not three.feeder.step()
    assert (three.state, three.states()) == ("done", ["succeeded", "failed", "succeeded"])
    assert three.rows.counts().credits == 12


def test_only_what_may_be_done_again_is(tmp_path):
    """What was paid for never; what may have been only by its own word."""
    endings = [
        ("succeeded", "success", "yes"),
        ("failed", "upstream_failed", "no"),
        ("failed", "moderated", "no"),
        ("failed", "upstream_failed", "yes"),
        ("failed", "filtered", "unknown"),
        ("unknown", "unknown", "unknown"),
        ("cancelled", "cancelled", "no"),
        ("cancelled", "job_cancelled", "unknown"),
    ]
    batchery = Batchery(tmp_path, len(endings), concurrency=9)
    batchery.feeder.step()
    for number, ending in enumerate(endings, 1):
        batchery.end(number, *ending)
    assert not batchery.feeder.step()

    def pending():
        return [row.number for row in batchery.rows.rows() if row.state == "pending"]

    assert (batchery.rows.again(), pending()) == (1, [7])
    assert (batchery.rows.again(failed=True), pending()) == (1, [2, 7])
    assert (batchery.rows.again(unknown=True), pending()) == (2, [2, 5, 6, 7])
    batchery.batches.change(batchery.batch.id, state="feeding")
    batchery.new_feeder().step()
    again, before = batchery.runs(6)
    assert again.retry_of == before.id


def test_a_row_costs_the_database_as_much_in_a_large_batch_as_in_a_small_one(tmp_path):
    """Acts for each row are counted, not seconds."""

    def acts(rows):
        batchery = Batchery(tmp_path / str(rows), rows, concurrency=20)
        before = batchery.database.acts
        while batchery.feeder.step():
            batchery.end_all()
        assert batchery.state == "done"
        return (batchery.database.acts - before) / rows

    small, large = acts(40), acts(400)
    assert large <= small < 3
