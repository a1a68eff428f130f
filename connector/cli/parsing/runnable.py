"""The action or workflow that a command line names, by its id or by its file, with its inputs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from connector.cli.parsing import find_action, input_arguments, input_options, invoke_options
from connector.cli.parsing.action_card import card
from connector.cli.parsing.parser import Parser, named_folder
from connector.engine.arguments import Taker, adopted, is_address
from connector.engine.connector import Connector
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, UnknownName
from connector.runs.workflow import load
from connector.runs.workflow.model import Workflow
from connector.spec import cache, listing
from connector.spec.model import Integration
from connector.spec.schema.suggest import nearest
from connector.storage.files.store import FileStore


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command line that was understood. ``workflow`` is None where it names an action."""

    args: argparse.Namespace
    folder: str
    id: str
    title: str
    workflow: Workflow | None
    given: Mapping[str, Any]

    def taker(self, connector: Connector) -> Any:
        """What takes the inputs."""
        return self.workflow or connector.action(self.id)


def read(
    command: str,
    words: Sequence[str],
    add_own: Callable[[Parser], None],
    *,
    actions: bool,
) -> Ordered:
    """What is asked for. Raises HelpShown where help was, and the error of what is wrong."""
    named = "ACTION_OR_WORKFLOW" if actions else "WORKFLOW"
    parser = _parser(command, add_own, f"{named} [INPUTS] [OPTIONS]")
    folder = named_folder(words)
    integration = find_action.integration(folder)
    place = invoke_options.place_of(words, parser, partial(_is_known, integration, folder, actions))
    if place is None:
        said = f"which {'action or workflow' if actions else 'workflow'}? Name it, or a workflow's file"
        invoke_options.refuse_or_help(parser, words, "subject", said)
    workflow = load.named(words[place], integration)
    found = _form(words[place], workflow, integration, folder, actions)
    own = _parser(command, add_own, "[INPUTS] [OPTIONS]", found)
    args = own.read([*words[:place], *words[place + 1 :]])
    return Ordered(args, folder, found.id, found.title, workflow, input_arguments.given(args, found))


def workflow_of(name: str, integration: Integration) -> Workflow:
    """The workflow of that id, or of that file. Raises UnknownName, and SpecError for its mistakes."""
    found = load.named(name, integration)
    if found is None:
        near = nearest(name, load.names(integration)) or "; `connector workflow list` lists them"
        raise UnknownName(f"there is no workflow {name[:60]!r}{near}")
    return found


def files_read(taker: Taker, given: Mapping[str, Any], files: FileStore) -> dict[str, Any]:
    """What was given, with the files of this machine read. Raises InvalidArguments where one cannot be."""
    sources = Sources(urls=None, references=files.resolve)
    found, problems = adopted(taker, given, sources, lambda file: not is_address(file))
    if problems:
        raise InvalidArguments(problems, taker.title)
    return found


def _is_known(integration: Integration, folder: str, actions: bool, word: str) -> bool:
    if load.is_named(word, integration):
        return True
    return actions and find_action.find(word, listing.entries(folder, cache.default_cache())) is not None


def _form(name: str, workflow: Workflow | None, integration: Integration, folder: str, actions: bool) -> Any:
    """The card of what is named. Raises UnknownName with what was probably meant."""
    if workflow is not None:
        return workflow
    if not actions:
        return workflow_of(name, integration)
    try:
        return card(name, folder)
    except UnknownName as error:
        raise load.unknown(name, [integration]) from error


def _parser(
    command: str,
    add_own: Callable[[Parser], None],
    usage: str,
    form: Any = None,
) -> Parser:
    named = f"{command} {form.id}" if form else command
    said = f"{form.title}: {form.description}" if form else None
    parser = Parser(named, said, usage, page=command)
    adds = (partial(invoke_options.add_request_options, accepts=False), add_own)
    if form is not None:
        input_options.add_options(parser, form, invoke_options.taken(*adds))
    for add in adds:
        add(parser)
    parser.add_common()
    return parser
