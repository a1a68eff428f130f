"""Sounds of every kind, written by ffmpeg's library and then changed as other programs write them."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import av
import numpy as np

SECONDS = 5.678
RATE = 44100


def encoded(
    container: str,
    codec: str,
    *,
    seconds: float = SECONDS,
    rate: int = RATE,
    layout: str = "stereo",
    muxer: dict[str, str] | None = None,
    silent: float = 0.0,
    **options: str,
) -> bytes:
    """Noise and a tone, after so many seconds of silence, so that a varying bit rate does vary."""
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=muxer or {}) as writer:
        stream: Any = writer.add_stream(codec, rate=rate, layout=layout, options=options)
        form = (stream.codec_context.codec.audio_formats or [av.AudioFormat("s16")])[0].name
        resampler = av.AudioResampler(form, layout, rate, frame_size=stream.codec_context.frame_size or 1024)
        for frame in (*resampler.resample(_wave(seconds, rate, layout, silent)), *resampler.resample(None)):
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return out.getvalue()


def _wave(seconds: float, rate: int, layout: str, silent: float) -> av.AudioFrame:
    count = round(seconds * rate)
    times = np.arange(count) / rate
    loudness = (times > silent) * (0.5 + 0.5 * np.sin(times * 2))
    noise = np.random.default_rng(5).standard_normal(count) * 0.1 + np.sin(times * 2 * np.pi * 330) * 0.3
    samples = (noise * loudness * 20_000).clip(-32768, 32767).astype("<i2")
    channels = len(av.AudioLayout(layout).channels)
    frame = av.AudioFrame.from_ndarray(np.repeat(samples, channels)[None, :], "s16", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame


def decoded_seconds(data: bytes) -> float | None:
    """How long it plays; None where ffmpeg makes nothing of it."""
    try:
        container = av.open(io.BytesIO(data), metadata_errors="replace")
    except av.error.FFmpegError:
        return None
    with container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        total = 0
        for packet in container.demux(stream):
            try:
                total += sum(frame.samples for frame in packet.decode())
            except av.error.InvalidDataError:  # a frame that is cut off
                continue
        return total / stream.rate


def syncsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3v2(size: int, *, flags: int = 0, version: int = 4, fill: bytes = b"\0") -> bytes:
    head = b"ID3" + bytes([version, 0, flags]) + syncsafe(size)
    return head + (fill * size)[:size] + (b"3DI" + head[3:] if flags & 0x10 else b"")


def ape(size: int, *, has_head: bool = True) -> bytes:
    body = random.Random(3).randbytes(size)
    facts = struct.pack("<III", 2000, size + 32, 1)
    head = b"APETAGEX" + facts + struct.pack("<I", 0xA0000000) + bytes(8)
    return (head if has_head else b"") + body + b"APETAGEX" + facts + struct.pack("<I", 0x80000000) + bytes(8)


ID3V1 = b"TAG" + b"a title".ljust(125, b"\0")


_MP3_WAYS: dict[str, dict[str, Any]] = {
    "of varying rate": {"flags": "+qscale", "global_quality": "472"},
    "of varying rate, quiet at first": {"flags": "+qscale", "global_quality": "236", "silent": 1.5},
    "of an average rate": {"b": "128k", "abr": "1"},
    "of one rate": {"b": "192k"},
    "mono": {"b": "64k", "layout": "mono"},
    "of 48 kHz": {"b": "320k", "rate": 48000},
    "of MPEG 2": {"flags": "+qscale", "global_quality": "590", "rate": 22050},
    "of MPEG 2.5": {"b": "16k", "rate": 8000, "layout": "mono"},
    "without a reservoir": {"b": "96k", "reservoir": "0"},
}
_WAV_CODECS = (
    "pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw",
    "adpcm_ms", "adpcm_ima_wav", "adpcm_yamaha", "libmp3lame",
)  # fmt: skip


def _mp3(count: str, how: dict[str, Any]) -> bytes:
    return encoded("mp3", "libmp3lame", muxer={"write_xing": count, "id3v2_version": "0"}, **how)


# Each is written when it is asked for.
mp3s = {
    f"{name}, {said}": partial(_mp3, count, how)
    for name, how in _MP3_WAYS.items()
    for count, said in (("1", "with a count"), ("0", "without a count"))
}
wavs = {
    f"{codec}, {layout}": partial(encoded, "wav", codec, layout=layout)
    for codec in _WAV_CODECS
    for layout in ("mono", "stereo")
} | {
    "wmav2": partial(encoded, "wav", "wmav2", b="128k"),
    "g722": partial(encoded, "wav", "g722", rate=16000, layout="mono"),
    "g726": partial(encoded, "wav", "g726", rate=8000, layout="mono", b="32k"),
    "flac": partial(encoded, "wav", "flac"),
    "six channels": partial(encoded, "wav", "pcm_s16le", layout="5.1"),
    "mp3 of varying rate in wav": partial(
        encoded, "wav", "libmp3lame", flags="+qscale", global_quality="236"
    ),
    "rf64": partial(encoded, "wav", "pcm_s16le", muxer={"rf64": "always"}),
    "bw64": lambda: wavs["rf64"]().replace(b"RF64", b"BW64", 1),
    "wave64": partial(encoded, "w64", "pcm_s16le"),
    "wave64 of 24 bits": partial(encoded, "w64", "pcm_s24le", layout="mono"),
}

# Where ffmpeg plays a tag, makes nothing of one, or drops what is beside junk: how often the file is heard.
EXPECTED = {
    "behind a huge id3v2": 1,
    "behind padding": 1,
    "with junk inside": 1,
    "twice, each behind a tag": 2,
}


def around_mp3(data: bytes) -> Iterator[tuple[str, bytes]]:
    """An MP3 with what others put before and behind the frames."""
    dice = random.Random(7)
    yield "behind id3v2", id3v2(1000) + data
    yield "behind a huge id3v2", id3v2(3_000_000, fill=b"\xff\xd8\xff\xe0JFIF\xff\xfb\x90") + data
    yield "behind id3v2 with a footer", id3v2(300, flags=0x10) + data
    yield "behind id3v2 unsynchronised", id3v2(900, flags=0x80, version=3, fill=b"\xff\0") + data
    yield "behind id3v2 and padding it does not tell", id3v2(500) + bytes(5000) + data
    yield "behind two id3v2", id3v2(500, version=3) + id3v2(700) + data
    yield "behind id3v1", ID3V1 + data
    yield "before id3v1", data + ID3V1
    yield "behind ape", ape(5000) + data
    yield "before ape", data + ape(5000)
    yield "before ape without its head, and id3v1", data + ape(5000, has_head=False) + ID3V1
    yield "behind a stray byte", b"\0" + data
    yield "behind a stray ff", b"\xff" + data
    yield "behind stray bytes", dice.randbytes(3000) + data
    yield "behind padding", bytes(70_000) + data
    yield "with junk inside", data[: len(data) // 2] + dice.randbytes(999) + data[len(data) // 2 :]
    yield "cut off", data[: len(data) * 2 // 3]
    yield "without its beginning", data[len(data) // 3 :]
    yield "twice", data + data
    yield "twice, each behind a tag", (id3v2(90_000, fill=b"\xff\xfb\x90\0abc") + data) * 2


def vbri(data: bytes) -> bytes:
    """The same frames with the other kind of count in front."""
    head = data[:4]
    told = b"VBRI" + struct.pack(">HHHIIHHHH", 1, 0, 75, len(data), 99_999, 0, 1, 2, 1)
    first = (head + bytes(32) + told).ljust(417 + (head[2] >> 1 & 1), b"\0")
    return first + data


def chunk(name: bytes, body: bytes, *, pad: bytes = b"\0") -> bytes:
    return name + struct.pack("<I", len(body)) + body + pad * (len(body) % 2)


def around_wav(data: bytes) -> Iterator[tuple[str, bytes]]:
    """A plain WAV as others write it."""
    start = data.index(b"data")
    head, size, body = data[:start], struct.unpack_from("<I", data, start + 4)[0], data[start + 8 :]
    for name, told in {"0": 0, "ffffffff": 0xFFFFFFFF, "7fffffff": 0x7FFFFFFF}.items():
        riff = b"RIFF" + struct.pack("<I", told) + head[8:]
        yield f"with a data size of {name}", riff + b"data" + struct.pack("<I", told) + body
    yield "cut off", data[: len(data) * 2 // 3]
    for length in (3, 4, 65):
        extra = bytes(range(97, 97 + min(length, 26))) * 3
        for name in (b"LIST", b"junk", b"bext", b"id3 "):
            for padding, pad in {"padded": b"\0", "padded with a letter": b"d", "not padded": b""}.items():
                piece = chunk(name, extra[:length], pad=pad)
                yield f"with {name.decode()} of {length}, {padding}", head + piece + data[start:]
    yield "with fact", head + chunk(b"fact", struct.pack("<I", 7)) + data[start:]
    yield (
        "with chunks behind",
        data[: start + 8 + size] + chunk(b"LIST", b"x" * 50_001) + chunk(b"cue ", b"y" * 9),
    )
