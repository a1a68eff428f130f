"""The data folder is where the operator says, and its files appear whole and private."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connector.storage.home import create_whole, home, make_private


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"CONNECTOR_HOME": "/srv/c", "XDG_DATA_HOME": "/data"}, Path("/srv/c")),
        ({"CONNECTOR_HOME": "~/c"}, Path.home() / "c"),
        ({"XDG_DATA_HOME": "/data"}, Path("/data/connector")),
        ({"XDG_DATA_HOME": "data"}, Path.home() / ".local/share/connector"),
        ({}, Path.home() / ".local/share/connector"),
    ],
)
def test_home(environ, expected):
    """CONNECTOR_HOME, then XDG_DATA_HOME, then the usual folder."""
    assert home(environ) == expected


def test_created_private(tmp_path):
    """The file and its folder belong to their owner alone, and nothing else is left behind."""
    path = tmp_path / "new" / "file"
    create_whole(path, lambda draft: draft.write_text("content"))
    assert path.read_text() == "content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_first_one_wins(tmp_path):
    """Of many who create the file at once one wins, and the others leave it as it is."""
    path = tmp_path / "file"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: create_whole(path, lambda draft: draft.write_text(f"{n}" * 999)), range(8)))
    content = path.read_text()
    assert content == content[0] * 999
    create_whole(path, lambda draft: draft.write_text("later"))
    assert path.read_text() == content


def test_failed_creation_leaves_nothing(tmp_path):
    """Where the content cannot be written there is no file at all."""

    def fail(draft):
        raise ValueError("no content")

    with pytest.raises(ValueError, match="no content"):
        create_whole(tmp_path / "file", fail)
    assert list(tmp_path.iterdir()) == []


def test_what_is_made_above_a_private_folder_is_private_too(tmp_path):
    """Whichever file of the home comes first; what was there stays as open as it was."""
    there = tmp_path / "there"
    there.mkdir(0o755)
    make_private(there / "home" / "files" / "new")
    modes = [each.stat().st_mode & 0o777 for each in (there, there / "home", there / "home" / "files")]
    assert modes == [0o755, 0o700, 0o700]
