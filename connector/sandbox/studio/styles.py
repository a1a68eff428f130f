"""The style presets: each is a list of effects, read from ``styles.yaml``."""

from __future__ import annotations

import random
from importlib.resources import files
from typing import Any

import yaml
from PIL import Image

from connector.sandbox.studio import effects
from connector.sandbox.studio.prompt import digest

Steps = list[dict[str, Any]]

_FILE: dict[str, dict[str, Steps]] = yaml.safe_load(files(__package__).joinpath("styles.yaml").read_bytes())
STYLES = _FILE["styles"]


def styled(image: Image.Image, preset: str, seed: int) -> Image.Image:
    """The picture in that style; an unknown or absent one changes nothing."""
    return _stepped(image, STYLES.get(preset, []), random.Random(digest("style", preset, seed)))


def in_hand(image: Image.Image, model: str) -> Image.Image:
    """The picture as that model has it: each has more or less colour, more or less contrast."""
    return _stepped(image, _FILE["models"].get(model, []), random.Random(model))


def _stepped(image: Image.Image, steps: Steps, dice: random.Random) -> Image.Image:
    for step in steps:
        for name, settings in step.items():
            image = getattr(effects, name)(image, dice, **settings)
    return image
