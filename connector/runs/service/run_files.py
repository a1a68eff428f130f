"""Run files: what goes into a run and what comes out of it, each file kept and named by its reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.engine.arguments import Taker, adopted, each_file
from connector.engine.result import Result
from connector.engine.sources import Sources
from connector.errors import ConnectorError, InvalidArguments, Problem
from connector.media import Media, MediaError, adopt
from connector.media.file import safe_name
from connector.secret import MASK
from connector.spec import template
from connector.spec.header_names import CREDENTIAL_HEADERS, canonical, is_harmless, is_secret
from connector.spec.model import Action
from connector.storage.files.store import FileStore, StoredFile
from connector.storage.runs.model import Run

# What these hold is a credential wherever they stand; below `headers`, whatever is not known to be none.
_HEADERS = "headers"
_CREDENTIALS = CREDENTIAL_HEADERS | {"api-key", "x-api-key"}
_NO_PATH = ("http://", "https://", "data:", "file:")
_SECRET = (
    "may be a secret, and is not kept for a durable run; keep a header with the connection "
    "(connector connections add --header), or invoke the action directly"
)
_MASKED = "was not kept with the run, as it may be a secret; give it again, in a new run"
_LONGEST_TEXT = 2000
_SCHEME = "file:"


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
    wrong with them. Raises InvalidArguments for a mask that stands where a record has no secret.
    """
    refuse_masks(action, given)
    shelf = _Shelf(store, keep_seconds)
    arguments = each_file(action, given, shelf.taken)
    recorded = each_file(action, {**given, **arguments}, shelf.shown)
    inputs = json.loads(
        json.dumps(_with_secrets(action, recorded, lambda path, value: MASK), default=_in_words)
    )
    return AcceptedInputs(arguments, inputs, tuple(shelf.added))


def read_inputs(action: Taker, given: Mapping[str, Any], sources: Sources | None) -> dict[str, Any]:
    """What was given, with the files of this machine read (None: none).

    Raises InvalidArguments for each that cannot be read, and for secrets, which are not written down.
    """
    problems = secret_problems(action, given)
    arguments = dict(given)
    if sources is not None:
        arguments, unread = adopted(action, given, sources, _is_own_path)
        problems += unread
    if problems:
        raise InvalidArguments(problems, action.title)
    return arguments


def secret_problems(action: Taker, given: Mapping[str, Any]) -> list[Problem]:
    """A problem for everything that a record must not hold, and that a run from a record would lack."""
    return _problems(action, given, lambda value: _MASKED if value == MASK else _SECRET)


def refuse_masks(action: Taker, recorded: Mapping[str, Any]) -> None:
    """Raises InvalidArguments where a record has a mask: it would be sent in place of what it hides."""
    if found := _problems(action, recorded, lambda value: _MASKED if value == MASK else None):
        raise InvalidArguments(found, action.title)


def shown(result: Result, stored: StoredFile | None) -> dict[str, Any]:
    """A result for the record: its file is the one that was kept."""
    facts = result.to_dict() | ({} if stored is None else {"media": stored.to_dict()})
    found: dict[str, Any] = json.loads(json.dumps(facts, default=_in_words))
    return found


def stem(run: Run, title: str) -> str:
    """How the name of a file that a run made begins: its action, its time in UTC, and what it is there."""
    moment = datetime.fromtimestamp(run.created, UTC).strftime("%Y%m%d-%H%M%S")
    return safe_name("-".join(filter(None, (run.action, moment, title.strip().replace(" ", "-")))))


def made(run: Run) -> Iterator[tuple[str, str]]:
    """The files of a run, each with a title: that of an action, or those among a workflow's outputs."""
    if run.kind == "workflow":
        outputs = (run.result or {}).get("outputs", {})
        yield from _inside(outputs, "")
    elif run.file:
        yield "", run.file


def _inside(value: Any, title: str) -> Iterator[tuple[str, str]]:
    """The files among outputs, each with the names that lead to it."""
    named = value.get("file", value) if isinstance(value, Mapping) else value
    if isinstance(named, str) and named.startswith(_SCHEME):
        yield title, named.removeprefix(_SCHEME)
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _inside(entry, f"{title} {name}")
    elif isinstance(value, list):
        wide = len(str(len(value)))  # so that the tenth is behind the ninth
        for number, entry in enumerate(value, 1):
            yield from _inside(entry, f"{title} {number:0{wide}d}")


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


def _problems(action: Taker, given: Mapping[str, Any], said: Callable[[Any], str | None]) -> list[Problem]:
    found: list[Problem] = []

    def note(path: str, value: Any) -> None:
        if sentence := said(value):
            found.append(Problem(path, sentence))

    _with_secrets(action, given, note)
    return found


def _with_secrets(action: Taker, inputs: Mapping[str, Any], put: Callable[[str, Any], Any]) -> dict[str, Any]:
    """The inputs with what ``put`` makes of each path and value that may be a secret."""
    hidden, headers = _secret_inputs(action)

    def inside(value: Any, path: str, in_headers: bool) -> Any:
        if isinstance(value, Mapping):
            return {key: one(str(key), inner, f"{path}.{key}", in_headers) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [inside(inner, f"{path}.{at}", False) for at, inner in enumerate(value)]
        return value

    def one(name: str, value: Any, path: str, in_headers: bool) -> Any:
        is_secret = canonical(name) in _CREDENTIALS or (in_headers and not is_harmless(name))
        if is_secret and value is not None:
            return put(path, value)
        return inside(value, path, canonical(name) == _HEADERS)

    def top(name: str, value: Any) -> Any:
        # Headers in a form that is none are secret as a whole: nothing says which of them are harmless.
        if value is not None and (name in hidden or (name in headers and not isinstance(value, Mapping))):
            return put(name, value)
        return inside(value, name, True) if name in headers else one(name, value, name, False)

    return {name: top(name, value) for name, value in inputs.items()}


def _secret_inputs(action: Taker) -> tuple[set[str], set[str]]:
    """The inputs that are secrets, and those that are whole headers by name."""
    hidden = {name for name, schema in action.parameters.items() if schema.get("writeOnly")}
    headers = action.request.headers if isinstance(action, Action) else {}
    if not isinstance(headers, Mapping):
        return hidden, _inputs_of(headers)
    return hidden | _inputs_of([text for name, text in headers.items() if is_secret(name)]), set()


def _inputs_of(templates: Any) -> set[str]:
    return {name.removeprefix("inputs.") for name in template.references(templates)}


def _in_short(value: Any) -> str | None:
    """What the engine will say is no file."""
    return value[:_LONGEST_TEXT] if isinstance(value, str) else None if value is None else _in_words(value)


def _in_words(value: Any) -> str:
    return f"({type(value).__name__})"


def _is_own_path(file: Any) -> bool:
    return isinstance(file, Path) or (isinstance(file, str) and not file.lower().startswith(_NO_PATH))
