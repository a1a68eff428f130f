"""The loader: a folder becomes an Integration, or all its problems at once.

Every file is checked against its schema before anything is made of it. Where a cache folder is given,
a file that has not changed since it passed is neither parsed nor checked again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from connector.errors import Problem, SpecError
from connector.spec import cache as spec_cache
from connector.spec import parse, yaml_lines
from connector.spec.cache import MANIFEST
from connector.spec.model import Action, Integration
from connector.spec.yaml_lines import Document

if TYPE_CHECKING:
    from connector.spec.schema.validator import Checker

PathLike = str | os.PathLike[str]


def default_folder() -> Path:
    """The integration that came with this package: inside the wheel, else the checkout's top level."""
    return Path(spec_cache.default_folder())


def load(folder: PathLike, cache: PathLike | None = None) -> Integration:
    """The folder's integration. Raises SpecError with every problem of its files."""
    loaded = read(folder, cache)
    wrong = [problem for problem in loaded.problems if problem.severity == "error"]
    if wrong or loaded.integration is None:
        raise SpecError(wrong)
    return loaded.integration


def load_lazily(folder: PathLike, cache: PathLike | None = None) -> Integration:
    """The folder's integration whose actions are read when they are first asked for.

    Raises SpecError for the manifest now, and for an action's spec when that action is asked for.
    """
    reader = _FolderReader(Path(folder), cache)
    manifest = reader.manifest()
    value = _sound(manifest)
    read_one = partial(_read_one, reader, manifest)
    actions = LazyActions({PurePosixPath(name).stem: name for name in value["actions"]}, read_one)
    reader.keep()
    return _integration(value, actions, reader.folder)


class LazyActions(Mapping[str, Action]):
    """Actions by id, each made when it is first asked for; ids are the names of the files."""

    def __init__(self, names: Mapping[str, str], read_one: Callable[[str], Action]) -> None:
        self._names = names
        self._read_one = read_one
        self._made: dict[str, Action] = {}

    def __getitem__(self, id: str) -> Action:
        if id not in self._made:
            # Of two threads that ask at once, both get the one that came first.
            self._made.setdefault(id, self._read_one(self._names[id]))
        return self._made[id]

    def __contains__(self, id: object) -> bool:
        return id in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


# What stands where a text is missing; an id or a path is no such text.
_MISSING = "(It is missing here.)"


@dataclass(frozen=True, slots=True)
class SpecFile:
    """One file: its name below the folder, what it says, and what is wrong with its form.

    ``usable`` is what is left of it without the parts that are wrong, or None where too little is.
    """

    name: str
    document: Document
    problems: tuple[Problem, ...] = ()
    usable: Any = None

    def problem(self, path: str, message: str, **more: Any) -> Problem:
        """A problem at a path of this file."""
        return Problem(path, message, self.name, self.document.line(path), **more)


@dataclass(frozen=True)
class Loaded:
    """What could be made of a folder, and everything that stands in the way of the rest.

    ``integration`` lacks the actions, and the parts of them, that have problems.
    """

    folder: Path
    integration: Integration | None
    problems: tuple[Problem, ...]
    manifest: SpecFile
    specs: Mapping[str, SpecFile] = field(default_factory=dict)

    @property
    def sources(self) -> Mapping[str, SpecFile]:
        """Every file by its name, the manifest first."""
        return {self.manifest.name: self.manifest, **self.specs}

    def source(self, action: Action) -> SpecFile:
        return self._by_id[action.id]

    @cached_property
    def _by_id(self) -> Mapping[str, SpecFile]:
        """Of two files with one id, the first."""
        usable = [source for source in self.specs.values() if source.usable]
        return {source.usable["id"]: source for source in reversed(usable)}


