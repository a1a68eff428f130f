"""The pages of what outlasts a call: workflows, batches, schedules, and outcomes that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from connector.errors import ConnectorError, InvocationError, Problem
from connector.runs.batch import results
from connector.runs.worker.step_facts import facts_of
from connector.runs.workflow import check_inputs, check_run, cost, load, read
from connector.runs.workflow.model import Workflow
from connector.runs.workflow.progress import Facts, WorkflowProgress
from connector.server.console import action_sidebar
from connector.server.console.actions import form_parts, under_way
from connector.server.console.fields import fields
from connector.server.console.rendering import PageRequest, page
from connector.server.console.usable_environments import place_of, places_of, usual_time
from connector.server.host import Host
from connector.spec.listing import price_text
from connector.spec.model import Integration
from connector.storage.runs.history import Run

_VARIES = "price varies"
_ROWS = 48
_TICKS = 30
_LATELY = 8


def workflows(visit: PageRequest) -> Response:
    """All workflows, each with the picture of its last run."""
    host = visit.host
    found = [one for _, one in host.durable.workflows()]
    # One by one, as each is found at once among any number of runs.
    runs = {one.id: host.history.list(action=one.id, limit=_LATELY) for one in found}
    newest = sorted((run for each in runs.values() for run in each), key=lambda run: run.id, reverse=True)
    return page(
        "workflows.html",
        workflows=[
            (one, next((run.thumbnail for run in runs[one.id] if run.thumbnail), None)) for one in found
        ],
        broken=[id for id, (_, saved) in host.durable.counting().items() if saved and id not in runs],
        runs=[(run, action_sidebar.gist(run)) for run in newest[:_LATELY]],
        **_worker(host),
    )


def workflow(visit: PageRequest) -> Response:
    """The form of a workflow."""
    host = visit.host
    connector, found = host.durable.workflow(visit.name("id"))
    values, place, run = _filled(visit, found)
    integration = connector.integration
    return page(
        "workflow.html",
        workflow=found,
        integration=integration,
        parts=form_parts(fields(found.inputs, values)),
        places=places_of(host, integration),
        usual=partial(usual_time, host, found.id),
        chosen_place=place,
        run=run,
        under_way=[] if run else under_way(host, found.id),
        price=_price(connector, found, values),
        manages=visit.manages,
        scheduling=bool(visit.asked("schedule")),
        actions=integration.actions,
        hooks=[hook for hook in host.durable.hooks.list() if hook.workflow == found.id],
        **_worker(host),
    )


def _filled(visit: PageRequest, found: Workflow) -> tuple[Mapping[str, Any], str, Run | None]:
    """What the form begins with, and where: as an earlier run, or as an example without its files."""
    if visit.asked("run"):
        run = visit.host.history.get(visit.asked("run"))
        is_of_it = run.action == found.id
        return (run.inputs if is_of_it else {}), place_of(visit.host, run).key, run if is_of_it else None
    at = visit.asked("example")
    if at.isdecimal() and int(at) < len(found.examples):
        given = found.examples[int(at)].arguments
        return {name: value for name, value in given.items() if name not in found.files}, "", None
    return {}, "", None


def _price(connector: Any, found: Workflow, values: Mapping[str, Any]) -> str:
    try:
        known = cost.estimate(found, connector.integration, values)
    except (InvocationError, LookupError):
        return _VARIES
    return known.text if known.low else _VARIES  # without its list, nothing is done yet


def workflow_editor(visit: PageRequest) -> Response:
    """A workflow as it counts now, sound or not."""
    id, saved = visit.name("id"), visit.host.durable.saved
    connector, version = visit.host.durable.version(id)
    return page(
        "workflow-editor.html",
        version=version,
        versions=saved.history(connector.integration.id, id),
        has_file=id in load.names(connector.integration),
        manages=visit.manages,
        **_edited(visit, id, version.text or ""),
    )


def workflow_steps(visit: PageRequest) -> Response:
    """What is wrong with a text that is being typed, and its steps where it can be read."""
    return page("_workflow_steps.html", **_edited(visit, visit.body["id"], visit.body["text"]))


def _edited(visit: PageRequest, wanted: str, text: str) -> dict[str, Any]:
    host, id = visit.host, visit.name("id")
    integration = host.durable.found(id)[0].integration
    problems = host.durable.problems(wanted, text, integration)
    if wanted != id and wanted in host.durable.counting():
        problems.append(Problem("id", f"there is a workflow {wanted!r} already; choose another id", line=1))
    last = next(iter(host.history.list(action=id, limit=1)), None)
    shown = {"problems": problems, "actions": integration.actions, "price_of": price_text, "last": last}
    source = read.source_of(text, wanted)
    if source.usable is None:
        return shown
    workflow, runs = read.workflow(source), steps(host, last) if last else []
    events = host.history.events(last.id) if last else []
    made = {each.data["place"]: each.data["facts"] for each in events if "facts" in each.data}
    is_sound = not any(each.severity == "error" for each in problems)
    given = _given(workflow, integration, last, runs, made) if last and is_sound else {}
    place = place_of(host, last) if last else None
    return shown | {"workflow": workflow, "runs": runs, "made": made, "given": given, "place": place}


def _given(
    workflow: Workflow, integration: Integration, last: Run, runs: list[Run], made: dict[str, Facts]
) -> dict[str, Mapping[str, Any]]:
    """By place, what each step would be given by the inputs of the last run and by what its steps gave."""
    known = check_run.with_defaults(workflow, check_inputs.references(workflow, last.inputs))
    progress = WorkflowProgress(workflow, known, check_run.required(integration))
    facts = made | {f"{run.place} {run.action}": facts_of(run, run.inputs) for run in runs if run.has_ended}
    given: dict[str, Mapping[str, Any]] = {}
    while tasks := progress.next():
        for task in tasks:
            given[task.place] = task.arguments
            if found := facts.get(task.place if task.step.make else f"{task.place} {task.step.action}"):
                progress.end(task.place, found)
        progress.stop = None  # how the run stopped is no reason to look no further
    return given


def batches(visit: PageRequest) -> Response:
    """The batches with how far they are, and the form for a new one."""
    host = visit.host
    return page(
        "batches.html",
        batches=[host.durable.batch_shown(one) for one in host.durable.batches.list(50)],
        subjects=subjects(host),
        chosen=visit.asked("subject"),
        places=[one for each in host.integrations.values() for one in places_of(host, each.integration)],
        **_worker(host),
    )


def batch(visit: PageRequest) -> Response:
    """A batch as it goes."""
    return page("batch.html", **_batch(visit), **_worker(visit.host))


def batch_view(visit: PageRequest) -> Response:
    """The part of its page that changes."""
    return page("_batch.html", **_batch(visit))


def _batch(visit: PageRequest) -> dict[str, Any]:
    host, after = visit.host, visit.asked("after")
    found = host.durable.batches.get(visit.name("id"))
    first = int(after[:9]) if after.isdecimal() else 0
    rows = host.durable.batches.rows(found.id).rows(first, _ROWS)
    failed = host.durable.batches.rows(found.id).failed(10)
    told = results.differences([row.inputs for row in rows], host.files.find)
    shown = host.durable.batch_shown(found)
    return {
        "batch": shown,
        "rows": [(row, said, _thumbnail(host, row.run_id)) for row, said in zip(rows, told, strict=True)],
        "failed": failed,
        "place": place_of(host, found),
        "after": rows[-1].number if len(rows) == _ROWS else None,
        "first": first,
        "goes": found.state == "feeding",
        "live": found.state == "feeding" or "running" in shown["rows"],
    }


def _thumbnail(host: Host, run_id: str | None) -> str | None:
    """The address of a row's small picture. The one that is kept is made a moment after the run has ended."""
    run = host.history.find(run_id)
    if run is None:
        return None
    if run.thumbnail:
        return f"/api/files/{run.thumbnail}/content"
    return f"/api/files/{run.file}/thumbnail" if action_sidebar.result_glyph(run) == "image" else None


