"""What could stand at a shell's cursor in the commands for what outlasts a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from connector.cli.completion.candidates import (
    FREE,
    Candidate,
    Candidates,
    actions,
    common,
    files,
    folders,
    invoke,
    own_values,
    plain,
    values_of,
    with_value,
    workspace,
)
from connector.cli.parsing import find_action
from connector.cli.parsing.input_options import option_names
from connector.cli.parsing.parser import named_folder


def _jobs_command(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from plain((*_JOBS_WORDS, "--json", "--help"))
    elif before[0] == "submit":
        yield from invoke(before[1:], last)
    elif before[-1] in ("-o", "--output"):
        yield from files(last)
    elif before[-1] not in ("--timeout", "--limit"):
        yield from _runs() if before[0] in _JOBS_WORDS[2:-1] else ()
        yield from (*plain(_JOBS_OPTIONS.get(before[0], ())), *common(before, last))


_JOBS_WORDS = ("submit", "list", "show", "watch", "wait", "cancel", "resume", "mark", "retry", "unknown")
_JOBS_OPTIONS = {
    "list": ("--state", "--of", "--limit"),
    "wait": ("--timeout", "--output"),
    "mark": ("--paid", "--unpaid"),
}


def _runs() -> Candidates:
    """The durable runs of late."""
    from connector.storage.runs.history import History

    with workspace() as opened:
        for one in History(opened.database).list(durable=True, limit=20):
            yield Candidate(one.id, f"{one.action}, {one.state}")


def _batch(before: Sequence[str], last: str) -> Candidates:
    folder = named_folder(before)
    if not before:
        yield from (*plain(("list", "show", "cancel")), *actions(before))
        yield from map(Candidate, _workflows(folder))
        return
    if before[0] in ("show", "cancel"):
        yield from _batches()
    values = own_values(folder)
    flags = ("--dry-run", "--retry-failed", "--retry-unknown", "--no-sheet")
    own = ("--environment", "--connection", "--output", "--set", "--map", "--limit-credits", "--concurrency")
    others = (*files(last), *plain((*own, "--name", "--name-by", *flags)), *common(before, last))
    yield from with_value(before, last, values, others)


def _workflows(folder: str) -> Iterable[str]:
    from connector.runs.workflow import load

    return load.names(find_action.integration(folder))


def _batches() -> Candidates:
    from connector.runs.batch.store import Batches

    with workspace() as opened:
        found = Batches(opened.database).list()
        yield from (Candidate(one.name, f"{one.subject}, {one.state}") for one in found)


def _form_inputs(before: Sequence[str], last: str, own: Iterable[str]) -> Candidates:
    """The inputs of the workflow that is named, or else the names that there are."""
    from connector.runs.workflow import load

    integration = find_action.integration(named_folder(before))
    named = next((id for id in load.names(integration) if id in before), None)
    values, others = own_values(named_folder(before)), plain(own)
    if named is None:
        yield from with_value(
            before, last, values, (*map(Candidate, load.names(integration)), *files(last), *others)
        )
        return
    parameters = load.find(integration, named).parameters
    names = option_names(parameters, own)
    values |= {names[name]: values_of(schema) for name, schema in parameters.items()}
    inputs = (Candidate(names[name], str(schema.get("title", name))) for name, schema in parameters.items())
    yield from with_value(before, last, values, (*inputs, *others))


_SHARED = ("--environment", "--connection", "--file", "--input", "--json", "--quiet", "--help")
_OF_WORKFLOW = (*_SHARED, "--output", "--limit-credits", "--dry-run", "--wait", "--no-wait")
_OF_SCHEDULE = (
    *_SHARED,
    *("--cron", "--timezone", "--overlap", "--catch-up", "--limit-credits", "--limit-daily"),
)


def _workflow(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from plain(("list", "show", "check", "run", "status"))
    elif before[0] == "run":
        yield from _form_inputs(before[1:], last, _OF_WORKFLOW)
    else:
        yield from map(Candidate, _workflows(named_folder(before))) if before[0] == "show" else ()
        yield from files(last) if before[0] in ("show", "check") else ()
        yield from _runs() if before[0] == "status" else ()
        yield from common(before, last)


def _schedule(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from plain(("add", "list", "show", "next", "run", "pause", "resume", "remove"))
    elif before[0] == "add" and before[-1] in _WORDS_OF:
        yield from plain(_WORDS_OF[before[-1]])
    elif before[0] == "add" and before[-1] == "--timezone":
        from zoneinfo import available_timezones

        yield from map(Candidate, sorted(available_timezones()))
    elif before[0] == "add" and len(before) > 1:
        yield from actions(before) if not last.startswith("-") and before[-1] not in FREE else ()
        yield from _form_inputs(before[2:], last, _OF_SCHEDULE)
    elif before[0] not in ("add", "list"):
        yield from (*_schedules(), *common(before, last))


_WORDS_OF = {"--overlap": ("skip", "queue"), "--catch-up": ("none", "last", "all")}


def _schedules() -> Candidates:
    from connector.runs.schedule.store import ScheduleStore

    with workspace() as opened:
        found = ScheduleStore(opened.database).list()
        yield from (Candidate(one.name, f"{one.subject}, {one.cron}") for one in found)


def _worker(before: Sequence[str], last: str) -> Candidates:
    if before and before[-1] in FREE:
        return
    yield from folders(last)
    yield from (*plain(("--concurrency", "--in-flight", "--drain")), *common(before, last))


COMMANDS: Mapping[str, Callable[[Sequence[str], str], Candidates]] = {
    "batch": _batch,
    "jobs": _jobs_command,
    "workflow": _workflow,
    "schedule": _schedule,
    "worker": _worker,
}
