"""Writing an imported integration's folder, all of it or nothing: beside first, then moved."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.authoring.importing.convert import Imported
from connector.authoring.importing.write_yaml import written
from connector.errors import InvocationError
from connector.spec.cache import MANIFEST

_SCHEMAS = "https://stability-connector.example/schemas"
_PARTS = (MANIFEST, "actions")


def refuse_taken(folder: Path, *, force: bool | None = None) -> None:
    """Raises InvocationError for a folder that holds something, unless that may be replaced.

    ``force`` is None where whoever asks has no such choice.
    """
    if folder.exists() and not folder.is_dir():
        raise InvocationError(f"{folder} is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        replace = "" if force is None else ", or replace its specs with --force"
        raise InvocationError(f"{folder} is not empty; name another folder{replace}")


def write(texts: Mapping[str, str], folder: Path, *, force: bool | None = None) -> None:
    """Writes an integration's files, by their names below the folder.

    With ``force``, the manifest and specs that are there are replaced, and no more.

    Raises InvocationError where it cannot be written; then what was there is there still.
    """
    refuse_taken(folder, force=force)
    whole = folder.absolute()
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{whole.name}.", dir=whole.parent))
        try:
            _fill(texts, draft / "new")
            _put(draft, whole)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise InvocationError(f"{folder} cannot be written: {error.strerror or error}") from error


def values(imported: Imported) -> dict[str, Any]:
    """What each file says, by its name below the folder."""
    specs = {f"actions/{id}.yaml": spec for id, spec in imported.actions.items()}
    return {MANIFEST: imported.manifest, **specs}


def files(imported: Imported) -> dict[str, str]:
    """The text of each file, by its name below the folder."""
    return {
        name: written(value, schema=f"{_SCHEMAS}/{_kind(name)}.schema.json")
        for name, value in values(imported).items()
    }


def _kind(name: str) -> str:
    return "integration" if name == MANIFEST else "action"


def _fill(texts: Mapping[str, str], draft: Path) -> None:
    (draft / "actions").mkdir(parents=True)
    for name, content in texts.items():
        (draft / name).write_text(content, encoding="utf-8")


def _put(draft: Path, folder: Path) -> None:
    """Moves what was made to its place; into a folder that is there already, part by part."""
    if not folder.exists():
        (draft / "new").rename(folder)
        return
    old = draft / "old"
    old.mkdir()
    moved: list[str] = []
    try:
        for part in _PARTS:
            if (folder / part).exists():
                (folder / part).rename(old / part)
            moved.append(part)
            (draft / "new" / part).rename(folder / part)
    except OSError:
        for part in moved:
            _restore(old / part, folder / part)
        raise


def _restore(old: Path, place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    if old.exists():
        old.rename(place)
