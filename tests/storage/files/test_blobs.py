"""Contents are in a folder or an object store, whole or not at all, and any machine can read them."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest
from upstream import PNG, Clock

from connector import media
from connector.errors import InvocationError
from connector.storage.database.database import Database
from connector.storage.files.blobs import FilesUnavailable, Folder, ObjectStore, open_blobs
from connector.storage.files.store import FileNotFound, FileStore
from connector.storage.workspace import Workspace

ONE, TWO, THREE = (digit * 32 for digit in "123")


@pytest.fixture(params=["folder", "file", "memory"])
def where(request, tmp_path):
    return {
        "folder": tmp_path / "shared",
        "file": f"file://{tmp_path}/shared",
        "memory": f"memory://{token_hex(8)}/prefix",
    }[request.param]


@pytest.fixture
def blobs(where, tmp_path):
    return open_blobs(tmp_path / "home", {}, where)


@pytest.fixture
def store(tmp_path):
    """An object store, with a cache that holds little."""
    return ObjectStore(f"memory://{token_hex(8)}", tmp_path / "cache", most=250)


def draft(blobs, content):
    blobs.arriving.mkdir(parents=True, exist_ok=True)
    path = blobs.arriving / token_hex(8)
    path.write_bytes(content)
    return path


def keep(blobs, blob_id, content):
    blobs.keep(blob_id, draft(blobs, content))


def read(blobs, blob_id, size):
    with blobs.open(blob_id, size).open() as file:
        return file.read()


def cached(tmp_path):
    return {path.name for path in (tmp_path / "cache").iterdir() if path.is_file()}


def test_what_is_kept_is_read(blobs):
    """Its draft is gone, and another content is another one."""
    path = draft(blobs, b"abc")
    blobs.keep(ONE, path)
    keep(blobs, TWO, b"")
    assert (path.exists(), read(blobs, ONE, 3), read(blobs, TWO, 0)) == (False, b"abc", b"")


def test_what_is_removed_is_gone(blobs):
    """For whoever asks; it may be removed twice."""
    keep(blobs, ONE, b"abc")
    for _ in range(2):
        blobs.remove(ONE)
    with pytest.raises(FileNotFoundError):
        blobs.open(ONE, 3)
    with pytest.raises(FileNotFoundError):
        blobs.open(TWO, 3)


@pytest.mark.parametrize("blob_id", ["", "..", "../x", "A" * 32, f"{'a' * 31}/", "a" * 33])
def test_only_an_id_is_a_place(blobs, blob_id):
    """No text of a caller's becomes a path."""
    for act in (lambda: keep(blobs, blob_id, b"x"), lambda: blobs.open(blob_id, 1)):
        with pytest.raises(ValueError, match="is no file's id"):
            act()


def test_another_machine_reads_it(tmp_path):
    """It has a cache of its own, which fills as it reads."""
    url = f"memory://{token_hex(8)}"
    keep(ObjectStore(url, tmp_path / "here"), ONE, b"abc")
    there = ObjectStore(url, tmp_path / "cache")
    assert read(there, ONE, 3) == b"abc"
    assert cached(tmp_path) == {ONE}


def test_the_cache_is_bounded(store, tmp_path):
    """What was not read for the longest time makes room, and is fetched when it is asked for again."""
    for blob_id, age in ((ONE, 30), (TWO, 20)):
        keep(store, blob_id, blob_id.encode() * 3)
        path = tmp_path / "cache" / blob_id
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    held = store.open(TWO, 96)
    reader = held.open()
    assert read(store, ONE, 96) == b"1" * 96  # the older one, and not any more
    path = tmp_path / "cache" / TWO
    os.utime(path, (path.stat().st_mtime - 20,) * 2)
    keep(store, THREE, b"3" * 96)
    assert cached(tmp_path) == {ONE, THREE}
    with reader:
        assert reader.read() == b"2" * 96
    with held.open() as again:
        assert again.read() == b"2" * 96


def test_what_is_larger_than_the_cache_is_read_all_the_same(store, tmp_path):
    """It alone stays there, until the next one comes."""
    keep(store, ONE, b"1" * 1000)
    assert (read(store, ONE, 1000), cached(tmp_path)) == (b"1" * 1000, {ONE})
    keep(store, TWO, b"2")
    assert cached(tmp_path) == {TWO}


def test_half_a_file_in_the_cache_is_fetched_again(store, tmp_path):
    """A power cut may leave one."""
    keep(store, ONE, b"abc")
    (tmp_path / "cache" / ONE).write_bytes(b"a")
    assert read(store, ONE, 3) == b"abc"


def test_a_store_that_gives_something_else_is_told(store, tmp_path):
    """Another number of bytes is a failure, and not a shorter picture."""
    keep(store, ONE, b"abc")
    (tmp_path / "cache" / ONE).unlink()
    with pytest.raises(FilesUnavailable, match="gave another number of bytes"):
        store.open(ONE, 4)
    assert cached(tmp_path) == set()


