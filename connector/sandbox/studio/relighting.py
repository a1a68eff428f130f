"""Replace the background, and light the subject as if it stood in front of the new one."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio import effects, segmentation
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.control import matched
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.generation import scene
from connector.sandbox.studio.prompt import read

_LEVELS = range(256)
# How a gradient that is dark above and bright below is turned to have its bright side there.
_TURNS = {"below": 0, "right": 90, "above": 180, "left": 270}


def replace_background(given: Arguments) -> Made:
    subject = given.picture("subject_image")
    shape = segmentation.subject(subject)
    behind = _behind(given, subject)
    front = _lit(given, _at_home(given, subject.rgb, behind), behind)
    whole = _grounded(_lit(given, behind, behind), shape)
    whole.paste(front, (0, 0), shape)
    return given.finished(whole, subject.note.things, prompt=given.text("background_prompt"))


def _behind(given: Arguments, subject: Picture) -> Image.Image:
    """The background: kept, taken from a reference, or painted; a far one is out of focus."""
    if given.text("keep_original_background", "false") == "true":
        return subject.rgb
    if "background_reference" in given.files:
        found = ImageOps.fit(given.picture("background_reference").rgb, subject.size)
    else:
        found = scene(given, subject.size, _emptied(given.text("background_prompt"))).image
    depth = given.number("original_background_depth", 0.5)
    return found.filter(ImageFilter.GaussianBlur(max(found.size) / 600 * depth * 2))


def _emptied(prompt: str) -> str:
    """A background keeps its things only if nothing else would be left of the prompt."""
    things = read(prompt).things
    if not things or not read(prompt).place:
        return prompt
    named = {word for asked in things for word in asked.motif.words}
    return " ".join(word for word in prompt.split() if word.lower().strip(",.s") not in named) or prompt


def _at_home(given: Arguments, subject: Image.Image, behind: Image.Image) -> Image.Image:
    """The less of the original is to be kept, the more of the background's colours the subject takes on."""
    change = 0.5 * (1 - given.number("preserve_original_subject", 0.6))
    sample = behind.resize((128, 128), Image.Resampling.BOX)
    changed = Image.blend(subject, matched(subject, sample), change)
    words = read(given.text("foreground_prompt")).tints
    return (
        Image.blend(changed, effects.mapped(changed, [(20, 16, 30), words[0], (255, 250, 240)]), 0.4)
        if words
        else changed
    )


def _lit(given: Arguments, image: Image.Image, behind: Image.Image) -> Image.Image:
    """Light from one side, in the colour of the reference or of the background's brightest part."""
    side = given.text("light_source_direction")
    if not side and "light_reference" not in given.files:
        return image
    source = given.picture("light_reference").rgb if "light_reference" in given.files else behind
    ramp = (
        Image.linear_gradient("L")
        .rotate(_TURNS[side or _brightest(source)])
        .resize(image.size, Image.Resampling.BILINEAR)
    )
    strength = given.number("light_source_strength", 0.3)
    shade = ramp.point([round(128 + (v - 112) * 0.85 * strength) for v in _LEVELS])
    shaded = ImageChops.overlay(image, Image.merge("RGB", [shade] * 3))
    warm = Image.new("RGB", image.size, _glow(source))
    return Image.composite(
        ImageChops.screen(shaded, warm),
        shaded,
        ramp.point([round(max(0, v - 90) * strength) for v in _LEVELS]),
    )


def _brightest(image: Image.Image) -> str:
    """The side that a reference is lit from."""
    grey = image.convert("L")
    across, down = (
        grey.resize((2, 1), Image.Resampling.BOX).tobytes(),
        grey.resize((1, 2), Image.Resampling.BOX).tobytes(),
    )
    sides = {
        "left": across[0] - across[1],
        "right": across[1] - across[0],
        "above": down[0] - down[1],
        "below": down[1] - down[0],
    }
    return max(sides, key=lambda side: sides[side])


def _glow(image: Image.Image) -> tuple[int, int, int]:
    """The colour of the brightest tenth or so of a picture."""
    data = image.convert("RGB").resize((8, 8), Image.Resampling.BOX).tobytes()
    red, green, blue = sorted(zip(data[::3], data[1::3], data[2::3], strict=True), key=sum)[-6]
    return (int(red * 0.6), int(green * 0.6), int(blue * 0.6))


def _grounded(behind: Image.Image, shape: Image.Image) -> Image.Image:
    """A soft shadow where the subject meets the ground."""
    box = shape.getbbox()
    if not box or box[3] >= behind.height - 2:
        return behind
    wide, high = box[2] - box[0], max(4, (box[3] - box[1]) // 10)
    pool = (
        Image.radial_gradient("L")
        .resize((max(1, wide), high * 2))
        .point([round(max(0, 170 - v) * 0.7) for v in _LEVELS])
    )
    done = behind.copy()
    done.paste((10, 12, 26), (box[0], box[3] - high), pool)
    return done
