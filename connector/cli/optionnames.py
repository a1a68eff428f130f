"""What the inputs of an action are called as options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# The options of ``invoke`` and ``preview`` themselves, in the long form.
OWN = frozenset(
    (
        *("--json", "--integration", "--quiet", "--help"),
        *("--environment", "--connection", "--accept", "--file", "--input"),
        *(
            "--wait",
            "--no-wait",
            "--timeout",
            "--stream",
            "--estimate",
            "--on-filtered",
            "--output",
            "--show",
        ),
    )
)


def option_names(inputs: Iterable[str], taken: Iterable[str] = OWN) -> Mapping[str, str]:
    """The option of each input: ``--its-name``, or ``--input-its-name`` where that is taken."""
    used, found = set(taken), {}
    for name in inputs:
        plain = f"--{name.replace('_', '-')}"
        found[name] = plain if plain not in used else f"--input-{plain[2:]}"
        used.add(found[name])
    return found
