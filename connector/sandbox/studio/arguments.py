"""The fields and files of one call, with the vendor's defaults."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from connector.sandbox.studio import effects, files
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.prompt import digest


@dataclass(frozen=True)
class Made:
    """A finished file."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Arguments:
    """What came with a call."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes]
    seed: int
    filtered: bool = False
    operation: str = ""

    def text(self, name: str, default: str = "") -> str:
        return self.fields.get(name) or default

    def number(self, name: str, default: float) -> float:
        return float(self.text(name, str(default)))

    def whole(self, name: str, default: int) -> int:
        return round(self.number(name, default))

    def picture(self, name: str = "image") -> Picture:
        return files.decode(self.files[name], name)

    def dice(self, purpose: str) -> random.Random:
        return random.Random(digest(purpose, self.prompt, self.seed))

    @property
    def prompt(self) -> str:
        return self.text("prompt") or " ".join(text for text, weight in self._weighted() if weight >= 0)

    @property
    def negative(self) -> str:
        unwanted = " ".join(text for text, weight in self._weighted() if weight < 0)
        return self.text("negative_prompt") or unwanted

    def _weighted(self) -> list[tuple[str, float]]:
        """The older generation's prompts: a JSON array, or form fields ``text_prompts[0][text]``."""
        if self.text("text_prompts"):
            prompts = json.loads(self.text("text_prompts"))
            return [(str(prompt["text"]), float(prompt.get("weight") or 1)) for prompt in prompts]
        keys = [key for key in self.fields if re.fullmatch(r"text_prompts\[\d+\]\[text\]", key)]
        return [(self.fields[key], self.number(key.replace("[text]", "[weight]"), 1)) for key in keys]

    def styled(self, image: Image.Image) -> Image.Image:
        return effects.styled(image, self.text("style_preset"))

    def finished(self, picture: Picture, prompt: str | None = None) -> Made:
        """The picture as a file: blurred if it is to be withheld, labelled, in the format asked for."""
        form = self.text("output_format", "png")
        shown = Picture(effects.withheld(picture.image), picture.things) if self.filtered else picture
        content = files.encode(shown, form, self.prompt if prompt is None else prompt, self.seed)
        return Made(content, f"image/{form}")