def read(folder: PathLike, cache: PathLike | None = None) -> Loaded:
    """The folder's files, what could be made of them, and all their problems."""
    reader = _FolderReader(Path(folder), cache)
    manifest = reader.manifest()
    specs = {name: reader.spec(name, manifest) for name in _listed(manifest, reader.folder)}
    reader.keep()
    found = [*manifest.problems, *(problem for source in specs.values() for problem in source.problems)]
    found += _twice(specs)
    if manifest.usable is None:
        return Loaded(reader.folder, None, tuple(found), manifest, specs)
    defaults = manifest.usable.get("defaults", {})
    usable = [source for source in specs.values() if source.usable is not None]
    actions = [parse.action(each.usable, defaults, reader.folder / each.name) for each in usable]
    integration = _integration(manifest.usable, {each.id: each for each in actions}, reader.folder)
    return Loaded(reader.folder, integration, tuple(found), manifest, specs)


def _listed(manifest: SpecFile, folder: Path) -> list[str]:
    """The spec files that the manifest names; where it cannot be read, those that lie there."""
    said = manifest.document.value
    names = said.get("actions") if isinstance(said, Mapping) else None
    if not isinstance(names, list):
        return sorted(path.relative_to(folder).as_posix() for path in folder.glob("actions/*.yaml"))
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _read_one(reader: _FolderReader, manifest: SpecFile, name: str) -> Action:
    defaults = manifest.usable.get("defaults", {})
    action = parse.action(_sound(reader.spec(name, manifest)), defaults, reader.folder / name)
    reader.keep()
    return action


def _sound(source: SpecFile) -> Any:
    if source.problems:
        raise SpecError(source.problems)
    return source.usable


def _integration(raw: Mapping[str, Any], actions: Mapping[str, Action], folder: Path) -> Integration:
    icon = confined(folder, raw["icon"]) if "icon" in raw else None
    return parse.integration(raw, actions, folder, icon)


def confined(folder: Path, name: str, base: str = "") -> Path | None:
    """The file that a relative path names, from ``base`` below the folder; None where it leads outside."""
    try:
        path = (folder / base / name).resolve()
    except (OSError, ValueError):
        return None
    inside = not PurePosixPath(name).is_absolute() and path.is_relative_to(folder.resolve())
    return path if inside else None


class _FolderReader:
    """Reads files of one folder, by way of the cache."""

    def __init__(self, folder: Path, cache: PathLike | None) -> None:
        self.folder = folder.resolve()
        self._cache = cache
        self._known = spec_cache.values(self.folder, cache)
        self._stamps = spec_cache.stamps(self.folder, self._known)
        self._changed = False

    def manifest(self) -> SpecFile:
        return self._source(MANIFEST, "integration", lambda source: [])

    def spec(self, name: str, manifest: SpecFile) -> SpecFile:
        if name not in self._known and (wrong := missing(self.folder, name)):
            at = manifest.document.value["actions"].index(name)
            return SpecFile(name, Document(), (manifest.problem(f"actions.{at}", wrong),))
        return self._source(name, "action", identity)

    def keep(self) -> None:
        """Notes what was read and found to be right."""
        if self._changed:
            seen = {name: stamp for name, stamp in self._stamps.items() if stamp and name in self._known}
            spec_cache.keep(self.folder, self._cache, self._known, seen)
            self._changed = False

    def _source(self, name: str, kind: str, check: Callable[[SpecFile], list[Problem]]) -> SpecFile:
        if name in self._known:
            return SpecFile(name, Document(self._known[name]), usable=self._known[name])
        self._stamps |= spec_cache.stamps(self.folder, [name])
        document = yaml_lines.read(self.folder / name, name)
        source = checked(SpecFile(name, document), kind)
        source = replace(source, problems=(*source.problems, *check(source)))
        if not source.problems:
            self._known[name] = source.usable
            self._changed = True
        return source


def missing(folder: Path, name: str) -> str | None:
    """Why a file that the manifest lists cannot be read; None where it can."""
    path = confined(folder, name)
    if path is None:
        return f"{name} lies outside the integration's folder"
    return None if path.is_file() else f"there is no file {name}; add it, or take it off the list"


