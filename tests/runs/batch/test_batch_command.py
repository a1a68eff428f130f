"""``connector batch`` as somebody uses it: stopped and killed, gone on with, and nothing paid for twice."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from runs.world import CORE, far, integration

from connector.cli import main

_SCRIPT = "import sys; from connector.cli import main; sys.exit(main(['batch', *sys.argv[1:]]))"
_PATIENCE = 240


class Place:
    """A folder with an integration that leads to a far side of its own, and commands that are run in it."""

    def __init__(self, folder, far, capfd):
        self.far = far
        self.folder = folder
        self.out = folder / "out"
        self._capfd = capfd
        integration(folder / "api", far.url)

    def rows(self, count, name="rows.csv"):
        lines = "".join(f"picture {number},{number}\n" for number in range(1, count + 1))
        (self.folder / name).write_text(f"prompt,seed\n{lines}")

    def begin(self, *words):
        """The command, as a process that can be killed."""
        return subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *words):
        """How the command ended: its code, and what it printed."""
        self._capfd.readouterr()
        code = main(["batch", *words])
        printed = self._capfd.readouterr()
        return code, printed.out, printed.err

    def batch(self, *words):
        """One over the rows, as JSON."""
        code, out, err = self.run(CORE, "rows.csv", "-o", "out", "--no-sheet", "--json", *words)
        assert out, err
        return code, json.loads(out)

    def table(self):
        return [json.loads(line) for line in (self.out / "results.jsonl").read_text().splitlines()]

    def files(self):
        return sorted(path.name for path in self.out.glob("*.png"))


@pytest.fixture
def place(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONNECTOR_INTEGRATION", str(tmp_path / "api"))
    monkeypatch.delenv("CONNECTOR_ENVIRONMENT", raising=False)
    with far(job_seconds=1) as opened:
        yield Place(tmp_path, opened, capfd)


def wait_for(process, place, count):
    """So many rows have been delivered when this returns."""
    table = place.out / "results.jsonl"

    def is_there():
        return table.exists() and table.read_text().count("\n") >= count

    while not is_there():
        assert process.poll() is None or is_there(), process.communicate()
        time.sleep(0.02)


def test_a_batch_that_is_killed_goes_on_and_pays_for_nothing_twice(place):
    """Every row is done, or told as one of which nobody knows; the far side's ledger has no row twice."""
    place.rows(30)
    for delivered in (2, 12):
        process = place.begin(CORE, "rows.csv", "-o", "out", "--concurrency", "4", "--no-sheet")
        wait_for(process, place, delivered)
        process.kill()
        process.communicate()
    code, told = place.batch("--concurrency", "4")
    assert set(told["rows"]) <= {"succeeded", "unknown"}
    assert sum(told["rows"].values()) == told["total"] == 30
    assert code == (11 if told["rows"].get("unknown") else 0)
    assert max(Counter(place.far.paid()).values()) == 1
    done = [row for row in place.table() if row["state"] == "succeeded"]
    assert [row["row"] for row in place.table()] == list(range(1, 31))
    assert place.files() == [row["file"] for row in done]
    assert [row["file"] for row in done] == [f"{row['row']:04d}-picture-{row['row']}.png" for row in done]
    paid = len(place.far.paid())
    assert place.batch()[1]["rows"] == told["rows"]
    assert len(place.far.paid()) == paid


def test_ctrl_c_lets_what_is_under_way_end_and_says_how_to_go_on(place):
    """The same command takes the rest."""
    place.rows(60)
    process = place.begin(CORE, "rows.csv", "-o", "out", "--concurrency", "1", "--no-sheet")
    wait_for(process, place, 2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 130, err
    assert "Go on with: connector batch stable-image-core rows.csv -o out" in err
    assert {row["state"] for row in place.table()} == {"succeeded"}
    code, told = place.batch()
    assert (code, told["rows"], told["state"]) == (0, {"succeeded": 60}, "done")
    assert sorted(place.far.paid()) == sorted(f"picture {number}" for number in range(1, 61))


def test_a_batch_is_cancelled_from_another_process(place):
    """Whoever works on it begins no more rows, and says so."""
    place.rows(60)
    process = place.begin(
        CORE, "rows.csv", "-o", "out", "--concurrency", "1", "--no-sheet", "--name", "boats"
    )
    wait_for(process, place, 1)
    code, _, err = place.run("cancel", "boats")
    assert (code, "boats is cancelled: " in err) == (0, True)
    _, err = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, "It stopped: somebody cancelled it" in err) == (11, True), err
    assert len(place.far.paid()) < 60


