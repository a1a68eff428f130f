"""Rows are what stands in a file, or files themselves; what is wrong with one is told by its line."""

import tracemalloc
from pathlib import Path

import pytest
import yaml
from port import INTEGRATION, SAMPLES

from connector.errors import InvalidArguments
from connector.runs.batch.columns import Naming
from connector.runs.batch.read_rows import Rows, slug

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases/batch/rows.yaml").read_text("utf-8"))
PLAIN = Naming({})


def rows_of(words, action="stable-image-core", naming=PLAIN):
    return Rows(words, INTEGRATION.actions[action], naming)


def begins(told, wanted):
    """Each problem begins as it should."""
    assert len(told) == len(wanted), told
    for problem, begin in zip(map(str, told), wanted, strict=True):
        assert problem.startswith(begin)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_file_is_its_rows(case, tmp_path, monkeypatch):
    """What stands in it, by the inputs of the action."""
    monkeypatch.chdir(tmp_path)
    Path(case["file"]).write_bytes(case.get("text", "").encode() + bytes.fromhex(case.get("hex", "")))
    naming = Naming(case.get("map", {}), case.get("label"))
    if "refused" in case:
        with pytest.raises(InvalidArguments) as caught:
            rows_of([case["file"]], case.get("action", "stable-image-core"), naming)
        begins(caught.value.problems, case["refused"])
        return
    rows = rows_of([case["file"]], case.get("action", "stable-image-core"), naming)
    found = list(rows)
    assert list(rows.notes) == case.get("notes", [])
    begins([problem for row in found for problem in row.problems], case.get("problems", []))
    good = [row for row in found if not row.problems]
    told = [{"line": row.line, "label": row.label, "inputs": below(row.inputs, tmp_path)} for row in good]
    assert told == case.get("rows", [])
    assert [row.number for row in found] == list(range(1, len(found) + 1))


def below(value, folder):
    """The value with HERE in place of the folder."""
    if isinstance(value, dict):
        return {name: below(inner, folder) for name, inner in value.items()}
    return value.replace(str(folder), "HERE") if isinstance(value, str) else value


def test_each_file_that_matches_is_a_row(tmp_path, monkeypatch):
    """In the order of their names, hidden ones and folders left out."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.png", ".c.png", "in/d.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(SAMPLES.joinpath("room.png").read_bytes())
    Path("e.png").mkdir()
    rows = list(rows_of(["*.png"], "remove-background"))
    assert [(row.label, row.inputs) for row in rows] == [
        ("a", {"image": str(tmp_path / "a.png")}),
        ("b", {"image": str(tmp_path / "b.png")}),
    ]
    assert [(row.file, row.line) for row in rows] == [("a.png", None), ("b.png", None)]
    assert [row.label for row in rows_of(["**/*.png"], "remove-background")] == ["a", "b", "d"]
    assert [row.label for row in rows_of(["b.png", "a.png"], "remove-background")] == ["b", "a"]


def test_files_are_known_by_their_folder(tmp_path, monkeypatch):
    """So a batch is the same one whether the shell named them or the pattern, and when there are more."""
    monkeypatch.chdir(tmp_path)
    for name in ("in/b.png", "in/a.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    for words in (["in/*.png"], ["in/a.png", "in/b.png"], ["in/a.png"], [str(tmp_path / "in/*.png")]):
        assert rows_of(words, "remove-background").place == tmp_path / "in"
    assert rows_of(["*/a.png", "in/*.png"], "remove-background").place == tmp_path


@pytest.mark.parametrize(
    ("words", "action", "naming", "said"),
    [
        (["*.jpg"], "remove-background", PLAIN, "*.jpg: is the name of no file; look at the spelling"),
        (["in"], "remove-background", PLAIN, "in: is a folder; name its files by a pattern: 'in/*.png'"),
        (["gone.csv"], "erase", PLAIN, "gone.csv: cannot be read: No such file"),
        (["a.csv", "a.png"], "erase", PLAIN, "a.csv: is a file of rows; give it alone"),
        (["a.png"], "stable-image-core", PLAIN, "columns: no input of it takes a file; give a .csv"),
        (
            ["a.png"],
            "search-and-recolor",
            Naming({"file": "prompt"}),
            "columns: 'prompt' is no input that takes",
        ),
    ],
)
def test_words_that_are_no_rows_are_refused(words, action, naming, said, tmp_path, monkeypatch):
    """With what to do."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("a.png").touch()
    Path("a.csv").write_text("image\n")
    with pytest.raises(InvalidArguments) as caught:
        rows_of(words, action, naming)
    begins(caught.value.problems, [said])


def test_files_are_for_the_input_that_must_be_given_or_is_named(tmp_path, monkeypatch):
    """An action that takes a picture and a mask takes pictures, unless it is told otherwise."""
    monkeypatch.chdir(tmp_path)
    Path("a.png").touch()
    assert [row.inputs for row in rows_of(["a.png"], "erase")] == [{"image": str(tmp_path / "a.png")}]
    named = rows_of(["a.png"], "erase", Naming({"file": "mask"}))
    assert [row.inputs for row in named] == [{"mask": str(tmp_path / "a.png")}]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A Lighthouse, at dusk!", "a-lighthouse-at-dusk"),
        ("don't", "dont"),
        ("../../etc/passwd", "etc-passwd"),
        ("Größe 7", "grösse-7"),
        ("灯台", "灯台"),
        ("word " * 30, "word-word-word-word-word-word-word-word"),
        ("x" * 99, "x" * 40),
        ("!?", ""),
    ],
)
def test_a_label_is_a_part_of_any_files_name(text, label):
    """Whatever stands in a text."""
    assert slug(text) == label


def test_a_digest_is_that_of_what_a_row_holds(tmp_path, monkeypatch):
    """Wherever it stands, and in whichever order."""
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("prompt,seed\na,1\nb,2\n")
    Path("b.csv").write_text("seed,prompt\n2,b\n1,a\n3,a\n")
    (one, other), (second, first, third) = rows_of(["a.csv"]), rows_of(["b.csv"])
    assert (one.digest, other.digest) == (first.digest, second.digest)
    assert third.digest not in (one.digest, other.digest)


@pytest.mark.parametrize("name", ["many.csv", "many.jsonl"])
def test_many_rows_are_not_held_in_memory(name, tmp_path, monkeypatch):
    """Whatever their number, a few are in memory at a time."""
    monkeypatch.chdir(tmp_path)
    line = "a boat,{}\n" if name.endswith("csv") else '{{"prompt": "a boat", "seed": {}}}\n'
    with Path(name).open("w") as file:
        file.write("prompt,seed\n" if name.endswith("csv") else "")
        file.writelines(line.format(number) for number in range(5_000))
    rows = rows_of([name])
    next(iter(rows))
    tracemalloc.start()
    count = sum(1 for _ in rows)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_000
    assert most < 200_000
