"""The places a scene can be in: each paints itself and says where things stand in it."""

from __future__ import annotations

from collections.abc import Callable

from connector.sandbox.studio.cosmos import cosmos
from connector.sandbox.studio.stage import Scene, Stage
from connector.sandbox.studio.towns import city, room
from connector.sandbox.studio.wilds import (
    desert,
    forest,
    hills,
    lake,
    meadow,
    mountains,
    sea,
    snowfield,
    underwater,
)


def space(scene: Scene) -> Stage:
    cosmos(scene.canvas, scene.tints, scene.dice, scene.sun_x)
    return Stage(near=1.02, far=0.95, air=0.78, scale=1.15)


PLACES: dict[str, Callable[[Scene], Stage]] = {
    "sea": sea,
    "lake": lake,
    "mountains": mountains,
    "hills": hills,
    "meadow": meadow,
    "forest": forest,
    "branch": forest,  # where birds sit
    "desert": desert,
    "city": city,
    "space": space,
    "room": room,
    "snowfield": snowfield,
    "underwater": underwater,
}
