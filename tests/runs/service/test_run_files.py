"""The files of a run are kept with it, and what was said of them."""

from __future__ import annotations

from port import SAMPLES

from connector.media import Media, from_path
from connector.runs.service import run_files
from connector.spec import file_options
from connector.spec.cache import default_folder
from connector.spec.loader import load
from connector.storage.database.database import Database
from connector.storage.files.store import FileStore

ERASE = load(default_folder()).actions["erase"]


def test_what_is_said_of_a_file_is_recorded_and_holds_again(tmp_path):
    """In a record it stands beside the reference; a run that is made of the record hears of it too."""
    room = from_path(SAMPLES / "room.png")
    database = Database(tmp_path / "state.db")
    files = FileStore(database, tmp_path / "files")
    given = {"image": {"file": room, "keep_orientation": True}, "mask": room}
    for _ in range(2):
        taken = run_files.take(ERASE, given, files, None)
        for name, said in (("image", {"keep_orientation": True}), ("mask", {})):
            kept, options = file_options.split(taken.arguments[name])
            assert isinstance(kept, Media)
            assert options == file_options.split(taken.inputs[name])[1] == said
            assert taken.inputs[name]["file"].startswith("file:")
            assert taken.inputs[name]["name"] == "room.png"
        given = taken.inputs
    database.close()
