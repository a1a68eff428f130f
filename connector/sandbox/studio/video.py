"""Image to video: a slow move over the picture, as H.264 that browsers play."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from fractions import Fraction

import av
from PIL import Image

from connector.sandbox.studio import label, tones
from connector.sandbox.studio.given import Given, Made
from connector.sandbox.studio.prompt import digest

_FRAMES, _RATE = 48, 12  # four seconds


@dataclass(frozen=True)
class Move:
    """How far the view goes, as shares of the picture."""

    zoom: float
    across: float
    down: float

    def view(self, size: tuple[int, int], share: float) -> tuple[float, float, float, float]:
        """The part of the picture that is seen at a moment (0..1), eased at both ends."""
        eased = share * share * (3 - 2 * share)
        closer = 1 / (1 + 0.04 + self.zoom * eased)
        wide, high = size[0] * closer, size[1] * closer
        left = (size[0] - wide) * (0.5 + self.across * (eased - 0.5))
        top = (size[1] - high) * (0.5 + self.down * (eased - 0.5))
        return (left, top, left + wide, top + high)


def image_to_video(given: Given) -> Made:
    picture = given.picture()
    size = (picture.size[0] // 2 * 2, picture.size[1] // 2 * 2)  # yuv420p wants even sides
    image = picture.rgb.crop((0, 0, *size))
    shown = tones.withheld(image) if given.filtered else image
    return Made(_film(shown, _move(given), given), "video/mp4")


def _move(given: Given) -> Move:
    """More motion goes farther; the seed picks the direction."""
    dice = random.Random(digest("move", given.seed))
    reach = given.number("motion_bucket_id", 127) / 255
    return Move(0.05 + 0.3 * reach, dice.uniform(-1, 1), dice.uniform(-0.8, 0.8))


def _film(image: Image.Image, move: Move, given: Given) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film:
        film.metadata.update({"title": f"sandbox (seed {given.seed})", "comment": "made by the sandbox"})
        stream = film.add_stream(
            "libx264", rate=_RATE, options={"preset": "veryfast", "crf": "21", "threads": "2"}
        )
        stream.width, stream.height, stream.pix_fmt = *image.size, "yuv420p"
        stream.time_base = Fraction(1, _RATE)
        for index in range(_FRAMES):
            film.mux(stream.encode(_frame(image, move, index, given.seed)))
        film.mux(stream.encode(None))
    return out.getvalue()


def _frame(image: Image.Image, move: Move, index: int, seed: int) -> av.VideoFrame:
    view = move.view(image.size, index / (_FRAMES - 1))
    seen = image.resize(image.size, Image.Resampling.BICUBIC, box=view)
    marked = label.stamp(seen, seed, "")[0]
    frame: av.VideoFrame = av.VideoFrame.from_image(marked)  # type: ignore[no-untyped-call]
    frame.pts, frame.time_base = index, Fraction(1, _RATE)
    return frame
