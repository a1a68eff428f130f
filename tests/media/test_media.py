"""What a file is, where it comes from, what is asked of it, and where it goes."""

from __future__ import annotations

import base64
import gc
import hashlib
import io
import os
import random
import struct
import tracemalloc
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from PIL import Image

from connector.engine.sources import Sources
from connector.media import (
    FileInfo,
    Media,
    MediaError,
    adopt,
    from_base64,
    from_bytes,
    from_path,
    inspect,
    problems,
    receive,
)
from connector.media.content import Content
from connector.media.file import describe


def picture(format: str, size: tuple[int, int] = (120, 80), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, format, **options)
    return file.getvalue()


def sound(seconds: float = 1.5, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(bytes(int(seconds * rate) * 4))
    return file.getvalue()


def encoded(container: str, codec: str, seconds: float = 2.0) -> bytes:
    """A real recording: MP3 with the encoder's own count, or MP4 with a picture."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as writer:
        if codec == "mp3":
            _add_silence(writer, seconds)
        else:
            _add_picture(writer, codec, seconds)
    return file.getvalue()


def _add_silence(writer: Any, seconds: float) -> None:
    stream = writer.add_stream("mp3", rate=44100, layout="stereo")
    for _ in range(round(seconds * 44100 / 1152)):
        frame = av.AudioFrame(format="s16p", layout="stereo", samples=1152)
        frame.sample_rate = 44100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        writer.mux(stream.encode(frame))
    writer.mux(stream.encode(None))


def _add_picture(writer: Any, codec: str, seconds: float) -> None:
    stream = writer.add_stream(codec, rate=10)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for _ in range(int(seconds * 10)):
        writer.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
    writer.mux(stream.encode(None))


PNG = picture("PNG")
CBR_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s, 44.1 kHz


# What it is

KNOWN = {
    "png": (PNG, FileInfo("image/png", 120, 80)),
    "jpeg": (picture("JPEG"), FileInfo("image/jpeg", 120, 80)),
    "progressive jpeg": (picture("JPEG", progressive=True), FileInfo("image/jpeg", 120, 80)),
    "webp, lossy": (picture("WEBP"), FileInfo("image/webp", 120, 80)),
    "webp, lossless": (picture("WEBP", lossless=True), FileInfo("image/webp", 120, 80)),
    "webp, extended": (picture("WEBP", exif=b"Exif\0\0abc"), FileInfo("image/webp", 120, 80)),
    "gif": (picture("GIF"), FileInfo("image/gif", 120, 80)),
    "bmp": (picture("BMP"), FileInfo("image/bmp")),
    "tiff": (picture("TIFF"), FileInfo("image/tiff")),
    "wav": (sound(), FileInfo("audio/wav", seconds=1.5)),
    "wav of unknown length": (
        sound().replace(b"data" + struct.pack("<I", 48000), b"data\xff\xff\xff\xff"),
        FileInfo("audio/wav", seconds=1.5),
    ),
    "mp3 of one bit rate": (CBR_FRAME * 100, FileInfo("audio/mpeg", seconds=100 * 1152 / 44100)),
    "mp3 behind a tag": (
        b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + CBR_FRAME * 100,
        FileInfo("audio/mpeg", seconds=100 * 1152 / 44100),
    ),
    "glb": (b"glTF\x02\0\0\0\x0c\0\0\0", FileInfo("model/gltf-binary")),
    "pdf": (b"%PDF-1.7\n", FileInfo("application/pdf")),
    "json": (b' {"a": [1]}', FileInfo("application/json")),
    "html": (b"\n<!DOCTYPE html><html>", FileInfo("text/html")),
    "text": ("Gr\u00fc\u00dfe\n".encode(), FileInfo("text/plain")),
    "braces that are not json": (b"{not json}", FileInfo("text/plain")),
    "long text, cut in a character": (b"x" + "\u00e9".encode() * 4000, FileInfo("text/plain")),
    "bytes": (b"\x00\x01\x02", FileInfo()),
    "nothing": (b"", FileInfo()),
    "png without its end": (PNG[:20], FileInfo("image/png")),
    "png without sides": (PNG[:16] + bytes(8) + PNG[24:], FileInfo("image/png")),
    "jpeg of nothing": (b"\xff\xd8\xff", FileInfo("image/jpeg")),
    "utf-16 text": ("\ufeffabc".encode("utf-16-le"), FileInfo()),
}


@pytest.mark.parametrize(("data", "expected"), KNOWN.values(), ids=KNOWN)
def test_type_sides_and_seconds_are_read_from_the_content(data: bytes, expected: FileInfo) -> None:
    """The header tells; what it does not tell is None."""
    assert inspect(io.BytesIO(data)) == expected


def test_recordings_tell_their_length() -> None:
    """The seconds of an MP3 come from its encoder's count, those of an MP4 from its movie header."""
    mp3 = inspect(io.BytesIO(encoded("mp3", "mp3")))
    assert mp3.type == "audio/mpeg"
    assert mp3.seconds == pytest.approx(2.0, abs=0.1)
    mp4 = inspect(io.BytesIO(encoded("mp4", "mpeg4")))
    assert (mp4.type, mp4.width, mp4.height) == ("video/mp4", 64, 48)
    assert mp4.seconds == pytest.approx(2.0, abs=0.1)


def test_every_start_of_frame_of_a_jpeg_is_known() -> None:
    """A JPEG's sides are found behind any of its thirteen kinds of frame, past padding and tables."""
    for marker in set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}:
        table = b"\xff\xc4\x00\x04ab\xff\xff"
        frame = bytes([0xFF, marker]) + struct.pack(">HBHHB", 8, 8, 300, 40, 1)
        assert inspect(io.BytesIO(b"\xff\xd8" + table + frame)) == FileInfo("image/jpeg", 40, 300)


