"""Usage errors: a command line that cannot be understood, each wrong word and what was probably meant."""

from __future__ import annotations

from connector.errors import InvocationError, Problem


class BadUsage(InvocationError):
    """The command line is wrong; nothing happened. Carries a problem for each wrong word."""

    code = "usage"

    def __init__(self, *problems: Problem, command: str = "") -> None:
        listed = "\n".join(problem.message for problem in problems)
        seen = f"connector {command} --help" if command else "connector --help"
        super().__init__(f"{listed}\nSee `{seen}`.", problems=problems)
