"""What may cost is in the ledger as it is: before it leaves, while it is away, and however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace
from typing import Any

import pytest
from upstream import JOB_ID, OTHER, World, answer, picture

from connector import errors
from connector.engine import accounting
from connector.engine.accounting import CallAccount
from connector.engine.result import Result
from connector.storage.blocking import Inline
from connector.storage.database.database import Database
from connector.storage.ledger.ledger import Ledger

DONE = Result("paint", "success", 200, {}, request_id="r1")
PARCELS = {"PARCELS_CLIENT_ID": "me", "PARCELS_CLIENT_SECRET": "TOPSECRET-parcels"}


class Desk:
    """The ledger in memory, and whoever is told of what happens."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger: Any = Ledger(database)
        self.told: list[Any] = []
        self.engine: Any = SimpleNamespace(
            workspace=self, integration=SimpleNamespace(id="studio"), io=Inline(), tell=self.told.append
        )

    def spending(self, *, paid: bool = True, job: object = None, cap: float | None = None) -> CallAccount:
        estimate = SimpleNamespace(paid=paid, credits=3.0 if paid else 0.0)
        call = SimpleNamespace(estimate=estimate, action=SimpleNamespace(id="paint", job=job), key="fp")
        destination = SimpleNamespace(connection="main", environment="production", cap=cap)
        prepared: Any = SimpleNamespace(call=call, destination=destination)
        return CallAccount(self.engine, prepared)

    def intended(self, **facts: Any) -> CallAccount:
        spent = self.spending(**facts)
        asyncio.run(spent.intend())
        return spent

    def entry(self) -> Any:
        [entry] = self.ledger.entries()
        return entry


class Broken:
    """A ledger whose disk is full."""

    def settle(self, *given: object, **facts: object) -> None:
        raise errors.DatabaseUnavailable("the disk is full")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with closing(Database()) as database:
        yield Desk(database)


def test_what_can_cost_nothing_is_not_written_down(desk: Desk) -> None:
    """However it goes; but a job is, also where it is free, since it has to be found again."""
    spent = desk.intended(paid=False)
    spent.leaving()
    spent.unrun()
    spent.close(DONE, None)
    assert (spent.id, desk.ledger.entries()) == (None, [])

    job = desk.intended(paid=False, job=object())
    job.close(DONE, None)
    assert (desk.entry().id, desk.entry().billed, desk.entry().credits) == (job.id, "no", 0.0)


def test_a_result_is_done_at_its_price(desk: Desk) -> None:
    """With the upstream's id of the request."""
    spent = desk.intended()
    spent.leaving()
    spent.close(DONE, None)
    entry = desk.entry()
    assert (entry.state, entry.outcome, entry.billed, entry.credits) == ("done", "success", "yes", 3.0)
    assert entry.request_id == "r1"