def hostile() -> Iterator[bytes]:
    """Whole files with bytes turned, cut off or repeated, and pure noise behind a good beginning."""
    dice = random.Random(20)
    sources = [data for data, _ in KNOWN.values()] + [
        encoded("mp4", "mpeg4", 0.5),
        encoded("mp3", "mp3", 0.5),
    ]
    for _ in range(150):
        for source in sources:
            data = bytearray(source[: dice.randint(0, min(len(source), 3000))])
            for _ in range(dice.randint(0, 8)):
                if data:
                    data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0xFF, dice.randrange(256)))
            yield bytes(data) + dice.randbytes(dice.randint(0, 40))


def test_hostile_bytes_never_raise() -> None:
    """Whatever the bytes, there is an answer, and its figures are above zero."""
    for data in hostile():
        info = inspect(io.BytesIO(data))
        figures = (info.width, info.height, info.seconds)
        assert all(figure is None or figure >= 0 for figure in figures)
        assert "/" in info.type


class CountingReader(io.BytesIO):
    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 500_000,
        b"\xff\xd8" + b"\xff" * 2_000_000,
        b"RIFF\0\0\0\0WAVE" + b"LIST\0\0\0\0" * 250_000,
        b"\0\0\0\x08ftypisom" + b"\0\0\0\x08free" * 250_000,
        b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x10\x00" * 500_000,
    ],
    ids=["jpeg segments", "jpeg padding", "wav chunks", "mp4 boxes", "mp3 frames"],
)
def test_hostile_bytes_never_keep_us_busy(data: bytes) -> None:
    """A file made of ever more tiny pieces is given up after some ten thousand."""
    reader = CountingReader(data)
    inspect(reader)
    assert reader.reads < 100_000


# Where it comes from


def test_media_is_content() -> None:
    """A Media is what requests send: it has a size, and opens as often as asked."""
    media = from_bytes(PNG)
    assert isinstance(media, Content)
    for _ in range(2):
        with media.open() as file:
            assert file.read() == PNG


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    return path


