"""A figure that breaks a limit is written so that it does, whatever the rule and however close they are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis.strategies import floats, integers, one_of, sampled_from

from connector.engine.connector import Connector
from connector.media import problems, remark

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")
_MIB = 1024 * 1024


@dataclass
class Seen:
    type: str = "image/png"
    size: int = 1
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


def told(seen: Seen, rules: dict[str, Any]) -> tuple[float, float] | None:
    """The last figure before the limit, and the limit, as they are written; None where all is well."""
    if not (found := problems(seen, rules)):
        return None
    [sentence] = found
    before, limit = re.split(r"at least|at most", sentence)
    figures = [float(each.replace(",", "")) for each in _NUMBER.findall(before)]
    return figures[-1], float(_NUMBER.findall(limit)[0].replace(",", ""))


def holds(seen: Seen, name: str, value: float, limit: float) -> None:
    figures, is_least = told(seen, {name: limit}), name.startswith("min")
    assert (figures is not None) is (value < limit if is_least else value > limit)
    if figures is not None:
        assert figures[1] == limit
        assert figures[0] < limit if is_least else figures[0] > limit


many = settings(max_examples=int(os.environ.get("TRUTH", "100")), deadline=None, derandomize=True)
lengths = one_of(floats(0.001, 1e5), integers(1, 100_000))
nudges = sampled_from([0, 1e-9, -1e-9, 0.0004, -0.0004, 0.02, -3, 50])


@many
@given(lengths, nudges, sampled_from(["min_seconds", "max_seconds"]))
@example(190, 0.004, "max_seconds")
@example(6, -0.0001, "min_seconds")
def test_seconds(limit: float, nudge: float, name: str) -> None:
    value = max(limit + nudge, 0)
    holds(Seen("audio/mpeg", seconds=value), name, value, limit)


@many
@given(
    integers(1, 20_000), integers(1, 20_000), floats(0.01, 100), sampled_from(["min_aspect", "max_aspect"])
)
@example(2501, 1000, 2.5, "max_aspect")
@example(25_001, 10_000, 2.5, "max_aspect")
@example(29, 100, 0.29, "max_aspect")
def test_aspects(width: int, height: int, limit: float, name: str) -> None:
    holds(Seen(width=width, height=height), name, width / height, limit)


@many
@given(integers(1, 20_000), integers(1, 20_000), sampled_from([-1, 0, 1, 7000]))
def test_pixels(width: int, height: int, nudge: int) -> None:
    assume(width * height + nudge > 0)
    for name in ("min_pixels", "max_pixels"):
        holds(Seen(width=width, height=height), name, width * height, width * height + nudge)


@many
@given(one_of(integers(1, 10**9), integers(1, 1000).map(lambda count: count * _MIB)), integers(-2, 2000))
@example(10 * _MIB, 1)
def test_bytes(limit: int, more: int) -> None:
    size = max(limit + more, 1)
    figures = told(Seen(size=size), {"max_bytes": limit})
    assert (figures is not None) is (size > limit)
    if figures is not None:
        assert figures[0] > figures[1]
        assert figures[1] in (limit, limit / _MIB)


def test_what_cannot_be_seen_is_remarked_on_and_not_refused() -> None:
    """A sound of unknown length, and a picture of a kind whose sides are not read."""
    for seen, rules, said in (
        (Seen("audio/mpeg"), {"max_seconds": 190}, "its length"),
        (Seen("image/avif"), {"min_side": 64}, "its width and height"),
    ):
        assert problems(seen, rules) == []
        assert remark(seen, rules) == f"is sent as it is: {said} cannot be read from the file"
        assert remark(seen, {"max_bytes": 9}) is None
    assert remark(Seen("audio/mpeg", seconds=7.0), {"max_seconds": 190}) is None


def test_a_sound_of_unknown_length_is_sent_with_a_warning(tmp_path: Path) -> None:
    """What the rules certainly refuse is refused here; the rest is the vendor's to judge."""
    audio = {"prompt": "rain", "audio": b"ID3\x04\0\0\0\0\0\0" + bytes(99)}
    with Connector(home=tmp_path, environ={}) as connector:
        [warning] = connector.preview("stable-audio-2-audio-to-audio", audio, environment="sandbox").warnings
    assert (warning.path, "its length" in warning.message) == ("audio", True)
