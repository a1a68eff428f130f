"""Text to image, and image to image."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from connector.sandbox.studio import sizes, tones
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.given import Given, Made
from connector.sandbox.studio.painting import Painting, paint
from connector.sandbox.studio.sizes import Size

# Each model has its own hand: more or less colour, more or less contrast.
_HANDS: dict[str, tuple[float, float]] = {
    "sd3.5-large-turbo": (1.12, 0.22),
    "sd3-large-turbo": (1.12, 0.22),
    "sd3.5-medium": (0.94, 0.0),
    "sd3-medium": (0.94, 0.0),
    "sd3.5-flash": (1.05, 0.3),
}
_CORE_HAND, _ULTRA_HAND = (1.06, 0.1), (1.1, 0.16)


_UNPLACED = ("tile-texture", "isometric")  # styles after which nothing is where it was painted


def scene(given: Given, size: Size, prompt: str | None = None, *, empty: bool = False) -> Painting:
    """The prompt, painted and in its style; ``empty``: its place without its things."""
    painting = paint(
        given.prompt if prompt is None else prompt, given.seed, size, given.negative, empty=empty
    )
    things = {} if given.text("style_preset") in _UNPLACED else painting.things
    return Painting(given.styled(painting.image), things)


def _handed(painting: Painting, hand: tuple[float, float]) -> Painting:
    toned = tones.curve(tones.saturated(painting.image, hand[0]), tones.contrast(hand[1]))
    return Painting(toned, painting.things)


def ultra(given: Given) -> Made:
    if "image" in given.files:
        return _varied(given, given.picture(), given.number("strength", 1))
    return _generated(given, sizes.ULTRA, _ULTRA_HAND)


def core(given: Given) -> Made:
    return _generated(given, sizes.CORE, _CORE_HAND)


def sd3(given: Given) -> Made:
    if "image" in given.files:
        return _varied(given, given.picture(), given.number("strength", 1))
    return _generated(given, sizes.ULTRA, _HANDS.get(given.text("model"), (1.0, 0.06)))


def _generated(given: Given, table: Mapping[str, Size], hand: tuple[float, float]) -> Made:
    painting = _handed(scene(given, table[given.text("aspect_ratio", "1:1")]), hand)
    return given.finished(painting.image, painting.things)


def _varied(given: Given, start: Picture, strength: float) -> Made:
    """Between the given picture and the prompt's scene: at 0 the one, at 1 the other."""
    size = sizes.within(start.size)
    begun = start.rgb.resize(size, Image.Resampling.LANCZOS) if size != start.size else start.rgb
    if strength <= 0:
        return given.finished(begun, start.note.things if size == start.size else {})
    painting = scene(given, size)
    return given.finished(
        Image.blend(begun, painting.image, strength), painting.things if strength > 0.5 else {}
    )


def v1_text(given: Given) -> Made:
    painting = scene(given, (given.whole("width", 512), given.whole("height", 512)))
    return given.finished(painting.image, painting.things)


def v1_image(given: Given) -> Made:
    """The older generation counts the other way: how much of the given picture remains."""
    kept = given.number("image_strength", 0.35)
    if given.text("init_image_mode") == "STEP_SCHEDULE":
        kept = given.number("step_schedule_start", 0.65)
    return _varied(given, given.picture("init_image"), 1 - kept)
