"""``connector describe``: everything that the integration declares about one action."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.cli import choice, describing, example, terminal
from connector.cli.optionnames import option_names
from connector.cli.parser import Parser, folder_of
from connector.spec import Action, Integration

_EPILOG = """\
examples:
  connector describe erase
  connector describe "Search and Replace"
  connector describe stable-diffusion-3 --json | jq .inputs
"""


def run(words: list[str]) -> int:
    parser = Parser("describe", "Tells all about one action.", _EPILOG)
    parser.add_argument("action", metavar="ACTION", help="its id or title; `connector actions` lists them")
    args = parser.read(words)
    if args is None:
        return 0
    folder = folder_of(args)
    price = choice.entry(args.action, folder)["price"]
    action, integration = choice.action(args.action, folder)
    if args.json:
        terminal.print_json(_document(action, integration, price))
        return 0
    print("\n".join(_page(action, integration, price)))
    return 0


def _document(action: Action, integration: Integration, price: str) -> dict[str, Any]:
    job, deprecated, request = action.job, action.deprecated, action.request
    return {
        "id": action.id,
        "title": action.title,
        "group": action.group,
        "description": action.description,
        "documentation": action.documentation,
        "notes": list(action.notes),
        "request": {"method": request.method, "path": request.path, "body": request.body.kind},
        "accept": list(choice_of_answers(action, integration)),
        "output": {"kind": action.output.kind, "types": list(action.output.types)},
        "inputs": action.inputs,
        "options": dict(option_names(action.parameters)),
        "price": price,
        "credits": {"by": action.price.by, "values": dict(action.price.values)} if action.price.by else price,
        "job": job and {"fetch": job.fetch, "interval": job.interval, "keep": job.keep},
        "deprecated": deprecated
        and {
            "since": deprecated.since,
            "reason": deprecated.reason,
            "use": list(deprecated.use),
            "advice": deprecated.advice,
        },
        "examples": [
            {
                "title": one.title,
                "arguments": one.arguments,
                "command": example.command(action, integration, one.arguments),
            }
            for one in action.examples
        ],
    }


def choice_of_answers(action: Action, integration: Integration) -> tuple[str, ...]:
    """The answer forms that ``--accept`` takes: a job's are those of the action that fetches its result."""
    return (
        action.request.accept if action.job is None else integration.actions[action.job.fetch].request.accept
    )


def _page(action: Action, integration: Integration, price: str) -> Iterator[str]:
    yield f"{terminal.paint(action.title, 'bold')} ({action.id})"
    yield from terminal.wrapped(action.description)
    if action.deprecated:
        yield ""
        said = action.deprecated.sentence(action.title)
        yield from (terminal.paint(line, "yellow") for line in terminal.wrapped(said))
    yield ""
    for name, text in _facts(action, integration, price):
        yield from terminal.wrapped(text, " " * 12, f"  {name:<10}")
    for heading, lines in _sections(action, integration):
        if lines:
            yield from ("", terminal.paint(heading, "bold"), *lines)


def _facts(action: Action, integration: Integration, price: str) -> Iterator[tuple[str, str]]:
    request, job = action.request, action.job
    body = "" if request.body.kind == "none" else f" ({request.body.kind.partition('{{')[0] or 'any'} body)"
    yield "request", f"{request.method} {request.path}{body}"
    yield "answer", _answer(action, integration)
    yield "price", price_line(action, price)
    if job is not None:
        kept = f"; the result is kept for {job.keep / 3600:g} hours" if job.keep else ""
        yield "job", f"fetched with {job.fetch}, asked for every {job.interval:g} s{kept}"
    if action.documentation:
        yield "more", action.documentation


def _answer(action: Action, integration: Integration) -> str:
    forms = choice_of_answers(action, integration)
    if forms:
        return f"{', '.join(forms)}" + (" (choose with --accept)" if len(forms) > 1 else "")
    return ", ".join(action.output.types) or action.output.kind.partition("{{")[0] or "what the API sends"


def price_line(action: Action, price: str) -> str:
    """The price in words, and by what it goes."""
    if action.price.by:
        values = ", ".join(f"{name} {credits}" for name, credits in action.price.values.items())
        return (
            f"{price} credits, by {action.price.by}: {values}" if "{{" not in values else f"{price} credits"
        )
    if price == "varies":
        return "that of the action with the same method and path"
    return price if price == "free" else f"{price} credits for each success"


def _sections(action: Action, integration: Integration) -> Iterator[tuple[str, list[str]]]:
    names = option_names(action.parameters)
    ordered = sorted(action.parameters, key=lambda name: name not in required(action))
    wide = min(max(map(len, names.values()), default=0) + 2, 24)
    yield "Inputs", [line for name in ordered for line in _input(action, name, names[name], wide)]
    yield "Together", [line for text in rules(action) for line in terminal.wrapped(text, "    ", "  - ")]
    yield "Notes", [line for text in action.notes for line in terminal.wrapped(text, "    ", "  - ")]
    commands = [example.command(action, integration, one.arguments) for one in action.examples]
    yield "Example", [f"  {line}" for line in commands[:1]]


def rules(action: Action) -> list[str]:
    """What holds for several inputs together, in the author's words."""
    return [rule["description"] for rule in action.inputs.get("allOf", ()) if "description" in rule]


def required(action: Action) -> tuple[str, ...]:
    """The inputs that must be given."""
    return tuple(action.inputs.get("required", ()))


def _input(action: Action, name: str, option: str, wide: int) -> Iterator[str]:
    """A row of the table: the option on the left; what it is and its limits on the right."""
    schema, indent = action.parameters[name], " " * (wide + 2)
    need = "Required. " if name in required(action) else ""
    lines = terminal.wrapped(f"{need}{schema['description']}", indent)
    if len(option) + 2 <= wide:
        lines[0] = f"  {terminal.paint(option, 'bold')}{lines[0][len(option) + 2 :]}"
    else:
        lines.insert(0, f"  {terminal.paint(option, 'bold')}")
    yield from lines
    yield from (terminal.paint(line, "dim") for line in terminal.wrapped(describing.whole(schema), indent))
