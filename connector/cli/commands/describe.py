"""``connector describe``: everything that the integration declares about one action."""

from __future__ import annotations

from connector.cli.parsing import command_example
from connector.cli.parsing.action_card import Card, card
from connector.cli.parsing.invoke_options import option_names
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.terminal import terminal
from connector.spec.schema import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


def run(words: list[str]) -> int:
    parser = Parser("describe")
    parser.add_argument("action", metavar="ACTION", help="its id or title; `connector actions` lists them")
    args = parser.read(words)
    found = card(args.action, folder_of(args))
    if args.json:
        terminal.print_json(_document(found))
        return 0
    print("\n".join(_page(found)))
    return 0


# What a spec says that a program is told as it stands there.
_AS_IT_IS = ("id", "title", "group", "description", "documentation", "notes", "output", "inputs", "credits")


def _document(card: Card) -> dict[str, Any]:
    spec = card.spec
    request = spec["request"]
    return {name: spec.get(name) for name in _AS_IT_IS} | {
        "request": {"method": request["method"], "path": request["path"], "body": _body(card)},
        "accept": list(card.accept),
        "options": option_names(card.parameters),
        "price": card.price,
        "job": spec.get("job"),
        "deprecated": spec.get("deprecated"),
        "examples": [
            {**one, "command": command_example.command(card, one["arguments"])}
            for one in spec.get("examples", ())
        ],
    }


def _page(card: Card) -> Iterator[str]:
    yield f"{terminal.paint(card.title, 'bold')} ({card.id})"
    yield from terminal.wrapped(card.description)
    if card.deprecation:
        yield ""
        yield from (terminal.paint(line, "yellow") for line in terminal.wrapped(card.deprecation))
    yield ""
    for name, text in _facts(card):
        yield from terminal.wrapped(text, " " * 12, f"  {name:<10}")
    for heading, lines in _sections(card):
        if lines:
            yield from ("", terminal.paint(heading, "bold"), *lines)


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    request, job = card.spec["request"], card.spec.get("job")
    body = "" if _body(card) == "none" else f" ({_body(card)} body)"
    yield "request", f"{request['method']} {request['path']}{body}"
    yield "answer", _answer(card)
    yield "price", card.price_line
    if job is not None:
        kept = f"; the result is kept for {job['keep'] / 3600:g} hours" if "keep" in job else ""
        yield "job", f"fetched with {job['fetch']}, asked for every {job['interval']:g} s{kept}"
    if "documentation" in card.spec:
        yield "more", card.spec["documentation"]


def _body(card: Card) -> str:
    """The kind of body; one that is the caller's to choose is any."""
    body = card.spec["request"].get("body", "none")
    kind = body["kind"] if isinstance(body, dict) else body
    return "any" if "{{" in kind else str(kind)


def _answer(card: Card) -> str:
    if card.accept:
        return ", ".join(card.accept) + (" (choose with --accept)" if len(card.accept) > 1 else "")
    output = card.spec["output"]
    kind = output.get("kind", "auto")
    return ", ".join(output.get("types", ())) or ("what the API sends" if "{{" in kind else kind)


def _sections(card: Card) -> Iterator[tuple[str, list[str]]]:
    names = option_names(card.parameters)
    wide = min(max(map(len, names.values()), default=0) + 2, 27)
    yield "Inputs", [line for name in card.ordered for line in _input(card, name, names[name], wide)]
    yield "Together", _listed(card.rules)
    yield "Notes", _listed(card.spec.get("notes", ()))
    first = card.spec.get("examples", ())[:1]
    yield "Example", [f"  {command_example.command(card, one['arguments'])}" for one in first]


def _listed(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in terminal.wrapped(text, "    ", "  - ")]


def _input(card: Card, name: str, option: str, wide: int) -> Iterator[str]:
    """A row of the table: the option on the left; what it is and its limits on the right."""
    schema, indent = card.parameters[name], " " * (wide + 2)
    need = "Required. " if name in card.required else ""
    lines = terminal.wrapped(f"{need}{schema['description'].strip()}", indent)
    if len(option) + 2 <= wide:
        lines[0] = f"  {terminal.paint(option, 'bold')}{lines[0][len(option) + 2 :]}"
    else:
        lines.insert(0, f"  {terminal.paint(option, 'bold')}")
    yield from lines
    yield from (terminal.paint(line, "dim") for line in terminal.wrapped(describe.whole(schema), indent))
