"""Text to audio, audio to audio, and audio inpainting."""

from __future__ import annotations

from array import array

from connector.sandbox.studio import music, pcm
from connector.sandbox.studio.given import Given, Made
from connector.sandbox.studio.pcm import RATE, moments

_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_FORM = (0, 0, 1, 0, 2, 1)  # which variation of the loop is played when
_FADE = RATE // 2


def text_to_audio(given: Given) -> Made:
    return _finished(given, _piece(given, given.number("duration", 190)))


def audio_to_audio(given: Given) -> Made:
    """The given sound gives way to the prompt's piece as the strength rises."""
    seconds = given.number("duration", 190)
    start = _cut(pcm.decode(given.files["audio"]), moments(seconds))
    return _finished(given, _blend(start, _piece(given, seconds), given.number("strength", 1)))


def _inpaint(given: Given, end: float) -> Made:
    seconds = given.number("duration", 190)
    result = _cut(pcm.decode(given.files["audio"]), moments(seconds))
    first, last = (min(moments(given.number(*pair)), moments(seconds)) for pair in (("mask_start", 30), ("mask_end", end)))
    if last > first:
        result[first * 2 : last * 2] = _cut(_piece(given, (last - first) / RATE), last - first)
    return _finished(given, result)


def inpaint2(given: Given) -> Made:
    return _inpaint(given, 190)


def inpaint3(given: Given) -> Made:
    return _inpaint(given, 380)


def _piece(given: Given, seconds: float) -> array[int]:
    """Exactly so long: loops in a form, with a beginning and an end."""
    total, made, piece = moments(seconds) * 2, {}, array("h")
    for index in range(1000):
        if len(piece) >= total:
            break
        kind = _FORM[index % len(_FORM)]
        made[kind] = made.get(kind) or music.loop(given.prompt, given.seed, kind)
        piece.extend(made[kind])
    return _faded(piece[:total])


def _faded(piece: array[int]) -> array[int]:
    reach = min(_FADE, len(piece) // 4)
    for index in range(reach):
        piece[-1 - index] = piece[-1 - index] * index // reach
    for index in range(reach // 20):
        piece[index] = piece[index] * index * 20 // reach
    return piece


def _cut(samples: array[int], length: int) -> array[int]:
    """So many moments: cut off, or filled up with silence."""
    samples = samples[: length * 2]
    samples.frombytes(bytes(length * pcm.FRAME - len(samples) * 2))
    return samples


def _blend(a: array[int], b: array[int], share: float) -> array[int]:
    if share >= 1:
        return b
    parts = round(share * 256)
    return array("h", [(x * (256 - parts) + y * parts) >> 8 for x, y in zip(a, b, strict=True)])


def _finished(given: Given, samples: array[int]) -> Made:
    form = given.text("output_format", "mp3")
    title = f"sandbox: {given.prompt[:80]} (seed {given.seed})"
    return Made(pcm.encode(samples, form, title), _TYPES[form])
