"""Durable runs are asked for in a terminal, and done by a worker, whoever that is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from given_run import GIVEN

from connector.cli.report.durable_client import desk
from connector.runs.worker.foreground import Foreground
from connector.spec.cache import default_folder
from connector.spec.loader import load_lazily
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.model import Run

NOBODY = "No worker is alive"
CORE = "jobs submit stable-image-core -e sandbox --prompt"


def submitted(run: Any, line: str = "jobs submit balance -e sandbox") -> str:
    return str(run(f"{line} -q").out.strip())


def at_work() -> Foreground:
    """A worker, for as long as the block lasts."""
    return Foreground(Path(os.environ["CONNECTOR_HOME"]), [load_lazily(default_folder())])


def ended(run_id: str, state: Any, **facts: Any) -> Run:
    """The run as though a worker had ended it so."""
    with desk(default_folder()) as opened:
        return opened.runs.history.enter(run_id, state, "it ended", **facts)


def test_what_is_submitted_is_written_down(run: Any) -> None:
    """The id comes at once; where nobody would do it, that is said."""
    given = run("jobs submit balance -e sandbox")
    assert given.code == 0
    assert NOBODY in given.err
    assert "connector worker" in given.err
    listed = run("jobs list --json").document
    assert [(one["id"], one["state"]) for one in listed["runs"]] == [(given.out.strip(), "queued")]
    assert listed["jobs"] == []


def test_runs_are_found_by_words_dates_and_outcome(run: Any) -> None:
    """All of this home, those that a host did by itself too; what is not on the list is told."""
    red, blue = submitted(run, f"{CORE} 'a red boat'"), submitted(run, f"{CORE} 'a blue boat'")
    ended(red, "failed", outcome="moderated")
    ended(blue, "succeeded", outcome="success")
    with desk(default_folder()) as opened:
        own, _ = opened.runs.history.open(GIVEN | {"inputs": {"prompt": "Rowing home"}})

    def found(line: str) -> list[str]:
        told = run(f"jobs list {line} --json").document
        assert told["total"] == len(told["runs"])
        return [each["id"] for each in told["runs"]]

    assert found("") == [own.id, blue, red]
    assert found("--text 'BOAT a'") == [blue, red]
    assert found("--text rowing") == [own.id]
    assert found("--text boat --outcome moderated") == [red]
    assert found("--outcome success --state succeeded") == [blue]
    assert found("--since 2020-01-01 --until 2020-12-31") == []
    assert found("--since 2020-01-01 --until 2100-01-01T00:00:00Z --text red") == [red]
    told = run("jobs list --limit 1 --text boat")
    assert blue in told.out
    assert red not in told.out
    assert "1 of 2 runs; more with --limit N" in told.err


def test_what_cannot_be_sent_is_not_written_down(run: Any) -> None:
    """Inputs are checked when they are submitted, and not when a worker comes to them."""
    given = run("jobs submit stable-image-core -e sandbox --seed -4")
    assert given.code == 2
    assert "prompt: is required" in given.err
    assert "seed: " in given.err
    assert "There is none." in run("jobs list").err


def test_a_worker_does_it_and_a_person_gets_the_file(run: Any) -> None:
    """Waiting ends with the file and the exit code of the outcome; nothing is overwritten."""
    good = submitted(run, f"{CORE} boat --output-format webp")
    bad = submitted(run, f"{CORE} sandbox-refuse")
    Path("boat.webp").write_text("mine")
    with at_work():
        waited = run(f"jobs wait {good} -o boat.webp")
        refused = run(f"jobs wait {bad} --json")
    assert (waited.code, waited.out) == (0, "boat-2.webp\n"), waited
    assert Path("boat-2.webp").read_bytes()[8:12] == b"WEBP"
    assert "3 credits" in waited.err
    assert refused.code == 4
    assert refused.document["error"]["code"] == "moderated"
    watched = run(f"jobs watch {bad} --json")
    assert watched.code == 4
    assert [json.loads(line)["kind"] for line in watched.out.splitlines()][-1] == "failed"
    shown = run(f"jobs show {good}").out
    assert all(text in shown for text in ("Stable Image Core", 'prompt = "boat"', "3 credits", "file:"))


def test_waiting_does_not_last_longer_than_it_may(run: Any) -> None:
    """A run that is not finished in time has the exit code of a job that is not."""
    waited = run(f"jobs wait {submitted(run)} --timeout 0")
    assert waited.code == 9
    assert "is queued; it goes on" in waited.err
    assert run("jobs wait 0123").code == 2


def test_a_run_is_stopped_before_it_is_sent(run: Any) -> None:
    """What queues is never sent; it ends, and is waited for no longer."""
    run_id = submitted(run)
    assert "It is cancelled." in run(f"jobs cancel {run_id}").err
    assert "has ended already: cancelled" in run(f"jobs cancel {run_id}").err
    waited = run(f"jobs wait {run_id}")
    assert waited.code == 9
    assert "somebody cancelled it" in waited.err


def test_who_does_the_same_again_hears_what_is_unknown(run: Any) -> None:
    """Before it is paid for once more; of the same action, in the same place, until somebody has decided."""
    line = "stable-image-core -e sandbox --prompt x -o"
    with desk(default_folder()) as opened:
        ledger = opened.connector.workspace.ledger
        entry = LedgerEntry("stabilityai", "stable-image-core", "", "sandbox", "", 3.0)
        lost = ledger.intend(entry).id
        ledger.sent(lost)
        ledger.settle(lost, "unknown", "unknown")
    again = run(f"invoke {line} a.png")
    assert again.code == 0
    assert lost in again.err
    assert "connector jobs unknown" in again.err
    assert lost not in run("invoke engines -e sandbox").err
    run(f"jobs mark {lost} --unpaid")
    assert lost not in run(f"invoke {line} b.png").err


def test_a_person_decides_on_what_nobody_knows(run: Any) -> None:
    """Each such run is named with what to do; what is decided is listed no more."""
    assert "There is none" in run("jobs unknown").err
    first, second = submitted(run), submitted(run)
    error = {"code": "unknown", "message": "no answer came"}
    for run_id in (first, second):
        ended(run_id, "unknown", outcome="unknown", credits=3.0, error=error)
    listed = run("jobs unknown")
    assert all(text in listed.out for text in (first, second, "up to 3 credits", "no answer came"))
    assert "connector jobs mark ID --unpaid" in listed.err
    assert run(f"jobs wait {first}").code == 8
    assert run(f"jobs mark {first}").code == 2
    assert run(f"jobs mark {first} --paid --unpaid").code == 2
    assert "nothing was paid" in run(f"jobs mark {first} --unpaid").err
    assert "3 credits were paid" in run(f"jobs mark {second} --paid").err
    assert run("jobs unknown --json").document == {"unknown": [], "kept": []}
    again = run(f"jobs retry {first}")
    assert NOBODY in again.err
    assert f"tries again  {first}" in run(f"jobs show {again.out.strip()}").out
    assert run(f"jobs retry {first}").code == 2


@pytest.mark.parametrize("name", ["list", "submit", "show", "watch", "wait", "cancel", "mark", "retry"])
def test_each_word_has_help_that_fits(name: str, run: Any) -> None:
    """Help does nothing, and fits into 80 columns."""
    shown = run(f"jobs {name} --help")
    assert shown.code == 0
    assert f"connector jobs {name}" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
