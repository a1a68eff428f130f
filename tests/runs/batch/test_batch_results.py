"""What became of a batch is in its folder: files that are named by row, and tables that survive a kill."""

import csv
import errno
import json

import pytest
from runs.batchery import Batchery
from upstream import PNG

from connector.errors import InvocationError
from connector.media import from_bytes
from connector.runs.batch import output_folder, results
from connector.runs.batch.output_folder import CannotDeliver, OutputFolder
from connector.runs.batch.tables import Tables
from connector.runs.contact_sheet import of_batch
from connector.storage.files.store import FileStore


def entry(row, **facts):
    return {"row": row, "state": "succeeded", "inputs": {"prompt": f"boat {row}", "seed": row}} | facts


def read(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]


def cells(folder):
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_both_tables_can_be_read_at_any_moment(tmp_path):
    """A line for each row that has ended, with a column for each input."""
    tables = Tables(tmp_path, ["prompt", "seed"])
    tables.add([entry(2, credits=3.0, message='not "that",\nnor this')])
    assert read(tmp_path) == [entry(2, credits=3.0, message='not "that",\nnor this')]
    (row,) = cells(tmp_path)
    assert list(row)[:3] == ["row", "state", "outcome"]
    assert (row["row"], row["credits"], row["message"]) == ("2", "3", 'not "that",\nnor this')
    assert (row["input.prompt"], row["input.seed"], row["file"]) == ("boat 2", "2", "")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-", "+1a"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_text_there(text, tmp_path):
    """The CSV alone is for spreadsheets; the lines have it as it is."""
    inputs = {"prompt": text, "seed": -4}
    Tables(tmp_path, inputs).add([entry(1, inputs=inputs, message=text)])
    (row,) = cells(tmp_path)
    assert (row["input.prompt"], row["message"], row["input.seed"]) == (f"'{text}", f"'{text}", "-4")
    assert read(tmp_path) == [entry(1, inputs=inputs, message=text)]


@pytest.mark.parametrize("text", ["-4", "+1.5", "a = b", "'=1", "1-2"])
def test_other_texts_are_cells_as_they_are(text, tmp_path):
    Tables(tmp_path, ["prompt"]).add([entry(1, inputs={"prompt": text})])
    assert [row["input.prompt"] for row in cells(tmp_path)] == [text]


