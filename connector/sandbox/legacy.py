"""The API's first generation: account and engines, lists of prompts, and artifacts for an answer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from connector.sandbox.document import Operation
from connector.sandbox.generation import Desk, credits, is_filtered, paid
from connector.sandbox.messages import WORDS, Answer, Refusal, json_answer, wants_json
from connector.sandbox.request import Given, Visit, given

_ENGINES: Mapping[str, str] = WORDS["first_generation"]["engines"]


def _account(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    organization = {"id": f"org-{desk.key}", "name": "Sandbox", "role": "ADMIN", "is_default": True}
    person = {"email": "somebody@sandbox.invalid", "profile_picture": "https://sandbox.invalid/nobody.png"}
    return json_answer(200, {"id": f"user-{desk.key}", "organizations": [organization]} | person)


def _balance(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    return json_answer(200, {"credits": credits(desk.store.account(desk.key, 0).credits)})


def _engines(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    told = {"description": "as the sandbox plays it", "type": "PICTURE"}
    return json_answer(200, [{"id": ident, "name": name, **told} for ident, name in _ENGINES.items()])


def _generate(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    """Makes as many pictures as asked for, and delivers one as it is, or all as artifacts."""
    told = _told(visit, operation, desk)
    samples, filtered = int(told.values.get("samples", 1)), is_filtered(told.texts)
    finished = paid(visit, operation, desk, told, filtered=filtered, samples=samples)
    if not wants_json(operation, visit.call):
        one = finished[0]
        headers = {"content-type": one.made.media_type, "finish-reason": one.reason, "seed": str(one.seed)}
        return Answer(200, tuple(headers.items()), one.made.content)
    contents = (base64.b64encode(one.made.content).decode() for one in finished)
    pairs = zip(contents, finished, strict=True)
    artifacts = [{"base64": text, "seed": one.seed, "finishReason": one.reason} for text, one in pairs]
    return json_answer(200, {"artifacts": artifacts})


def _told(visit: Visit, operation: Operation, desk: Desk) -> Given:
    """What the request gives, whether it came as JSON or as a form."""
    if visit.names["engine_id"] not in _ENGINES:
        raise Refusal(404, "the specified engine was not found", name="not_found")
    told = given(visit, operation, desk.studio.inspect, strict=True)
    if found := list(_conditions(told.values, visit, operation)):
        raise Refusal(400, *found)
    return told


def _conditions(values: Mapping[str, Any], visit: Visit, operation: Operation) -> Iterator[str]:
    """The rules that a JSON Schema cannot say: width times height by engine, and one sample as a picture."""
    for rule in (operation.body or {}).get("x-pixels", ()):
        if fnmatchcase(visit.names["engine_id"], rule["engines"]):
            if not rule["minimum"] <= values["width"] * values["height"] <= rule["maximum"]:
                yield f"width, height: must have {rule['minimum']} to {rule['maximum']} pixels together"
            break
    if values.get("samples", 1) > 1 and not wants_json(operation, visit.call):
        yield "samples: more than one needs accept: application/json"


HANDLERS: Mapping[str, Callable[[Visit, Operation, Desk], Answer]] = {
    "v1_user_account": _account,
    "v1_user_balance": _balance,
    "v1_engines_list": _engines,
    "v1_text_to_image": _generate,
    "v1_image_to_image": _generate,
    "v1_upscale": _generate,
    "v1_masking": _generate,
}