WAYS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "text": str,
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "stream": lambda path: io.BytesIO(path.read_bytes()),
    "data URI": lambda path: "data:image/png;base64," + base64.b64encode(PNG).decode(),
    "base64": lambda path: {"base64": base64.encodebytes(PNG).decode(), "type": "image/jpeg"},
    "base64 of a data URI": lambda path: {"base64": from_bytes(PNG).data_uri},
    "buffer": lambda path: {"type": "Buffer", "data": list(PNG)},
    "media": lambda path: from_path(path),
    "result": lambda path: SimpleNamespace(media=from_path(path)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_file_comes_in_many_forms(way: Callable[[Path], Any], file: Path) -> None:
    """Every form gives the same: type and sides by content, size, digest, name."""
    media = adopt(way(file))
    assert (media.type, media.width, media.height, media.size) == ("image/png", 120, 80, len(PNG))
    assert media.bytes == PNG
    assert media.sha256 == hashlib.sha256(PNG).hexdigest()
    assert media.name.endswith(".png")


def test_an_open_file_gives_its_name_and_its_rest(file: Path) -> None:
    """An open file is read from where it stands, and stays the caller's to close."""
    with file.open("rb") as opened:
        media = adopt(opened)
        assert not opened.closed
    assert (media.name, media.bytes) == ("cat.png", PNG)


def test_a_reference_is_resolved(file: Path) -> None:
    """A text such as file:ID is what the host says it is."""
    kept = {"file:1": from_path(file)}
    policy = Sources(paths=False, references=kept.__getitem__)
    assert adopt("file:1", policy) is kept["file:1"]
    with pytest.raises(MediaError, match="no file 'file:2' here; it may have expired"):
        adopt("file:2", policy)


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


REFUSALS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda folder: folder / "cat.pgn", r"there is no file at '.*cat\.pgn'"),
    "folder": (str, "is a folder; name a file in it"),
    "pipe": (fifo, "is not a plain file"),
    "empty": (lambda folder: b"", "is empty"),
    "long text": (lambda folder: "x y" * 3000, "cannot be read"),
    "nul": (lambda folder: "a\0b", "it is not a path"),
    "base64": (lambda folder: base64.b64encode(PNG).decode(), "looks like base64 text: give"),
    "unknown reference": (lambda folder: "file:abc", "is a reference to a file"),
    "bad base64": (lambda folder: {"base64": "abc!"}, "is not base64"),
    "cut base64": (lambda folder: {"base64": "abc"}, "is not base64"),
    "bad data URI": (lambda folder: "data:image/png;base64", "without a comma"),
    "bad buffer": (lambda folder: {"type": "Buffer", "data": [256]}, "numbers from 0 to 255"),
    "other mapping": (lambda folder: {"url": "x"}, "is an object without"),
    "text stream": (lambda folder: io.StringIO("x"), "opened as text"),
    "number": (lambda folder: 7, "is a number; give a path, bytes"),
    "list": (lambda folder: [PNG], "is a list, where one file is taken"),
}


