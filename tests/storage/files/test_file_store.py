"""Files are kept by reference: what they are by their content, until when, and nothing but them."""

import io
import os
import stat

import pytest
from PIL import Image
from upstream import PNG, Clock

from connector import media
from connector.engine.arguments import take
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, InvocationError
from connector.spec.loader import default_folder, load
from connector.spec.schema.validator import Checker
from connector.storage.database.database import Database
from connector.storage.files.store import FileNotFound, FileStore, FileTooLarge

DAY = 24 * 3600.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    database = Database(tmp_path / "connector.db")
    yield FileStore(database, tmp_path / "files", clock)
    database.close()


def contents(tmp_path):
    """The files on disk, of whatever kind."""
    return sorted(path for path in (tmp_path / "files").rglob("*") if path.is_file())


def picture(kind="PNG", size=(900, 600), mode="RGB"):
    target = io.BytesIO()
    Image.new(mode, size, 200).save(target, kind)
    return target.getvalue()


def test_what_was_put_can_be_had(store):
    """The same bytes, under its name, with what its content tells; the reference leads to it."""
    stored = store.put(media.from_bytes(PNG, name="cat.png"), run_id="r1")
    assert (stored.name, stored.type, stored.bytes, stored.width, stored.height) == (
        "cat.png",
        "image/png",
        len(PNG),
        2,
        1,
    )
    assert store.get(stored.id) == stored
    for found in (store.open(stored.id), store.resolve(stored.reference), store.resolve(stored.id)):
        assert (found.bytes, found.sha256, found.type, found.width) == (PNG, stored.sha256, "image/png", 2)
    assert stored.to_dict()["file"] == stored.reference == f"file:{stored.id}"


def test_what_is_said_of_a_file_is_not_believed(store):
    """A page that claims to be a picture is a page; a name keeps to its folder."""
    stored = store.put_stream([b"<!doctype html><script>"], "../../etc/cat.png", "image/png")
    assert (stored.type, stored.name) == ("text/html", "cat.html")


def test_a_stream_is_kept_in_flat_memory(store):
    """Piece by piece; its digest is that of the whole."""
    pieces = [PNG, *[bytes(1 << 16)] * 64]
    stored = store.put_stream(iter(pieces), "big.png")
    assert stored.bytes == len(PNG) + (64 << 16)
    assert store.open(stored.id).sha256 == stored.sha256


def test_a_file_that_is_too_large_leaves_nothing(store, tmp_path):
    """It is refused at the piece that is too much, and what had arrived is gone."""
    asked = []

    def pieces():
        for number in range(10):
            asked.append(number)
            yield bytes(1000)

    with pytest.raises(FileTooLarge, match=r"larger than the 2,500 bytes"):
        store.put_stream(pieces(), "big.bin", max_bytes=2500)
    assert (len(asked), contents(tmp_path), store.list()) == (3, [], [])


def test_a_broken_upload_leaves_nothing(store, tmp_path):
    """Whatever broke it."""

    def pieces():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put_stream(pieces(), "x")
    assert contents(tmp_path) == []


def test_an_empty_file_is_a_file(store):
    """It is the action that says whether it takes one."""
    stored = store.put_stream([], "nothing.txt")
    assert (stored.bytes, store.open(stored.id).bytes) == (0, b"")


def test_a_result_is_moved_and_not_copied(store, tmp_path):
    """The temporary file of a large answer only gets another name, and stays when the answer is forgotten."""
    body = [PNG, bytes(4 << 20)]
    result = media.receive(_Body(body))
    number = result.path.stat().st_ino
    stored = store.put(result, source="result")
    (kept,) = contents(tmp_path)
    assert kept.stat().st_ino == number
    del result
    assert store.open(stored.id).bytes == b"".join(body)


def test_an_upload_is_not_tied_to_the_file_it_came_from(store, tmp_path):
    """Who changes their own file later does not change what was kept."""
    own = tmp_path / "own.png"
    own.write_bytes(PNG)
    stored = store.put(media.from_path(own))
    with own.open("r+b") as file:
        file.write(b"changed")
    assert store.open(stored.id).bytes == PNG


def test_a_result_on_another_disk_is_copied(store, monkeypatch):
    """Where no second name can be given."""
    store.put(media.from_bytes(PNG))  # the database is made by a second name, too

    def refuse(*names):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    stored = store.put(media.receive(_Body([PNG, bytes(4 << 20)])), source="result")
    assert store.open(stored.id).size == len(PNG) + (4 << 20)


class _Body:
    def __init__(self, pieces):
        self._pieces = pieces

    def chunks(self):
        yield from self._pieces

    def close(self):
        """Nothing is open."""


def test_only_the_owner_can_read_what_is_kept(store, tmp_path):
    """Neither the folder nor the files."""
    store.put(media.from_bytes(PNG))
    (kept,) = contents(tmp_path)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "asked",
    [
        "",
        ".",
        "..",
        "../connector.db",
        "/etc/passwd",
        "a" * 31,
        "A" * 32,
        "0" * 32,
        f"{'a' * 32}/..",
        "%2e%2e",
    ],
)
def test_nothing_else_can_be_read(store, asked):
    """A path is made of an id that was given out, and of nothing else."""
    store.put(media.from_bytes(PNG))
    for look in (store.get, store.open, store.resolve, store.remove, store.thumbnail):
        with pytest.raises(FileNotFound, match="no file") as caught:
            look(asked)
        assert isinstance(caught.value, InvocationError)
        assert caught.value.code == "not_found"


