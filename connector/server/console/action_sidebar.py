"""The sidebar of an action: what its result is good for, how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.media import kinds
from connector.runs.service.unknown_outcomes import UnknownOutcome
from connector.server.console.code_samples import is_file
from connector.spec import template
from connector.spec.model import Action, Integration
from connector.storage.files.store import StoredFile
from connector.storage.runs.history import Run

if TYPE_CHECKING:
    from connector.server.host import Host

_GLYPHS = (("image/", "image"), ("audio/", "sound"), ("video/", "film"), ("model/", "cube"))
_GIST = 90
# The shapes of two pictures differ by rounding.
_ALIKE = 0.02


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An action that takes a file, and the input that takes it."""

    action: str
    title: str
    field: str
    label: str


def uses(integration: Integration, stored: StoredFile) -> list[FollowUp]:
    """The actions that take such a file; one of an action's many inputs is named."""
    found = []
    for action in integration.actions.values():
        fitting = [name for name in action.files if not action.deprecated and _takes(action, name, stored)]
        for name in fitting:
            label = str(action.parameters[name].get("title", name)) if len(fitting) > 1 else ""
            found.append(FollowUp(action.id, action.catalog.title, name, label))
    return found


def _takes(action: Action, name: str, stored: StoredFile) -> bool:
    schema = action.parameters[name]
    formats = schema.get("file", {}).get("formats", ())
    return kinds.type_of(stored.type) in map(kinds.type_of, formats) and schema.get("widget") != "mask"


def glyph(action: Action) -> str:
    """The drawing that stands for what the action gives."""
    types = action.output.types
    return kind_glyph(types[0]) if types else "clock" if action.job else "braces"


def kind_glyph(media_type: str) -> str:
    return next((name for start, name in _GLYPHS if media_type.startswith(start)), "file")


def result_glyph(run: Run) -> str:
    """The drawing that stands for the file that a run made."""
    media = (run.result or {}).get("media") or {}
    return kind_glyph(str(media.get("type", "")))


def is_free_form(action: Action) -> bool:
    """Whether the whole request is the caller's to choose, its path too."""
    return template.is_template(action.request.method) and template.is_template(action.request.path)


def prices(action: Action) -> Mapping[str, Any]:
    """The price list for the page, where every price is a plain number; else nothing."""
    price = action.price
    if price.by is None or not all(isinstance(each, int | float) for each in price.values.values()):
        return {}
    default = action.parameters.get(price.by, {}).get("default")
    return {"by": price.by, "values": dict(price.values), "default": default}


def gist(run: Run) -> str:
    """What was asked for, in a line: the longest text, or the files."""
    texts = [value for value in run.inputs.values() if isinstance(value, str)]
    files = [str(value.get("name", "")) for value in run.inputs.values() if is_file(value)]
    longest = " ".join(max(texts, key=len, default="").split())
    text = longest if len(longest) > 12 or not files else ", ".join(files)
    return text if len(text) <= _GIST else text[: _GIST - 3].rstrip() + "..."


def first_picture(run: Run) -> str:
    """The id of the first picture that was given; empty where there was none."""
    given = next((value for value in run.inputs.values() if is_file(value)), None)
    is_picture = given is not None and str(given.get("type", "")).startswith("image/")
    return str(given["file"]).removeprefix("file:") if given and is_picture else ""


def is_alike(one: StoredFile, other: StoredFile) -> bool:
    """Whether two pictures have the same shape, so that one can be laid over the other."""
    if not (one.width and one.height and other.width and other.height):
        return False
    return abs(one.width / one.height - other.width / other.height) < _ALIKE


def unknown(host: Host) -> list[tuple[UnknownOutcome, str]]:
    """What a person has to decide on, each with what it was about."""
    return [(one, one.message if one.run is None else gist(one.run)) for one in host.durable.unknown.list()]
