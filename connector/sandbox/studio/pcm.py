"""Sound as samples, from files and to files: 44.1 kHz, 16 bits, stereo."""

from __future__ import annotations

import io
import struct
import wave
from array import array
from collections.abc import Iterator

import av

from connector.sandbox.studio.files import Unreadable

RATE = 44_100
FRAME = 4  # bytes of one moment: two channels of two bytes
_BLOCK = 1152 * 32  # moments handed to the encoder at a time


def moments(seconds: float) -> int:
    return round(seconds * RATE)


def decode(content: bytes) -> array[int]:
    """The samples of an MP3 or WAV file, left and right in turn."""
    try:
        with av.open(io.BytesIO(content)) as container:
            return _samples(container)
    except (av.error.FFmpegError, ValueError, IndexError) as failure:
        raise Unreadable("audio: cannot be decoded as MP3 or WAV") from failure


def _samples(container: av.container.InputContainer) -> array[int]:
    samples = array("h")
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    for frame in container.decode(audio=0):
        for part in resampler.resample(frame):
            samples.frombytes(bytes(part.planes[0])[: part.samples * FRAME])
    return samples


def encode(samples: array[int], form: str, title: str) -> bytes:
    return _wav(samples, title) if form == "wav" else _mp3(samples, title)


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


def _mp3(samples: array[int], title: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        container.metadata.update({"title": title, "encoder": "sandbox"})
        # A long piece at the encoder's quickest setting is still pleasant, and several times faster.
        stream = container.add_stream("libmp3lame", rate=RATE, options={"b": "128k", "compression_level": "9"})
        stream.layout = "stereo"
        for frame in _frames(samples):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _frames(samples: array[int]) -> Iterator[av.AudioFrame]:
    data = memoryview(samples).cast("B")
    for start in range(0, len(data), _BLOCK * FRAME):
        part = data[start : start + _BLOCK * FRAME]
        frame = av.AudioFrame(format="s16", layout="stereo", samples=len(part) // FRAME)
        frame.sample_rate, frame.pts = RATE, start // FRAME
        frame.planes[0].update(_padded(part, frame.planes[0].buffer_size))
        yield frame


def _padded(part: memoryview, size: int) -> bytes:
    return bytes(part) + b"\0" * (size - len(part))
