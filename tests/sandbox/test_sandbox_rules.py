"""The sandbox refuses what the vendor refuses, field by field, and serves the rest."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.support import API, MINIMAL, cases, client, request, sandbox, send


def _sent(case: dict[str, Any]) -> Any:
    given = {**MINIMAL[case["operation"]], **case.get("with", {})}
    given = {name: value for name, value in given.items() if name not in case.get("without", ())}
    served = sandbox(**case.get("settings", {}))
    answer = request(
        client(served),
        API.operation(case["operation"]),
        given,
        accept=case.get("accept"),
        engine=case.get("engine", ""),
    )
    return served, answer


@pytest.mark.parametrize("case", cases("rules") + cases("moderation"), ids=lambda case: case["promise"])
def test_rules(case: dict[str, Any]) -> None:
    """Each case keeps the promise that it states, and what is refused costs nothing."""
    served, answer = _sent(case)
    assert answer.status_code == case["status"], answer.text
    told = answer.json() if case["status"] >= 400 else {}
    for wanted in ("errors", "message", "name"):
        assert wanted not in case or told[wanted] == case[wanted]
    for name, value in case.get("headers", {}).items():
        assert answer.headers[name] == value
    assert bool(served.store.payments()) == (case["status"] < 300)


@pytest.mark.parametrize("operation", MINIMAL)
def test_the_least_is_enough(operation: str) -> None:
    """Every operation accepts its minimal request with the status it declares, and writes it down."""
    served = sandbox()
    answer = send(client(served), operation)
    assert answer.status_code == API.operation(operation).started, answer.text
    assert [paid.operation for paid in served.store.payments()] == [operation]


def test_all_starts_and_generations_are_tried() -> None:
    """The minimal requests cover every operation that takes a body."""
    assert set(MINIMAL) == {operation.id for operation in API.operations if operation.body is not None}
