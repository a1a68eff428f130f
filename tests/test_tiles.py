"""Every shipped action that makes a file has a picture of its before and after, made of its example."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from connector.spec.loader import load

ROOT = Path(__file__).parents[1]


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("tiles", ROOT / "tools" / "tiles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tiles = _load()
INTEGRATION = load(ROOT)
MAKERS = {action.id: action for action in tiles.makers(INTEGRATION)}


def test_who_makes_something_is_known() -> None:
    """Starts of jobs do; balances and fetches do not."""
    assert {"erase", "start-generation", "stable-fast-3d", "stable-audio-2-inpaint"} <= MAKERS.keys()
    assert not {"balance", "fetch-result", "generic-http-request"} & MAKERS.keys()


def test_none_is_missing_or_stale() -> None:
    """`make tiles` makes those anew whose example has changed."""
    assert [action.id for action in tiles.stale(INTEGRATION)] == []
    assert {path.stem for path in (ROOT / "actions" / "tiles").iterdir()} == MAKERS.keys()


def test_another_example_makes_a_tile_stale() -> None:
    """So does another content of its file, or another kind of result."""
    erase = MAKERS["erase"]
    [example] = erase.examples
    others = [
        replace(erase, examples=(replace(example, arguments={**example.arguments, "seed": 5}),)),
        replace(erase, output=replace(erase.output, types=("video/mp4",))),
    ]
    assert tiles.origin(erase) not in [tiles.origin(other) for other in others]


@pytest.mark.parametrize("action", MAKERS)
def test_it_shows_two_things_in_few_bytes(action: str) -> None:
    path = tiles.place(MAKERS[action])
    assert path.stat().st_size <= 6000
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    assert picture.size == tiles.SIZE
    left = picture.crop((0, 0, *tiles.HALF))
    right = picture.crop((tiles.SIZE[0] - tiles.HALF[0], 0, *tiles.SIZE))
    assert all(max(high - low for low, high in half.getextrema()) > 60 for half in (left, right))
    assert ImageChops.difference(left, right).getbbox() is not None
