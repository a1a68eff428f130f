"""Templates: text with holes, filled in a sandbox; a hole standing alone keeps its type.

Authors write templates, in Jinja2's sandbox, and in as much of its language as values need: look-ups,
reckoning, ``if``, and a few filters. There are no loops and no calls, so that a template always ends,
whoever wrote it. What callers give only ever fills holes: it is never itself read as a template. A hole
whose value is missing makes the whole text ``MISSING``, so that the entry it stands for can be left out.

Nearly every hole is a plain look-up such as ``{{ inputs.prompt }}``. Those are filled by hand, which
is ten times as fast and leaves Jinja2 unimported; everything else goes through Jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from connector.spec.segments import TemplateError

Scope = Mapping[str, Mapping[str, Any]]
Encode = Callable[[Any], str]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


class _Hole(NamedTuple):
    root: str
    name: str


_PLAIN_HOLE = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\.([A-Za-z_]\w*)\s*-?\}\}")
_MARKUP = re.compile(r"\{\{|\{%|\{#")


def is_template(text: object) -> bool:
    """Whether a value is text with at least one hole or statement."""
    return isinstance(text, str) and _MARKUP.search(text) is not None


class Template:
    """A text that an author wrote, ready to be filled.

    ``references`` are the dotted names that it uses, such as ``inputs.prompt``.
    Raises TemplateError where it cannot be read.
    """

    __slots__ = ("_pieces", "references", "text", "uses_path_filter")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces = _plain_pieces(text)
        self.uses_path_filter = False
        if self._pieces is not None:
            holes = [piece for piece in self._pieces if isinstance(piece, _Hole)]
            self.references = frozenset(f"{hole.root}.{hole.name}" for hole in holes)
        else:
            from connector.spec import jinja

            tree = jinja.parse(text)
            self.uses_path_filter = jinja.uses_filter(tree, "path")
            self.references = jinja.references(tree)

    def fill(self, scope: Scope, encode: Encode | None = None) -> Any:
        """The text with its holes filled, or MISSING where a hole has no value.

        A hole that stands alone gives its value as it is; else values are made text by ``encode``.
        """
        if self._pieces is None:
            return _fill_with_jinja(self.text, scope, encode)
        return _fill_pieces(self._pieces, scope, encode or str)


@lru_cache(maxsize=2048)
def compiled(text: str) -> Template:
    """The template of a text; the same one for the same text."""
    return Template(text)


def fill(value: Any, scope: Scope, encode: Encode | None = None) -> Any:
    """A template filled; anything else as it is."""
    return compiled(value).fill(scope, encode) if isinstance(value, str) else value


def fill_all(value: Any, scope: Scope) -> Any:
    """A value of mappings and lists, with every template inside filled and what is missing left out."""
    if isinstance(value, Mapping):
        filled = ((name, fill_all(entry, scope)) for name, entry in value.items())
        return {name: entry for name, entry in filled if entry is not MISSING}
    if isinstance(value, list | tuple):
        return [entry for entry in (fill_all(item, scope) for item in value) if entry is not MISSING]
    return fill(value, scope)


def references(value: Any) -> frozenset[str]:
    """The dotted names that the templates inside a value use."""
    if isinstance(value, str):
        return compiled(value).references
    if isinstance(value, Mapping):
        return frozenset[str]().union(*(references(entry) for entry in value.values()))
    if isinstance(value, list | tuple):
        return frozenset[str]().union(*(references(entry) for entry in value))
    return frozenset()


def texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text inside a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from texts(entry, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from texts(entry, f"{path}.{index}" if path else str(index))


def _plain_pieces(text: str) -> tuple[str | _Hole, ...] | None:
    """The text cut at its plain holes, or None where there is more to it than those."""
    pieces: list[str | _Hole] = []
    end = 0
    for match in _PLAIN_HOLE.finditer(text):
        pieces += [text[end : match.start()], _Hole(match[1], match[2])]
        end = match.end()
    pieces.append(text[end:])
    if any(isinstance(piece, str) and _MARKUP.search(piece) for piece in pieces):
        return None
    if any(isinstance(piece, _Hole) and hasattr(dict, piece.name) for piece in pieces):
        return None  # `inputs.items` must mean the input, as Jinja2's subscript below makes it
    return tuple(piece for piece in pieces if piece != "")


def _fill_pieces(pieces: tuple[str | _Hole, ...], scope: Scope, encode: Encode) -> Any:
    filled = [piece if type(piece) is str else _look_up(piece, scope) for piece in pieces]
    if MISSING in filled:
        return MISSING
    if len(pieces) == 1:
        return filled[0] if encode is str or type(pieces[0]) is str else encode(filled[0])
    return "".join(
        value if type(piece) is str else encode(value) for piece, value in zip(pieces, filled, strict=True)
    )


def _look_up(hole: str | _Hole, scope: Scope) -> Any:
    assert isinstance(hole, _Hole)
    found: Any = scope.get(hole.root)
    return found.get(hole.name, MISSING) if isinstance(found, Mapping) else MISSING


@lru_cache(maxsize=512)
def _jinja(text: str) -> Callable[[Scope, Encode], Any]:
    """The compiled text, as a function of its scope and how a hole becomes text."""
    from connector.spec import jinja

    stripped = text.strip()
    environment = jinja.environment()
    if jinja.is_one_hole(jinja.parse(stripped)):
        expression = environment.compile_expression(stripped[2:-2].strip("-"), undefined_to_none=False)
        return lambda scope, encode: _kept(expression(**scope), encode)
    template = environment.from_string(text)

    def render(scope: Scope, encode: Encode) -> Any:
        # Encoding is an argument, so the hole's values pass through it as the template runs.
        overlay = environment.overlay(finalize=encode)
        return overlay.from_string(text).render(**scope)

    return lambda scope, encode: template.render(**scope) if encode is str else render(scope, encode)


def _kept(value: Any, encode: Encode) -> Any:
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        return MISSING
    return value if encode is str else encode(value)


def _fill_with_jinja(text: str, scope: Scope, encode: Encode | None) -> Any:
    from jinja2 import TemplateError as JinjaError
    from jinja2 import UndefinedError

    try:
        return _jinja(text)(scope, encode or str)
    except UndefinedError:
        return MISSING
    except (JinjaError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"{text!r} cannot be filled: {error}") from error
