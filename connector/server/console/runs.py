"""The pages of runs: the history with what it cost, and each run with its result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from connector.errors import ConnectorError
from connector.server.console import action_sidebar, durable
from connector.server.console.code_samples import SampleUse, calls
from connector.server.console.integrations import action_of, drawing
from connector.server.console.rendering import PageRequest, page
from connector.server.console.spend_chart import chart
from connector.server.console.usable_environments import free_environments, place_of, usual_time
from connector.server.host import Host
from connector.server.problem_documents import STATUSES, Refused
from connector.server.responses import failure
from connector.spec.schema import amounts
from connector.storage.files.store import StoredFile
from connector.storage.runs.history import Run

_ON_A_PAGE = 40
# The last results beside a form, and how many runs are looked through for them.
_RESULTS, _LOOKED_THROUGH = 12, 60
_DAYS = 30
_STATES = ("succeeded", "failed", "running", "queued", "unknown", "cancelled")
_FILTERS = ("action", "environment", "connection", "token_name", "state", "outcome", "since", "until")


def history(visit: PageRequest) -> Response:
    """What was run, newest first, under what it cost; by what is asked for in the address."""
    host = visit.host
    asked: dict[str, Any] = {name: visit.asked(name) for name in (*_FILTERS, "text") if visit.asked(name)}
    where = asked | {name: visit.asked(name) or None for name in ("before", "after")}
    found = host.history.search(limit=_ON_A_PAGE, **where)
    view = {"view": "gallery"} if visit.asked("view") == "gallery" else {}
    today = datetime.fromtimestamp(host.settings.clock(), UTC).date()
    free, with_free = free_environments(host), visit.asked("free") == "1"
    return page(
        "runs.html",
        runs=[(run, drawing(host, run), action_sidebar.gist(run), place_of(host, run)) for run in found.runs],
        newer=_address(asked | view, after=found.after) if found.after else "",
        older=_address(asked | view, before=found.before) if found.before else "",
        views=[("list", _address(asked)), ("gallery", _address(asked, view="gallery"))],
        view=view.get("view", "list"),
        asked=asked,
        found=found,
        manages=visit.manages,
        unknown=action_sidebar.unknown(host),
        filters=_choices(host),
        days=_DAYS,
        chart=chart(_costs(host, () if with_free else free), today, _DAYS),
        free=free,
        with_free=with_free,
    )


def _address(kept: Mapping[str, str], **cursor: str) -> str:
    return f"/runs?{urlencode({**kept, **cursor})}"


def one(visit: PageRequest) -> Response:
    """A run: its result or how it goes, its inputs, its steps."""
    run = visit.host.history.get(visit.name("id"))
    action = action_of(visit.host, run)
    labels = {name: entry.get("title", name) for name, entry in action.parameters.items()} if action else {}
    if run.kind == "workflow":
        labels = durable.labels(run)
    return page(
        "run.html",
        run=run,
        labels=labels,
        events=visit.host.history.events(run.id),
        usual="" if run.has_ended else usual_time(visit.host, run.action, run.environment),
        **(_told(visit, run, alone=True) if run.has_ended else {}),
    )


def view(visit: PageRequest) -> Response:
    """The result of a run as a part of a page."""
    run = visit.host.history.get(visit.name("id"))
    return page("_run.html", run=run, **_told(visit, run, alone=visit.asked("alone") == "1"))


def results(visit: PageRequest) -> Response:
    """The last results of an action or a workflow, as a part of a page."""
    return page("_results.html", results=last_results(visit.host, visit.asked("of")))


def last_results(host: Host, subject: str) -> list[tuple[Run, str, str]]:
    """The last runs of an action or a workflow that made a file, each with its drawing and gist."""
    found = host.history.list(action=subject, state="succeeded", limit=_LOOKED_THROUGH)
    made = [run for run in found if run.file and not run.parent][:_RESULTS]
    return [(run, action_sidebar.result_glyph(run), action_sidebar.gist(run)) for run in made]


def compare(visit: PageRequest) -> Response:
    """Two results beside each other or one over the other, and in what their inputs differ."""
    asked = visit.request.query_params.getlist("run")
    runs = [visit.host.history.get(run_id) for run_id in asked[:2]]
    files = [_kept(visit.host, run.file) for run in runs]
    if len(asked) != 2 or not all(file and file.type.startswith("image/") for file in files):
        raise Refused(
            "not_found", "choose two results that are pictures, in the list of runs or beside a form"
        )
    sides = [
        {"name": name, "run": run, "place": place_of(visit.host, run)}
        for name, run in zip("AB", runs, strict=True)
    ]
    one, other = (file for file in files if file)
    return page(
        "compare.html",
        sides=sides,
        alike=action_sidebar.is_alike(one, other),
        differences=list(_differences(visit.host, runs)),
    )


def _differences(host: Host, runs: Sequence[Run]) -> Iterator[tuple[str, list[Any]]]:
    """What one was given and the other was not, by the name that a form has for it."""
    if len({run.action for run in runs}) > 1:
        yield "Action", [run.title for run in runs]
    for name in dict.fromkeys(name for run in runs for name in run.inputs):
        values = [_said(run.inputs.get(name)) for run in runs]
        action = next(
            (found for run in runs if (found := action_of(host, run)) and name in found.parameters), None
        )
        if values[0] != values[1]:
            yield str(action.parameters[name].get("title", name)) if action else name, values
    seeds = [(run.result or {}).get("seed") for run in runs]
    if seeds[0] != seeds[1] and not any("seed" in run.inputs for run in runs):
        yield "Seed", seeds


def _said(value: Any) -> Any:
    return value.get("name", "file") if isinstance(value, Mapping) and "file" in value else value


def picker(visit: PageRequest) -> Response:
    """Files that were given or made before, of the wanted kinds, each content once, as a part of a page."""
    kinds = tuple(kind.removesuffix("*") for kind in visit.asked("kinds").split(",") if kind)
    kept = visit.host.files.list(limit=_ON_A_PAGE * 3)
    fit = {each.sha256: each for each in reversed(kept) if not kinds or each.type.startswith(kinds)}
    newest = sorted(fit.values(), key=lambda each: each.created, reverse=True)[:_ON_A_PAGE]
    return page("picker.html", files=[_pickable(visit.host, each) for each in newest])


def _pickable(host: Host, stored: StoredFile) -> Mapping[str, Any]:
    sides = f"{stored.width} x {stored.height}, " if stored.width else ""
    return {
        "facts": stored.to_dict(),
        "name": stored.name,
        "size": sides + amounts.size(stored.bytes),
        "kind": action_sidebar.kind_glyph(stored.type),
        "thumbnail": host.files.thumbnail(stored.id),
    }


def _told(visit: PageRequest, run: Run, *, alone: bool) -> dict[str, Any]:
    """Everything that the view of a run shows beside the run itself."""
    host, action = visit.host, action_of(visit.host, run)
    result = dict(run.result or {})
    stored = _kept(host, run.file)
    is_flow = run.kind == "workflow"
    use = SampleUse(
        run.action,
        run.inputs,
        run.environment,
        run.connection,
        saves_as=stored.name if stored and not is_flow else "",
        is_workflow=is_flow,
    )
    return {
        "file": stored,
        "before": _before(host, run, stored) if stored else "",
        "value": result.get("value"),
        "result": result,
        "failure": _title(run),
        "uses": action_sidebar.uses(host.served(run.integration).integration, stored)
        if stored and (action or is_flow)
        else [],
        "known": action is not None or is_flow,
        "form": f"/workflows/{run.action}" if is_flow else f"/actions/{run.action}",
        "steps": durable.steps(host, run),
        "gap": run.state == "unknown" and not host.history.list(retry_of=run.id, limit=1),
        "takes_seed": action is not None and "seed" in action.parameters and not alone,
        "calls": calls(use, visit.base),
        "place": place_of(host, run),
        "alone": alone,
    }


def _title(run: Run) -> str:
    """The failure's name; empty where there is none."""
    if run.error is None:
        return ""
    if run.state == "cancelled":
        return "Cancelled"
    return STATUSES.get(failure(run)["code"], STATUSES["error"])[1]


