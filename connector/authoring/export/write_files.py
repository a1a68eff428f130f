"""Writing of exported files: all of them or none, and over nothing that is there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.errors import InvocationError


def file(target: Path, content: str, *, force: bool = False) -> None:
    """Writes one file. Raises InvocationError where there is one, unless it is forced."""
    if target.is_dir():
        raise InvocationError(f"{target} is a folder; name a file")
    if target.exists() and not force:
        raise InvocationError(f"{target} is there already; --force writes over it")
    with _told(target):
        _replace(target, content)


def folder(target: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Writes files into a folder, which is made. Raises InvocationError where it holds anything, unless
    it is forced; then the files are written over, and others stay."""
    if target.exists() and not target.is_dir():
        raise InvocationError(f"{target} is no folder; name another")
    is_taken = target.is_dir() and any(target.iterdir())
    if is_taken and not force:
        raise InvocationError(f"{target} is not empty; name another folder, or --force writes into it")
    with _told(target):
        if is_taken:
            _fill(target, files)
            return
        with _draft(target) as whole:
            _fill(whole, files)
            whole.replace(target)


def _fill(target: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        _replace(target / name, content)


def _replace(target: Path, content: str) -> None:
    """The file has all of its content or what it had before."""
    with _draft(target) as draft:
        draft.write_text(content, encoding="utf-8")
        draft.replace(target)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A place beside the target, of which nothing is left but what was moved from there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as beside:
        yield Path(beside) / target.name


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvocationError(f"{target} cannot be written: {error.strerror or error}") from error
