"""Options made of the inputs of an action."""

from __future__ import annotations

from connector.cli.parsing.parser import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Protocol

    class Form(Protocol):
        """Whatever has inputs: an action's card, or a workflow's."""

        @property
        def title(self) -> str: ...
        @property
        def parameters(self) -> Mapping[str, Any]: ...
        @property
        def required(self) -> tuple[str, ...]: ...


# Where a parsed command line keeps an input; no option of ours has a space in it.
PREFIX = "input "

_METAVARS = {
    "string": "TEXT",
    "integer": "N",
    "number": "N",
    "object": "NAME=VALUE",
    "boolean": "true|false",
    "enum": "CHOICE",
}


def own_options(*adds: Callable[[Parser], None]) -> frozenset[str]:
    """The options of a command itself, which are those that these functions add, and the common ones."""
    own = Parser("", "")
    for add in (*adds, Parser.add_common):
        add(own)
    return frozenset(own.options)


def option_names(inputs: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """The option of each input: ``--its-name``, or ``--input-its-name`` where that is taken."""
    used = set(taken)
    found: dict[str, str] = {}
    for name in inputs:
        option = f"--{name.replace('_', '-')}"
        while option in used:
            option = f"--input-{option[2:]}"
        found[name] = option
        used.add(option)
    return found


def add_options(parser: Parser, card: Form, taken: Iterable[str]) -> None:
    """Makes an option of each input, the required ones first."""
    required = parser.add_argument_group(f"inputs of {card.title} that are required")
    others = parser.add_argument_group("other inputs" if card.required else "inputs")
    names = option_names(card.parameters, taken)
    for name in sorted(card.parameters, key=lambda name: name not in card.required):
        group, schema = required if name in card.required else others, card.parameters[name]
        group.add_argument(names[name], **_settings(name, schema))
        listed = [str(one) for one in schema.get("enum", ()) if one is not None]
        parser.hints[names[name]] = (str(schema.get("title", name)), listed)


def _settings(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    from connector.spec.schema import describe

    said = f"{schema['description'].strip()} ({describe.whole(schema)})".replace("%", "%%")
    settings = {"dest": f"{PREFIX}{name}", "action": "append", "metavar": _metavar(schema), "help": said}
    if schema.get("type") == "boolean":
        settings |= {"nargs": "?", "const": "true"}
    return settings


def _metavar(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "binary":
        return "FILE"
    named = "enum" if "enum" in schema else schema.get("type")
    return _METAVARS.get(named, "VALUE") if isinstance(named, str) else "VALUE"