def schedules(visit: PageRequest) -> Response:
    """The schedules with their next times, and what became of the last."""
    host = visit.host
    return page(
        "schedules.html",
        schedules=[host.durable.schedule_shown(one) for one in host.durable.schedules.list()],
        subjects=subjects(host),
        manages=visit.manages,
        **_worker(host),
    )


def schedule(visit: PageRequest) -> Response:
    """A schedule: its times to come, and its history."""
    found = visit.host.durable.schedules.get(visit.name("name"))
    shown = visit.host.durable.schedule_shown(found, _TICKS)
    return page("schedule.html", schedule=shown, manages=visit.manages, **_worker(visit.host))


def new_schedule(visit: PageRequest) -> Response:
    """On to the form of what is to be scheduled."""
    _, subject, definition = visit.host.durable.subject(visit.asked("subject"))
    section = "actions" if definition is None else "workflows"
    return RedirectResponse(f"/{section}/{quote(subject.id, safe='')}?schedule=1", 303)


def labels(run: Run) -> dict[str, str]:
    """What the inputs of a workflow's run are called, as far as the workflow is still known."""
    try:
        parameters = load.kept(run.definition or "").parameters
    except ConnectorError:
        return {}
    return {name: str(entry.get("title", name)) for name, entry in parameters.items()}


def steps(host: Host, run: Run) -> list[Run]:
    """The steps of a workflow's run, each as it was tried last, in their order."""
    if run.kind != "workflow":
        return []
    newest: dict[str, Run] = {}
    for child in reversed(host.history.list(parent=run.id, limit=1000)):
        newest[child.place or child.id] = child
    return [*newest.values()]


def subjects(host: Host) -> list[tuple[str, list[tuple[str, str]]]]:
    """All that can be done for many rows, or at certain times."""
    served = [each.integration for each in host.integrations.values()]
    actions = [(one.id, one.catalog.title) for each in served for one in each.actions.values()]
    flows = [(one.id, one.title) for _, one in host.durable.workflows()]
    return [("Actions", actions), ("Workflows", flows)]


def _worker(host: Host) -> dict[str, Any]:
    """Whether somebody does what is written down, and what a person should know of it."""
    return {"worker": host.worker.state, "worker_said": host.worker.said}
