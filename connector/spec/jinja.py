"""The Jinja2 behind templates: what may stand in one, and what one looks up.

There are no loops and no calls, so that a template always ends, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.spec.segments import Segments, TemplateError

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

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


class LookUps(NamedTuple):
    """What a text looks up, each as its parts: ``steps.cutout.file`` is ``("steps", "cutout", "file")``.

    ``is_one_hole`` tells that there is nothing beside one hole, so that its value keeps its type;
    ``is_look_up`` that this hole is a look-up and no more.
    """

    look_ups: tuple[tuple[str, ...], ...] = ()
    is_one_hole: bool = False
    is_look_up: bool = False


@lru_cache(maxsize=2048)
def reading(text: str) -> LookUps:
    """What is looked up in a text. Raises TemplateError where it cannot be read."""
    tree = parse(text.strip())
    uses_filter(tree, "")
    hole = _hole(tree)
    is_look_up = hole is not None and _parts(hole) is not None
    return LookUps(tuple(dict.fromkeys(_look_ups(tree))), hole is not None, is_look_up)


@lru_cache(maxsize=1)
def environment() -> SandboxedEnvironment:
    """Jinja2's sandbox, as far as templates may use it."""
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

    made = Environment(undefined=StrictUndefined, autoescape=False)
    made.filters = {name: made.filters[name] for name in _FILTERS} | {"path": Segments}
    return made


def parse(text: str) -> nodes.Template:
    """The syntax tree of a text. Raises TemplateError where it holds what no template may hold."""
    from jinja2 import TemplateSyntaxError

    try:
        tree = environment().parse(text)
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


def is_one_hole(tree: nodes.Template) -> bool:
    """Whether there is nothing beside one hole, so that its value keeps its type."""
    return _hole(tree) is not None


def _hole(tree: nodes.Template) -> nodes.Node | None:
    from jinja2 import nodes

    if len(tree.body) != 1 or not isinstance(output := tree.body[0], nodes.Output):
        return None
    one = output.nodes[0] if len(output.nodes) == 1 else None
    return None if isinstance(one, nodes.TemplateData) else one


def references(tree: nodes.Template) -> frozenset[str]:
    """The dotted names that are used, to their second part."""
    from jinja2 import meta, nodes

    dotted = {
        f"{node.node.name}.{node.attr}"
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name)
    }
    roots = {name.partition(".")[0] for name in dotted}
    return frozenset(dotted | (meta.find_undeclared_variables(tree) - roots))


def _look_ups(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    """The longest look-ups; what stands inside brackets that are reckoned is looked up by itself."""
    if (parts := _parts(node)) is not None:
        yield parts
        return
    for child in node.iter_child_nodes():
        yield from _look_ups(child)


def _parts(node: nodes.Node) -> tuple[str, ...] | None:
    """The parts of a look-up, such as ``inputs.size[0]``; None for everything else."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        last = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        last = str(node.arg.value)
    else:
        return None
    before = _parts(node.node)
    return None if before is None else (*before, last)


def uses_filter(tree: nodes.Template, name: str) -> bool:
    """Whether a filter is used. Raises TemplateError for one that there is not."""
    from jinja2 import nodes

    known = environment().filters
    used = [node.name for node in tree.find_all(nodes.Filter)]
    unknown = sorted(set(used) - set(known))
    if unknown:
        raise TemplateError(f"there is no filter {unknown[0]!r}")
    return name in used
