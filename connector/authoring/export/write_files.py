"""Writing of exported files: all of them or none, and over nothing that is there already."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from connector.errors import InvocationError


def file(target: Path, content: str, *, force: bool = False) -> None:
    """Writes one file. Raises InvocationError where there is one, unless it is forced."""
    if target.is_dir():
        raise InvocationError(f"{target} is a folder; name a file")
    if target.exists() and not force:
        raise InvocationError(f"{target} is there already; --force writes over it")
    _act(target, lambda: _replace(target, content))


def folder(target: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Writes files into a folder, which is made. Raises InvocationError where it holds anything, unless
    it is forced; then the files are written over, and others stay."""
    if target.exists() and not target.is_dir():
        raise InvocationError(f"{target} is no folder; name another")
    if target.is_dir() and any(target.iterdir()):
        if not force:
            raise InvocationError(f"{target} is not empty; name another folder, or --force writes into it")
        _act(target, lambda: _into(target, files))
        return
    _act(target, lambda: _whole(target, files))


def _act(target: Path, write: object) -> None:
    assert callable(write)
    try:
        write()
    except OSError as error:
        raise InvocationError(f"{target} cannot be written: {error.strerror or error}") from error


def _replace(target: Path, content: str) -> None:
    """The file has all of its content or what it had before."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _into(target: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        _replace(target / name, content)


def _whole(target: Path, files: Mapping[str, str]) -> None:
    """The folder appears with all its files in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        _into(draft, files)
        draft.chmod(0o755)
        draft.replace(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
