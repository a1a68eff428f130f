"""Text to audio, audio to audio, and audio inpainting: 44.1 kHz, 16 bits, stereo, as MP3 or WAV."""

from __future__ import annotations

import io
import itertools
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av

from connector.sandbox.studio import music
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Unreadable

RATE = 44_100
_FRAME = 1152  # moments in a frame of MP3; a moment is two samples
_FADE = RATE // 2
_CHUNK = 1 << 16
_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
# Without a reservoir each frame stands for itself, which is what lets it be repeated.
_CODECS = {
    "wav": ("pcm_s16le", {}),
    "mp3": ("libmp3lame", {"b": "128k", "compression_level": "9", "reservoir": "0"}),
}


@dataclass(frozen=True)
class Piece:
    """Sound in which a part, counted in MP3 frames, is to be heard several times more than it is stored."""

    samples: array[int]
    first: int = 0
    count: int = 0
    repeats: int = 0

    def whole(self) -> array[int]:
        """All of it, written out."""
        start, end = (n * _FRAME * 2 for n in (self.first, self.first + self.count))
        return self.samples[:start] + self.samples[start:end] * self.repeats + self.samples[start:]


def text_to_audio(given: Arguments) -> Made:
    return _finished(given, _piece(given, given.number("duration", 190)))


def audio_to_audio(given: Arguments) -> Made:
    """The given sound gives way to the prompt's piece as the strength rises."""
    seconds, strength = given.number("duration", 190), given.number("strength", 1)
    start, piece = decode(given.files["audio"]), _piece(given, seconds)
    if strength < 1:
        piece = Piece(_blend(_cut(start, _moments(seconds)), piece.whole(), strength))
    return _finished(given, piece)


def inpaint2(given: Arguments) -> Made:
    return _inpaint(given, 190)


def inpaint3(given: Arguments) -> Made:
    return _inpaint(given, 380)


def _inpaint(given: Arguments, end: float) -> Made:
    total = _moments(given.number("duration", 190))
    result = _cut(decode(given.files["audio"]), total)
    first, last = (_moments(given.number(*told)) for told in (("mask_start", 30.0), ("mask_end", end)))
    first, last = min(first, total), min(last, total)
    if last > first:
        result[first * 2 : last * 2] = _piece(given, (last - first) / RATE).whole()
    return _finished(given, Piece(result))


def _moments(seconds: float) -> int:
    return round(seconds * RATE)


def _piece(given: Arguments, seconds: float) -> Piece:
    """Exactly so long: variations in a form that comes round again, with a beginning and an end."""
    total, style = _moments(seconds), music.style_of(given.prompt, given.seed)
    period = len(style.form) * style.bars * 2  # at our rate, which is twice that of the music
    first = period // 4 // _FRAME
    repeats = max(0, (total - first * _FRAME - period - 2 * _FADE) // period)
    stored = total - repeats * period
    # Both channels at half the rate are as many samples as there are moments; four more feed the filter.
    played = array("h", itertools.islice(music.played(style, given.prompt, given.seed), stored + 4))
    samples = _faded(_cut(_converted(_frames(played, music.RATE)), stored))
    return Piece(samples, first, period // _FRAME, repeats)


def _faded(samples: array[int]) -> array[int]:
    """No click at the beginning, and a slow end."""
    reach = min(_FADE, len(samples) // 4)
    attack = reach // 20
    tail = enumerate(samples[len(samples) - reach :])
    samples[len(samples) - reach :] = array("h", [v * (reach - i) // reach for i, v in tail])
    samples[:attack] = array("h", [v * i // attack for i, v in enumerate(samples[:attack])])
    return samples


def _cut(samples: array[int], length: int) -> array[int]:
    """So many moments: cut off, or filled up with silence."""
    return samples[: length * 2] + array("h", bytes(max(0, length * 2 - len(samples)) * 2))


def _blend(a: array[int], b: array[int], share: float) -> array[int]:
    parts, mixed = round(share * 256), array("h")
    for start in range(0, len(a), _CHUNK):  # a whole piece as Python numbers would fill the memory
        pairs = zip(a[start : start + _CHUNK], b[start : start + _CHUNK], strict=True)
        mixed.extend([(x * (256 - parts) + y * parts) >> 8 for x, y in pairs])
    return mixed


def _finished(given: Arguments, piece: Piece) -> Made:
    form = given.text("output_format", "mp3")
    title = f"sandbox: {given.prompt[:80]} (seed {given.seed})"
    return Made(_encoded(piece, form, title), _TYPES[form])


def decode(content: bytes) -> array[int]:
    """The samples of an MP3 or WAV file, left and right in turn."""
    try:
        with av.open(io.BytesIO(content), "r") as container:
            return _converted(container.decode(audio=0))
    except (av.error.FFmpegError, ValueError, IndexError) as failure:
        raise Unreadable("audio: cannot be decoded as MP3 or WAV") from failure


def _converted(frames: Iterable[av.AudioFrame]) -> array[int]:
    """Any sound at our rate and in our format."""
    samples, resampler = array("h"), av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    for frame in itertools.chain(frames, [None]):  # none: what the resampler still holds back
        for part in resampler.resample(frame):
            samples.frombytes(bytes(part.planes[0])[: part.samples * 4])
    return samples


def _frames(samples: array[int], rate: int = RATE) -> Iterator[av.AudioFrame]:
    data, size = memoryview(samples).cast("B"), _FRAME * 32 * 4
    for start in range(0, len(data), size):
        part = data[start : start + size]
        frame = av.AudioFrame(format="s16", layout="stereo", samples=len(part) // 4)
        frame.sample_rate, frame.pts = rate, start // 4
        frame.planes[0].update(bytes(part).ljust(frame.planes[0].buffer_size, b"\0"))
        yield frame


def _encoded(piece: Piece, form: str, title: str) -> bytes:
    """Frames of MP3 are encoded once and repeated: the encoder is the slowest part of all, by far."""
    out, (codec, options) = io.BytesIO(), _CODECS[form]
    with av.open(out, "w", format=form) as container:
        container.metadata.update({"title": title, "encoder": "sandbox"})
        stream = cast(av.AudioStream, container.add_stream(codec, rate=RATE, options=options))
        stream.layout = "stereo"
        samples = piece.samples if form == "mp3" else piece.whole()
        packets = [packet for frame in (*_frames(samples), None) for packet in stream.encode(frame)]
        if form == "mp3":
            start, end = piece.first, piece.first + piece.count
            order = [*packets[:start], *packets[start:end] * piece.repeats, *packets[start:]]
            packets = [_packet(bytes(packet), index, stream) for index, packet in enumerate(order)]
        container.mux(packets)
    return out.getvalue()


def _packet(content: bytes, index: int, stream: av.AudioStream) -> av.Packet[av.AudioStream]:
    packet: av.Packet[av.AudioStream] = av.Packet(content)  # type: ignore[assignment]  # it is of any stream till now
    packet.stream, packet.time_base, packet.duration = stream, Fraction(1, RATE), _FRAME
    packet.pts = packet.dts = index * _FRAME
    return packet
