"""``connector invoke``: one use of an action; what it makes is saved."""

from __future__ import annotations

from connector.cli.parsing import invoke_options


def run(words: list[str]) -> int:
    asked = invoke_options.read("invoke", words)
    from connector.cli.report import invocation

    return invocation.run(asked, words)
