"""A sound lasts as long as ffmpeg plays it, whoever wrote it and whatever stands around it."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable, Iterator

import av
import pytest
from media import sounds
from PIL import Image

from connector.media import inspect

_CLOSE = 0.05  # seconds
_MP3S, _WAVS = sounds.mp3s, sounds.wavs


def seconds(data: bytes) -> float | None:
    return inspect(io.BytesIO(data)).seconds


@pytest.mark.parametrize("make", (_MP3S | _WAVS).values(), ids=_MP3S | _WAVS)
def test_a_sound_lasts_as_long_as_it_plays(make: Callable[[], bytes]) -> None:
    """Of every codec, version and bit rate, with an encoder's count and without."""
    data = make()
    assert seconds(data) == pytest.approx(sounds.decoded_seconds(data), abs=_CLOSE)
    assert seconds(data) == pytest.approx(sounds.SECONDS, abs=0.2)  # encoders add to both ends


@pytest.mark.parametrize("name", [name for name in _MP3S if "of varying rate" in name or "of one" in name])
def test_what_stands_around_the_frames_of_an_mp3_counts_for_nothing(name: str) -> None:
    """Tags, stray bytes, junk, a lost beginning or end."""
    data = _MP3S[name]()
    for change, changed in sounds.around_mp3(data):
        info = inspect(io.BytesIO(changed))
        expected = sounds.EXPECTED.get(change)
        played = sounds.decoded_seconds(changed if expected is None else data)
        assert played is not None
        assert info.type == "audio/mpeg", change
        assert info.seconds == pytest.approx(played * (expected or 1), abs=_CLOSE * (expected or 1)), change


def test_a_count_in_the_first_frame_is_no_sound_and_not_believed() -> None:
    """Its own frame is not played, and what it says of the others may be of another file."""
    data = _MP3S["of varying rate, without a count"]()
    assert seconds(sounds.vbri(data)) == seconds(data)
    counted = _MP3S["of varying rate, with a count"]()
    place = counted.index(b"Xing") + 8
    assert seconds(counted[:place] + struct.pack(">I", 99_999) + counted[place + 4 :]) == seconds(counted)


@pytest.mark.parametrize(
    "name", ["pcm_s16le, stereo", "pcm_u8, mono", "adpcm_ms, stereo", "libmp3lame, stereo"]
)
def test_chunks_and_lengths_of_a_wav_may_be_wrong(name: str) -> None:
    """The sound is what is there, behind odd chunks without their byte as well."""
    data = _WAVS[name]()
    for change, changed in sounds.around_wav(data):
        played = sounds.decoded_seconds(changed) or sounds.decoded_seconds(data)
        assert seconds(changed) == pytest.approx(played, abs=_CLOSE), change


@pytest.mark.parametrize("codec", ["pcm_alaw", "adpcm_ima_wav", "libmp3lame"])
@pytest.mark.parametrize("told", [0, 1, 2**32 - 1, None], ids=str)
def test_a_wrong_fact_is_not_believed(codec: str, told: int | None) -> None:
    """Some writers count nothing there, or the samples of all channels."""
    data = _WAVS[f"{codec}, stereo"]()
    place = data.index(b"fact") + 8
    count = 2 * struct.unpack_from("<I", data, place)[0] if told is None else told
    changed = data[:place] + struct.pack("<I", count) + data[place + 4 :]
    assert seconds(changed) == pytest.approx(seconds(data), abs=_CLOSE)


def test_a_fact_tells_where_the_bytes_per_second_are_a_guess() -> None:
    """And of a file that is cut off it tells in proportion."""
    head = struct.pack("<HHIIHHH", 0x0161, 2, 44100, 10_000, 1, 16, 0)
    body = sounds.chunk(b"fmt ", head) + sounds.chunk(b"fact", struct.pack("<I", 44100 * 9))
    whole = b"RIFF\0\0\0\0WAVE" + body + sounds.chunk(b"data", bytes(100_000))
    assert seconds(whole) == 9
    assert seconds(whole[:-50_000]) == 4.5


