"""A credential goes in by the ways that keep it secret, and never comes out."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

KEY = "sk-test-0f9a7c3e5b1d"  # as in conftest, whose `run` looks for it in all output


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what is piped in."""

    def act(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return act


def test_a_key_is_piped_in_and_kept(run: Any, piped: Any) -> None:
    """What is piped in is kept; every command that speaks of the connection leaves it out."""
    piped(f"{KEY}\n")
    ended = run("connections add work -e production -e sandbox --api-key -")
    assert ended.code == 0
    assert "work is kept for production, sandbox." in ended.err
    assert "is kept, and never shown" in run("connections show work").out
    shown = run("connections show work --json").document
    assert shown["configurations"][0]["fields"] == {"api_key": {"stored": True}}
    assert run("connections list --json").document["connections"] == [shown]
    assert "********" in run("preview balance -c work").out


def test_a_key_on_the_command_line_is_taken_with_a_warning(run: Any) -> None:
    """It is kept, and whoever typed it hears what is better."""
    ended = run(f"connections add work --api-key {KEY}")
    assert ended.code == 0
    assert "the shell keeps --api-key in its history" in ended.err
    assert "--api-key -" in ended.err


def test_headers_are_secrets_unless_said_otherwise(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview masks them, also where a prompt repeats one; what may be shown is told apart."""
    monkeypatch.setenv("TEAM_TOKEN", "tk-from-outside")
    headers = "--header X-Token=tk-in-a-header --header X-Other=env:TEAM_TOKEN --plain-header X-Team=blue"
    assert (
        run(f"connections add work --api-key env:STABILITY_API_KEY {headers} --header Accept=image/*").code
        == 0
    )
    told = run("connections show work --json").document["configurations"][0]["headers"]
    assert told == {
        "X-Token": {"stored": True},
        "X-Other": {"reference": "env:TEAM_TOKEN"},
        "Accept": "image/*",
        "X-Team": {"plain": "blue"},
    }
    preview = run("preview stable-image-core -c work --prompt 'tk-in-a-header tk-from-outside blue'")
    assert "tk-" not in preview.out + run("connections show work").out
    assert "X-Token: ********" in preview.out
    assert "X-Team: blue" in preview.out


def test_a_key_is_typed_without_being_shown(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody sits at a terminal, what is missing is asked for."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return KEY

    monkeypatch.setattr("getpass.getpass", typed)
    assert run("connections add work").code == 0
    assert asked == ["API key (not shown): "]


def test_a_missing_key_is_asked_for_by_its_ways(run: Any, piped: Any) -> None:
    """Without a terminal the ways in are told."""
    piped("")
    ended = run("connections add work")
    assert ended.code == 2
    assert "pipe it in (--api-key -), or name where it is kept (--api-key env:STABILITY_API_KEY)" in ended.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(f"Bearer {KEY}", "begins with the word Bearer"), (f"{KEY} {KEY}", "api_key: "), ("", "api_key: ")],
)
def test_a_key_that_cannot_be_one_is_refused(text: str, sentence: str, run: Any, piped: Any) -> None:
    """The credential's schema is kept to, and the value is not repeated."""
    piped(text)
    ended = run("connections add work --api-key -")
    assert ended.code == 2
    assert sentence in ended.err


def test_a_reference_is_shown_as_it_is(run: Any) -> None:
    """A reference is no secret."""
    assert run("connections add work --api-key env:STABILITY_API_KEY").err.startswith("work is kept")
    assert "env:STABILITY_API_KEY" in run("connections show work").out


def test_a_connection_has_several_environments(run: Any) -> None:
    """Adding to a name that is there adds a configuration; the first one is the default until another is."""
    run("connections add work --api-key env:STABILITY_API_KEY --cap 50")
    again = "connections add work -e qa --base-url https://qa.example --api-key env:STABILITY_API_KEY"
    assert run(f"{again} --default --header X-Team=art").code == 0
    shown = run("connections show work --json").document["configurations"]
    assert [(one["name"], one["default"], one["cap"]) for one in shown] == [
        ("production", False, 50.0),
        ("qa", True, None),
    ]
    refused = run(again)
    assert refused.code == 2
    assert "qa is there already; replace it with --replace" in refused.err
    assert run(f"{again} --replace").code == 0
    assert "production, qa (default)" in run("connections list").out


def test_a_connection_is_tried(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """test says what each environment answered, and ends with the code of the first failure."""
    run("connections add work -e sandbox --api-key env:STABILITY_API_KEY")
    ended = run("connections test work")
    assert ended.code == 0
    assert "work/sandbox  ok  the key works; the balance is 1000 credits" in ended.out
    monkeypatch.delenv("STABILITY_API_KEY")
    failed = run("connections test --json")
    assert failed.code == 3
    assert failed.document["tests"][0]["error"]["code"] == "missing_credential"


def test_a_cap_refuses_before_it_spends(run: Any) -> None:
    """What would pass the day's cap is refused, with the code for money."""
    run("connections add work -e sandbox --api-key env:STABILITY_API_KEY --cap 7")
    line = "invoke erase -c work -e sandbox --image small.png -y -o out/"
    assert run(line).code == 0
    refused = run(line)
    assert refused.code == 5
    assert "may spend 7 credits a day" in refused.err


def test_a_connection_is_removed(run: Any) -> None:
    """It is gone, and so are its secrets."""
    run("connections add work --api-key env:STABILITY_API_KEY")
    assert run("connections remove work --json").document == {"removed": "work"}
    assert run("connections show work").code == 2


def test_secrets_are_sealed_again(run: Any, piped: Any) -> None:
    """rotate tells how many there were."""
    piped(KEY)
    run("connections add work --api-key -")
    assert run("connections rotate --json").document == {"rotated": 1}


def test_with_two_connections_the_default_is_used_and_named(run: Any) -> None:
    """Without one the candidates are listed, before anything is sent."""
    for name in ("work", "home"):
        run(f"connections add {name} -e production --api-key env:STABILITY_API_KEY")
    asked = run("preview balance")
    assert asked.code == 2
    assert "(home, work)" in asked.err
    assert "There is no default connection." in run("connections default").err
    assert "work is used where several could be." in run("connections default work").err
    assert "It would go to production, connection work." in run("preview balance").err
    told = run("preview balance --json").document
    assert (told["environment"], told["connection"]) == ("production", "work")
    assert run("connections default nobody").code == 2


def test_a_variable_goes_before_the_default(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is told of the default says so."""
    for name in ("work", "home"):
        run(f"connections add {name} -e production --api-key env:STABILITY_API_KEY")
    run("connections default work")
    monkeypatch.setenv("CONNECTOR_CONNECTION", "home")
    assert "home is used where several could be, by CONNECTOR_CONNECTION." in run("connections default").err
    assert run("connections default --json").document == {"default": "home"}
    assert "connection home" in run("preview balance").err


def test_a_result_tells_whose_key_it_was(run: Any) -> None:
    """A connection that is kept for the sandbox is used there; without one the sandbox has its own."""
    assert "key of STABILITY_API_KEY" in run("preview balance").err
    told = run("invoke balance -e sandbox --json").document
    assert {"connection", "variable"} & {*told} == set()
    run("connections add play -e sandbox --api-key env:STABILITY_API_KEY")
    assert run("invoke balance -e sandbox --json").document["connection"] == "play"
    assert "SANDBOX, connection play" in run("invoke balance -e sandbox").err
