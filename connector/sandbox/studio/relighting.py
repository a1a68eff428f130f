"""Replace the background, and light the subject as if it stood in front of the new one."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio import effects, masks
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.control import matched
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.generation import scene
from connector.sandbox.studio.prompt import read

# How a gradient that is dark above and bright below is turned to have its bright side there.
_TURNS = {"below": 0, "right": 90, "above": 180, "left": 270}


def replace_background(given: Arguments) -> Made:
    subject = given.picture("subject_image")
    shape = masks.subject(subject)
    behind = _behind(given, subject)
    whole = _lit(given, behind, behind)
    whole.paste(_lit(given, _at_home(given, subject.rgb, behind), behind), (0, 0), shape)
    return given.finished(Picture(whole, subject.things), given.text("background_prompt"))


def _behind(given: Arguments, subject: Picture) -> Image.Image:
    """The background: kept, taken from a reference, or painted; a far one is out of focus."""
    if given.text("keep_original_background", "false") == "true":
        return subject.rgb
    if "background_reference" in given.files:
        found = ImageOps.fit(given.picture("background_reference").rgb, subject.size)
    else:
        # A background keeps its things only if nothing else would be left of the prompt.
        prompt = given.text("background_prompt")
        found = scene(given, subject.size, prompt, empty=bool(read(prompt).place)).image
    depth = given.number("original_background_depth", 0.5)
    return found.filter(ImageFilter.GaussianBlur(max(found.size) / 300 * depth))


def _at_home(given: Arguments, subject: Image.Image, behind: Image.Image) -> Image.Image:
    """The less of the original is to be kept, the more of the background's colours the subject takes on."""
    change = 0.5 * (1 - given.number("preserve_original_subject", 0.6))
    changed = Image.blend(subject, matched(subject, behind), change)
    tints = read(given.text("foreground_prompt")).tints
    if not tints:
        return changed
    return Image.blend(changed, effects.mapped(changed, [(20, 16, 30), tints[0], (255, 250, 240)]), 0.4)


def _lit(given: Arguments, image: Image.Image, behind: Image.Image) -> Image.Image:
    """Light from one side, in the colour of the reference or of the background."""
    side = given.text("light_source_direction")
    if not side and "light_reference" not in given.files:
        return image
    source = given.picture("light_reference").rgb if "light_reference" in given.files else behind
    ramp = Image.linear_gradient("L").rotate(_TURNS[side or "above"]).resize(image.size)
    strength = given.number("light_source_strength", 0.3)
    shade = effects.curve(ramp, [128 + (v - 112) * 0.85 * strength for v in range(256)])
    shaded = ImageChops.overlay(image, effects.grey(shade))
    light = source.resize((1, 1), Image.Resampling.BOX).resize(image.size)
    warm = Image.blend(shaded, ImageChops.screen(shaded, light), 0.6)
    return Image.composite(warm, shaded, effects.curve(ramp, [(v - 90) * strength for v in range(256)]))
