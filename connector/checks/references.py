"""Where one action, or the manifest, names another action, that action is there and fits."""

from __future__ import annotations

from collections.abc import Iterator

from connector.checks.subject import Subject
from connector.errors import Problem
from connector.loader import Loaded
from connector.names import nearest
from connector.spec import Action, Integration


def _job(subject: Subject) -> Iterator[Problem]:
    job = subject.action.job
    if job is None:
        return
    fetch = subject.integration.actions.get(job.fetch)
    if fetch is None:
        if not _is_file(subject.integration, job.fetch):
            yield subject.problem("job.fetch", _no_action(subject.integration, job.fetch))
        return
    if fetch.paid:
        yield subject.problem(
            "job.fetch", f"{job.fetch} costs credits, and each poll would; fetch with a free one"
        )
    if job.argument not in fetch.parameters:
        known = nearest(job.argument, fetch.parameters)
        yield subject.problem("job.argument", f"{job.fetch} has no input {job.argument!r}{known}")
    for name in fetch.inputs.get("required", ()):
        if name != job.argument and name in fetch.parameters:
            yield subject.problem(
                "job.fetch", f"{job.fetch} also requires {name}, which a job cannot give it"
            )


def _is_file(integration: Integration, id: str) -> bool:
    """Whether there is such a spec that has problems of its own, which are told already."""
    return integration.folder is not None and (integration.folder / "actions" / f"{id}.yaml").is_file()


def _no_action(integration: Integration, id: str) -> str:
    return f"there is no action {id!r}{nearest(id, integration.actions)}"


def _replacement(subject: Subject) -> Iterator[Problem]:
    deprecated = subject.action.deprecated
    if deprecated is None:
        return
    for index, id in enumerate(deprecated.use):
        if id == subject.action.id:
            yield subject.problem(f"deprecated.use.{index}", "names the action itself; name what replaces it")
        elif id not in subject.integration.actions and not _is_file(subject.integration, id):
            yield subject.problem(f"deprecated.use.{index}", _no_action(subject.integration, id))
    if not deprecated.use and not deprecated.advice:
        yield subject.problem(
            "deprecated", "says neither what to use nor what to do instead; give `use` or `advice`"
        )


def _probes(loaded: Loaded) -> Iterator[Problem]:
    """The actions that are run without anybody asking: they must be free and need no arguments."""
    integration = loaded.integration
    if integration is None:
        return
    named = {"connection.test.action": integration.test, "balance.action": integration.balance}
    for path, probe in named.items():
        for message in _unfit(integration, probe.action) if probe else ():
            yield loaded.manifest.problem(path, message)


def _unfit(integration: Integration, id: str) -> Iterator[str]:
    action = integration.actions.get(id)
    if action is None:
        if not _is_file(integration, id):
            yield _no_action(integration, id)
        return
    if action.paid:
        yield f"{id} costs credits; name an action that is free"
    if needed := _required(action):
        yield f"{id} requires {', '.join(needed)}; name an action that needs no arguments"


def _required(action: Action) -> list[str]:
    return list(action.inputs.get("required", ()))


OF_ACTIONS = (_job, _replacement)
OF_FOLDERS = (_probes,)