def identity(source: SpecFile) -> list[Problem]:
    """What a file declares is found by the file's name, so that its id must be the same."""
    said = source.document.value
    name = PurePosixPath(source.name).stem
    if not isinstance(said, Mapping) or not isinstance(said.get("id"), str) or said["id"] == name:
        return []
    return [source.problem("id", f"is {said['id']!r}, and the file is {name}.yaml; give both the same name")]


def _twice(specs: Mapping[str, SpecFile]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for source in specs.values():
        id = PurePosixPath(source.name).stem
        if id in first:
            yield source.problem("id", f"{id!r} is also the id of {first[id]}; an id stands for one action")
        first.setdefault(id, source.name)


def checked(source: SpecFile, kind: str) -> SpecFile:
    """The source with the problems of its form, and what is left of it without them.

    ``kind`` is what the file should be: an action, an integration or a workflow.
    """
    document, checker = source.document, _checkers()[kind]
    if document.value is None:
        empty = (source.problem("", f"is empty; describe the {kind} here"),)
        return replace(source, problems=document.problems or empty)
    formal = [source.problem(each.path, each.message) for each in checker.problems(document.value)]
    problems = (*document.problems, *formal)
    if not formal:
        return replace(source, problems=problems, usable=document.value)
    rest = without(document.value, [each.path for each in formal])
    usable = None if rest is None else _completed(rest, checker)
    return replace(source, problems=problems, usable=usable)


def _completed(rest: Any, checker: Checker) -> Any:
    """What is left with a text in place of each one that is missing; None where it is of no use even so.

    A description that was forgotten does not keep the rest from being checked.
    """
    for problem in checker.problems(rest):
        _put(rest, problem.path, _MISSING)
    return None if checker.problems(rest) else rest


def _put(value: Any, path: str, text: str) -> None:
    """Puts a text where a mapping has nothing."""
    head, dot, tail = path.partition(".")
    if isinstance(value, list) and dot and head.isdecimal() and int(head) < len(value):
        _put(value[int(head)], tail, text)
    elif isinstance(value, dict):
        known = [key for key in value if path.startswith(f"{key}.")]
        if known:
            key = max(known, key=len)
            _put(value[key], path[len(key) + 1 :], text)
        elif path and not dot:
            value.setdefault(path, text)


def without(value: Any, paths: list[str]) -> Any:
    """The value without what stands at the dotted paths; None where that cannot be taken out.

    Items of lists are not: their removal would move the others, and with them the lines of their problems.
    """
    from copy import deepcopy

    rest = deepcopy(value)
    for path in paths:
        if not _remove(rest, path):
            return None
    return rest


def _remove(value: Any, path: str) -> bool:
    if isinstance(value, list):
        head, _, tail = path.partition(".")
        return bool(tail) and head.isdecimal() and int(head) < len(value) and _remove(value[int(head)], tail)
    if not isinstance(value, dict) or not path:
        return False
    if path in value:
        del value[path]
        return True
    # A key may hold dots itself: the longest one that is there is meant.
    heads = [key for key in value if path.startswith(f"{key}.")]
    if not heads:
        return "." not in path  # what is missing need not be taken out
    return _remove(value[max(heads, key=len)], path[len(max(heads, key=len)) + 1 :])


@lru_cache(maxsize=1)
def _checkers() -> Mapping[str, Checker]:
    """The checker of each kind of file."""
    import json

    from referencing import Registry, Resource

    from connector.spec.schema.validator import Checker

    folder = default_folder() / "schemas"
    names = ("action", "integration", "workflow")
    read_text = [(folder / f"{name}.schema.json").read_text(encoding="utf-8") for name in names]
    schemas = [json.loads(text) for text in read_text]
    resources: Any = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas]
    registry: Any = Registry().with_resources(resources)
    checkers = [Checker(schema, registry=registry, noun="known here") for schema in schemas]
    return dict(zip(names, checkers, strict=True))
