"""Checks among actions: what one names, or the manifest, is there and fits, and no two are alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator

from connector.authoring.checks.subject import CheckedAction, no_action
from connector.authoring.request_identity import address
from connector.errors import Problem
from connector.spec.loader import Loaded
from connector.spec.model import Action, Integration
from connector.spec.schema.suggest import nearest


def _job(subject: CheckedAction) -> Iterator[Problem]:
    job = subject.action.job
    if job is None:
        return
    if message := no_action(subject.loaded, job.fetch):
        yield Problem("job.fetch", message)
    fetch = subject.integration.actions.get(job.fetch)
    if fetch is None:
        return
    if fetch.paid:
        yield Problem("job.fetch", f"{job.fetch} costs credits, and each poll would; fetch with a free one")
    if job.argument not in fetch.parameters:
        known = nearest(job.argument, fetch.parameters)
        yield Problem("job.argument", f"{job.fetch} has no input {job.argument!r}{known}")
    for name in fetch.inputs.get("required", ()):
        if name != job.argument and name in fetch.parameters:
            yield Problem("job.fetch", f"{job.fetch} also requires {name}, which a job cannot give it")


def _replacement(subject: CheckedAction) -> Iterator[Problem]:
    deprecated = subject.action.deprecated
    if deprecated is None:
        return
    for index, id in enumerate(deprecated.use):
        if id == subject.action.id:
            yield Problem(f"deprecated.use.{index}", "names the action itself; name what replaces it")
        elif message := no_action(subject.loaded, id):
            yield Problem(f"deprecated.use.{index}", message)
    if not deprecated.use and not deprecated.advice:
        yield Problem("deprecated", "says neither what to use nor what to do instead; give `use` or `advice`")


def _probes(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    """The actions that are run without anybody asking: they must be free and need no arguments."""
    named = {"connection.test.action": integration.test, "balance.action": integration.balance}
    for path, probe in named.items():
        for message in _unfit(loaded, integration, probe.action) if probe else ():
            yield Problem(path, message)


def _unfit(loaded: Loaded, integration: Integration, id: str) -> Iterator[str]:
    if message := no_action(loaded, id):
        yield message
    action = integration.actions.get(id)
    if action is None:
        return
    if action.paid:
        yield f"{id} costs credits; name an action that is free"
    if needed := action.inputs.get("required", ()):
        yield f"{id} requires {', '.join(needed)}; name an action that needs no arguments"


def _same_title(loaded: Loaded) -> Iterator[Problem]:
    told = "people could not tell them apart"
    for action, other in _twins(loaded, lambda action: (action.group, action.title)):
        message = f"{other.id} has the same title in the group {other.group}; {told}"
        yield loaded.source(action).problem("title", message)
    for action, other in _twins(loaded, lambda action: (action.catalog.task, action.catalog.title)):
        if (action.group, action.title) != (other.group, other.title):
            message = f"{other.id} has the same title under {other.catalog.task!r}; {told}"
            yield loaded.source(action).problem("catalog.title", message)


def _same_tool(loaded: Loaded) -> Iterator[Problem]:
    """A tool is called by its name and by its action's id, so that neither may be another action's."""
    actions = loaded.integration.actions if loaded.integration else {}
    for action, other in _twins(loaded, lambda action: action.tool.name):
        yield loaded.source(action).problem("tool.name", f"{other.id} has the same name for agents")
    for action in actions.values():
        if action.tool.name != action.id and action.tool.name in actions:
            message = f"is the id of another action, {action.tool.name}, by which agents call that one"
            yield loaded.source(action).problem("tool.name", message)


def _same_request(loaded: Loaded) -> Iterator[Problem]:
    for action, other in _twins(loaded, lambda action: address(action.request, action.output.kind)):
        message = f"{other.id} has the same method and path; one action is enough"
        yield loaded.source(action).problem("request.path", message)


def _twins(loaded: Loaded, key: Callable[[Action], Hashable]) -> Iterator[tuple[Action, Action]]:
    """Each action with each one before it that has the same key: of two that clash, the later is named."""
    before: defaultdict[Hashable, list[Action]] = defaultdict(list)
    for action in loaded.integration.actions.values() if loaded.integration else ():
        own = key(action)
        if own is not None:
            yield from ((action, other) for other in before[own])
            before[own].append(action)


OF_ACTIONS = (_job, _replacement)
OF_MANIFESTS = (_probes,)
OF_FOLDERS = (_same_title, _same_tool, _same_request)
