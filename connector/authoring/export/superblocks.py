"""A use of an action as a Superblocks step: the rows of the very request that would be sent."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector.engine.http.messages import Multipart, Raw, Request
from connector.engine.http.transport import DEFAULTS
from connector.engine.parameter_styles import compact
from connector.media.content import Content
from connector.secret import MASK, hide, redact
from connector.spec.model import Action, JsonSchema

Json = dict[str, Any]

# A placeholder of the right shape: Superblocks gives its integrations their ids.
NO_ID = "00000000-0000-0000-0000-000000000000"
_RESPONSES = {"json": "json", "text": "text"}
_FILE = "{{{{await {picker}.files[{at}].readContentsAsync('raw')}}}}"
# What Superblocks reads as an expression: with double braces, or between backticks, or as a function's call.
_EXPRESSION = re.compile(r"\{\{|^\s*`|\)\s*\(\)[\s;]*$")
# Names that mean something else in an expression.
_WORDS = """
    arguments async await axios base64url break case catch class const continue deasync debugger default
    delete do else enum eval export extends false finally for fs function if implements import in instanceof
    interface let module moment new null package private protected public require return serialize static
    super switch this throw true try typeof undefined var void while with xmlbuilder2 yield _
"""
# Beyond it JavaScript takes a whole number for another one.
_SAFE = 2**53


def block(action: Action, request: Request, base_url: str, plugin: str, integration_id: str = NO_ID) -> Json:
    """The block of one step. A file stands as the FilePicker that has the name of its field.

    ``plugin`` is what Superblocks calls the kind of step. The credential is Superblocks' own, and so no
    header that holds a secret is in it.
    """
    place = urlsplit(request.url)
    rows, body = _query_rows(place.query), _body(action, request.body)
    told: Json = {
        "httpMethod": request.method,
        "urlPath": _below(request.url, base_url) + (f"?{place.query}" if place.query and not rows else ""),
        "responseType": _RESPONSES.get(action.output.kind, "auto"),
        "headers": [_row(name, value) for name, value in _headers(request, body)],
        "params": [_row(name, value) for name, value in rows],
        **body,
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
    return tuple(_pickers(request.body).values())


def _pickers(body: Multipart) -> dict[str, str]:
    """The FilePicker of each field with files: its name, as far as that can stand in an expression."""
    found: dict[str, str] = {}
    for name in (part.name for part in body.parts if not isinstance(part.value, str)):
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = f"file_{plain}" if plain in _WORDS.split() or not plain[:1].strip("0123456789") else plain
        while name not in found and plain in found.values():
            plain += "_"
        found.setdefault(name, plain)
    return found


def literal(text: str) -> str:
    """The text so that Superblocks, too, takes it for nothing but text; for none it sends ``undefined``."""
    return text if text and not _EXPRESSION.search(text) else _quoted(text)


def _literal_body(text: str) -> str:
    """The same for a body, in which Superblocks escapes what an expression gives as in JSON."""
    if not _EXPRESSION.search(text):
        return text
    return re.sub(r"[{}`()]", lambda found: _quoted(found[0]), text)


def _quoted(text: str) -> str:
    quoted = json.dumps(text).replace("{", "\\u007b").replace("}", "\\u007d")
    return "{{" + quoted + "}}"


def _query_rows(query: str) -> list[tuple[str, str]]:
    """The query as rows, where these can say it: an empty one is not sent, and a comma is encoded."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return pairs if "," not in query and all(name and value for name, value in pairs) else []


def _below(url: str, base_url: str) -> str:
    whole = urlsplit(url).path
    base = urlsplit(base_url).path.rstrip("/")
    return whole.removeprefix(base) if whole.startswith(f"{base}/") else whole


def _headers(request: Request, body: Json) -> Iterator[tuple[str, str]]:
    """What is sent and no secret; without these rows Superblocks sends an Accept and a type of its own."""
    if not any(name.lower() == "accept" for name, _ in request.headers):
        yield "accept", DEFAULTS["accept"]
    for name, value in request.headers:
        if MASK not in value and redact(value, request.secrets) == value:
            yield name, value
    kind = request.body.content_type if isinstance(request.body, Raw) else None
    if kind is not None and (kind != "application/json" or body["bodyType"] != "jsonBody"):
        yield "content-type", kind


def _body(action: Action, body: Multipart | Raw | None) -> Json:
    if isinstance(body, Multipart):
        return {"bodyType": "formData", "formData": [*_rows(action, body)]}
    if body is None:
        return {}
    if _is_file(body):
        return {"bodyType": "rawBody", "body": _FILE.format(picker="content", at=0)}
    content = body.content.decode("utf-8", errors="replace") if isinstance(body.content, bytes) else ""
    if _survives(content):
        return {"bodyType": "jsonBody", "body": content.replace("{{", "{\\u007b")}
    return {"bodyType": "rawBody", "body": _literal_body(content)}


def _survives(text: str) -> bool:
    """Whether the text is JSON that comes out of JavaScript as it went in."""
    try:
        value = json.loads(text)
        return isinstance(value, dict | list) and compact(value) == text and _is_exact(value)
    except (ValueError, RecursionError):
        return False


def _is_exact(value: Any) -> bool:
    """Whether no number in it is another one there, or written in another way: 1.0, 1e-07, 2**53 + 1."""
    if isinstance(value, dict | list):
        return all(map(_is_exact, value.values() if isinstance(value, dict) else value))
    is_point = isinstance(value, float) and 1e-4 <= abs(value) < _SAFE and not value.is_integer()
    return is_point or not isinstance(value, int | float) or (isinstance(value, int) and abs(value) < _SAFE)


def _is_file(body: Raw) -> bool:
    return isinstance(body.content, Content)


def _rows(action: Action, body: Multipart) -> Iterator[Json]:
    required, names, used = action.inputs.get("required", ()), _pickers(body), Counter[str]()
    for part in body.parts:
        hints = _hints(action.parameters.get(part.name, {}), part.name in required)
        if isinstance(part.value, str):
            yield _row(part.name, part.value) | hints
        else:
            value = _FILE.format(picker=names[part.name], at=used[part.name])
            used[part.name] += 1
            file = {"filename": literal(part.filename or part.name)}
            yield {"key": literal(part.name), "value": value, "file": file} | hints


def _row(name: str, value: str) -> Json:
    return {"key": literal(name), "value": literal(value)}


def _hints(schema: JsonSchema, required: bool) -> Json:
    """What Superblocks' editor shows of a row; it enforces none of it."""
    hints: Mapping[str, Any] = {
        "description": schema.get("description"),
        "mandatory": True if required else None,
        "valueOptions": [str(one) for one in schema.get("enum", ())] or None,
    }
    return {name: value for name, value in hints.items() if value is not None}