def _kept(host: Host, file_id: str | None) -> StoredFile | None:
    """A file that may have expired since."""
    try:
        return host.files.get(file_id) if file_id else None
    except ConnectorError:
        return None


def _before(host: Host, run: Run, stored: StoredFile) -> str:
    """The given picture, where the result can be laid over it."""
    given = _kept(host, action_sidebar.first_picture(run))
    return given.id if given and action_sidebar.is_alike(given, stored) else ""


def _choices(host: Host) -> list[tuple[str, str, list[dict[str, str]]]]:
    """The filters with all that can be chosen."""
    served = [each.integration for each in host.integrations.values()]
    actions = [pair for _, pairs in durable.subjects(host) for pair in pairs]
    environments = {name for each in served for name in each.environments}
    seen = host.history.seen
    return [
        ("action", "Action", _options(sorted(actions, key=lambda pair: pair[1]))),
        ("environment", "Environment", _named(sorted({*environments, *seen("environment")}))),
        ("connection", "Connection", _named(seen("connection"))),
        ("token_name", "Asked for by", _named(seen("token_name"))),
        ("state", "State", _named(_STATES)),
        ("outcome", "Outcome", _named(seen("outcome"))),
    ]


def _named(names: Iterable[str]) -> list[dict[str, str]]:
    return _options((name, name) for name in names)


def _options(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in pairs]


def _costs(host: Host, without: Collection[str]) -> list[tuple[date, str, float]]:
    costs = [each for each in host.history.costs(_DAYS) if each.environment not in without]
    return [(date.fromisoformat(each.day), each.environment, each.credits) for each in costs]
