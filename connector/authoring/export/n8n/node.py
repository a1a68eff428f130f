"""The node: its resources are the groups of actions, its operations the actions, with what each is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.authoring.export.n8n.fields import Fields, fields
from connector.authoring.export.n8n.lint_rules import Property, sentences, spelt
from connector.authoring.export.n8n.literal import Code, literal
from connector.authoring.export.n8n.naming import PackageNames, camel, order, sentence, singular, values
from connector.authoring.export.n8n.templates import declared
from connector.authoring.export.texts import priced, titled
from connector.spec.model import Action, Integration

# What the node has beside the actions.
_RUNS = "connectorRun"


def description(integration: Integration, names: PackageNames) -> Property:
    """What n8n calls a node's description, with pieces of code where it refers to what the host is asked."""
    groups, told = _groups(integration), values(integration, names)
    common: Property = declared("node", told)
    return common | {
        "inputs": [Code("NodeConnectionTypes.Main")],
        "outputs": [Code("NodeConnectionTypes.Main")],
        "properties": [
            _resources(groups),
            *_of_actions(groups),
            *_of_runs(),
            _options({"hide": {"resource": [_RUNS]}}, declared("options", told)),
            _options({"show": {"resource": [_RUNS]}}, declared("options_of_runs", told)),
        ],
    }


def _groups(integration: Integration) -> Mapping[str, list[Action]]:
    """The actions of each group, by its value in n8n."""
    found: dict[str, list[Action]] = {}
    for action in integration.actions.values():
        found.setdefault(camel(action.group), []).append(action)
    return found


def _resources(groups: Mapping[str, list[Action]]) -> Property:
    named = {value: singular(spelt(titled(actions[0].group))) for value, actions in groups.items()}
    options = [{"name": name, "value": value} for value, name in (named | {_RUNS: "Connector Run"}).items()]
    return _selection("resource", {}, options)


def _of_actions(groups: Mapping[str, list[Action]]) -> Iterator[Property]:
    for value, actions in groups.items():
        taken: dict[str, Fields] = {
            action.id: fields(action, {"resource": [value], "operation": [action.id]}) for action in actions
        }
        yield _operations(value, [_operation(action, taken[action.id]) for action in actions])
        for one in taken.values():
            yield from one.properties


def _operations(resource: str, options: list[Property]) -> Property:
    return _selection("operation", {"displayOptions": {"show": {"resource": [resource]}}}, options)


def _selection(name: str, shown: Property, options: list[Property]) -> Property:
    """One of several by their names, of which the first given is the default."""
    return {
        "displayName": name.capitalize(),
        "name": name,
        "type": "options",
        "noDataExpression": True,
        **shown,
        "options": sorted(options, key=lambda one: order(one["name"])),
        "default": options[0]["value"],
    }


def _operation(action: Action, taken: Fields) -> Property:
    asked = literal(action.id)
    if taken.files or taken.jsons:
        asked += f", {_listed(taken.files)}"
    if taken.jsons:
        asked += f", {_listed(taken.jsons)}"
    said = action.deprecated.sentence(action.title) if action.deprecated else priced(action)
    return {
        "name": spelt(titled(action.title)),
        "value": action.id,
        "action": sentence(action.title) or sentence(action.id),
        "description": sentences(f"{action.description} {said}"),
        "routing": Code(f"host.invocation({asked})"),
    }


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(literal, names))}]"


def _of_runs() -> Iterator[Property]:
    """What was begun, and goes on or has ended: looked at, waited for, cancelled."""
    runs = declared("runs", {})
    yield _operations(_RUNS, [one | {"routing": Code(one["routing"])} for one in runs["operations"]])
    yield runs["id"]


def _options(shown: Mapping[str, Any], options: list[Property]) -> Property:
    return {
        "displayName": "Options",
        "name": "options",
        "type": "collection",
        "placeholder": "Add Option",
        "displayOptions": shown,
        "default": {},
        "options": options,
    }
