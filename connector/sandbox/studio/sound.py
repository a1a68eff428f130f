"""Text to audio, audio to audio, and audio inpainting."""

from __future__ import annotations

import itertools
from array import array

from connector.sandbox.studio import music, pcm
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.pcm import RATE, Piece, moments

_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_FORM = (0, 1, 0, 2)  # which variation is played when, in a quick piece
_SHORT_FORM = (0, 1)  # and in a slow one, whose four bars are long
_QUICK = 9.0  # seconds that four bars take at most in a quick one
_FADE = RATE // 2
_CHUNK = 1 << 16


def text_to_audio(given: Arguments) -> Made:
    return _finished(given, _piece(given, given.number("duration", 190)))


def audio_to_audio(given: Arguments) -> Made:
    """The given sound gives way to the prompt's piece as the strength rises."""
    seconds, strength = given.number("duration", 190), given.number("strength", 1)
    start, piece = pcm.decode(given.files["audio"]), _piece(given, seconds)
    if strength >= 1:
        return _finished(given, piece)
    return _finished(given, Piece(_blend(_cut(start, moments(seconds)), piece.whole(), strength)))


def _inpaint(given: Arguments, end: float) -> Made:
    seconds = given.number("duration", 190)
    result = _cut(pcm.decode(given.files["audio"]), moments(seconds))
    first, last = (
        min(moments(given.number(*pair)), moments(seconds))
        for pair in (("mask_start", 30), ("mask_end", end))
    )
    if last > first:
        result[first * 2 : last * 2] = _piece(given, (last - first) / RATE).whole()
    return _finished(given, Piece(result))


def inpaint2(given: Arguments) -> Made:
    return _inpaint(given, 190)


def inpaint3(given: Arguments) -> Made:
    return _inpaint(given, 380)


def _piece(given: Arguments, seconds: float) -> Piece:
    """Exactly so long: variations in a form that comes round again, with a beginning and an end."""
    total, style = moments(seconds), music.style_of(given.prompt, given.seed)
    form = _FORM if style.bars / music.RATE < _QUICK else _SHORT_FORM
    period = len(form) * style.bars * 2  # at our rate, which is twice that of the music
    first = period // 4 // pcm.MP3_FRAME
    least = first * pcm.MP3_FRAME + period + 2 * _FADE
    repeats = max(0, (total - least) // period)
    stored = total - repeats * period
    samples = _faded(_cut(_played(given, style, form, stored), stored))
    return Piece(samples, first, period // pcm.MP3_FRAME, repeats)


def _played(given: Arguments, style: music.Style, form: tuple[int, ...], length: int) -> array[int]:
    """At least so many moments of the form, over and over."""
    parts = length // (style.bars * 2) + 1
    order = list(itertools.islice(itertools.cycle(form), parts))
    variations = music.loops(style, given.prompt, given.seed, max(order) + 1)
    # Both channels at half the rate are as many samples as there are moments; four more feed the filter.
    looped = array(
        "h", itertools.islice(itertools.chain.from_iterable(variations[i] for i in (*order, 0)), length + 4)
    )
    return pcm.resampled(looped, music.RATE)


def _faded(piece: array[int]) -> array[int]:
    reach = min(_FADE, len(piece) // 4)
    piece[len(piece) - reach :] = array(
        "h", [v * (reach - i) // reach for i, v in enumerate(piece[len(piece) - reach :])]
    )
    start = reach // 20
    piece[:start] = array("h", [v * i // start for i, v in enumerate(piece[:start])])
    return piece


def _cut(samples: array[int], length: int) -> array[int]:
    """So many moments: cut off, or filled up with silence."""
    samples = samples[: length * 2]
    samples.frombytes(bytes(length * pcm.FRAME - len(samples) * 2))
    return samples


def _blend(a: array[int], b: array[int], share: float) -> array[int]:
    parts, mixed = round(share * 256), array("h")
    for start in range(0, len(a), _CHUNK):  # a whole piece as Python numbers would fill the memory
        pairs = zip(a[start : start + _CHUNK], b[start : start + _CHUNK], strict=True)
        mixed.extend([(x * (256 - parts) + y * parts) >> 8 for x, y in pairs])
    return mixed


def _finished(given: Arguments, piece: Piece) -> Made:
    form = given.text("output_format", "mp3")
    title = f"sandbox: {given.prompt[:80]} (seed {given.seed})"
    return Made(pcm.encode(piece, form, title), _TYPES[form])
