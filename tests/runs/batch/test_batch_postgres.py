"""A batch on a server, which many machines share, keeps the same promises."""

import json

import pytest
from runs.batchery import Batchery, row
from runs.world import SAMPLE, UPSCALE, far, integration

from connector.cli import main
from connector.runs.batch.refresh import renew


def test_rows_are_fed_and_settled(postgres_url, tmp_path):
    """With the same statements as in a file."""
    batchery = Batchery(tmp_path, 4, postgres_url, limit_credits=9)
    batchery.feeder.step()
    batchery.end(1)
    batchery.end(2, "unknown", "unknown", "unknown", None)
    batchery.feeder.step()
    batchery.end(3, "failed", "upstream_failed", "no", 0.0, error={"message": "a fault"})
    batchery.feeder.step()
    batchery.end(4)
    assert not batchery.feeder.step()
    assert batchery.states() == ["succeeded", "unknown", "failed", "succeeded"]
    counts = batchery.rows.counts()
    assert (counts.credits, counts.uncertain, batchery.rows.retryable()) == (9, 3, 1)
    assert batchery.rows.doubtful() == 1
    assert (batchery.rows.again(failed=True), batchery.rows.again(unknown=True)) == (1, 1)
    assert [each.number for each in batchery.rows.to_deliver()] == [1, 4]
    batchery.rows.delivered({1: ["a.png"], 4: []})
    assert (batchery.rows.to_deliver(), batchery.rows.rows()[0].files) == ([], ("a.png",))
    batchery.workspace.close()


def test_rows_are_written_down_and_renewed(postgres_url, tmp_path):
    """What is new, changed and gone."""
    batchery = Batchery(tmp_path, 0, postgres_url)
    for texts in (["a", "b", "c"], ["x", "c", "d", "e"]):
        planned = [row(at, text) for at, text in enumerate(texts, 1)]
        found = renew(planned.copy, batchery.rows)
    assert (found.new, found.changed, found.gone) == (2, 1, 1)
    assert [each.inputs["prompt"] for each in batchery.rows.rows()] == ["x", "c", "e", "d"]
    batchery.workspace.close()


@pytest.fixture
def api(tmp_path, monkeypatch, postgres_url):
    """A folder with pictures, and an integration that leads to a far side."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "CONNECTOR_HOME": str(tmp_path / "home"),
        "CONNECTOR_DATABASE": postgres_url,
        "CONNECTOR_INTEGRATION": str(tmp_path / "api"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CONNECTOR_ENVIRONMENT", raising=False)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(SAMPLE.read_bytes())
    with far(job_seconds=1) as opened:
        integration(tmp_path / "api", opened.url)
        yield opened


def test_files_are_kept_with_the_rows(api, tmp_path, capfd):
    """Whoever works on a row may be on a machine that has not the file any more."""
    words = [
        "batch",
        UPSCALE,
        "a.png",
        "b.png",
        "-o",
        "out",
        "--set",
        "prompt=a room",
        "--no-sheet",
        "--json",
    ]
    assert main([*words, "--limit-credits", "60"]) == 5
    assert json.loads(capfd.readouterr().out)["rows"] == {"succeeded": 1, "pending": 1}
    assert main(words) == 0
    assert json.loads(capfd.readouterr().out)["rows"] == {"succeeded": 2}
    told = [json.loads(line) for line in (tmp_path / "out/results.jsonl").read_text().splitlines()]
    assert [entry["inputs"]["image"][:5] for entry in told] == ["file:", "file:"]
    assert [entry["file"][:6] for entry in told] == ["0001-a", "0002-b"]
    assert len(api.paid()) == 2
