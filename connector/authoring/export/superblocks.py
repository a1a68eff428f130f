"""A use of an action as a Superblocks step: the rows of the very request that would be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector.engine.http.messages import Multipart, Part, Raw, Request
from connector.media.content import Content
from connector.secret import MASK, hide, redact
from connector.spec.model import Action, JsonSchema

Json = dict[str, Any]

# A placeholder of the right shape: Superblocks gives its integrations their ids.
NO_ID = "00000000-0000-0000-0000-000000000000"
_RESPONSES = {"json": "json", "text": "text"}
_FILE = "{{{{await {name}.files[0].readContentsAsync('raw')}}}}"


def block(action: Action, request: Request, base_url: str, plugin: str, integration_id: str = NO_ID) -> Json:
    """The block of one step. A file stands as the FilePicker that has the name of its field.

    ``plugin`` is what Superblocks calls the kind of step. The credential is Superblocks' own, and so no
    header that holds a secret is in it.
    """
    place = urlsplit(request.url)
    told: Json = {
        "httpMethod": request.method,
        "urlPath": _below(request.url, base_url),
        "responseType": _RESPONSES.get(action.output.kind, "auto"),
        "headers": [_row(name, value) for name, value in _public(request)],
        "params": [_row(name, value) for name, value in parse_qsl(place.query, keep_blank_values=True)],
        **_body(action, request.body),
        # Status and headers hold the seed and the reason; without this they are lost.
        "verboseHttpOutput": True,
        "doNotFailOnRequestError": False,
    }
    step = {"integration": integration_id, plugin: told}
    name = "".join(part.capitalize() for part in action.id.split("-"))
    return {"name": name, "step": hide(step, request.secrets)}  # somebody may have typed one into a prompt


def pickers(request: Request) -> tuple[str, ...]:
    """The FilePickers that the step reads."""
    if not isinstance(request.body, Multipart):
        return ("content",) if isinstance(request.body, Raw) and _is_file(request.body) else ()
    return tuple(part.name for part in request.body.parts if not isinstance(part.value, str))


def literal(text: str) -> str:
    """The text so that Superblocks, too, takes it for nothing but text."""
    if "{{" not in text:
        return text
    quoted = json.dumps(text, ensure_ascii=False).replace("{", "\\u007b").replace("}", "\\u007d")
    return "{{" + quoted + "}}"


def _below(url: str, base_url: str) -> str:
    whole = urlsplit(url).path
    base = urlsplit(base_url).path.rstrip("/")
    return whole.removeprefix(base) if whole.startswith(f"{base}/") else whole


def _public(request: Request) -> Iterator[tuple[str, str]]:
    for name, value in request.headers:
        is_public = MASK not in value and redact(value, request.secrets) == value
        if is_public and name.lower() != "content-type":
            yield name, value


def _body(action: Action, body: Multipart | Raw | None) -> Json:
    if isinstance(body, Multipart):
        return {"bodyType": "formData", "formData": [*_rows(action, body.parts)]}
    if body is None:
        return {}
    if _is_file(body):
        return {"bodyType": "rawBody", "body": _FILE.format(name="content")}
    kind = "jsonBody" if (body.content_type or "").startswith("application/json") else "rawBody"
    content = body.content if isinstance(body.content, bytes) else b""
    return {"bodyType": kind, "body": literal(content.decode("utf-8", errors="replace"))}


def _is_file(body: Raw) -> bool:
    return isinstance(body.content, Content)


def _rows(action: Action, parts: Iterable[Part]) -> Iterator[Json]:
    required = action.inputs.get("required", ())
    for part in parts:
        hints = _hints(action.parameters.get(part.name, {}), part.name in required)
        if isinstance(part.value, str):
            yield _row(part.name, part.value) | hints
        else:
            file = {"filename": part.filename or part.name}
            yield {"key": part.name, "value": _FILE.format(name=part.name), "file": file} | hints


def _row(name: str, value: str) -> Json:
    return {"key": name, "value": literal(value)}


def _hints(schema: JsonSchema, required: bool) -> Json:
    """What Superblocks' editor shows of a row; it enforces none of it."""
    hints: Mapping[str, Any] = {
        "description": schema.get("description"),
        "mandatory": True if required else None,
        "valueOptions": [str(one) for one in schema.get("enum", ())] or None,
    }
    return {name: value for name, value in hints.items() if value is not None}