def test_in_the_end_there_is_one_line_for_each_row_in_their_order(tmp_path):
    """Of a row that was done again, the last one."""
    tables = Tables(tmp_path, ["prompt"])
    tables.add([entry(10), entry(2, state="failed")])
    tables.add([entry(1), entry(2)])
    tables.finish()
    assert read(tmp_path) == list(tables.entries()) == [entry(1), entry(2), entry(10)]
    assert [row["row"] for row in cells(tmp_path)] == ["1", "2", "10"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.csv", "results.jsonl"]


@pytest.mark.parametrize("torn", ["", '{"row": 3, "inp', "{" * 70_000], ids=["nothing", "a little", "much"])
def test_what_a_kill_left_half_written_is_mended(torn, tmp_path):
    """And a table that lagged behind has every line again."""
    Tables(tmp_path, []).add([entry(1), entry(2)])
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write(torn)
    (tmp_path / "results.csv").write_text("row,sta")
    tables = Tables(tmp_path, [])
    tables.add([entry(3)])
    assert read(tmp_path) == [entry(1), entry(2), entry(3)]
    assert [row["row"] for row in cells(tmp_path)] == ["1", "2", "3"]


class Bench:
    """A batch whose runs give pictures, and the folder that they are for."""

    def __init__(self, home, rows=3):
        self.batchery = Batchery(home, rows, concurrency=rows)
        self.batchery.feeder.step()
        self.files = FileStore(self.batchery.workspace.database, home / "files", self.batchery.clock)
        self.folder = home / "out"

    def end(self, number, content=PNG, **facts):
        stored = self.files.put(from_bytes(content, name="x.png"), source="result")
        result = {"seed": 40 + number}
        self.batchery.end(number, file=stored.id, result=result, **facts)
        self.batchery.rows.settle()
        return stored

    def deliver(self):
        """The rows that somebody delivers who was just started, and how they are called."""
        facts = (self.folder, self.batchery.rows, self.batchery.history, self.files)
        begun = OutputFolder(*facts, ["prompt", "seed"])
        try:
            return [row.number for row in begun.deliver()]
        finally:
            begun.close()

    def names(self):
        return sorted(path.name for path in self.folder.glob("*.png"))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_files_are_named_by_their_rows(bench):
    """And are there once, however often it is asked."""
    bench.end(2)
    assert (bench.deliver(), bench.deliver()) == ([2], [])
    assert bench.names() == ["0002-boat-2.png"]
    assert (bench.folder / "0002-boat-2.png").read_bytes() == PNG
    (told,) = read(bench.folder)
    run = bench.batchery.runs(2)[0]
    assert told == {
        "row": 2, "inputs": {"prompt": "boat 2"}, "state": "succeeded", "outcome": "success",
        "file": "0002-boat-2.png", "seed": 42, "credits": 3, "billed": "yes", "seconds": run.seconds,
        "run": run.id, "message": None,
    }  # fmt: skip


def test_a_row_without_a_file_is_told_all_the_same(bench):
    """With why."""
    bench.batchery.end(1, "failed", "moderated", "no", 0.0, error={"message": "not that"})
    bench.batchery.rows.settle()
    assert bench.deliver() == [1]
    (told,) = read(bench.folder)
    assert (told["state"], told["outcome"], told["file"], told["message"]) == (
        "failed",
        "moderated",
        None,
        "not that",
    )


def test_what_was_delivered_by_a_process_that_was_killed_is_found(bench):
    """It is not put there a second time; a file that was begun is written anew."""
    bench.end(1)
    bench.deliver()
    bench.batchery.database.write("UPDATE batch_rows SET files = NULL", {})
    (bench.folder / ".0001-boat-1.part").write_bytes(b"half")
    assert bench.deliver() == [1]
    assert bench.names() == ["0001-boat-1.png"]
    assert not list(bench.folder.glob(".*"))


def test_nothing_is_overwritten(bench):
    """Somebody else's file keeps its name."""
    bench.folder.mkdir()
    (bench.folder / "0001-boat-1.png").write_bytes(b"mine")
    bench.end(1)
    bench.deliver()
    assert bench.names() == ["0001-boat-1-2.png", "0001-boat-1.png"]
    assert (bench.folder / "0001-boat-1.png").read_bytes() == b"mine"
    assert read(bench.folder)[0]["file"] == "0001-boat-1-2.png"


def test_a_file_that_is_gone_is_none(bench):
    """Who looks at a batch a month later gets its table."""
    stored = bench.end(1)
    bench.files.remove(stored.id)
    assert bench.deliver() == [1]
    assert (bench.names(), read(bench.folder)[0]["file"]) == ([], None)


def test_one_process_delivers_into_a_folder(bench):
    """The other one is told."""
    facts = (bench.folder, bench.batchery.rows, bench.batchery.history, bench.files, [])
    first = OutputFolder(*facts)
    with pytest.raises(InvocationError, match="another process puts results into"):
        OutputFolder(*facts)
    first.close()
    OutputFolder(*facts).close()


def test_a_folder_without_room_is_told_and_nothing_is_lost(bench, monkeypatch):
    """Whoever comes when there is room delivers what is missing."""
    bench.end(1)
    with monkeypatch.context() as patch:
        patch.setattr(output_folder.shutil, "copyfileobj", _full)
        with pytest.raises(CannotDeliver, match="No space left on device"):
            bench.deliver()
    assert bench.deliver() == [1]
    assert (bench.names(), len(read(bench.folder))) == (["0001-boat-1.png"], 1)


def _full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_files_of_a_workflow_are_those_of_its_outputs(bench):
    """Each with the name of its output."""
    stored = [bench.files.put(from_bytes(PNG + bytes([n]), name="x.png")) for n in range(3)]
    first, second, third = (one.reference for one in stored)
    outputs = {"cut out": first, "variants": [{"file": second, "seed": 1}, third], "said": "a boat"}
    bench.batchery.history.change(bench.batchery.runs(1)[0].id, kind="workflow")
    bench.batchery.end(1, result={"outputs": outputs})
    bench.batchery.rows.settle()
    bench.deliver()
    names = ["0001-boat-1-cut-out.png", "0001-boat-1-variants-1.png", "0001-boat-1-variants-2.png"]
    assert (bench.names(), read(bench.folder)[0]["files"]) == (names, names)


def test_a_sheet_shows_the_pictures(bench):
    """A bounded number of them, from the whole length of the batch."""
    for number in (1, 2):
        bench.end(number)
    bench.deliver()
    made = of_batch.put(bench.folder, Tables(bench.folder, []), "boats")
    assert made == bench.folder / "contact-sheet.png"
    assert made.read_bytes().startswith(b"\x89PNG")


def test_a_batch_of_which_nothing_can_be_drawn_has_no_sheet(tmp_path):
    """Nothing is made of nothing."""
    tables = Tables(tmp_path, [])
    tables.add([entry(1)])
    assert of_batch.put(tmp_path, tables, "boats") is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"prompt": "a", "seed": 0}, {"prompt": "a", "seed": 1}], ["seed: 0", "seed: 1"]),
        ([{"prompt": "a", "seed": 1}, {"prompt": "b"}], ["prompt: a, seed: 1", "prompt: b"]),
        ([{"wide": False}, {"wide": True}, {"wide": None}], ["wide: false", "wide: true", ""]),
        ([{"prompt": "a", "seed": 1}], ["prompt: a, seed: 1"]),
        ([{"prompt": "a"}, {"prompt": "a"}], ["", ""]),
        ([{"image": "file:1"}, {"image": "gone"}], ["image: boat.png", "image: gone"]),
        ([{"prompt": "a\nb  c"}, {"prompt": "d" * 500}], ["prompt: a\nb  c", f"prompt: {'d' * 120}"]),
        ([], []),
    ],
)
def test_rows_are_told_by_what_varies(rows, told):
    """By the inputs that are not the same in all, files by their names."""
    files = {"file:1": from_bytes(PNG, name="boat.png")}
    assert results.differences(rows, files.get) == told


def test_what_varies_stands_below_each_picture():
    """With its number and what it gave; a file that is gone has a tile all the same."""
    facts = {"outcome": "success", "credits": 3.0, "seed": 7}
    rows = [entry(2, file="a.png", **facts), entry(3, file="b.png", state="failed", outcome="filtered")]
    media = from_bytes(PNG, name="a.png")
    first, second = of_batch.tiles(rows, {"a.png": media}.get)
    assert (first.title, first.facts) == ("2. prompt: boat 2, seed: 2", "success, seed 7, 3 credits")
    assert (first.picture, second.picture, second.failed) == (media, None, True)


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (60, 60), (61, 60), (5000, 60)])
def test_a_sheet_has_so_many_pictures_at_most(count, shown):
    """The first one is among them."""
    chosen = of_batch.spread(range(count))
    assert (len(chosen), min(chosen)) == (shown, 0)
    assert max(chosen) >= count - count / 60 - 1
