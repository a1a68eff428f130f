"""Run files: what goes into a run and what comes out of it, each file kept and named by its reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.engine.arguments import Taker, adopted, each_file
from connector.engine.result import Result
from connector.engine.sources import Sources
from connector.errors import ConnectorError, InvalidArguments, Problem
from connector.media import Media, MediaError, adopt
from connector.secret import MASK
from connector.spec.header_names import CREDENTIAL_HEADERS, canonical, is_secret
from connector.storage.files.store import FileStore, StoredFile

# What these hold is a credential wherever they stand; below `headers` more names are such.
_HEADERS = "headers"
_CREDENTIALS = CREDENTIAL_HEADERS | {"api-key", "x-api-key"}
_NO_PATH = ("http://", "https://", "data:", "file:")
_SECRET = "is a secret, and is not kept for a durable run; invoke the action directly"
_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class AcceptedInputs:
    """``arguments`` are for the engine, ``inputs`` for the record; ``files`` are those kept just now."""

    arguments: Mapping[str, Any]
    inputs: Mapping[str, Any]
    files: tuple[str, ...]


def take(
    action: Taker, given: Mapping[str, Any], store: FileStore, keep_seconds: float | None
) -> AcceptedInputs:
    """What was given, with its files kept. It blocks.

    What is no file stays as it is, and addresses are not fetched: the engine does that, and says what is
    wrong with them.
    """
    shelf = _Shelf(store, keep_seconds)
    arguments = each_file(action, given, shelf.taken)
    recorded = each_file(action, {**given, **arguments}, shelf.shown)
    inputs = json.loads(json.dumps(_unsecret(action, recorded), default=_in_words))
    return AcceptedInputs(arguments, inputs, tuple(shelf.added))


def read_inputs(action: Taker, given: Mapping[str, Any], sources: Sources | None) -> dict[str, Any]:
    """What was given, with the files of this machine read (None: none).

    Raises InvalidArguments for each that cannot be read, and for secrets, which are not written down.
    """
    hidden = [name for name, schema in action.parameters.items() if schema.get("writeOnly")]
    problems = [Problem(name, _SECRET) for name in hidden if given.get(name) is not None]
    arguments = dict(given)
    if sources is not None:
        arguments, unread = adopted(action, given, sources, _is_own_path)
        problems += unread
    if problems:
        raise InvalidArguments(problems, action.title)
    return arguments


def shown(result: Result, stored: StoredFile | None) -> dict[str, Any]:
    """A result for the record: its file is the one that was kept."""
    facts = result.to_dict() | ({} if stored is None else {"media": stored.to_dict()})
    found: dict[str, Any] = json.loads(json.dumps(facts, default=_in_words))
    return found


class _Shelf:
    """The files of one run's arguments, each kept once."""

    def __init__(self, store: FileStore, keep_seconds: float | None) -> None:
        self._store = store
        self._keep_seconds = keep_seconds
        self._sources = Sources(paths=False, urls=None, references=store.resolve)
        self._known: dict[int, StoredFile] = {}
        self.added: list[str] = []

    def taken(self, value: Any, path: str) -> Any:
        """The value as a kept file, if it is one."""
        reference = _reference(value)
        try:
            if reference is not None:
                used = self._store.use(reference.removeprefix("file:"), self._keep_seconds)
                return self._remember(used)
            if value is None or _is_text(value):
                return value
            return self._remember(self._put(adopt(value, self._sources)))
        except (MediaError, ConnectorError):
            return value if reference is None else reference  # the engine says what is wrong with it

    def shown(self, value: Any, path: str) -> Any:
        """The value for the record."""
        stored = self._known.get(id(value))
        if stored is None:
            return _in_short(value)
        named = {"file": stored.reference, "name": stored.name, "type": stored.type, "bytes": stored.bytes}
        return named | {"sha256": stored.sha256}

    def _put(self, media: Media) -> StoredFile:
        stored = self._store.put(media, keep_seconds=self._keep_seconds)
        self.added.append(stored.id)
        return stored

    def _remember(self, stored: StoredFile) -> Media:
        media = self._store.open(stored.id)
        self._known[id(media)] = stored
        return media


def _reference(value: Any) -> str | None:
    """The reference that a value is, also as it stands in a record."""
    named = value.get("file") if isinstance(value, Mapping) else value
    return named if isinstance(named, str) and named.startswith("file:") else None


def _is_text(value: Any) -> bool:
    """Whether it is a path or an address, which are not read here."""
    return isinstance(value, str) and value[:5].lower() != "data:"


def _unsecret(action: Taker, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs without what nobody may read again."""
    hidden = {name for name, schema in action.parameters.items() if schema.get("writeOnly")}
    return {
        name: MASK if name in hidden else _without_credentials(name, value) for name, value in inputs.items()
    }


def _without_credentials(name: str, value: Any, *, in_headers: bool = False) -> Any:
    """A value without the credentials that the engine refuses to send: they are not written down either."""
    if canonical(name) in _CREDENTIALS or (in_headers and is_secret(name)):
        return MASK
    if isinstance(value, Mapping):
        inside = canonical(name) == _HEADERS
        return {key: _without_credentials(str(key), inner, in_headers=inside) for key, inner in value.items()}
    return [_without_credentials("", inner) for inner in value] if isinstance(value, list | tuple) else value


def _in_short(value: Any) -> str | None:
    """What the engine will say is no file."""
    return value[:_LONGEST_TEXT] if isinstance(value, str) else None if value is None else _in_words(value)


def _in_words(value: Any) -> str:
    return f"({type(value).__name__})"


def _is_own_path(file: Any) -> bool:
    return isinstance(file, Path) or (isinstance(file, str) and not file.lower().startswith(_NO_PATH))
