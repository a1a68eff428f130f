"""Sound as samples, from files and to files: 44.1 kHz, 16 bits, stereo."""

from __future__ import annotations

import io
import struct
import wave
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av

from connector.sandbox.studio.files import Unreadable

RATE = 44_100
FRAME = 4  # bytes of one moment: two channels of two bytes
MP3_FRAME = 1152  # moments
_BLOCK = MP3_FRAME * 32  # moments handed to the encoder at a time


@dataclass(frozen=True)
class Piece:
    """Sound in which a part, counted in MP3 frames, is to be heard several times more than it is stored."""

    samples: array[int]
    first: int = 0
    count: int = 0
    repeats: int = 0

    def whole(self) -> array[int]:
        """All of it, written out."""
        start, end = (n * MP3_FRAME * 2 for n in (self.first, self.first + self.count))
        return self.samples[:start] + self.samples[start:end] * self.repeats + self.samples[start:]

    def packets(self, stored: Sequence[bytes]) -> list[bytes]:
        """The same for encoded frames."""
        part = list(stored[self.first : self.first + self.count])
        return [*stored[: self.first], *part * self.repeats, *stored[self.first :]]


def moments(seconds: float) -> int:
    return round(seconds * RATE)


def decode(content: bytes) -> array[int]:
    """The samples of an MP3 or WAV file, left and right in turn."""
    try:
        with av.open(io.BytesIO(content), "r") as container:
            return _samples(container)
    except (av.error.FFmpegError, ValueError, IndexError) as failure:
        raise Unreadable("audio: cannot be decoded as MP3 or WAV") from failure


def _samples(container: av.container.InputContainer) -> array[int]:
    samples = array("h")
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    for frame in container.decode(audio=0):
        for part in resampler.resample(frame):
            samples.frombytes(bytes(part.planes[0])[: part.samples * FRAME])
    for part in resampler.resample(None):  # what it still holds back
        samples.frombytes(bytes(part.planes[0])[: part.samples * FRAME])
    return samples


def resampled(samples: array[int], rate: int) -> array[int]:
    """The same sound at our rate."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    done = array("h")
    for frame in (*_frames(samples, rate), None):
        for part in resampler.resample(frame):
            done.frombytes(bytes(part.planes[0])[: part.samples * FRAME])
    return done


def encode(piece: Piece, form: str, title: str) -> bytes:
    return _wav(piece.whole(), title) if form == "wav" else _mp3(piece, title)


def _wav(samples: array[int], title: str) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return _noted(out.getvalue(), title)


def _noted(content: bytes, title: str) -> bytes:
    """The file with an INFO list at its end, which the standard library does not write."""
    entries = b"".join(_entry(*pair) for pair in ((b"ISFT", "sandbox"), (b"INAM", title)))
    chunk = b"LIST" + struct.pack("<I", 4 + len(entries)) + b"INFO" + entries
    return content[:4] + struct.pack("<I", len(content) - 8 + len(chunk)) + content[8:] + chunk


def _entry(name: bytes, text: str) -> bytes:
    value = text.encode("utf-8") + b"\0"
    return name + struct.pack("<I", len(value)) + value + b"\0" * (len(value) % 2)


def _mp3(piece: Piece, title: str) -> bytes:
    """Encoded once and repeated as frames: the encoder is the slowest part of all, by far."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        container.metadata.update({"title": title, "encoder": "sandbox"})
        # Without a reservoir each frame stands for itself, which is what lets it be repeated.
        options = {"b": "128k", "compression_level": "9", "reservoir": "0"}
        stream = container.add_stream("libmp3lame", rate=RATE, options=options)
        stream.layout = "stereo"
        encoded = [
            *(p for frame in _frames(piece.samples) for p in stream.encode(frame)),
            *stream.encode(None),
        ]
        for index, content in enumerate(piece.packets([bytes(p) for p in encoded])):
            container.mux(_packet(content, index, stream))
    return out.getvalue()


def _packet(content: bytes, index: int, stream: av.AudioStream) -> av.Packet[av.AudioStream]:
    packet: av.Packet[av.AudioStream] = av.Packet(content)  # type: ignore[assignment]  # it is of any stream till now
    packet.stream, packet.time_base = stream, Fraction(1, RATE)
    packet.pts = packet.dts = index * MP3_FRAME
    packet.duration = MP3_FRAME
    return packet


def _frames(samples: array[int], rate: int = RATE) -> Iterator[av.AudioFrame]:
    data = memoryview(samples).cast("B")
    for start in range(0, len(data), _BLOCK * FRAME):
        part = data[start : start + _BLOCK * FRAME]
        frame = av.AudioFrame(format="s16", layout="stereo", samples=len(part) // FRAME)
        frame.sample_rate, frame.pts = rate, start // FRAME
        frame.planes[0].update(_padded(part, frame.planes[0].buffer_size))
        yield frame


def _padded(part: memoryview, size: int) -> bytes:
    return bytes(part) + b"\0" * (size - len(part))
