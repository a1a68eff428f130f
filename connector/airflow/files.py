"""Files of tasks: read from wherever Airflow can, and written to where a task says."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from airflow.sdk import ObjectStoragePath

from connector import InvalidArguments, Media, Sources, media
from connector.engine.arguments import Taker, adopted, each_file
from connector.media import MediaError

_READ_ELSEWHERE = ("http://", "https://", "data:")


def read(action: Taker, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with the files in them read that are in an object store.

    What an earlier task gave stands for its file. Paths, web addresses and all else are the connector's to
    read. Raises InvalidArguments with all that cannot be read, each at its field.
    """
    named = each_file(action, given, _named)
    stores = Sources(paths=False, urls=None, references=_fetched)
    arguments, problems = adopted(action, named, stores, _is_url)
    if problems:
        raise InvalidArguments(problems, action.title)
    return arguments


def _named(value: Any, path: str) -> Any:
    """A file by its path or URL, where an earlier task or Airflow's own type tells it otherwise."""
    if isinstance(value, Mapping):
        return next((value[name] for name in ("path", "file") if isinstance(value.get(name), str)), value)
    # Its text has the id of its connection in it.
    return str(value) if isinstance(value, ObjectStoragePath) else value


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and "://" in value and not value.lower().startswith(_READ_ELSEWHERE)


def _fetched(url: str) -> Media:
    try:
        with ObjectStoragePath(url).open("rb") as file:
            return media.adopt(file)
    except FileNotFoundError as error:
        raise MediaError(f"there is no file at {url!r}; look at the spelling and the bucket") from error
    except MediaError:
        raise
    except Exception as error:  # each kind of store has errors of its own
        raise MediaError(f"{url!r} cannot be read: {type(error).__name__}: {error}") from error


class ResultTarget:
    """Where a task's result goes: a path of the worker's, or the URL of an object store.

    One that ends in a slash, or is a folder, gets a name that no other run's result has.
    """

    def __init__(self, told: str | os.PathLike[str] | ObjectStoragePath) -> None:
        text = str(told)
        if text.lower().startswith("file://"):
            text = unquote(urlsplit(text).path)
        self._is_stored = "://" in text
        # Another task may be executed in another folder.
        self._path: Any = ObjectStoragePath(text) if self._is_stored else Path(text).expanduser().absolute()
        self._is_folder = text.endswith("/") or (not self._is_stored and self._path.is_dir())
        self._text = text

    def at(self, name: str, run_id: str) -> RemoteFile:
        """The place of the result that has this name by itself."""
        if not self._is_folder:
            return RemoteFile(self._path, self._text if self._is_stored else str(self._path))
        own = PurePosixPath(name)
        file = f"{own.stem}-{run_id[-10:]}{own.suffix}"
        path = self._path / file
        return RemoteFile(path, self._text + file if self._is_stored else str(path))

    @property
    def is_folder(self) -> bool:
        return self._is_folder


class RemoteFile:
    """One file, there or not; ``text`` is its path or URL."""

    def __init__(self, path: Any, text: str) -> None:
        self._path = path
        self.text = text

    def exists(self) -> bool:
        return bool(self._path.exists())

    def has(self, size: int) -> bool:
        """Whether it is there with so many bytes."""
        return self.exists() and self._path.stat().st_size == size

    def write(self, source: BinaryIO) -> None:
        """The file is there as a whole, or not at all."""
        if isinstance(self._path, ObjectStoragePath):
            with self._path.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name[:150]}.{secrets.token_hex(4)}.part")
        try:
            with draft.open("xb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)