@pytest.mark.parametrize(
    ("error", "state", "outcome", "billed", "credits"),
    [
        (errors.BadRequest("x", request_id="r2"), "failed", "bad_request", "no", 0.0),
        (errors.Unreachable("x", request_id="r2"), "failed", "unreachable", "no", 0.0),
        (errors.Filtered("x", request_id="r2"), "failed", "filtered", "unknown", 3.0),
        (errors.UpstreamFailed("x", request_id="r2", billed="no"), "failed", "upstream_failed", "no", 0.0),
        (errors.InvalidAnswer("x", request_id="r2", billed="yes"), "failed", "invalid_answer", "yes", 3.0),
        (errors.OutcomeUnknown("x", request_id="r2"), "unknown", "unknown", "unknown", 3.0),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_a_failure_is_as_it_was_told(
    desk: Desk, error: Any, state: str, outcome: str, billed: str, credits: float
) -> None:
    """What was not billed costs nothing, and the error knows its row."""
    spent = desk.intended()
    spent.leaving()
    spent.close(None, error)
    entry = desk.entry()
    assert (entry.state, entry.outcome, entry.billed, entry.credits) == (state, outcome, billed, credits)
    assert (entry.request_id, entry.message) == ("r2", "x")
    assert error.invocation_id == spent.id


def test_a_failure_of_ours_before_it_leaves_is_told_too(desk: Desk) -> None:
    """It is not taken for somebody's who went away."""
    spent = desk.intended()
    spent.close(None, errors.MissingCredential("no key"))
    assert (desk.entry().state, desk.entry().outcome, desk.entry().billed) == (
        "failed", "missing_credential", "no",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("acts", "state", "outcome", "billed"),
    [
        ([], "failed", "not_sent", "no"),
        (["leaving"], "unknown", "unknown", "unknown"),
        (["leaving", "unrun"], "failed", "not_sent", "no"),
        (["leaving", "unrun", "leaving"], "unknown", "unknown", "unknown"),
    ],
)
def test_who_is_stopped_says_whether_it_was_away(
    desk: Desk, acts: list[str], state: str, outcome: str, billed: str
) -> None:
    """Only what is away just then may have cost something."""
    spent = desk.intended()
    for act in acts:
        getattr(spent, act)()
    spent.close(None, KeyboardInterrupt())
    assert (desk.entry().state, desk.entry().outcome, desk.entry().billed) == (state, outcome, billed)


def test_who_is_stopped_while_its_row_is_written_sends_nothing(desk: Desk) -> None:
    """The row may come to be after whoever wanted it has gone, and is settled then."""
    spent = desk.spending()
    spent.close(None, asyncio.CancelledError())
    asyncio.run(spent.intend())
    assert (desk.entry().state, desk.entry().outcome) == ("failed", "not_sent")


def test_what_somebody_cancelled_stays_cancelled(desk: Desk) -> None:
    """It does not leave, and how it ended is not ours to say any more."""
    spent = desk.intended()
    desk.ledger.cancel(spent.id)
    with pytest.raises(errors.JobCancelled) as stopped:
        spent.leaving()
    spent.close(None, stopped.value)
    assert (desk.entry().state, desk.entry().outcome) == ("cancelled", "job_cancelled")


def test_four_fifths_of_a_cap_are_told(desk: Desk) -> None:
    """And no less than that."""
    desk.intended(cap=7.0)
    assert desk.told == []
    desk.intended(cap=7.0)
    assert [event.kind for event in desk.told] == ["near_cap"]


def test_what_cannot_be_written_down_does_not_hide_the_failure(desk: Desk) -> None:
    """The call's own error is raised, and says so too; whoever looks on is told."""
    spent, error = desk.intended(), errors.BadRequest("no")
    desk.ledger = Broken()
    accounting.give_up(desk.engine, spent, error)
    said = "How it ended could not be written down: the disk is full"
    assert error.__notes__ == [said]
    assert [(event.kind, event.sentence) for event in desk.told] == [("warning", said)]


def test_nor_does_it_take_the_result(desk: Desk) -> None:
    """It was paid for: the caller has it, with a warning."""
    spent = desk.intended()
    desk.ledger = Broken()
    settle = partial(spent.close, DONE, None)
    result = asyncio.run(accounting.settled(desk.engine, DONE, settle, spent.id))
    [warning] = result.warnings
    assert (warning.severity, warning.message) == (
        "warning", "the result could not be written down: the disk is full",
    )  # fmt: skip
    assert [event.kind for event in desk.told] == ["warning"]


def test_a_free_use_is_not_billed(tmp_path: Path) -> None:
    """Its result says so."""
    with closing(World(tmp_path, answer(200, {"credits": 7})).connector) as connector:
        result = connector.invoke("balance")
    assert (result.billed, result.credits, result.invocation_id) == ("no", 0, None)


def test_a_result_keeps_its_warnings(tmp_path: Path) -> None:
    """What was odd about the inputs, and did not keep them from being sent."""
    with closing(World(tmp_path, picture()).connector) as connector:
        result = connector.invoke("stable-diffusion-3", {"prompt": "x", "model": "sd9"})
    assert (result.outcome, [one.path for one in result.warnings]) == ("success", ["model"])


def test_a_filtered_result_keeps_its_warnings(tmp_path: Path) -> None:
    """As any other."""
    with closing(World(tmp_path, picture(finish_reason="CONTENT_FILTERED")).connector) as connector:
        given = {"prompt": "x", "model": "sd9"}
        result = connector.invoke("stable-diffusion-3", given, on_filtered="return")
    assert (result.outcome, [one.path for one in result.warnings]) == ("filtered", ["model"])
    assert (result.environment, result.invocation_id is not None) == ("production", True)
    assert (result.billed, result.credits) == ("unknown", None)


def test_a_key_that_is_no_token_is_not_tried_twice(tmp_path: Path) -> None:
    """It would be refused once more."""
    world = World(tmp_path, answer(401), answer(200, {}))
    with closing(world.connector), pytest.raises(errors.Unauthorized):
        world.connector.invoke("balance")
    assert len(world.sent()) == 1


def test_the_older_path_is_for_what_it_is_declared_for(tmp_path: Path) -> None:
    """Another failure of the first is a failure."""
    world = World(tmp_path, answer(400, {"errors": ["x"]}), picture())
    with closing(world.connector), pytest.raises(errors.BadRequest):
        world.connector.invoke("fetch-creative-upscale-result", {"id": JOB_ID})
    assert len(world.sent()) == 1


def test_a_token_that_was_got_anew_goes_in_the_place_of_the_old(tmp_path: Path) -> None:
    """There is one of each header, and nobody sees either token."""
    folder = copytree(OTHER, tmp_path / "other")
    manifest = (folder / "integration.yaml").read_text()
    key = '    also: [{in: header, name: X-App, value: "{{ credential.client_id }}"}]\n'
    (folder / "integration.yaml").write_text(
        manifest.replace("    scope: parcels\n", f"    scope: parcels\n{key}")
    )
    world = World(
        tmp_path,
        answer(200, {"access_token": "token-TOPSECRET-1"}),
        answer(401),
        answer(200, {"access_token": "token-TOPSECRET-2"}),
        answer(200, {"seen": ["token-TOPSECRET-1", "token-TOPSECRET-2"]}),
        integration=folder,
        environ=PARCELS,
    )
    with closing(world.connector):
        result = world.connector.invoke("track-parcel", {"number": "P-1"})
    sent = world.upstream.requests[-1].headers.multi_items()
    assert [value for name, value in sent if name == "authorization"] == ["Bearer token-TOPSECRET-2"]
    assert [value for name, value in sent if name == "x-app"] == ["me"]
    assert result.value == {"seen": ["********", "********"]}
