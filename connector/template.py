"""Text with holes, filled in a sandbox; a hole standing alone keeps its type.

Authors write templates, in Jinja2's sandbox, and in as much of its language as values need: look-ups,
reckoning, ``if``, and a few filters. There are no loops and no calls, so that a template always ends,
whoever wrote it. What callers give only ever fills holes: it is never itself read as a template. A hole
whose value is missing makes the whole text ``MISSING``, so that the entry it stands for can be left out.

Nearly every hole is a plain look-up such as ``{{ inputs.prompt }}``. Those are filled by hand, which
is ten times as fast and leaves Jinja2 unimported; everything else goes through Jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

Scope = Mapping[str, Mapping[str, Any]]
Encode = Callable[[Any], str]


class TemplateError(ValueError):
    """The author's template is wrong; the sentence says how."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


class Segments(str):
    """A text that is a path of several segments, where a hole in a path is otherwise one."""

    __slots__ = ()


class _Hole(NamedTuple):
    root: str
    name: str


_LANGUAGE = (
    "Output", "TemplateData", "If", "Name", "Const", "Getattr", "Getitem", "List", "Tuple", "Dict", "Pair",
    "Filter", "Test", "BinExpr", "UnaryExpr", "Compare", "Operand", "CondExpr", "Concat", "Keyword",
)  # fmt: skip
_FILTERS = (
    "abs", "d", "default", "first", "float", "int", "join", "last", "length", "lower", "round", "tojson",
    "trim", "upper",
)  # fmt: skip
_LARGEST = 1e15
_HIGHEST_POWER = 16

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
            tree = _parse(text)
            self.uses_path_filter = _uses_filter(tree, "path")
            self.references = _references(tree)

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
    return scope.get(hole.root, {}).get(hole.name, MISSING)


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined, Undefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            """Texts and lists cannot be multiplied, and powers stay those that prices have."""
            numbers = [side for side in (left, right) if not isinstance(side, Undefined)]
            if not all(isinstance(side, int | float) and abs(side) < _LARGEST for side in numbers):
                raise ValueError(f"{operator} is for numbers of a usual size")
            if operator == "**" and max(map(abs, numbers[-1:]), default=0) > _HIGHEST_POWER:
                raise ValueError(f"a power may be {_HIGHEST_POWER} at most")
            return super().call_binop(context, operator, left, right)

        def getattr(self, obj: Any, attribute: str) -> Any:
            """A name after a dot is a key first: `inputs.items` is an input, not a method."""
            if isinstance(obj, Mapping):
                return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
            return super().getattr(obj, attribute)

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.filters = {name: environment.filters[name] for name in _FILTERS} | {"path": Segments}
    return environment


def _parse(text: str) -> nodes.Template:
    from jinja2 import TemplateSyntaxError

    try:
        tree = _environment().parse(text)
        _refuse_others(tree)
    except TemplateSyntaxError as error:
        raise TemplateError(f"the template cannot be read: {error.message}") from error
    except RecursionError as error:
        raise TemplateError("the template cannot be read: it is nested too deeply") from error
    return tree


def _refuse_others(tree: nodes.Template) -> None:
    from jinja2 import nodes

    known = tuple(getattr(nodes, name) for name in _LANGUAGE)
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, known):
            raise TemplateError(
                f"a template holds look-ups, reckoning, `if` and filters; {type(node).__name__.lower()} "
                "is not among them"
            )


def _lone_hole(tree: nodes.Template) -> bool:
    from jinja2 import nodes

    if len(tree.body) != 1 or not isinstance(output := tree.body[0], nodes.Output):
        return False
    return len(output.nodes) == 1 and not isinstance(output.nodes[0], nodes.TemplateData)


def _references(tree: nodes.Template) -> frozenset[str]:
    from jinja2 import meta, nodes

    dotted = {
        f"{node.node.name}.{node.attr}"
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name)
    }
    roots = {name.partition(".")[0] for name in dotted}
    return frozenset(dotted | (meta.find_undeclared_variables(tree) - roots))


def _uses_filter(tree: nodes.Template, name: str) -> bool:
    from jinja2 import nodes

    known = _environment().filters
    used = [node.name for node in tree.find_all(nodes.Filter)]
    unknown = sorted(set(used) - set(known))
    if unknown:
        raise TemplateError(f"there is no filter {unknown[0]!r}")
    return name in used


@lru_cache(maxsize=512)
def _jinja(text: str) -> Callable[[Scope, Encode], Any]:
    """The compiled text, as a function of its scope and how a hole becomes text."""
    stripped = text.strip()
    environment = _environment()
    if _lone_hole(_parse(stripped)):
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
