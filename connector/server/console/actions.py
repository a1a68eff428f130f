"""The pages of actions: the catalog, the form of each, and the request that one writes oneself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from connector.server.console import action_sidebar
from connector.server.console.code_samples import SampleUse, calls, is_file
from connector.server.console.fields import FormField, fields, is_media
from connector.server.console.rendering import PageRequest, page
from connector.server.console.usable_environments import asked_for, place_of, places_of, usual_time
from connector.server.host import Host
from connector.server.problem_documents import Refused
from connector.spec.listing import price_text
from connector.spec.model import Action, Integration
from connector.storage.runs.history import Run

_UNDER_WAY = 2


@dataclass(frozen=True, slots=True)
class Tile:
    """An action as the catalog shows it; ``fetch`` asks for the result of its job."""

    action: Action
    price: str
    kind: str
    has_picture: bool
    fetch: Action | None


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form begins with, and where."""

    values: Mapping[str, Any]
    samples: Mapping[str, str]
    place: str = ""
    run: Run | None = None


def catalog(visit: PageRequest) -> Response:
    """All actions, by what they do."""
    served = visit.host.integrations.values()
    return page("actions.html", catalog=[(one.integration, _tasks(one.integration)) for one in served])


def one(visit: PageRequest) -> Response:
    """The form of an action."""
    served, action = visit.host.find(visit.name("id"))
    return _form(visit, served.integration, action, "/actions")


def free_form(visit: PageRequest) -> Response:
    """The form of the action whose request is all the caller's."""
    for served in visit.host.integrations.values():
        for action in served.integration.actions.values():
            if action_sidebar.is_free_form(action):
                return _form(visit, served.integration, action, "/request")
    raise Refused("not_found", "no integration here lets a caller write the whole request")


def tile(visit: PageRequest) -> Response:
    """The picture of an action's before and after."""
    _, action = visit.host.find(visit.name("id"))
    if action.source is None:
        raise Refused("not_found", "the action has no picture")
    path = _beside(action.source, _picture(action.source))
    return FileResponse(path, headers={"cache-control": "max-age=3600"}, media_type="image/webp")


def _picture(source: Path) -> str:
    return f"tiles/{source.stem}.webp"


def sample(visit: PageRequest) -> Response:
    """A file that an example of the action gives."""
    _, action = visit.host.find(visit.name("id"))
    at, name = visit.request.path_params["example"], visit.name("input")
    given = action.examples[at].arguments.get(name) if at < len(action.examples) else None
    if name not in action.files or not isinstance(given, str) or action.source is None:
        raise Refused("not_found", "the example gives no such file")
    path = _beside(action.source, given)
    return FileResponse(path, filename=path.name, headers={"cache-control": "max-age=3600"})


def _beside(source: Path, name: str) -> Path:
    """A file below the folder of the spec; nothing above it is given out."""
    folder = source.parent.resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Refused("not_found", "the example's file is not there")
    return path


@dataclass(frozen=True, slots=True)
class FormParts:
    """The fields of a form: those that are seen on the stage, and those beside it."""

    media: list[FormField]
    others: list[FormField]
    word: str
    glyph: str
    here: bool
    first: str


def form_parts(made: list[FormField], *, staged: bool = True) -> FormParts:
    """Fields in their places; where nothing is ``staged`` all stand beside."""
    media = [field for field in made if is_media(field)]
    files = [field for field in media if field.kind == "file"]
    return FormParts(
        media=media if staged else [],
        others=[field for field in made if not is_media(field)] if staged else made,
        word=_word(media),
        glyph=next((field.glyph for field in files), "image"),
        here=any(field.here for field in media),
        first=next((field.id for field in files), ""),
    )


