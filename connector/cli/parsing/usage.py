"""Usage errors: a command line that cannot be understood, each wrong word and what was probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from connector.errors import InvocationError, Problem
from connector.spec.schema.suggest import nearest


class BadUsage(InvocationError):
    """The command line is wrong; nothing happened. Carries a problem for each wrong word."""

    code = "usage"

    def __init__(self, *problems: Problem, command: str = "") -> None:
        listed = "\n".join(problem.message for problem in problems)
        seen = f"connector {command} --help" if command else "connector --help"
        super().__init__(f"{listed}\nSee `{seen}`.", problems=problems)


@contextmanager
def needing(what: str, extra: str) -> Iterator[None]:
    """Says how to install the extra where a package is missing that something needs."""
    try:
        yield
    except ImportError as error:
        needed = f"pip install 'stability-connector[{extra}]'"
        raise InvocationError(f"{what} needs a package ({error.name}): {needed}") from error


def subcommand(command: str, words: Sequence[str], overview: str, known: Collection[str]) -> str | None:
    """The command that stands behind a command; None where help was asked for, which has been printed."""
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        print(overview.rstrip())
        return None
    if name not in known:
        sentence = f"{command} has no command {name!r}{nearest(name, known)}"
        raise BadUsage(Problem("command", sentence), command=command)
    return name
