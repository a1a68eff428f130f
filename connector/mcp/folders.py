"""Folders of this machine, which tools may read, and put results in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import InvalidArguments, Problem
from connector.media import Media
from connector.media.file import name_for


@dataclass(frozen=True, slots=True)
class Folders:
    """``roots`` may be read and written to, links resolved; every result is put into ``keep`` besides."""

    roots: tuple[Path, ...]
    keep: Path | None = None

    @property
    def all(self) -> tuple[Path, ...]:
        return (self.keep, *self.roots) if self.keep else self.roots

    def target(self, wanted: Any) -> Path | None:
        """Where a result is to be put: where somebody wants it, else where all are.

        A path that is relative begins at the first folder. Raises InvalidArguments, before anything is paid,
        for one that is outside or hidden, and where there is something already.
        """
        if wanted is None:
            return self.keep
        if not isinstance(wanted, str) or (path := self._resolved(wanted)) is None:
            raise _wrong(f"is not a path below {self.said}; give one")
        if path.is_dir() or wanted.endswith(("/", "\\")):
            raise _wrong("is a folder; name a file in it")
        if path.exists():
            raise _wrong("names a file that is there already; choose another name")
        return path

    def put(self, media: Media, target: Path) -> dict[str, str]:
        """Writes a result, under a name that its type asks for and over nothing; where it is, or why not."""
        try:
            if target == self.keep:
                return {"path": str(media.save(target, name=media.name))}
            return {"path": str(media.save(target.with_name(name_for(target.name, media.type)), number=True))}
        except OSError as error:
            return {"not_saved": f"{target} cannot be written ({error.strerror or error}); the file is kept"}

    def has(self, name: str) -> bool:
        """Whether there is a file of that name at the top of a folder."""
        return any((root / name).exists() for root in self.all)

    @property
    def said(self) -> str:
        return " or ".join(map(str, self.all))

    def _resolved(self, wanted: str) -> Path | None:
        try:
            path = (self.all[0] / Path(wanted).expanduser()).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        inside = [path.relative_to(root).parts for root in self.all if path.is_relative_to(root)]
        # What is hidden is somebody's settings.
        is_plain = any(not any(part.startswith(".") for part in parts) for parts in inside)
        return path if is_plain else None


def _wrong(said: str) -> InvalidArguments:
    return InvalidArguments([Problem("save_as", said)])
