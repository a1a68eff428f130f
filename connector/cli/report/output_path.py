"""The output path: where a file goes, looked at before anything is paid for, and written after."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.terminal import terminal
from connector.errors import InvalidArguments, Problem

if TYPE_CHECKING:
    from connector.engine.result import Result

STDOUT = "-"


def check(target: str | None, *, as_json: bool, streams: bool = False) -> None:
    """Raises InvalidArguments where a file could not be written to the target."""
    to_stdout = target == STDOUT or (streams and target is None)
    if to_stdout and as_json:
        raise _refused("standard output is for the JSON document; name a file with -o")
    if to_stdout and terminal.is_terminal(sys.stdout):
        raise _refused("a file's bytes are not for a terminal; name a file with -o, or pipe them on")
    if not to_stdout:
        _check_folder(target or ".")


def _check_folder(target: str) -> None:
    """The nearest folder that is there must let us write."""
    place = Path(target).expanduser()
    folder = place if is_folder(target) else place.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise _refused(f"'{folder}' is no folder, so that nothing can be written below it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refused(f"the folder '{folder}' cannot be written to; choose another place")


def is_folder(target: str) -> bool:
    return target.endswith(("/", os.sep)) or Path(target).expanduser().is_dir()


def _refused(sentence: str) -> InvalidArguments:
    return InvalidArguments([Problem("output", sentence)])


def save(result: Result, target: str | None) -> Path:
    """Writes the delivered file and says where it is. Raises NotSaved, which says where it is instead."""
    wanted = target or "."
    place = str(Path(wanted).expanduser())
    return result.save(f"{place}{os.sep}" if is_folder(wanted) else place)


def stem(result: Result) -> str:
    """What a file of the result is called, before its ending."""
    return result.action if result.seed is None else f"{result.action}-{result.seed}"


def place(target: str, name: str) -> Path:
    """The file that a target means, which has that name where the target is a folder."""
    wanted = Path(target).expanduser()
    return wanted / name if is_folder(target) else wanted