def test_an_id_cannot_be_guessed(store):
    """128 bits of chance, whatever the content."""
    ids = {store.put(media.from_bytes(PNG)).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(one) == 32 for one in ids)


def test_what_has_expired_is_gone(store, clock, tmp_path):
    """At once for whoever asks, and from the disk when it is tidied; the rest stays."""
    soon = store.put(media.from_bytes(PNG), keep_seconds=DAY)
    store.put(media.from_bytes(PNG, name="kept.png"))
    store.thumbnail(soon.id)
    clock.sleep(DAY)
    with pytest.raises(FileNotFound, match="may have expired"):
        store.get(soon.id)
    assert [one.name for one in store.list()] == ["kept.png"]
    assert (len(contents(tmp_path)), store.expire(), len(contents(tmp_path))) == (3, 1, 1)
    assert store.expire() == 0


def test_what_a_killed_process_left_is_tidied(store, tmp_path):
    """Half an upload of long ago; not the one that is arriving."""
    old, new = store.arrive(), store.arrive()
    old.write(b"half")
    new.write(b"half")
    os.utime(old.path, (0, 0))
    store.expire()
    assert [path.name for path in contents(tmp_path)] == [new.path.name]
    new.close()
    old.close()


def test_what_is_removed_is_gone_with_its_thumbnail(store, tmp_path):
    """From the list and from the disk."""
    stored = store.put(media.from_bytes(picture()))
    small = store.thumbnail(stored.id)
    store.remove(stored.id)
    assert contents(tmp_path) == []
    for one in (stored.id, small):
        with pytest.raises(FileNotFound):
            store.get(one)


def test_lists_go_on_where_they_ended(store):
    """Newest first; thumbnails are not among them."""
    ids = [store.put(media.from_bytes(PNG), source=source).id for source in ("upload", "result") * 3]
    store.thumbnail(ids[0])
    first = store.list(limit=4)
    rest = store.list(before=first[-1].id)
    assert [one.id for one in (*first, *rest)] == ids[::-1]
    assert {one.source for one in store.list(source="result")} == {"result"}


@pytest.mark.parametrize(
    ("kind", "size", "mode", "expected"),
    [
        ("PNG", (900, 600), "RGB", (320, 213)),
        ("PNG", (900, 600), "RGBA", (320, 213)),
        ("PNG", (600, 900), "P", (213, 320)),
        ("JPEG", (900, 600), "CMYK", (320, 213)),
        ("WEBP", (30, 20), "RGB", (30, 20)),
        ("PNG", (2, 2), "I;16", (2, 2)),
    ],
)
def test_a_picture_has_a_thumbnail(store, kind, size, mode, expected):
    """At most 320 pixels wide and high, never larger than the picture; made once."""
    stored = store.put(media.from_bytes(picture(kind, size, mode), name="cat"), keep_seconds=DAY)
    small = store.get(store.thumbnail(stored.id))
    assert (small.type, small.width, small.height) == ("image/webp", *expected)
    assert (small.source, small.expires) == ("thumbnail", stored.expires)
    assert store.thumbnail(stored.id) == small.id


def test_the_transparent_stays_so(store):
    """A picture without background keeps none."""
    stored = store.put(media.from_bytes(picture(mode="LA", size=(10, 10))))
    with store.open(store.thumbnail(stored.id)).open() as file, Image.open(file) as small:
        assert small.mode == "RGBA"


@pytest.mark.parametrize(
    "content",
    [b"no picture", PNG[:40], PNG[:48], b"\xff\xd8\xff", b"glTF" + bytes(20)],
    ids=["text", "head", "cut", "start", "model"],
)
def test_what_is_no_picture_has_none(store, content):
    """Nor has a damaged one; that is no failure."""
    assert store.thumbnail(store.put(media.from_bytes(content)).id) is None


def test_a_picture_that_would_fill_the_memory_is_not_opened(store):
    """What its head says is enough to know."""
    huge = bytearray(picture(size=(4, 4)))
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    assert store.thumbnail(store.put(media.from_bytes(bytes(huge))).id) is None


def test_a_reference_is_given_as_a_file(store):
    """An action takes it as any other file; one that has expired is told at its field."""
    action = load(default_folder()).actions["remove-background"]
    sources = Sources(paths=False, urls=None, references=store.resolve)
    stored = store.put(media.from_bytes(picture()))
    taken = take(action, {"image": stored.reference}, Checker(action.inputs), sources)
    assert taken.values["image"].sha256 == stored.sha256
    with pytest.raises(InvalidArguments) as caught:
        take(action, {"image": "file:" + "0" * 32}, Checker(action.inputs), sources)
    assert [problem.path for problem in caught.value.problems] == ["image"]
