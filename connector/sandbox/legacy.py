"""The API's first generation: account and engines, lists of prompts, and artifacts for an answer."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from connector.sandbox.document import Operation, Schema
from connector.sandbox.errors import Refusal
from connector.sandbox.files import file_problems
from connector.sandbox.form import Part
from connector.sandbox.generation import Desk, charge, chosen_seed, credits, pay, refunding
from connector.sandbox.messages import Answer, Finished, json_answer, wants_json
from connector.sandbox.moderation import is_filtered
from connector.sandbox.request import Given, Visit, parameter_problems
from connector.sandbox.validate import defaults, is_file, problems, typed

_ENGINES = {
    "stable-diffusion-xl-1024-v1-0": "Stable Diffusion XL v1.0",
    "stable-diffusion-v1-6": "Stable Diffusion v1.6",
    "stable-diffusion-768-v2-1": "Stable Diffusion v2.1 at 768 pixels",
    "esrgan-v1-x2plus": "Real-ESRGAN x2",
}

# text_prompts[0][weight], as a form writes an entry of a list.
_ENTRY = re.compile(r"(\w+)\[(\d+)\]\[(\w+)\]")

# The first generation names a bad request after the field it is about.
_NAMES = {
    "samples": "invalid_samples",
    "height": "invalid_height_or_width",
    "width": "invalid_height_or_width",
    "text_prompts": "invalid_prompts",
    "init_image": "invalid_mime_type",
    "image": "invalid_mime_type",
    "mask_image": "invalid_mask_image",
}


def _account(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    organization = {"id": f"org-{desk.key}", "name": "Sandbox", "role": "ADMIN", "is_default": True}
    person = {"id": f"user-{desk.key}", "email": "somebody@sandbox.invalid"}
    picture = {"profile_picture": "https://sandbox.invalid/nobody.png"}
    return json_answer(200, person | {"organizations": [organization]} | picture)


def _balance(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    return json_answer(200, {"credits": credits(desk.store.account(desk.key, 0).credits)})


def _engines(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    known = [
        {"id": ident, "name": name, "description": f"{name}, as the sandbox plays it", "type": "PICTURE"}
        for ident, name in _ENGINES.items()
    ]
    return json_answer(200, known)


def _generate(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    """Makes as many pictures as asked for, each from the seed after the last."""
    told = _told(visit, operation, desk)
    amount, finished = charge(operation, told, desk), []
    first, filtered = chosen_seed(told), is_filtered(told.texts)
    with refunding(operation, amount, desk):
        for seed in range(first, first + int(told.values.get("samples", 1))):
            made = desk.studio.make(operation.id, told.fields, told.files, seed, filtered=filtered)
            finished.append(Finished(made, seed, filtered))
    pay(visit, operation, amount, visit.request_id, desk)
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
    if visit.body.problem:
        raise visit.body.problem
    schema = operation.body or {}
    files = {part.name: part.content for part in visit.body.parts if _is_file(part, schema)}
    values = _from_form(visit.body.parts, schema) if visit.body.parts else _from_json(visit.body.raw)
    found = [*parameter_problems(visit, operation), *problems({**values, **dict.fromkeys(files, "")}, schema)]
    for name, content in files.items():
        found += [f"{name}: {told}" for told in file_problems(desk.studio.inspect(content), {})]
    found = found or list(_conditions(values, schema, visit, operation))
    if found:
        raise Refusal(400, *found, name=_NAMES.get(re.split(r"\W", found[0])[0]))
    texts = tuple(str(prompt["text"]) for prompt in values.get("text_prompts", ()))
    # The values as texts again; the list of prompts as JSON.
    lists = {name: json.dumps(value) for name, value in values.items() if isinstance(value, list)}
    fields = {name: str(value) for name, value in values.items()} | lists
    return Given(fields, files, defaults(values, schema), texts)


def _is_file(part: Part, schema: Schema) -> bool:
    return is_file(schema.get("properties", {}).get(part.name, {}))


def _from_json(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw or b"null")
    except ValueError as error:
        raise Refusal(400, f"body: cannot be read as JSON, {error}") from error
    if not isinstance(told, dict):
        raise Refusal(400, "body: must be a JSON object")
    return told


def _from_form(parts: tuple[Part, ...], schema: Schema) -> dict[str, Any]:
    """The values of a form, with the entries of lists put together again."""
    values: dict[str, Any] = {}
    lists: dict[str, dict[int, dict[str, Any]]] = {}
    known = schema.get("properties", {})
    for part in parts:
        entry = _ENTRY.fullmatch(part.name)
        if entry:
            kind = known.get(entry[1], {}).get("items", {}).get("properties", {}).get(entry[3], {})
            lists.setdefault(entry[1], {}).setdefault(int(entry[2]), {})[entry[3]] = typed(part.text, kind)
        elif not _is_file(part, schema):
            values[part.name] = typed(part.text, known.get(part.name, {}))
    return values | {name: [entries[place] for place in sorted(entries)] for name, entries in lists.items()}


def _conditions(
    values: Mapping[str, Any], schema: Schema, visit: Visit, operation: Operation
) -> Iterator[str]:
    """The rules that a JSON Schema cannot say: width times height by engine, and one sample as a picture."""
    whole = defaults(values, schema)
    for rule in schema.get("x-pixels", ()):
        if fnmatchcase(visit.names["engine_id"], rule["engines"]):
            if not rule["minimum"] <= whole["width"] * whole["height"] <= rule["maximum"]:
                yield f"width, height: must have {rule['minimum']} to {rule['maximum']} pixels together"
            break
    if whole.get("samples", 1) > 1 and not wants_json(operation, visit.call):
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
