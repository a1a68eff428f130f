"""Image to video: a slow move over the picture, as H.264 that browsers play."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from connector.sandbox.studio import effects, label
from connector.sandbox.studio.arguments import Arguments, Made

_FRAMES, _RATE = 48, 12  # four seconds


def image_to_video(given: Arguments) -> Made:
    picture = given.picture()
    size = (picture.size[0] // 2 * 2, picture.size[1] // 2 * 2)  # yuv420p wants even sides
    image = picture.rgb.crop((0, 0, *size))
    shown, out = effects.withheld(image) if given.filtered else image, io.BytesIO()
    # More motion goes farther; the seed picks the direction.
    dice, reach = given.dice("move"), given.number("motion_bucket_id", 127) / 255
    across, down = dice.uniform(-1, 1), dice.uniform(-0.8, 0.8)
    with av.open(out, "w", format="mp4") as film:
        film.metadata.update({"title": f"sandbox (seed {given.seed})"})
        options = {"preset": "veryfast", "crf": "21", "threads": "2"}
        stream = film.add_stream("libx264", rate=_RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index, share in enumerate(np.linspace(0, 1, _FRAMES).tolist()):
            eased = share * share * (3 - 2 * share)
            # The part of the picture that is seen: how much of it, and where in the room that is left.
            wide, high = (side / (1.04 + (0.05 + 0.3 * reach) * eased) for side in size)
            left = (size[0] - wide) * (0.5 + across * (eased - 0.5))
            top = (size[1] - high) * (0.5 + down * (eased - 0.5))
            seen = shown.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + wide, top + high))
            frame: av.VideoFrame = av.VideoFrame.from_image(label.stamp(seen, given.seed)[0])  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = index, Fraction(1, _RATE)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return Made(out.getvalue(), "video/mp4")
