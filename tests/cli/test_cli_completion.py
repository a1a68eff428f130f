"""A shell is told what could stand where its cursor is."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from connector.cli import command_table
from connector.cli.completion.completion import SHELLS, script


@pytest.mark.parametrize(
    ("typed", "some"),
    [
        ([""], {"actions", "invoke", "--help"}),
        (["inv"], {"invoke"}),
        (["describe", "stable-image"], {"stable-image-core", "stable-image-ultra"}),
        (["actions", "--group", "E"], {"Edit"}),
        (["invoke", "erase", "--im"], {"--image"}),
        (["invoke", "erase", "--output-format", ""], {"png", "jpeg", "webp"}),
        (["invoke", "erase", "--output-format=j"], {"--output-format=jpeg"}),
        (["invoke", "erase", "--accept", ""], {"image/*", "application/json"}),
        (["invoke", "erase", "--image", "@s"], {"@small.png"}),
        (["invoke", "erase", "--image", "no"], {"note.txt"}),
        (["invoke", "erase", "--on-filtered", ""], {"raise", "return"}),
        (["preview", "generic-http-request", "--input"], {"--input-json", "--input"}),
        (["invoke", "--environment", "sa"], {"sandbox"}),
        (["balance", "-e", "prod"], {"production"}),
        (["connections", ""], {"add", "rotate"}),
        (["connections", "add", "x", "--api"], {"--api-key"}),
        (["connections", "show", ""], {"work"}),
        (["invoke", "erase", "-c", ""], {"work"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
        (["check", "--against", "no"], {"note.txt"}),
        (["import", ""], {"openapi", "superblocks"}),
        (["import", "openapi", "no"], {"note.txt"}),
        (["import", "openapi", "note.txt", "--"], {"--output", "--force", "--json"}),
        (["import", "openapi", "note.txt", "-o", "../wo"], {"../work/"}),
        (["import", "superblocks", "note.txt", "--generic", "gen"], {"generic-http-request"}),
        (["spend", "--js"], {"--json"}),
        (["batch", ""], {"list", "cancel", "erase"}),
        (["batch", "erase", "sm"], {"small.png"}),
        (["batch", "erase", "small.png", "--retry"], {"--retry-failed", "--retry-unknown"}),
        (["batch", "erase", "small.png", "-e", "sa"], {"sandbox"}),
        (["jobs", ""], {"submit", "unknown"}),
        (["jobs", "submit", "erase", "--im"], {"--image"}),
        (["jobs", "mark", "--"], {"--paid", "--unpaid"}),
        (["worker", "--d"], {"--drain"}),
        (["workflow", ""], {"run", "check"}),
        (["workflow", "run", "var"], {"variations"}),
        (["workflow", "run", "variations", "--se"], {"--seeds"}),
        (["workflow", "run", "variations", "-e", "sa"], {"sandbox"}),
        (["workflow", "check", "no"], {"note.txt"}),
        (["schedule", ""], {"add", "remove"}),
        (["schedule", "add", "boats", ""], {"erase", "variations", "--cron"}),
        (["schedule", "add", "boats", "--timezone", "Europe/Be"], {"Europe/Berlin"}),
        (["schedule", "add", "boats", "--catch-up", ""], {"none", "last", "all"}),
        (["schedule", "add", "boats", "variations", "--as"], {"--aspect-ratio"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_could_stand_there(typed: list[str], some: set[str], run: Any) -> None:
    """Commands, actions, options, values, environments, connections and files are offered."""
    run("connections add work --api-key env:STABILITY_API_KEY")
    ended = run("__complete", "fish", "--", *typed)
    assert ended.code == 0
    assert some <= {line.partition("\t")[0] for line in ended.out.splitlines()}


@pytest.mark.parametrize(
    "typed",
    [
        *(
            [name]
            for name in command_table.NAMES
            if name not in ("completion", "connections", "export", "import", "schedule", "workflow")
        ),
        *(["connections", name] for name in ("add", "list", "show", "test", "remove", "rotate")),
        *(["workflow", name] for name in ("list", "show", "check", "run", "status")),
        *(["schedule", name] for name in ("list", "show", "next", "run", "pause", "resume", "remove")),
        *(["export", name] for name in ("openapi", "swagger", "n8n", "superblocks")),
        *(["import", name] for name in ("openapi", "superblocks")),
        ["schedule", "add", "boats"],
        ["batch", "list"],
        ["jobs", "wait"],
    ],
    ids=" ".join,
)
def test_every_command_tells_its_own_options(typed: list[str], run: Any) -> None:
    """They are those of its parser, and nothing is done and nothing else said on the way to it."""
    ended = run("__complete", "fish", "--", *typed, "--")
    assert ended.code == 0
    assert "--json" in {line.partition("\t")[0] for line in ended.out.splitlines()}
    assert all(line.startswith("--") for line in ended.out.splitlines())
    assert ended.err == ""


def test_an_option_that_is_given_is_not_offered_again(run: Any) -> None:
    """Required inputs come first, and what is there already does not come."""
    words = run("__complete", "zsh", "--", "invoke", "inpaint", "--prompt", "a", "").out.splitlines()
    assert words[0].startswith("--image")
    assert not [word for word in words if word.startswith("--prompt")]


@pytest.mark.parametrize(
    ("line", "held", "found"),
    [
        ("connector inv", "inv", "invoke"),
        ("connector invoke erase --output-format=j", "j", "jpeg"),
        ("connector invoke erase --image @s", "s", "small.png"),
        ("connector invoke erase --image=@s", "s", "small.png"),
        ("connector invoke erase --image 's", "'s", "small.png"),
        ("connector invoke erase --image @", "@", "small.png"),
    ],
)
def test_bash_gets_what_it_lacks(line: str, held: str, found: str, run: Any) -> None:
    """bash ends a word at = and @, so a candidate is without what bash does not hold for its part."""
    assert found in run("__complete", "bash", line, held).out.splitlines()


def test_a_broken_integration_completes_nothing(run: Any) -> None:
    """A shell has no place for messages."""
    ended = run("__complete", "fish", "--", "describe", "--integration", "nowhere", "")
    assert (ended.code, ended.out) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_script(shell: str, run: Any) -> None:
    """Each shell's script calls back for the words."""
    assert f"connector __complete {shell}" in run(f"completion {shell}").out


def test_bash_reads_its_script() -> None:
    """The script is bash."""
    subprocess.run(["bash", "-n"], input=script("bash"), text=True, check=True)
