"""The API reference: the host's OpenAPI document as pages, with samples and a way to try what it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from starlette.responses import Response

from connector.server.console.code_samples import SampleUse, calls, of_request
from connector.server.console.rendering import PageRequest, page
from connector.server.console.usable_environments import places_of
from connector.server.host import Host
from connector.server.problem_documents import Refused
from connector.server.routes import openapi_json
from connector.spec.schema import describe

Json = Mapping[str, Any]
_DEEP = 4  # levels of members that are told
_EVENTS = "text/event-stream"
_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Member:
    """A parameter, or a member of a JSON value or a form, with its own members."""

    name: str
    kind: str
    required: bool = False
    description: str = ""
    choices: tuple[Any, ...] = ()
    default: Any = None
    members: tuple[Member, ...] = ()


class Content(NamedTuple):
    """What is sent or answered in one media type."""

    type: str
    kind: str
    members: tuple[Member, ...]
    example: str | None = None


class Entry(NamedTuple):
    """An operation in the list; ``action`` is the one that it is, if it is one."""

    id: str
    method: str
    path: str
    told: Json
    action: str | None


def index(visit: PageRequest) -> Response:
    """How to call the host, and all of its operations."""
    document = json.loads(openapi_json(visit.host))
    return page("reference.html", groups=_groups(document), base=visit.base, now=None)


def operation(visit: PageRequest) -> Response:
    """One operation: what it takes and gives, in code, and to try."""
    document = json.loads(openapi_json(visit.host))
    groups = _groups(document)
    name = visit.name("id")
    now = next((one for entries in groups.values() for one in entries if one.id == name), None)
    if now is None:
        raise Refused("not_found", f"there is no operation {name!r}; the reference lists all")
    read = _Reader(document)
    bodies = [*read.contents(now.told.get("requestBody", {}))]
    answers = [
        (status, answer["description"], [*read.contents(answer)], answer.get("headers", {}))
        for status, answer in ((status, read.whole(one)) for status, one in now.told["responses"].items())
    ]
    trial = _trial(now, visit.host, bodies)
    return page(
        "reference.html",
        groups=groups,
        base=visit.base,
        now=now,
        parameters=[
            (one["in"], read.member(one["name"], one["schema"], one)) for one in now.told["parameters"]
        ],
        bodies=bodies,
        answers=answers,
        calls=_calls(now, visit.base, bodies, trial),
        trial=trial,
    )


def _groups(document: Json) -> dict[str, list[Entry]]:
    """The operations by their groups. What tells about a single action stands with the action."""
    found: dict[str, list[Entry]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        is_action = "x-integration" in methods.get("post", {})
        for method, told in methods.items():
            if not (is_action and method == "get"):
                id = told["operationId"]
                action = id.removeprefix("invoke.") if "x-integration" in told else None
                found[told["tags"][0]].append(Entry(id, method.upper(), path, told, action))
    return {name: entries for name, entries in found.items() if entries}


class _Reader:
    """Reads schemas of a document, whatever they refer to."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def whole(self, told: Json) -> Json:
        """What it refers to, if it does."""
        while "$ref" in told:
            found: Any = self._document
            for name in told["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            told = found
        return told

    def contents(self, told: Json) -> Iterator[Content]:
        for media_type, content in told.get("content", {}).items():
            schema = content.get("schema", {})
            yield Content(media_type, self._kind(schema), self._members(schema, 0), self._example(content))

    def member(self, name: str, schema: Json, said: Json | None = None, depth: int = 0) -> Member:
        whole = self.whole(schema)
        told = {**whole, **(said or {})}
        return Member(
            name,
            ", ".join((self._kind(whole), *describe.limits(whole))),
            told.get("required") is True,
            str(told.get("description", "")),
            tuple(whole.get("enum", ())),
            whole.get("default"),
            self._members(whole, depth + 1),
        )

    def _members(self, schema: Json, depth: int) -> tuple[Member, ...]:
        """Those of an object, of the objects of a list, or of the first kind that has some."""
        whole = self._object(self.whole(schema))
        required = whole.get("required", ())
        return tuple(
            self.member(name, each, {"required": name in required}, depth)
            for name, each in whole.get("properties", {}).items()
            if depth < _DEEP
        )

    def _object(self, schema: Json) -> Json:
        if "items" in schema:
            return self._object(self.whole(schema["items"]))
        kinds = (self._object(self.whole(one)) for one in schema.get("anyOf", ()))
        return next((one for one in kinds if "properties" in one), schema)

    def _kind(self, schema: Json) -> str:
        """The type in the words of JSON Schema."""
        schema = self.whole(schema)
        if schema.get("format") == "binary":
            return "file"
        if several := schema.get("anyOf") or schema.get("oneOf"):
            return " or ".join(dict.fromkeys(self._kind(one) for one in several))
        named = schema.get("type", "string" if "enum" in schema else "any")
        if named == "array":
            return f"array of {self._kind(schema.get('items', {}))}"
        return " or ".join(named) if isinstance(named, list) else str(named)

    def _example(self, content: Json) -> str | None:
        examples = [self.whole(one).get("value") for one in content.get("examples", {}).values()]
        shown = content["example"] if "example" in content else next(iter(examples), None)
        return None if shown is None else json.dumps(shown, ensure_ascii=False, indent=2)


def _json_body(bodies: list[Content]) -> str | None:
    """The example of a JSON body, or an empty one where a body is needed and has none."""
    return next((body.example or "{}" for body in bodies if body.type == "application/json"), None)


def _calls(entry: Entry, base: str, bodies: list[Content], trial: Json | None) -> dict[str, str]:
    body = _json_body(bodies)
    if entry.action:
        inputs = json.loads(body or "{}").get("inputs", {})
        return calls(SampleUse(entry.action, inputs, trial["place"].environment if trial else None), base)
    filled = _HOLE.sub(lambda hole: hole[1].upper(), entry.path)
    needed = [one["name"] for one in entry.told["parameters"] if one["in"] == "query" and one.get("required")]
    query = urlencode({name: name.upper() for name in needed}, quote_via=quote)
    return of_request(entry.method, base, f"{filled}?{query}" if query else filled, body)


def _trial(entry: Entry, host: Host, bodies: list[Content]) -> Json | None:
    """What can be tried from the page: reads, and what goes to an environment that costs nothing."""
    if entry.method == "GET":
        is_stream = _EVENTS in entry.told["responses"].get("200", {}).get("content", ())
        return None if is_stream else {"body": None, "place": None, "takes_files": False}
    if entry.action is None:
        return None
    served, action = host.find(entry.action)
    free = next((place for place in places_of(host, served.integration) if place.kind == "free"), None)
    return {"body": _json_body(bodies), "place": free, "takes_files": bool(action.files)} if free else None
