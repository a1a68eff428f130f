"""Text to image, image to image, and upscales."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageFilter

from connector.sandbox.studio import effects, sizes
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.painting import paint
from connector.sandbox.studio.sizes import Size

_SHARPEN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 9, -1, 0, -1, 0))
_UNPLACED = ("tile-texture", "isometric")  # styles after which nothing is where it was painted


def scene(
    given: Arguments, size: Size, prompt: str | None = None, *, model: str = "", empty: bool = False
) -> Picture:
    """The prompt, painted by a model and in its style; ``empty``: its place without its things."""
    asked = given.prompt if prompt is None else prompt
    picture = paint(asked, f"{model}{given.seed}", size, given.negative, empty=empty)
    things = {} if given.text("style_preset") in _UNPLACED else picture.things
    return Picture(given.styled(picture.image), things)


def generate(given: Arguments) -> Made:
    """The prompt's scene as a model paints it, or a picture that is given turned towards it."""
    model = given.text("model", "sd3.5-large" if given.operation == "generate_sd3" else given.operation)
    if "image" in given.files:
        return _varied(given, given.picture(), given.number("strength", 1), model)
    table = sizes.CORE if model == "generate_core" else sizes.ULTRA
    return given.finished(scene(given, table[given.text("aspect_ratio", "1:1")], model=model))


def _varied(given: Arguments, start: Picture, strength: float, model: str = "") -> Made:
    """Between the given picture and the prompt's scene: at 0 the one, at 1 the other."""
    begun = start.enlarged(sizes.within(start.size))
    if strength <= 0:
        return given.finished(Picture(begun.rgb, begun.things))
    painting = scene(given, begun.size, model=model)
    mixed = Image.blend(begun.rgb, painting.image, strength)
    return given.finished(Picture(mixed, painting.things if strength > 0.5 else {}))


def v1_text(given: Arguments) -> Made:
    return given.finished(scene(given, (given.whole("width", 512), given.whole("height", 512))))


def v1_image(given: Arguments) -> Made:
    """The older generation counts the other way: how much of the given picture remains."""
    kept = given.number("image_strength", 0.35)
    if given.text("init_image_mode") == "STEP_SCHEDULE":
        kept = given.number("step_schedule_start", 0.65)
    return _varied(given, given.picture("init_image"), 1 - kept)


def _upscaled(given: Arguments, larger: Callable[[Size], Size], creativity: float = 0) -> Made:
    """Resampled, sharpened just so much that it does not look it, and given a fine tooth if asked."""
    picture = given.picture()
    large = picture.enlarged(larger(picture.size))
    image = large.image.filter(_SHARPEN)
    if creativity:
        image = effects.grain(given.styled(image.convert("RGB")), creativity * 0.22, given.seed)
        if large.alpha:
            image.putalpha(large.alpha)
    return given.finished(Picture(image, large.things))


def fast(given: Arguments) -> Made:
    return _upscaled(given, lambda size: sizes.scaled(size, 4))


def conservative(given: Arguments) -> Made:
    pixels, creativity = 4 * 1024 * 1024, given.number("creativity", 0.35)
    return _upscaled(given, lambda size: sizes.with_pixels(size, pixels), creativity)


def creative(given: Arguments) -> Made:
    return _upscaled(given, sizes.four_k, given.number("creativity", 0.3))


def v1_upscale(given: Arguments) -> Made:
    """To the width or the height that is given, else to twice the size."""
    wide, high = given.whole("width", 0), given.whole("height", 0)
    return _upscaled(given, lambda size: sizes.scaled(size, wide / size[0] or high / size[1] or 2))