def test_a_streamed_wav_without_a_speed_is_as_long_as_it_tells() -> None:
    """Where it tells nothing either, nobody knows."""
    data = _WAVS["g722"]()
    place, told = data.index(b"data") + 4, data.index(b"fact") + 8
    streamed = data[:place] + b"\xff" * 4 + data[place + 4 :]
    assert seconds(streamed) == pytest.approx(seconds(data))
    assert seconds(streamed[:told] + b"\xff" * 4 + streamed[told + 4 :]) is None


def test_more_than_an_hour_of_mp3_is_reckoned_by_its_first_hour() -> None:
    data = _MP3S["of one rate, without a count"]()
    info = inspect(io.BytesIO(data * 1000))
    assert info.seconds == pytest.approx(1000 * sounds.decoded_seconds(data), rel=0.01)


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, form)
    return out.getvalue()


def ftyp(*brands: bytes) -> bytes:
    body = brands[0] + bytes(4) + b"".join(brands[1:])
    return struct.pack(">I4s", 8 + len(body), b"ftyp") + body + bytes(64)


KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "flac": (lambda: sounds.encoded("flac", "flac"), "audio/flac"),
    "flac behind a tag": (lambda: sounds.id3v2(999) + sounds.encoded("flac", "flac"), "audio/flac"),
    "vorbis": (lambda: sounds.encoded("ogg", "vorbis", strict="experimental"), "audio/ogg"),
    "opus": (lambda: sounds.encoded("ogg", "libopus", rate=48000), "audio/ogg"),
    "flac in ogg": (lambda: sounds.encoded("ogg", "flac"), "audio/ogg"),
    "aiff": (lambda: sounds.encoded("aiff", "pcm_s16be"), "audio/aiff"),
    "aifc": (lambda: sounds.encoded("aiff", "pcm_s16le"), "audio/aiff"),
    "aac": (lambda: sounds.encoded("adts", "aac"), "audio/aac"),
    "aac behind a tag": (lambda: sounds.id3v2(70_000) + sounds.encoded("adts", "aac"), "audio/aac"),
    "wma": (lambda: sounds.encoded("asf", "wmav2", b="128k"), "audio/x-ms-wma"),
    "m4a": (lambda: sounds.encoded("ipod", "aac"), "audio/mp4"),
    "a book": (lambda: ftyp(b"M4B ", b"isom"), "audio/mp4"),
    "a film of iTunes": (lambda: ftyp(b"M4V ", b"M4A ", b"mp42"), "video/mp4"),
    "mp4": (lambda: sounds.encoded("mp4", "aac"), "video/mp4"),
    "avif": (lambda: picture("AVIF"), "image/avif"),
    "moving avif": (lambda: ftyp(b"avis", b"msf1"), "image/avif"),
    "avif by what it is compatible with": (lambda: ftyp(b"mif1", b"heic", b"avif"), "image/avif"),
    "heic": (lambda: ftyp(b"heic", b"mif1"), "image/heic"),
    "heic by what it is compatible with": (lambda: ftyp(b"mif1", b"heic"), "image/heic"),
    "ten bits": (lambda: ftyp(b"heix", b"mif1"), "image/heic"),
    "a burst": (lambda: ftyp(b"hevc", b"msf1"), "image/heic"),
}


@pytest.mark.parametrize(("make", "expected"), KINDS.values(), ids=KINDS)
def test_kinds_are_named_rightly(make: Callable[[], bytes], expected: str) -> None:
    """By their content, with nothing said of them."""
    assert inspect(io.BytesIO(make())).type == expected


def test_aac_lasts_as_long_as_it_plays() -> None:
    data = sounds.encoded("adts", "aac")
    assert seconds(data) == pytest.approx(sounds.decoded_seconds(data), abs=_CLOSE)


def no_sounds() -> Iterator[bytes]:
    dice = random.Random(11)
    yield from (dice.randbytes(300_000) for _ in range(20))
    yield from (b"\xff\xfb" + dice.randbytes(3000) for _ in range(300))
    yield from (picture(form) for form in ("PPM", "TGA", "PCX", "ICO", "AVIF"))
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as writer:
        writer.add_stream("mpeg4", rate=5)
    yield out.getvalue()


def test_what_is_no_sound_is_not_taken_for_one() -> None:
    """Chance makes a frame here and there, but not several of one kind in a row."""
    assert not [info for data in no_sounds() if (info := inspect(io.BytesIO(data))).type.startswith("audio/")]
