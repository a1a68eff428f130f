"""Checks of answers: what one means is said completely, and every rule about it can apply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.authoring.checks.subject import CheckedAction
from connector.errors import Problem
from connector.spec.loader import Loaded
from connector.spec.model import Integration, OutcomeRule


def _media(subject: CheckedAction) -> Iterator[Problem]:
    output, accept = subject.action.output, subject.action.request.accept
    if output.kind != "media":
        return
    if not output.types:
        yield Problem("output", "is media, and `types` does not say which; list the media types")
    if "application/json" in accept and output.field is None:
        yield Problem(
            "output",
            "can be asked for as JSON, and `field` does not say where JSON holds the media; name the field",
        )
    if output.field is not None and accept and not {"application/json", "*/*"} & {*accept}:
        yield Problem("output.field", "is only read in a JSON answer, which `accept` does not ask for")


def _shadowed(subject: CheckedAction) -> Iterator[Problem]:
    yield from _never(subject.action.outcomes, "outcomes")


def _shadowed_default(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    yield from _never(integration.outcomes, "defaults.outcomes")


def _never(rules: Sequence[OutcomeRule], place: str) -> Iterator[Problem]:
    for index, rule in enumerate(rules):
        first = next((at for at, earlier in enumerate(rules[:index]) if _takes_all(earlier, rule)), None)
        if first is not None:
            message = f"can never apply: rule {first + 1} takes every answer that it fits"
            yield Problem(f"{place}.{index}", f"{message}; put it before that one")


def _takes_all(earlier: OutcomeRule, later: OutcomeRule) -> bool:
    """Whether each answer that fits the later rule fits the earlier one too."""
    statuses = not earlier.statuses or (
        bool(later.statuses) and all(_covered(status, earlier.statuses) for status in later.statuses)
    )
    fields = all(
        path in later.fields and all(value in values for value in later.fields[path])
        for path, values in earlier.fields.items()
    )
    reason = earlier.finish_reason in (None, later.finish_reason)
    return statuses and fields and reason and earlier.headers.items() <= later.headers.items()


def _covered(status: int | str, statuses: Sequence[int | str]) -> bool:
    return status in statuses or f"{str(status)[0]}xx" in statuses


OF_ACTIONS = (_media, _shadowed)
OF_MANIFESTS = (_shadowed_default,)
