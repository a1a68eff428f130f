"""The home: the private folder where one machine keeps its data, and how a file comes to be in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """``CONNECTOR_HOME``, or the place where the desktop conventions put a program's data."""
    if chosen := environ.get("CONNECTOR_HOME"):
        return Path(chosen).expanduser()
    data = Path(environ.get("XDG_DATA_HOME", ""))
    # A relative path there is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
    return (data if data.is_absolute() else Path.home() / ".local" / "share") / "connector"


def make_private(folder: Path) -> None:
    """Makes the folder, and what is missing above it, for its owner only; what is there stays as it is."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def create_whole(path: Path, fill: Callable[[Path], object], *, replace: bool = False) -> None:
    """Creates the file with all its content, readable by its owner only, or leaves the one that is there.

    With ``replace`` it takes the place of that one. ``fill`` writes a file that nobody else knows, which then
    gets its name in one act. Of many processes that start at once one wins, and none ever sees half a file,
    not even after a crash.
    """
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        fill(draft)
        with suppress(FileExistsError):
            (os.replace if replace else os.link)(draft, path)
    finally:
        draft.unlink(missing_ok=True)
