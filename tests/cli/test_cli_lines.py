"""A command line ends with the exit code of its outcome, and says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import errors
from connector.cli.command_table import NAMES
from connector.cli.report import exit_codes

LINES = yaml.safe_load(Path(__file__).with_name("lines.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", LINES, ids=lambda case: case["line"] or "nothing")
def test_a_line_ends_as_it_says(case: dict[str, Any], run: Any) -> None:
    """Each line of the file has its exit code, and prints what is listed where it is listed."""
    ended = run(case["line"])
    assert ended.code == case["code"], ended
    for stream, printed in (("out", ended.out), ("err", ended.err)):
        missing = [text for text in case.get(stream, ()) if text not in printed]
        assert not missing, printed
    assert not [text for text in case.get("not", ()) if text in ended.out + ended.err]


@pytest.mark.parametrize("case", [case for case in LINES if case["code"] == 2 and case["line"]], ids=str)
def test_a_mistake_is_json_where_json_is_asked_for(case: dict[str, Any], run: Any) -> None:
    """With --json every failure is one document with a code, a message and problems by field."""
    ended = run(f"{case['line']} --json")
    assert ended.code == 2
    document = ended.document
    assert {"code", "message", "billed", "retryable"} <= document["error"].keys()
    assert document["error"]["billed"] == "no"
    assert "problems" not in document["error"]
    assert all({"field", "message"} <= problem.keys() for problem in document["problems"])


@pytest.mark.parametrize("name", [*NAMES, "connections add", "connections test", "connections rotate"])
def test_every_command_has_help_that_fits(name: str, run: Any) -> None:
    """The help of a command is shown without doing anything, in 80 columns."""
    ended = run(f"{name} --help")
    assert ended.code == 0
    assert f"connector {name}" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_every_failure_has_an_exit_code() -> None:
    """Each class of the tree of failures is in a row of the table, or below one that is."""
    for kind in vars(errors).values():
        if (
            isinstance(kind, type)
            and issubclass(kind, errors.ConnectorError)
            and kind is not errors.ConnectorError
        ):
            raised = errors.SpecError([]) if kind is errors.SpecError else kind("it failed")
            assert exit_codes.code_for(type(raised)) != exit_codes.CRASHED, kind


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.InvalidArguments, 2),
        (errors.Unauthorized, 3),
        (errors.Moderated, 4),
        (errors.Filtered, 4),
        (errors.OutOfCredits, 5),
        (errors.CapReached, 5),
        (errors.RateLimited, 6),
        (errors.UpstreamFailed, 7),
        (errors.TimedOut, 7),
        (errors.OutcomeUnknown, 8),
        (errors.JobPending, 9),
        (errors.SpecError, 10),
    ],
)
def test_a_family_has_its_code(kind: type[errors.ConnectorError], code: int) -> None:
    """A failure's code is that of the nearest of its classes in the table."""
    assert exit_codes.code_for(kind) == code


def test_a_mistake_of_ours_asks_for_a_report(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is a short line; what it says could hold anything, so it is not shown."""
    monkeypatch.setattr("connector.spec.listing.entries", _broken)
    ended = run("actions")
    assert ended.code == 70
    assert "a mistake in the connector (ZeroDivisionError); please report it" in ended.err
    assert "hidden" not in ended.err


def test_a_traceback_is_shown_to_who_asks_without_secrets(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """CONNECTOR_DEBUG=1 shows where it happened, and every known secret is masked in it."""
    monkeypatch.setattr("connector.spec.listing.entries", _broken)
    monkeypatch.setenv("CONNECTOR_DEBUG", "1")
    ended = run("actions")
    assert "Traceback" in ended.err
    assert "hidden ********" in ended.err


def _broken(*_: object) -> None:
    import os

    raise ZeroDivisionError(f"hidden {os.environ['STABILITY_API_KEY']}")
