"""An archive of kept files: whole for any reader, in flat memory, and no two files of one name."""

import io
import zipfile

import pytest

from connector.media import from_bytes
from connector.storage.database.database import Database
from connector.storage.files import archive
from connector.storage.files.store import FileStore


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "connector.db")
    yield FileStore(database, tmp_path / "files")
    database.close()


def kept(store, content, name="a.txt"):
    return store.put(from_bytes(content, name=name)).id


def read(pieces):
    opened = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert opened.testzip() is None
    assert {entry.compress_type for entry in opened.infolist()} <= {zipfile.ZIP_STORED}
    return {entry.filename: opened.read(entry) for entry in opened.infolist()}


def test_each_file_is_there_under_a_name_of_its_own(store):
    """Also where names differ by case alone, which is one name on many machines."""
    files = [("boat", kept(store, b"one")), ("Boat", kept(store, b"two")), ("boat", kept(store, b"three"))]
    found = read(archive.pieces(store, files))
    assert found == {"boat.txt": b"one", "Boat-2.txt": b"two", "boat-3.txt": b"three"}


def test_what_is_no_longer_kept_is_named(store):
    gone = kept(store, b"gone")
    store.remove(gone)
    found = read(archive.pieces(store, [("old", gone), ("missing", kept(store, b"there"))]))
    assert sorted(found) == ["missing-2.txt", "missing.txt"]
    assert b"old" in found["missing.txt"]


def test_a_large_file_is_never_in_memory(store):
    """It leaves in pieces as it is read."""
    large = kept(store, b"0" * 5_000_000)
    sizes = [len(piece) for piece in archive.pieces(store, [("large", large)])]
    assert sum(sizes) > 5_000_000
    assert max(sizes) < 1_000_000