def test_what_was_left_behind_is_tidied(store, tmp_path):
    """Half of a download of long ago goes as any other file does; not the one that is under way."""
    keep(store, ONE, b"1" * 200)
    for age in (0, 100_000):
        path = tmp_path / "cache" / f"{TWO}.{age}"
        path.write_bytes(b"2" * 200)
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    keep(store, THREE, b"3")
    assert cached(tmp_path) == {ONE, THREE, f"{TWO}.0"}


def test_threads_share_the_cache(tmp_path):
    """Whoever reads what others make room with gets all of it."""
    store = ObjectStore(f"file://{tmp_path}/shared", tmp_path / "cache", most=1)
    for blob_id in (ONE, TWO, THREE):
        keep(store, blob_id, blob_id.encode())
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda blob_id: read(store, blob_id, 32), (ONE, TWO, THREE) * 20))
    assert got == [blob_id.encode() for blob_id in (ONE, TWO, THREE) * 20]


READER = """
import sys
from pathlib import Path
from connector.storage.files.blobs import ObjectStore
store = ObjectStore(sys.argv[1], Path(sys.argv[2]), most=64)
sys.stdin.readline()
for number in range(100):
    blob_id = "123"[number % 3] * 32
    with store.open(blob_id, 32).open() as file:
        assert file.read() == blob_id.encode()
"""


def test_processes_share_the_cache(tmp_path):
    """Nobody is given half a file, nor none."""
    url = f"file://{tmp_path}/shared"
    for blob_id in (ONE, TWO, THREE):
        keep(ObjectStore(url, tmp_path / "first"), blob_id, blob_id.encode())
    command = [sys.executable, "-c", READER, url, str(tmp_path / "cache")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(3)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(cached(tmp_path)) <= 3


class Broken:
    """An object store that is away in the middle of everything."""

    def __init__(self):
        self.left = []

    def put_file(self, source, place):
        raise OSError(28, "No space left on device", "https://signed?key=sk-secret")

    def get_file(self, place, target):
        raise TimeoutError("https://signed?key=sk-secret")

    def rm_file(self, place):
        self.left.append(place)


def test_a_store_that_is_away(store, tmp_path):
    """Its failure says what to do, may pass, and quotes no signed URL; what came but in part is removed."""
    store._fs = Broken()
    with pytest.raises(FilesUnavailable, match="does not take a file \\(No space left on device\\)") as full:
        keep(store, ONE, b"abc")
    assert len(store._fs.left) == 1
    with pytest.raises(FilesUnavailable, match="does not give a file \\(TimeoutError\\)") as away:
        store.open(ONE, 3)
    for told in (full.value, away.value):
        assert told.retryable
        assert "secret" not in str(told)
    assert cached(tmp_path) == set()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://bucket/prefix", "files at s3:// need another package: Install s3fs to access S3"),
        ("nowhere://user:secret@host", "files cannot be kept at nowhere://; give a folder, or a URL"),
    ],
)
def test_a_url_that_leads_nowhere(tmp_path, url, says):
    """It is refused when it is given, with what would do."""
    with pytest.raises(InvocationError, match=says) as caught:
        open_blobs(tmp_path, {}, url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "given", "kind"),
    [
        ({}, None, Folder),
        ({"CONNECTOR_FILES": "memory://x"}, None, ObjectStore),
        ({"CONNECTOR_FILES": "memory://x"}, "elsewhere", Folder),
        ({}, "memory://x", ObjectStore),
    ],
)
def test_where_files_are(tmp_path, environ, given, kind):
    """What is given counts before the environment, and both before the folder of this machine."""
    assert type(open_blobs(tmp_path, environ, given)) is kind


def test_files_of_a_workspace(tmp_path, where):
    """They are kept, shown small and removed wherever they are; another machine can read them."""
    database = Database(tmp_path / "connector.db")
    here, there = (
        Workspace(tmp_path / home, {}, Clock(), database, where).files for home in ("here", "there")
    )
    stored = here.put(media.from_bytes(PNG, name="cat.png"))
    small = there.thumbnail(stored.id)
    assert there.open(stored.id).bytes == PNG
    assert here.get(small).type == "image/webp"
    there.remove(stored.id)
    for one in (stored.id, small):
        with pytest.raises(FileNotFound):
            there.open(one)
    database.close()


def test_a_content_that_is_gone_is_told(tmp_path, where, blobs):
    """Somebody may have tidied up by hand."""
    database = Database(tmp_path / "connector.db")
    files = FileStore(database, blobs, Clock())
    stored = files.put(media.from_bytes(PNG))
    blobs.remove(stored.id)
    with pytest.raises(FileNotFound, match="is gone; upload it once more"):
        files.open(stored.id)
    database.close()


def test_what_cannot_be_written_down_leaves_nothing(tmp_path, blobs):
    """A content without a row would be nobody's."""
    database = Database(tmp_path / "connector.db")
    files = FileStore(database, blobs, Clock())
    kept = []
    real = blobs.keep

    def noted(blob_id, path):
        kept.append(blob_id)
        real(blob_id, path)
        database.write("DROP TABLE files", {})

    blobs.keep = noted
    with pytest.raises(Exception, match="no such table"):
        files.put(media.from_bytes(PNG))
    with pytest.raises(FileNotFoundError):
        blobs.open(kept[0], len(PNG))
    database.close()