def test_only_what_failed_and_cost_nothing_is_tried_again(place):
    """By its own word, and the files of the others stay."""
    place.rows(5)
    place.batch("--limit-credits", "6")
    place.far.fault("error", status=503)
    code, told = place.batch()
    assert (code, told["rows"]) == (11, {"succeeded": 2, "failed": 3})
    place.far.well()
    assert place.batch()[1]["rows"] == {"succeeded": 2, "failed": 3}
    code, told = place.batch("--retry-failed")
    assert (code, told["rows"]) == (0, {"succeeded": 5})
    assert sorted(place.far.paid()) == [f"picture {number}" for number in range(1, 6)]
    assert len(place.files()) == 5


def test_a_limit_is_never_passed_and_a_higher_one_goes_on(place):
    """What is left is told as such."""
    place.rows(5)
    code, told = place.batch("--limit-credits", "10")
    assert (code, told["state"], told["credits"]) == (5, "limited", 9)
    assert told["rows"] == {"succeeded": 3, "pending": 2}
    assert len(place.far.paid()) == 3
    code, told = place.batch("--limit-credits", "100")
    assert (code, told["state"], told["rows"]) == (0, "done", {"succeeded": 5})


def test_rows_are_appended_and_changed(place):
    """New ones are done; those that were done are told, and stay."""
    place.rows(2)
    place.batch()
    (place.folder / "rows.csv").write_text("prompt,seed\npicture 1,1\nanother,2\nnew,3\n")
    code, _, err = place.run(CORE, "rows.csv", "-o", "out", "--no-sheet")
    assert code == 0, err
    assert "1 row is new" in err
    assert "1 row changed after it was done, and stays as it is: 2" in err
    assert sorted(place.far.paid()) == ["new", "picture 1", "picture 2"]
    assert place.files() == ["0001-picture-1.png", "0002-picture-2.png", "0003-new.png"]


def test_a_dry_run_tells_all_and_sends_nothing(place):
    """What it costs, what is there, how long it takes; and every problem."""
    place.rows(40)
    code, told = place.batch("--dry-run")
    facts = {name: told[name] for name in ("rows", "credits", "done", "problems")}
    assert (code, facts) == (0, {"rows": 40, "credits": 120, "done": 0, "problems": []})
    assert (told["balance"] > 120, told["seconds"] > 0) == (True, True)
    (place.folder / "rows.csv").write_text("prompt,seed\n,1\nb,x\n")
    code, told = place.batch("--dry-run")
    assert code == 2
    assert [(one["line"], one["field"]) for one in told["problems"]] == [(2, "prompt"), (3, "seed")]
    assert place.far.paid() == []
    assert not place.out.exists()


def test_a_batch_is_listed_shown_and_cancelled(place):
    """By its name."""
    place.rows(3)
    place.batch("--name", "boats", "--limit-credits", "3")
    code, out, _ = place.run("list")
    assert (code, "boats" in out, "1 of 3" in out) == (0, True, True)
    code, out, _ = place.run("show", "boats")
    assert (code, "limited" in out, "3 credits of at most 3" in out) == (0, True, True)
    code, out, _ = place.run("cancel", "boats", "--json")
    assert (code, json.loads(out)["state"]) == (0, "cancelled")
    code, told = place.batch("--name", "boats")
    assert (code, told["rows"]) == (0, {"succeeded": 3})


def test_a_folder_has_the_results_of_one_batch(place):
    """Another one is refused before anything is written."""
    place.rows(1)
    place.batch()
    place.rows(2, "others.csv")
    code, _, err = place.run(CORE, "others.csv", "-o", "out")
    assert (code, "is there already, of something else" in err) == (2, True)
    code, _, err = place.run(CORE, "others.csv", "-o", "elsewhere", "--name", _name(place))
    assert (code, "whose results go to" in err) == (2, True)
    assert place.far.paid() == ["picture 1"]


def _name(place):
    return json.loads(place.run("list", "--json")[1])["batches"][0]["name"]
