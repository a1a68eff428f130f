"""The output path: where a file goes, looked at before anything is paid for, and written after."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.terminal import terminal
from connector.errors import InvalidArguments, Problem

if TYPE_CHECKING:
    from argparse import Namespace

    from connector.engine.result import Result
    from connector.media.content import File

STDOUT = "-"


def check(args: Namespace, *, streams: bool = False) -> None:
    """Raises InvalidArguments where a file could not be written to ``-o``; asks before it replaces one."""
    target = args.output
    to_stdout = target == STDOUT or (streams and target is None)
    if to_stdout and args.json:
        raise _refused("standard output is for the JSON document; name a file with -o")
    if to_stdout and terminal.is_terminal(sys.stdout):
        raise _refused("a file's bytes are not for a terminal; name a file with -o, or pipe them on")
    if not to_stdout:
        check_folder(target or ".")
        _check_free(args)


def check_folder(target: str) -> None:
    """The nearest folder that is there must let us write."""
    place = Path(target).expanduser()
    folder = place if is_folder(target) else place.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise _refused(f"'{folder}' is no folder, so that nothing can be written below it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refused(f"the folder '{folder}' cannot be written to; choose another place")


def _check_free(args: Namespace) -> None:
    """A file that is there is replaced only where somebody says so."""
    if args.overwrite and args.number:
        raise _refused("--overwrite and --number cannot both be meant; give one of them")
    place = Path(args.output or ".").expanduser()
    if is_folder(args.output or ".") or not os.path.lexists(place):
        return
    if not place.is_file():
        raise _refused(f"'{args.output}' is no ordinary file; choose another place")
    if args.overwrite or args.number:
        return
    said = f"there is a file '{args.output}' already"
    if args.json or not terminal.agreed(f"{said}.\nOverwrite it?"):
        raise _refused(f"{said}; add --overwrite to replace it, or --number to write beside it")
    args.overwrite = True


def is_folder(target: str) -> bool:
    return target.endswith(("/", os.sep)) or Path(target).expanduser().is_dir()


def _refused(sentence: str) -> InvalidArguments:
    return InvalidArguments([Problem("output", sentence)])


def save(result: Result, args: Namespace) -> Path:
    """Writes the delivered file and says where it is. Raises NotSaved, which says where it is instead."""
    wanted = args.output or "."
    place = str(Path(wanted).expanduser())
    target = f"{place}{os.sep}" if is_folder(wanted) else place
    return result.save(target, overwrite=args.overwrite, number=args.number)


def stem(result: Result) -> str:
    """What a file of the result is called, before its ending."""
    return result.action if result.seed is None else f"{result.action}-{result.seed}"


def write(file: File, args: Namespace, name: str) -> Path:
    """Writes a file where the options say, under that name where this is a folder."""
    place, own = Path(args.output or ".").expanduser(), name if is_folder(args.output or ".") else None
    return file.save(place, name=own, overwrite=args.overwrite, number=args.number)
