"""What the sandbox's media makers promise: real files that depend on what was given."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import threading
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import pytest
from media import sounds
from PIL import Image, ImageChops, ImageDraw, ImageStat

from connector.sandbox import studio
from connector.sandbox.studio import files, generation, label, masks, sizes
from connector.sandbox.studio.effects import STYLES, styled
from connector.sandbox.studio.painting import paint
from connector.sandbox.studio.prompt import read
from connector.sandbox.studio.svg import MOTIFS, rendered

SIDE = 128


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def photo(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """Somebody's picture: a sky, a ground, and a red disc on them."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste((60, 120, 70), (0, size[1] * 3 // 4, *size))
    ImageDraw.Draw(image).ellipse(
        (size[0] // 3, size[1] // 3, size[0] * 2 // 3, size[1] * 2 // 3), fill=(220, 30, 40)
    )
    return image


def spot(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """A mask over the disc."""
    mask = Image.new("L", size)
    mask.paste(255, (size[0] // 3 - 2, size[1] // 3 - 2, size[0] * 2 // 3 + 2, size[1] * 2 // 3 + 2))
    return mask


def tone(seconds: float = 3.5) -> bytes:
    return studio.make(
        "audio2_text_to_audio", {"prompt": "piano", "duration": str(seconds), "output_format": "wav"}, {}, 3
    ).content


PICTURE = {"image": encoded(photo())}
SKETCH = Image.new("RGB", (SIDE, SIDE), "white")
ImageDraw.Draw(SKETCH).rectangle((30, 40, 96, 100), outline="black", width=3)
SOUND = tone()
# For each operation, fields and files that keep it small.
CALLS: dict[str, tuple[Mapping[str, str], Mapping[str, bytes]]] = {
    "generate_ultra": ({"prompt": "a cat", "strength": "0.5"}, PICTURE),
    "generate_core": ({"prompt": "a boat", "output_format": "jpeg"}, {}),
    "generate_sd3": ({"prompt": "a robot", "mode": "image-to-image", "strength": "0.9"}, PICTURE),
    "upscale_fast": ({}, PICTURE),
    "upscale_conservative": ({"prompt": "sharp", "output_format": "jpeg"}, PICTURE),
    "upscale_creative_start": ({"prompt": "sharp", "output_format": "jpeg"}, PICTURE),
    "edit_erase": ({}, {**PICTURE, "mask": encoded(spot())}),
    "edit_inpaint": ({"prompt": "a fox"}, {**PICTURE, "mask": encoded(spot())}),
    "edit_outpaint": ({"left": "20", "down": "30", "prompt": "sea"}, PICTURE),
    "edit_search_and_replace": ({"prompt": "an owl", "search_prompt": "red disc"}, PICTURE),
    "edit_search_and_recolor": ({"prompt": "blue", "select_prompt": "red disc"}, PICTURE),
    "edit_remove_background": ({}, PICTURE),
    "edit_replace_background_and_relight": (
        {"background_prompt": "a forest", "light_source_direction": "left", "light_source_strength": "0.5"},
        {"subject_image": PICTURE["image"]},
    ),
    "control_sketch": ({"prompt": "a red house"}, {"image": encoded(SKETCH)}),
    "control_structure": ({"prompt": "snowy mountains"}, PICTURE),
    "control_style": ({"prompt": "a car", "aspect_ratio": "9:21"}, PICTURE),
    "control_style_transfer": ({}, {"init_image": PICTURE["image"], "style_image": encoded(SKETCH)}),
    "3d_stable_fast": ({"texture_resolution": "512", "vertex_count": "200"}, PICTURE),
    "3d_stable_point_aware": (
        {"texture_resolution": "512", "target_type": "face", "target_count": "300"},
        PICTURE,
    ),
    "audio2_text_to_audio": ({"prompt": "techno", "duration": "1"}, {}),
    "audio2_audio_to_audio": ({"prompt": "sad", "duration": "2", "strength": "0.4"}, {"audio": SOUND}),
    "audio2_inpaint": (
        {"prompt": "calm", "duration": "3", "mask_start": "1", "mask_end": "2"},
        {"audio": SOUND},
    ),
    "audio3_text_to_audio": ({"prompt": "ambient", "duration": "1"}, {}),
    "audio3_audio_to_audio": ({"prompt": "rock", "duration": "1"}, {"audio": SOUND}),
    "audio3_inpaint": (
        {"prompt": "rock", "duration": "3", "mask_start": "1", "mask_end": "2"},
        {"audio": SOUND},
    ),
    "image_to_video_start": ({}, PICTURE),
    "v1_text_to_image": ({"text_prompts": '[{"text": "a tree"}]', "width": "128", "height": "192"}, {}),
    "v1_image_to_image": ({"text_prompts[0][text]": "a tree"}, {"init_image": PICTURE["image"]}),
    "v1_upscale": ({"width": "300"}, PICTURE),
    "v1_masking": (
        {"text_prompts[0][text]": "a fox", "mask_source": "MASK_IMAGE_WHITE"},
        {"init_image": PICTURE["image"], "mask_image": encoded(spot())},
    ),
    "v2alpha_upscale": ({"prompt": "sharp", "output_format": "jpeg"}, {"image": encoded(photo((64, 64)))}),
    "v2alpha_inpaint": ({"prompt": "a fox", "mode": "search", "search_prompt": "disc"}, PICTURE),
}


def made(operation: str, fields: Mapping[str, str] | None = None, seed: int = 7) -> studio.Made:
    """An operation's own call, with other fields laid over it."""
    own, given = CALLS[operation]
    return studio.make(operation, {**own, **(fields or {})}, given, seed)


def outside(mask: Image.Image) -> Image.Image:
    """White where an edit must not change anything: outside of the mask and of the label's area."""
    free = ImageChops.invert(mask)
    free.paste(0, label.area(mask.size))
    return free


def unlike(a: Image.Image, b: Image.Image, where: Image.Image) -> int:
    """How far two pictures are apart at most, where the mask is white."""
    difference = ImageChops.difference(a.convert("RGB"), b.convert("RGB"))
    return max(high for _, high in ImageStat.Stat(difference, where).extrema)


def test_every_operation_has_a_call_here() -> None:
    """None is left untested."""
    assert set(CALLS) == set(studio.OPERATIONS)


@pytest.mark.parametrize("operation", CALLS)
def test_every_operation_makes_a_file_of_its_type(operation: str) -> None:
    """What comes out can be decoded, is what its media type says, and says sandbox."""
    result = made(operation)
    info = studio.inspect(result.content)
    types = {"audio/mpeg": "mp3", "audio/wav": "wav", "video/mp4": "mp4", "model/gltf-binary": "glb"}
    assert info is not None
    assert info.format == types.get(result.media_type, result.media_type.removeprefix("image/"))
    assert b"sandbox" in result.content


@pytest.mark.parametrize(
    "operation",
    ["generate_ultra", "edit_erase", "3d_stable_fast", "audio2_text_to_audio", "image_to_video_start"],
)
def test_the_same_inputs_give_the_same_bytes(operation: str) -> None:
    """A file can be recognised by its hash."""
    assert made(operation).content == made(operation).content


@pytest.mark.parametrize(
    "operation", ["generate_ultra", "control_sketch", "audio2_text_to_audio", "v1_text_to_image"]
)
def test_another_seed_gives_another_file(operation: str) -> None:
    """A seed is visible in the content, not only in the label."""
    assert made(operation, seed=7).content != made(operation, seed=8).content


def test_each_model_has_a_picture_of_its_own() -> None:
    """The default is one of them."""
    named = [{"model": model} for model in ("sd3.5-large", "sd3.5-medium", "sd3.5-flash")]
    default, large, medium, flash = (made("generate_sd3", fields).content for fields in ({}, *named))
    assert default == large
    assert len({large, medium, flash}) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("a cat", "a dog"), ("a red boat", "a blue boat"), ("sea, day", "sea, night"), ("zxq", "qxz")],
)
def test_prompts_show(one: str, other: str) -> None:
    """Different words give visibly different pictures."""
    a, b = (paint(prompt, 1, (128, 128)).image for prompt in (one, other))
    assert ImageStat.Stat(ImageChops.difference(a, b).convert("L")).mean[0] > 2


@pytest.mark.parametrize("name", MOTIFS)
def test_every_motif_can_be_painted_and_found(name: str) -> None:
    """What the prompt names is on the picture, and its place is known."""
    word = next(iter(MOTIFS[name].words), None)
    if word:
        assert list(paint(f"a {word}", 2, (96, 96)).things) == [name]


def test_strips_leave_no_seams() -> None:
    """A drawing that is rendered strip by strip is as if rendered at once, but for how edges are smoothed."""
    body = '<rect width="100" height="400" fill="white"/><circle cx="50" cy="200" r="45" fill="red"/>'
    whole, strips = (rendered(body, (0, 0, 100, 400), (60, 240), strip) for strip in (0, 37))
    assert whole.getpixel((30, 94)) == whole.getpixel((30, 146)) == (255, 0, 0, 255)
    assert max(high for _, high in ImageChops.difference(whole, strips).getextrema()) <= 64


def test_a_negative_prompt_takes_a_thing_away() -> None:
    """What is not wanted is not there, and the rest stays as it was."""
    assert list(paint("a cat and a tree", 3, (96, 96), "tree").things) == ["cat"]


def test_a_prompt_is_read() -> None:
    """Things with number and colour, place, hour, weather, and the colours of the whole."""
    reading = read("Two (red:0.8) foxes in a snowy forest at night, teal")
    assert [(a.motif.name, a.count) for a in reading.things] == [("fox", 2)]
    assert reading.things[0].colour == (216, 56, 58)
    assert (reading.place, reading.hour, reading.weather) == ("snowfield", "night", {"snow"})
    assert len(reading.tints) == 1


@pytest.mark.parametrize("preset", STYLES)
def test_every_style_shows(preset: str) -> None:
    """A style changes the picture and keeps its size; an unknown one does neither."""
    picture = paint("a fox by a house", 5, (160, 96)).image
    shown = styled(picture, preset)
    assert shown.size == picture.size
    assert ImageStat.Stat(ImageChops.difference(shown, picture).convert("L")).mean[0] > 0.5


def test_no_two_styles_look_alike() -> None:
    """Styles share effects, and still each can be told from every other."""
    picture = paint("a fox by a house", 5, (160, 96)).image
    shown = {preset: styled(picture, preset) for preset in STYLES}
    for one, other in combinations(STYLES, 2):
        assert ImageStat.Stat(ImageChops.difference(shown[one], shown[other]).convert("L")).mean[0] > 3, (
            one,
            other,
        )


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", (1024, 1024)), ("16:9", (1344, 768)), ("9:21", (640, 1536)), ("2:3", (832, 1216))],
)
def test_the_aspect_ratio_decides_the_size(ratio: str, size: tuple[int, int]) -> None:
    """One megapixel in multiples of 64, in each shape."""
    assert sizes.ULTRA[ratio] == size


@pytest.mark.parametrize("table", [(sizes.ULTRA, 1_048_576), (sizes.CORE, 1_500_000)])
def test_all_shapes_have_about_the_stated_pixels(table: tuple[dict[str, tuple[int, int]], int]) -> None:
    """Each shape is what its name says, and as large as the vendor states."""
    for ratio, (width, height) in table[0].items():
        across, down = map(int, ratio.split(":"))
        assert width % 64 == height % 64 == 0
        assert width / height == pytest.approx(across / down, rel=0.06)
        assert width * height == pytest.approx(table[1], rel=0.08)


def test_strength_nothing_is_the_picture_itself() -> None:
    """Image to image at 0 changes nothing outside of the label; at 1 nothing of it is left."""
    same, other = (opened(made("generate_ultra", {"strength": s}).content) for s in ("0", "1"))
    assert unlike(same, photo(), outside(Image.new("L", same.size))) == 0
    assert unlike(other, photo(), outside(Image.new("L", same.size))) > 60


@pytest.mark.parametrize("operation", ["edit_erase", "edit_inpaint", "v1_masking"])
@pytest.mark.parametrize("grow", [0, 5])
def test_a_mask_is_respected(operation: str, grow: int) -> None:
    """Outside of the grown mask not one pixel changes; inside, the disc is gone."""
    result = opened(made(operation, {"grow_mask": str(grow)}).content)
    reach = grow if operation != "v1_masking" else 0
    assert unlike(result, photo(), outside(masks.grown(spot(), reach))) == 0
    assert unlike(result, photo(), spot()) > 60


def test_what_is_erased_vanishes() -> None:
    """Where the red disc was, nothing red is left."""
    red, green, _ = ImageStat.Stat(opened(made("edit_erase").content).convert("RGB"), spot()).mean
    assert abs(red - green) < 25


def test_a_mask_of_another_size_is_fitted() -> None:
    """The vendor resizes masks; so do we."""
    half = spot().resize((SIDE // 2, SIDE // 2))
    given = {**PICTURE, "mask": encoded(half)}
    result = opened(studio.make("edit_erase", {"grow_mask": "0"}, given, 1).content)
    assert unlike(result, photo(), outside(masks.grown(spot(), 2))) == 0
    assert unlike(result, photo(), spot()) > 60


def test_without_a_mask_transparency_is_erased() -> None:
    """Transparent parts are filled and can be seen afterwards; the rest stays."""
    holed = photo()
    holed.putalpha(ImageChops.invert(spot()))
    result = opened(studio.make("edit_erase", {"grow_mask": "0"}, {"image": encoded(holed)}, 1).content)
    assert result.getchannel("A").getextrema() == (255, 255)
    assert unlike(result, photo(), outside(spot())) == 0


def test_growing_is_by_so_many_pixels() -> None:
    """On every side, and no more."""
    mask = Image.new("L", (60, 60))
    mask.paste(255, (30, 30, 32, 32))
    assert [masks.grown(mask, n).getbbox() for n in (0, 1, 7, 20)] == [
        (30 - n, 30 - n, 32 + n, 32 + n) for n in (0, 1, 7, 20)
    ]


def test_outpainting_adds_exactly_what_is_asked() -> None:
    """The canvas grows by the four numbers, and the picture stands unchanged in its place."""
    fields = {"left": "40", "right": "7", "up": "150", "down": "90"}
    result = opened(studio.make("edit_outpaint", fields, PICTURE, 1).content)
    assert result.size == (SIDE + 47, SIDE + 240)
    within = result.crop((40, 150, 40 + SIDE, 150 + SIDE))
    sky = ImageStat.Stat(result.crop((40, 130, 40 + SIDE, 150)).convert("L")).mean[0]
    assert sky == pytest.approx(ImageStat.Stat(photo().crop((0, 0, SIDE, 20)).convert("L")).mean[0], abs=20)
    assert unlike(within, photo(), Image.new("L", (SIDE, SIDE), 255)) == 0


def test_a_search_finds_what_the_sandbox_painted() -> None:
    """A cat is replaced where the cat is; far from it nothing changes."""
    painting = paint("a cat on a hill", 4, (256, 256))
    source = files.encode(painting, "png", "a cat on a hill", 4)
    found = files.decode(source).mask("cat").getbbox()
    fields = {"prompt": "a robot", "search_prompt": "cat"}
    result = studio.make("edit_search_and_replace", fields, {"image": source}, 1)
    near = masks.grown(masks.box_mask((256, 256), found), 3)
    assert unlike(opened(result.content), opened(source), outside(near)) == 0
    assert list(files.decode(result.content).things) == ["robot"]


def test_recolouring_changes_the_colour_that_is_searched() -> None:
    """The red disc turns blue, and the ground stays green."""
    result = opened(made("edit_search_and_recolor").content).convert("RGB")
    red, _, blue = result.getpixel((SIDE // 2, SIDE // 2))
    assert blue > red + 60
    assert result.getpixel((SIDE - 10, SIDE - 20)) == photo().getpixel((SIDE - 10, SIDE - 20))


def test_removing_the_background_gives_real_transparency() -> None:
    """The disc stays opaque, the background becomes transparent, the colours stay."""
    for form in ("png", "webp"):
        alpha = opened(made("edit_remove_background", {"output_format": form}).content).getchannel("A")
        assert alpha.getpixel((SIDE // 2, SIDE // 2)) == 255
        assert alpha.getpixel((SIDE - 6, 6)) == 0


def test_the_subject_of_a_plain_photo_is_found() -> None:
    """The outline is about that of the disc."""
    found = files.Picture(photo()).subject.point([0] * 128 + [255] * 128)
    assert masks.share(found) == pytest.approx(3.14159 / 36, rel=0.25)


def test_light_comes_from_the_side_that_is_named() -> None:
    """The left half is brighter when lit from the left, and darker when lit from the right."""
    sides = {}
    for side in ("left", "right"):
        shown = opened(
            made("edit_replace_background_and_relight", {"light_source_direction": side}).content
        ).convert("L")
        sides[side] = ImageStat.Stat(shown.crop((0, 0, SIDE // 3, SIDE // 2))).mean[0]
    assert sides["left"] > sides["right"] + 8


@pytest.mark.parametrize(
    ("operation", "size"),
    [
        ("upscale_fast", (512, 256)),
        ("upscale_conservative", (2896, 1448)),
        ("upscale_creative_start", (3840, 1920)),
        ("v1_upscale", (300, 150)),
    ],
)
def test_upscales_have_the_size_the_vendor_gives(operation: str, size: tuple[int, int]) -> None:
    """Four times each side; about four megapixels; 4K; the width that is asked for. All of the same shape."""
    given = {"image": encoded(photo((128, 64)))}
    fields = {"prompt": "x", "width": "300", "output_format": "jpeg"}
    info = studio.inspect(studio.make(operation, fields, given, 1).content)
    assert info is not None
    assert (info.width, info.height) == size


def test_4k_is_bounded() -> None:
    """A square is no more than the vendor's largest picture."""
    width, height = sizes.four_k((500, 500))
    assert 9_000_000 < width * height <= 9_437_184


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_the_format_asked_for_comes_out(form: str) -> None:
    """And the note of what is on the picture survives in each."""
    content = made("edit_inpaint", {"output_format": form}).content
    info = studio.inspect(content)
    assert info is not None
    assert info.format == form
    assert list(files.decode(content).things) == ["fox"]


def test_a_filtered_picture_is_blurred() -> None:
    """Nothing can be made out any more, and it is of the same size."""
    own, given = CALLS["edit_inpaint"]
    clear = opened(studio.make("edit_inpaint", own, given, 7).content).convert("L")
    hidden = opened(studio.make("edit_inpaint", own, given, 7, filtered=True).content).convert("L")
    free = outside(Image.new("L", clear.size))
    assert hidden.size == clear.size
    assert ImageStat.Stat(hidden, free).stddev[0] < ImageStat.Stat(clear, free).stddev[0] * 0.8


def test_a_label_stays_in_its_area_and_clear_of_the_corner() -> None:
    """Whatever it says, however small the picture."""
    for size in ((64, 64), (1024, 320), (300, 900)):
        plain = Image.new("RGB", size, (90, 90, 90))
        marked, place = label.stamp(plain, 4294967294)
        left, top, right, low = label.area(size)
        assert left <= place[0] < place[2] <= right
        assert unlike(plain, marked, outside(Image.new("L", size))) == 0
        assert 0 < left < right < size[0]
        assert 0 < top < low < size[1]


def test_an_edit_takes_an_old_label_away() -> None:
    """A picture that comes back carries one label, not two."""
    source = files.encode(files.Picture(photo()), "png", "a long first prompt indeed", 123456)
    place = masks.box_mask((SIDE, SIDE), label.area((SIDE, SIDE)))
    assert unlike(opened(source), photo(), place) > 60
    assert unlike(files.decode(source).image, photo(), place) < 60


def test_another_mans_note_is_no_danger() -> None:
    """A note that lies is ignored."""
    for note in (
        'sandbox {"things": {"cat": [[0,0,9,9],[9999,9999],"AA"]}}',
        'sandbox {"things": {"cat": "AAAA"}}',
        "sandbox [",
        'sandbox {"label": [5,5,1,1]}',
    ):
        out, exif = io.BytesIO(), Image.Exif()
        exif[0x010E] = note
        photo().save(out, "PNG", exif=exif)
        assert files.decode(out.getvalue()).things == {}


def parsed(content: bytes) -> tuple[dict[str, object], bytes]:
    """The JSON and the binary chunk of a GLB file, its lengths checked."""
    magic, version, total = struct.unpack_from("<4sII", content)
    assert (magic, version, total) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert (kind, size % 4) == (b"JSON", 0)
    body, kind = struct.unpack_from("<I4s", content, 20 + size)
    assert (kind, 28 + size + body) == (b"BIN\0", len(content))
    return json.loads(content[20 : 20 + size]), content[28 + size :]


@pytest.mark.parametrize(
    ("operation", "fields", "vertices", "faces"),
    [
        ("3d_stable_fast", {}, 200, 400),
        ("3d_stable_fast", {"vertex_count": "20"}, 20, 40),
        ("3d_stable_point_aware", {}, 300, 300),
        ("3d_stable_point_aware", {"target_type": "vertex"}, 300, 600),
    ],
)
def test_a_model_is_sound(operation: str, fields: Mapping[str, str], vertices: int, faces: int) -> None:
    """Every view lies in the buffer, every index names a corner, and there are no more than asked for."""
    document, body = parsed(made(operation, fields).content)
    indices, positions = document["accessors"][0], document["accessors"][1]  # type: ignore[index]
    views = document["bufferViews"]
    assert all(v["byteOffset"] + v["byteLength"] <= len(body) for v in views)  # type: ignore[attr-defined]
    numbers = struct.unpack_from(f"<{indices['count']}I", body, views[0]["byteOffset"])  # type: ignore[index]
    assert max(numbers) == positions["count"] - 1
    assert positions["count"] <= vertices
    assert indices["count"] / 3 <= faces
    assert document["asset"] == {
        "version": "2.0",
        "generator": "sandbox",
        "extras": {"sandbox": True, "seed": 7},
    }


def test_a_texture_has_the_side_asked_for() -> None:
    """Embedded as PNG, transparent around the subject."""
    document, body = parsed(made("3d_stable_fast").content)
    view = document["bufferViews"][4]  # type: ignore[index]
    texture = opened(body[view["byteOffset"] : view["byteOffset"] + view["byteLength"]])
    assert texture.size == (512, 512)
    assert texture.getchannel("A").getextrema() == (0, 255)


def test_foreground_ratio_scales_the_model() -> None:
    """Half the ratio is half the size."""

    def width(ratio: str) -> float:
        document, _ = parsed(made("3d_stable_fast", {"foreground_ratio": ratio}).content)
        return float(document["accessors"][1]["max"][0])  # type: ignore[index]

    assert width("0.4") == pytest.approx(width("0.8") / 2)


@pytest.mark.parametrize(("form", "slack"), [("wav", 0.0), ("mp3", 0.06)])
@pytest.mark.parametrize("seconds", [1, 2.5, 9])
def test_sound_is_as_long_as_asked(form: str, slack: float, seconds: float) -> None:
    """Exactly in WAV; in MP3 but for the frame that is begun."""
    info = studio.inspect(
        made("audio2_text_to_audio", {"duration": str(seconds), "output_format": form}).content
    )
    assert info is not None
    assert info.seconds == pytest.approx(seconds, abs=slack + 0.0006)


def test_repeated_frames_sound_as_if_written_out() -> None:
    """A long MP3 is put together from frames; decoded, it is close to the same piece as WAV."""
    from connector.sandbox.studio import audio

    plain, packed = (
        audio.decode(made("audio2_text_to_audio", {"duration": "72", "output_format": form}).content)
        for form in ("wav", "mp3")
    )
    late = 60 * audio.RATE
    sound = plain[late : late + 300].astype(float)
    # An MP3 begins later by its encoder's delay, if its reader does not know of it.
    errors = [abs(sound - packed[late + delay : late + delay + 300]).mean() for delay in range(2400)]
    assert min(errors) < 600


def test_inpainted_sound_keeps_the_rest() -> None:
    """Before the start and after the end of the mask, the samples are the given ones."""
    from connector.sandbox.studio import audio

    result = audio.decode(made("audio2_inpaint", {"output_format": "wav"}).content)
    given = audio.decode(SOUND)
    first, second = audio.RATE, audio.RATE * 2
    assert (result[:first] == given[:first]).all()
    assert (result[first:second] != given[first:second]).any()
    assert (result[second : second + first] == given[second : second + first]).all()


def test_a_video_is_of_the_pictures_size() -> None:
    """Four seconds."""
    info = studio.inspect(made("image_to_video_start").content)
    assert info == studio.Info("mp4", SIDE, SIDE, 4.0)


def test_what_inspect_measures() -> None:
    """Format and size of pictures in every format that may come."""
    for form in ("PNG", "JPEG", "WEBP", "GIF"):
        assert studio.inspect(encoded(photo((70, 90)), form)) == studio.Info(form.lower(), 70, 90)


def garbage() -> dict[str, bytes]:
    dice, whole = random.Random(1), {form: encoded(photo(), form) for form in ("PNG", "JPEG", "WEBP", "GIF")}
    starts = (
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFFxxxxWEBP",
        b"RIFFxxxxWAVE",
        b"GIF89a",
        b"ID3",
        b"\xff\xfb",
        b"xxxxftyp",
        b"glTF",
    )
    return {
        "nothing": b"",
        "text": b"hello",
        **{f"random {i}": start + dice.randbytes(600) for i, start in enumerate((b"", *starts))},
        **{f"half a {form}": content[: len(content) // 2] for form, content in whole.items()},
        "half a wav": tone(1)[:50_000],
        "half a glb": made("3d_stable_fast").content[:-9],
        "half an mp4": made("image_to_video_start").content[:3000],
    }


@pytest.mark.parametrize(("name", "content"), garbage().items())
def test_garbage_is_nothing(name: str, content: bytes) -> None:
    """No exception and no warning: just None."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert studio.inspect(content) is None


ODD_SOUNDS = {
    "of varying rate, quiet at first": lambda: sounds.mp3s[
        "of varying rate, quiet at first, without a count"
    ](),
    "behind a huge tag": lambda: sounds.id3v2(3_000_000) + sounds.mp3s["of one rate, with a count"](),
    "before ape": lambda: sounds.mp3s["of one rate, with a count"]() + sounds.ape(5000),
    "behind ape": lambda: sounds.ape(5000) + sounds.mp3s["of one rate, with a count"](),
    "behind stray bytes": lambda: bytes(999) + sounds.mp3s["of one rate, with a count"](),
    **{name: sounds.wavs[name] for name in ("rf64", "wave64", "adpcm_ms, stereo", "libmp3lame, mono")},
}


@pytest.mark.parametrize("make", ODD_SOUNDS.values(), ids=ODD_SOUNDS)
def test_sounds_that_players_play_are_taken(make: Callable[[], bytes]) -> None:
    """Whoever wrote them, and whatever stands around them."""
    content = make()
    info = studio.inspect(content)
    assert info is not None
    assert info.format in ("mp3", "wav")
    assert info.seconds == pytest.approx(sounds.SECONDS, abs=0.2)
    made = studio.make(
        "audio2_audio_to_audio", {"prompt": "rain", "duration": "1", "strength": "0.5"}, {"audio": content}, 1
    )
    assert studio.inspect(made.content) is not None


def test_a_bomb_is_measured_and_never_decoded() -> None:
    """A small file of a huge picture gives its size, quickly, and is refused as an input."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    import zlib

    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    )
    assert studio.inspect(bomb) == studio.Info("png", 60_000, 60_000)
    with pytest.raises(studio.Unreadable, match="image"):
        studio.make("upscale_fast", {}, {"image": bomb}, 1)


def test_no_more_is_made_at_once_than_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait, and hold up nobody who does something else."""
    cores = os.cpu_count() or 1
    at_work: list[int] = []
    peaks: list[int] = []
    all_there = threading.Event()

    def make(given: studio.Arguments) -> studio.Made:
        at_work.append(given.seed)
        peaks.append(len(at_work))
        if len(at_work) == cores:
            all_there.set()
        assert all_there.wait(60)
        at_work.remove(given.seed)
        return studio.Made(b"", "image/png")

    monkeypatch.setitem(studio.OPERATIONS, "slow", "generation.slow")
    monkeypatch.setattr(generation, "slow", make, raising=False)
    with ThreadPoolExecutor(3 * cores) as pool:
        list(pool.map(lambda seed: studio.make("slow", {}, {}, seed), range(3 * cores)))
    assert max(peaks) == cores


def test_the_studio_stands_alone() -> None:
    """It imports nothing of the connector outside of itself."""
    for path in Path(studio.__file__).parent.rglob("*.py"):
        imports = [
            line
            for line in path.read_text("utf-8").splitlines()
            if "connector." in line and "import" in line.split()
        ]
        assert all("connector.sandbox.studio" in line for line in imports), path
