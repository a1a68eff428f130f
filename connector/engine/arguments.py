"""Arguments: what a caller gave, with its files adopted, and everything checked at once.

Nothing is sent here, and nothing is spent: whatever can be known to be wrong is told before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from connector import media
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem
from connector.media import Media, MediaError
from connector.spec.model import Deprecation, JsonSchema
from connector.spec.schema.json_values import plain, shown
from connector.spec.schema.validator import Checker


class Taker(Protocol):
    """What takes arguments: an action, or whatever declares its inputs as one does."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, JsonSchema]: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    @property
    def deprecated(self) -> Deprecation | None: ...


@dataclass(frozen=True, slots=True)
class Arguments:
    """Checked arguments: files are Media, what was None is absent. ``warnings`` did not stop them."""

    values: Mapping[str, Any]
    warnings: tuple[Problem, ...] = ()


def take(action: Taker, given: Mapping[str, Any], checker: Checker, sources: Sources) -> Arguments:
    """The arguments of what was given. It blocks: files are opened, and URLs are fetched.

    Raises InvalidArguments with every problem, each at its parameter.
    """
    problems: list[Problem] = []
    set_values = {name: value for name, value in given.items() if value is not None}
    values = {
        name: _adopted(action.parameters.get(name, {}), value, name, sources, problems)
        for name, value in set_values.items()
    }
    values, unsendable = _plain(values)
    told = {problem.path for problem in unsendable}
    broken = [problem for problem in checker.problems(values) if problem.path not in told]
    found = [*problems, *unsendable, *broken, *_file_problems(action, values)]
    wrong = [problem for problem in found if problem.severity == "error"]
    if wrong:
        raise InvalidArguments(_once(wrong), action.title)
    return Arguments(values, (*_deprecation(action), *found))


def _plain(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The values as a request can carry them, and what cannot be carried."""
    found: list[Problem] = []
    names = {name: shown(name) for name in values}
    files = (Media, _Unread)
    return {names[name]: plain(value, names[name], files, found) for name, value in values.items()}, found


def beside(action: Taker, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What was given, with relative paths of files taken from a folder: that of the file they stand in."""

    def placed(file: Any, path: str) -> Any:
        return folder / file if isinstance(file, str) and (folder / file).is_file() else file

    return each_file(action, given, placed)


def each_file(action: Taker, given: Mapping[str, Any], act: Callable[[Any, str], Any]) -> dict[str, Any]:
    """What was given, with ``act`` done to whatever stands where the action takes a file, and its path."""
    return {
        name: _each_file(action.parameters.get(name, {}), value, name, act) for name, value in given.items()
    }


def adopted(
    action: Taker, given: Mapping[str, Any], sources: Sources, is_read: Callable[[Any], bool]
) -> tuple[dict[str, Any], list[Problem]]:
    """What was given, with the files that are to be read made Media, and what of them cannot be read."""
    problems: list[Problem] = []

    def read(file: Any, path: str) -> Any:
        try:
            return media.adopt(file, sources) if file is not None and is_read(file) else file
        except MediaError as error:
            problems.append(Problem(path, str(error)))
            return file

    return each_file(action, given, read), problems


def is_address(file: Any) -> bool:
    """Whether a file is named by its address in the web, where it may be another one tomorrow."""
    return isinstance(file, str) and file.lower().startswith(("http://", "https://"))


def _deprecation(action: Taker) -> Iterator[Problem]:
    if action.deprecated is not None:
        yield Problem("", action.deprecated.sentence(action.title), severity="warning")


def _once(problems: list[Problem]) -> list[Problem]:
    """The problems in their order, each told once."""
    return list(dict.fromkeys(problems))


def _adopted(schema: JsonSchema, value: Any, path: str, sources: Sources, problems: list[Problem]) -> Any:
    """The value with every file in it made Media; what cannot be is a problem, and stays as it was."""

    def adopt(file: Any, path: str) -> Any:
        try:
            return media.adopt(file, sources)
        except MediaError as error:
            problems.append(Problem(path, str(error)))
            return _Unread()

    return _each_file(schema, value, path, adopt)


def _each_file(schema: JsonSchema, value: Any, path: str, act: Callable[[Any, str], Any]) -> Any:
    """The value with ``act`` done to whatever stands where the schema says that a file stands."""
    if schema.get("format") == "binary":
        return act(value, path)
    if isinstance(value, Mapping) and ("properties" in schema or "additionalProperties" in schema):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        return {
            name: _each_file(_schema(known.get(name, other)), entry, f"{path}.{name}", act)
            for name, entry in value.items()
        }
    if isinstance(value, list | tuple) and "items" in schema:
        return [
            _each_file(_schema(schema["items"]), item, f"{path}.{n}", act) for n, item in enumerate(value)
        ]
    return value


def _schema(found: Any) -> JsonSchema:
    return found if isinstance(found, Mapping) else {}


class _Unread:
    """Stands for a file that could not be read, so that the rest is checked all the same."""


def _file_problems(action: Taker, values: Mapping[str, Any]) -> Iterator[Problem]:
    for name in action.files:
        rules, value = action.parameters[name].get("file"), values.get(name)
        if rules and isinstance(value, Media):
            yield from (Problem(name, sentence) for sentence in media.problems(value, rules))