def _form(visit: PageRequest, integration: Integration, action: Action, section: str) -> Response:
    filled = _filled(visit, action)
    made = fields(action.inputs, filled.values, filled.samples)
    free = action_sidebar.is_free_form(action)
    places = places_of(visit.host, integration)
    return page(
        "action.html",
        section=section,
        integration=integration,
        action=action,
        parts=form_parts(made, staged=not free),
        siblings=[tile.action for tile in _tasks(integration).get(action.catalog.task, ())],
        kind=action_sidebar.glyph(action),
        generic=free,
        places=places,
        usual=partial(usual_time, visit.host, action.id),
        chosen_place=filled.place or asked_for(places, visit.asked("environment"), visit.asked("connection")),
        run=filled.run,
        under_way=[] if filled.run else under_way(visit.host, action.id),
        manages=visit.manages,
        scheduling=bool(visit.asked("schedule")),
        prices=action_sidebar.prices(action),
        price_text=price_text(action),
    )


def under_way(host: Host, subject: str) -> list[Run]:
    """The last runs of an action or a workflow that have not ended, newest first; steps and rows aside."""
    found = [
        run
        for state in ("running", "queued")
        for run in host.history.list(action=subject, state=state, limit=_UNDER_WAY)
        if not run.parent and not run.batch
    ]
    return sorted(found, key=lambda run: run.id, reverse=True)[:_UNDER_WAY]


def _word(media: list[FormField]) -> str:
    """What the tab of the given files is called."""
    files = [field for field in media if field.kind == "file"]
    word = "Picture" if all(field.picture for field in files) else "File"
    return word + ("s" if len(files) > 1 else "")


def _filled(visit: PageRequest, action: Action) -> Filled:
    """What the address asks for: an earlier run's inputs, an example's, or a file in one input."""
    if visit.asked("run"):
        run = visit.host.history.get(visit.asked("run"))
        values = dict(run.inputs) if run.action == action.id else {}
        return Filled(values, {}, place_of(visit.host, run).key, run if run.action == action.id else None)
    if visit.asked("example").isdecimal():
        return _example(action, int(visit.asked("example")))
    if visit.asked("file") and visit.asked("field") in action.files:
        return Filled({visit.asked("field"): visit.host.files.get(visit.asked("file")).to_dict()}, {})
    return Filled({}, {})


def _example(action: Action, at: int) -> Filled:
    if at >= len(action.examples):
        return Filled({}, {})
    arguments = action.examples[at].arguments
    files = {name: value for name, value in arguments.items() if name in action.files and not is_file(value)}
    values = {name: value for name, value in arguments.items() if name not in files}
    return Filled(values, {name: f"/actions/{action.id}/samples/{at}/{name}" for name in files})


def _tasks(integration: Integration) -> dict[str, list[Tile]]:
    """The actions by their tasks; one that only fetches results stands with those that begin them."""
    actions = integration.actions
    fetches = {action.job.fetch for action in actions.values() if action.job}
    found: dict[str, list[Tile]] = {}
    for action in actions.values():
        if action.id not in fetches:
            fetch = actions.get(action.job.fetch) if action.job else None
            found.setdefault(action.catalog.task, []).append(_tile(action, fetch))
    return found


def _tile(action: Action, fetch: Action | None) -> Tile:
    has_picture = action.source is not None and (action.source.parent / _picture(action.source)).is_file()
    return Tile(action, price_text(action), action_sidebar.glyph(action), has_picture, fetch)


def code_samples(visit: PageRequest) -> Response:
    """The call of a form in code, before it is run, as a part of a page."""
    host, body = visit.host, visit.body
    _, subject, definition = host.durable.subject(body["of"])
    inputs = {
        name: _with_name(host, value) if name in subject.files else value
        for name, value in body["inputs"].items()
    }
    delivers = isinstance(subject, Action) and bool(subject.output.types or subject.job)
    where = body.get("environment") or None, body.get("connection") or None
    use = SampleUse(subject.id, inputs, *where, None if delivers else "", is_workflow=definition is not None)
    return page("calls.html", calls=calls(use, visit.base))


def _with_name(host: Host, value: Any) -> Any:
    """A reference with the name that its file has on other machines."""
    if not isinstance(value, str) or not value.startswith("file:"):
        return value
    return host.files.get(value.removeprefix("file:")).to_dict()
