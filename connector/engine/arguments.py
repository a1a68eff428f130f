"""Arguments: what a caller gave, with its files adopted, and everything checked at once.

Nothing is sent here, and nothing is spent: whatever can be known to be wrong is told before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from connector import media
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, NeedsConfirmation, Problem
from connector.media import Media, MediaError, exif_transpose, mask, text_encoding
from connector.media.orientation import UPRIGHT
from connector.spec import file_options
from connector.spec.model import CatalogEntry, Deprecation, JsonSchema
from connector.spec.schema.json_values import plain, shown
from connector.spec.schema.validator import Checker


class Form(Protocol):
    """What declares inputs."""

    @property
    def parameters(self) -> Mapping[str, JsonSchema]: ...


class Taker(Form, Protocol):
    """What takes arguments: an action, or whatever declares its inputs as one does."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def catalog(self) -> CatalogEntry: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    @property
    def deprecated(self) -> Deprecation | None: ...


@dataclass(frozen=True, slots=True)
class Arguments:
    """Checked arguments: files are Media, what was None is absent. ``warnings`` did not stop them."""

    values: Mapping[str, Any]
    warnings: tuple[Problem, ...] = ()


def take(
    action: Taker,
    given: Mapping[str, Any],
    checker: Checker,
    sources: Sources,
    *,
    turn: bool = True,
    confirm: bool = True,
) -> Arguments:
    """The arguments of what was given. It blocks: files are opened, and URLs are fetched.

    A picture is turned upright as its EXIF says; without ``turn`` that is only told. Raises InvalidArguments
    with every problem, each at its parameter, and NeedsConfirmation where all can be sent and something would
    be paid for that is hardly meant; without ``confirm``, and where that is accepted, it is only told.
    """
    set_values = {name: value for name, value in given.items() if value is not None}
    files = _Files(sources)
    values, unsendable = _plain(_walked(action, set_values, files.adopt))
    told = {problem.path for problem in unsendable}
    broken = [problem for problem in checker.problems(values) if problem.path not in told]
    found = [*files.problems, *unsendable, *broken, *_file_problems(action, values)]
    _refuse_errors(action, found)
    values = files.upright(action, values, turn)
    _refuse_errors(action, files.problems)
    asked = confirmed(action, given, questions(action, values))
    if confirm and any(problem.severity == "question" for problem in asked):
        raise NeedsConfirmation(asked, action.title)
    return Arguments(values, (*_deprecation(action), *found, *files.problems, *asked))


def _refuse_errors(action: Taker, problems: list[Problem]) -> None:
    wrong = [problem for problem in problems if problem.severity == "error"]
    if wrong:
        raise InvalidArguments(_once(wrong), action.title)


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


def each_file(action: Form, given: Mapping[str, Any], act: Callable[[Any, str], Any]) -> dict[str, Any]:
    """What was given, with ``act`` done to whatever stands where the action takes a file, and its path.

    What is said of a file stays beside it.
    """

    def inside(value: Any, path: str) -> Any:
        file, options = file_options.split(value)
        return file_options.joined(act(file, path), options)

    return _walked(action, given, inside)


def with_options(action: Form, given: Mapping[str, Any], options: Mapping[str, bool]) -> dict[str, Any]:
    """What was given, with the same said of each file."""
    return each_file(action, given, lambda file, path: file_options.joined(file, options))


def alone(action: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, with each file alone, without what is said of it."""

    def act(value: Any, path: str) -> Any:
        file, options = file_options.split(value)
        return file.as_stored() if options.get("keep_orientation") and isinstance(file, Media) else file

    return _walked(action, given, act)


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


class _Files:
    """The files of one use of an action, and what is to be told of them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.problems: list[Problem] = []

    def adopt(self, value: Any, path: str) -> Any:
        """The value as a Media; what cannot be is a problem."""
        file, options = file_options.split(value)
        wrong = [name for name, option in options.items() if not isinstance(option, bool)]
        self.problems += [Problem(f"{path}.{name}", "must be true or false") for name in wrong]
        try:
            found = media.adopt(file, self._sources)
        except MediaError as error:
            self.problems.append(Problem(path, str(error)))
            return _Unread()
        return found.as_stored() if options.get("keep_orientation") else found

    def upright(self, action: Taker, values: Mapping[str, Any], turn: bool) -> dict[str, Any]:
        """The values with each picture stored as it is seen; what cannot be turned is a problem."""

        def act(file: Any, path: str) -> Any:
            if not isinstance(file, Media) or file.orientation == UPRIGHT:
                return file
            rules = action.parameters.get(path, {}).get("file", {})
            said = f"its EXIF orientation is {file.orientation}"
            try:
                found = exif_transpose.turned(file, rules.get("max_bytes")) if turn else file
            except exif_transpose.NotTurned as error:
                self.problems.append(_not_turned(path, said, error, needed=rules.get("upright", False)))
                return file
            sentence = (
                f"is sent upright, as people see it ({said}); the option keep_orientation sends it as stored"
            )
            self.problems.append(Problem(path, sentence, severity="warning"))
            return found

        return _walked(action, values, act)


def _not_turned(path: str, said: str, why: Exception, *, needed: bool) -> Problem:
    if not needed:
        sentence = f"is sent as it is stored, not as people see it ({said}): {why}"
        return Problem(path, sentence, severity="warning")
    return Problem(
        path,
        f"is stored in another way than people see it ({said}), and has to stand as it is seen here, but "
        f"cannot be turned: {why}; save it upright, or send it as it is stored with keep_orientation",
    )


def _walked(action: Form, given: Mapping[str, Any], act: Callable[[Any, str], Any]) -> dict[str, Any]:
    return {
        name: _each_file(action.parameters.get(name, {}), value, name, act) for name, value in given.items()
    }


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
            lost = text_encoding.problem(value) if rules.get("formats") else None
            found = media.problems(value, rules) if lost is None else [lost]
            yield from (Problem(name, sentence) for sentence in found)
            if said := media.remark(value, rules):
                yield Problem(name, said, severity="warning")


def questions(
    action: Taker, values: Mapping[str, Any], later: Collection[str] = frozenset()
) -> Iterator[Problem]:
    """What can be sent, and is hardly meant: masks that select nothing, or everything.

    ``later`` names what is given, and not known yet.
    """
    for name in (each for each in action.files if each not in later):
        schema = action.parameters[name]
        selects, default = schema.get("mask_selects"), schema.get("mask_default")
        given, masked = values.get(name), values.get(schema.get("mask_of", ""))
        said = ""
        if isinstance(given, Media) and selects:
            said = mask.doubt(given, selects)
        elif given is None and default and isinstance(masked, Media) and mask.is_opaque(masked):
            said = f"is not given, and {schema['mask_of']} has no {default} part, so that nothing is selected"
        if said:
            yield Problem(name, said, severity="question")


def confirmed(action: Form, given: Mapping[str, Any], problems: Iterable[Problem]) -> list[Problem]:
    """The problems; what is asked is a mere warning where what was given says that it is accepted."""
    accepted: list[Any] = []

    def note(value: Any, path: str) -> Any:
        accepted.append(file_options.split(value)[1].get("accept_warnings"))
        return value

    _walked(action, given, note)
    if True not in accepted:
        return list(problems)
    return [replace(each, severity="warning") if each.severity == "question" else each for each in problems]