@pytest.mark.parametrize(("make", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_no_file_is_told_why(make: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    """The sentence says what was seen and what to give."""
    with pytest.raises(MediaError, match=message):
        adopt(make(tmp_path))


@pytest.mark.parametrize(
    "form", [lambda: PNG, lambda: io.BytesIO(PNG), lambda: {"base64": from_bytes(PNG).base64}]
)
def test_too_large_is_refused_in_every_form(form: Callable[[], Any]) -> None:
    """The limit of bytes holds however the file comes."""
    with pytest.raises(MediaError, match="larger than the 10 bytes"):
        adopt(form(), Sources(max_bytes=10))


def test_strangers_read_no_files_of_ours(file: Path) -> None:
    """Where paths are off, a path is refused whether or not there is a file."""
    for path in (file, Path("/no/such")):
        with pytest.raises(
            MediaError,
            match="stands for no file that is known here; give the file itself as a part of a form",
        ):
            adopt(path, Sources(paths=False))


def test_a_root_is_not_left(tmp_path: Path) -> None:
    """Below a root, neither dots nor absolute paths nor links lead out; what is below is found."""
    root, secret = tmp_path / "root", tmp_path / "secret.png"
    root.mkdir()
    secret.write_bytes(PNG)
    (root / "inside.png").write_bytes(PNG)
    (root / "link.png").symlink_to(secret)
    policy = Sources(paths=root)
    assert adopt("inside.png", policy).bytes == PNG
    assert adopt(str(root / "inside.png"), policy).bytes == PNG
    for way_out in (
        "../secret.png",
        str(secret),
        "link.png",
        "../root/../secret.png",
        "/etc/passwd",
        "../nothing",
    ):
        with pytest.raises(MediaError, match="outside of the folder"):
            adopt(way_out, policy)


def test_type_is_by_content_first() -> None:
    """What was declared counts only where the content does not tell, and cannot be a lie."""
    declared = [
        (PNG, "image/jpeg", "image/png"),
        (b"\x00\x01", "application/x-own", "application/x-own"),
        (b"\x00\x01", "image/png", "application/octet-stream"),
        (b"a,b\n", "text/csv; charset=utf-8", "text/csv"),
        (b"not a picture", "image/x-own", "text/plain"),
        (b"{not json", "application/json", "text/plain"),
    ]
    for data, said, kind in declared:
        assert from_bytes(data, declared_type=said).type == kind


def test_names_are_safe_and_end_rightly() -> None:
    """A name from outside is one plain file name, and its ending fits the content."""
    names = [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\me\\cat.jpg", "cat.png"),
        ("cat.PNG", "cat.PNG"),
        ("a\r\nb\0.png", "a__b_.png"),
        ("v1.2", "v1.2.png"),
        ("..", "file.png"),
        (".hidden", "hidden.png"),
        ("x" * 500 + ".png", "x" * 146 + ".png"),
        (None, "file.png"),
    ]
    for hint, name in names:
        assert from_bytes(PNG, name=hint).name == name


def test_repr_is_short_and_shows_no_content() -> None:
    """A Media in a log is one line."""
    assert repr(from_bytes(PNG, name="cat")) == f"<Media 'cat.png': image/png, 120 x 80, {len(PNG)} bytes>"


def test_media_cannot_be_changed() -> None:
    """A Media is a value."""
    with pytest.raises(AttributeError):
        from_bytes(PNG).name = "other"  # type: ignore[misc]


# Where it goes


def test_saving_overwrites_nothing_unasked(tmp_path: Path) -> None:
    """In a folder a name that is taken gets a number; folders are made; no other file is left behind."""
    media = from_bytes(PNG, name="cat")
    target = tmp_path / "new" / "cat.png"
    saved = [
        media.save(target),
        media.save(str(target), number=True),
        media.save(target.parent),
        media.save(f"{target.parent}/"),
    ]
    assert [path.name for path in saved] == ["cat.png", "cat-2.png", "cat-3.png", "cat-4.png"]
    assert sorted(target.parent.iterdir()) == sorted(saved)
    assert all(path.read_bytes() == PNG for path in saved)
    with pytest.raises(FileExistsError):
        media.save(target)
    assert sorted(target.parent.iterdir()) == sorted(saved)


def test_saving_over_a_file(tmp_path: Path) -> None:
    """Where a link leads, and never over what is no file, such as a device."""
    media = from_bytes(PNG, name="cat")
    (tmp_path / "mine.png").write_text("mine")
    (tmp_path / "cat.png").symlink_to("mine.png")
    assert media.save(tmp_path / "cat.png", overwrite=True) == tmp_path / "cat.png"
    assert (tmp_path / "mine.png").read_bytes() == PNG
    assert media.save(tmp_path, name="mine.png", overwrite=True) == tmp_path / "mine.png"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError):
        media.save(tmp_path / "pipe", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.png", "mine.png", "pipe"]


def test_saving_under_a_name(tmp_path: Path) -> None:
    """With a name, the target is a folder, and the name cannot leave it."""
    media = from_bytes(PNG)
    assert media.save(tmp_path / "out", name="a.png") == tmp_path / "out" / "a.png"
    assert media.save(tmp_path / "out", name="../../b.png") == tmp_path / "out" / "b.png"


def test_failed_saving_leaves_nothing(tmp_path: Path) -> None:
    """Where the content cannot be read, no half file stays."""
    source = tmp_path / "gone.png"
    source.write_bytes(PNG)
    media = from_path(source)
    source.unlink()
    with pytest.raises(FileNotFoundError):
        media.save(tmp_path / "out" / "a.png")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
def test_a_saved_file_is_whole_from_the_first_moment(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has its name while it is written, whatever the disk can do."""
    if not links:
        monkeypatch.setattr(os, "link", lambda *given: _refuse())
    (tmp_path / "cat.png").write_bytes(b"another")
    seen: set[str] = set()

    class Reader(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.update(path.name for path in tmp_path.iterdir() if path.name[0] != ".")
            return super().read(size)

    media = describe(SimpleNamespace(path=None, open=lambda: Reader(PNG)), len(PNG))
    assert media.save(tmp_path / "cat.png", number=True) == tmp_path / "cat-2.png"
    assert seen == {"cat.png"}
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [PNG, b"another"]


def _refuse() -> None:
    raise PermissionError(1, "this disk knows no links")


# From an answer


class Body:
    """The body of an answer, which may break off."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = chunks
        self.is_closed = False

    def chunks(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def close(self) -> None:
        self.is_closed = True


def test_small_answer_stays_in_memory() -> None:
    """An answer of a few bytes has no file."""
    body = Body(PNG[:9], PNG[9:])
    media = receive(body, name_hint="erase-7", declared_type="image/png")
    assert (media.path, media.name, media.bytes, body.is_closed) == (None, "erase-7.png", PNG, True)


def test_large_answer_is_a_file_that_goes_with_it(tmp_path: Path) -> None:
    """Past the limit it lies in a file, which can be read and saved, and which goes when nobody has it."""
    media = receive(Body(PNG[:9], PNG[9:]), folder=tmp_path / "spool", memory_limit=8)
    path = media.path
    assert path is not None
    assert path.parent == tmp_path / "spool"
    assert (media.bytes, media.width) == (PNG, 120)
    saved = media.save(tmp_path / "kept.png")
    del media
    gc.collect()
    assert not path.exists()
    assert saved.read_bytes() == PNG


@pytest.mark.parametrize("memory_limit", [8, 8000])
def test_answer_that_breaks_off_leaves_nothing(memory_limit: int, tmp_path: Path) -> None:
    """Where the rest does not come, the failure passes through, and no file stays."""
    body = Body(PNG, RuntimeError("cut"))
    with pytest.raises(RuntimeError):
        receive(body, folder=tmp_path, memory_limit=memory_limit)
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    assert body.is_closed


def test_hundred_megabytes_take_no_memory(tmp_path: Path) -> None:
    """An answer of 100 MB passes through memory in pieces."""
    chunk = bytes(256 * 1024)
    tracemalloc.start()
    media = receive(Body(*[chunk] * 400), folder=tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert media.size == 400 * len(chunk)
    assert peak < 5_000_000


def test_base64_of_an_answer() -> None:
    """An answer's base64, plain or as a data URI, becomes the same file."""
    plain = base64.b64encode(PNG).decode()
    for text in (plain, f"data:image/png;base64,{plain}"):
        assert from_base64(text, "image/png", name="core-1").bytes == PNG
    with pytest.raises(MediaError, match="not base64"):
        from_base64(plain[:-3])


# What is asked of it


def test_no_rules_no_problems() -> None:
    """A file that fits has no problems."""
    rules = {"formats": ["jpeg", "png"], "max_bytes": 10_485_760, "min_side": 64, "max_aspect": 2.5}
    assert problems(from_bytes(PNG), {}) == problems(from_bytes(PNG), rules) == []


BROKEN: dict[str, tuple[bytes, dict[str, Any], list[str]]] = {
    "format": (
        picture("GIF"),
        {"formats": ["jpeg", "png", "webp"], "min_side": 64},
        ["is GIF; it must be JPEG, PNG or WebP"],
    ),
    "media types": (PNG, {"formats": ["image/jpeg"]}, ["is PNG; it must be JPEG"]),
    "unknown kind": (b"\0\1", {"formats": ["png"]}, ["is of an unknown kind; it must be PNG"]),
    "no picture": (b"abc", {"min_side": 64}, ["is text; it must be a picture"]),
    "sides": (
        picture("PNG", (40, 300)),
        {"min_side": 64, "max_side": 256},
        [
            "is 40 x 300 pixels; each side must be at least 64",
            "is 40 x 300 pixels; each side must be at most 256",
        ],
    ),
    "width and height": (
        picture("PNG", (10, 99)),
        {"min_width": 20, "max_height": 50},
        ["is 10 x 99 pixels; it must be at least 20 wide", "is 10 x 99 pixels; it must be at most 50 high"],
    ),
    "height and width": (
        picture("PNG", (99, 10)),
        {"max_width": 20, "min_height": 50},
        ["is 99 x 10 pixels; it must be at most 20 wide", "is 99 x 10 pixels; it must be at least 50 high"],
    ),
    "pixels": (
        PNG,
        {"min_pixels": 10_000, "max_pixels": 9_000},
        [
            "is 120 x 80 pixels, 9,600 in all; it must have at least 10,000",
            "is 120 x 80 pixels, 9,600 in all; it may have at most 9,000",
        ],
    ),
    "aspect": (
        picture("PNG", (300, 100)),
        {"min_aspect": 0.4, "max_aspect": 2.5},
        ["is 300 x 100 pixels, 3 times as wide as high; it must be at most 2.5 times as wide as high"],
    ),
    "dimensions": (
        PNG,
        {"dimensions": ["1024x576", "576x1024", "768x768"]},
        ["is 120 x 80 pixels; it must be 1024 x 576, 576 x 1024 or 768 x 768"],
    ),
    "bytes": (PNG, {"max_bytes": 100}, [f"is {len(PNG)} bytes; at most 100 bytes are accepted"]),
    "megabytes": (
        PNG + bytes(10 * 1024 * 1024),
        {"max_bytes": 10 * 1024 * 1024},
        ["is 10.0002 MiB; at most 10 MiB are accepted"],
    ),
    "unreadable picture": (
        PNG[:20],
        {"formats": ["png"], "min_side": 64, "max_pixels": 1},
        ["is a PNG file whose header cannot be read; save it again, or take another"],
    ),
    "seconds": (
        sound(1.5),
        {"min_seconds": 6, "max_seconds": 190},
        ["lasts 1.5 s; it must last at least 6 s"],
    ),
    "too long": (sound(1.5), {"max_seconds": 1}, ["lasts 1.5 s; it may last at most 1 s"]),
    "unreadable recording": (b"ID3\x04\0\0\0\0\0\0" + bytes(99), {"max_seconds": 190}, []),
    "picture of a kind whose sides are not read": (picture("BMP"), {"min_side": 64}, []),
    "not a recording": (PNG, {"max_seconds": 190}, ["is PNG; it must be a recording"]),
    "empty": (b"", {"max_bytes": 5}, ["is empty; give a file with content"]),
    "all at once": (
        picture("GIF", (300, 40)),
        {"formats": ["png"], "max_bytes": 9, "min_side": 64, "max_aspect": 2.5},
        [
            "is GIF; it must be PNG",
            f"is {len(picture('GIF', (300, 40)))} bytes; at most 9 bytes are accepted",
            "is 300 x 40 pixels; each side must be at least 64",
            "is 300 x 40 pixels, 7.5 times as wide as high; it must be at most 2.5 times as wide as high",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "rules", "expected"), BROKEN.values(), ids=BROKEN)
def test_each_broken_rule_has_its_sentence(data: bytes, rules: dict[str, Any], expected: list[str]) -> None:
    """What was seen, and what must be; all at once."""
    assert problems(from_bytes(data), rules) == expected


def test_rules_hold_at_their_limits() -> None:
    """A limit belongs to what is allowed."""
    exact = {"min_side": 80, "max_side": 120, "min_pixels": 9600, "max_pixels": 9600, "max_aspect": 1.5}
    exact |= {"min_aspect": 1.5, "max_bytes": len(PNG)}
    assert problems(from_bytes(PNG), exact) == []


def test_media_is_told_by_its_own_class() -> None:
    """What adopt gives is a Media whatever came in."""
    assert type(adopt(PNG)) is Media
