"""150 requests in ten seconds for each key, then a minute locked out."""

from __future__ import annotations

import pytest
from sandbox.support import World, client, sandbox

BALANCE = "/v1/user/balance"


def _statuses(http: object, count: int, path: str = BALANCE) -> list[int]:
    return [http.get(path).status_code for _ in range(count)]  # type: ignore[attr-defined]


def test_one_more_locks_the_key_out_for_a_minute() -> None:
    """The lock does not grow by asking again, and ends when it said."""
    world = World()
    http = client(sandbox(world))
    assert set(_statuses(http, 150)) == {200}
    assert _statuses(http, 2) == [429, 429]
    world.now += 59.9
    assert _statuses(http, 1) == [429]
    world.now += 0.1
    assert _statuses(http, 1) == [200]


def test_the_window_slides() -> None:
    """Requests older than ten seconds count no more."""
    world = World()
    http = client(sandbox(world))
    for _ in range(4):
        assert set(_statuses(http, 75)) == {200}
        world.now += 5


def test_each_key_has_its_own_limit() -> None:
    """One locked key leaves the others alone."""
    served = sandbox()
    _statuses(client(served), 151)
    assert _statuses(client(served, "sk-other"), 1) == [200]


def test_polls_and_wrong_paths_count() -> None:
    """Whatever is asked with the key is a request; the control path is not."""
    http = client(sandbox())
    _statuses(http, 75, "/v2beta/results/" + "0" * 64)
    _statuses(http, 75, "/v2beta/nothing")
    assert set(_statuses(http, 5, "/_sandbox/clock")) == {200}
    answer = http.get("/v2beta/results/" + "0" * 64)
    assert (answer.status_code, answer.json()["name"]) == (429, "rate_limit_exceeded")
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("speed", "seconds"), [(1, "60"), (30, "2")])
def test_how_long_is_told_when_asked_for(speed: float, seconds: str) -> None:
    """Retry-After is in seconds of the world, whatever the clock does."""
    http = client(sandbox(retry_after=True, speed=speed))
    _statuses(http, 150)
    assert http.get(BALANCE).headers["retry-after"] == seconds
