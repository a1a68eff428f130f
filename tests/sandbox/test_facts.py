"""The specs say what the vendor's API is: every operation, field, limit, price and answer of its document."""

import json
import re
from typing import Any

import pytest
from declared import EXAMPLES, INVALID, SPECS, load_json, parameters
from jsonschema import Draft202012Validator

from connector.spec.schema.validator import defaults

DOCUMENT = load_json("stability.openapi.json")
ANYTHING = "generic-http-request"  # reaches every operation, and is the declaration of none
DECLARED = [action for action in SPECS if action != ANYTHING]

# Where a spec differs from the document on purpose, and why.
DIFFERENCES = {
    ("*", "seed", "type"): ("integer", "number", "the vendor means whole numbers, and says number"),
    ("stable-audio-2-text-to-audio", "steps", "minimum"): (4, None, "what any model takes; rules narrow it"),
    ("stable-audio-2-text-to-audio", "steps", "maximum"): (
        100,
        None,
        "what any model takes; rules narrow it",
    ),
    ("stable-audio-2-audio-to-audio", "steps", "minimum"): (4, None, "what any model takes; rules narrow it"),
    ("stable-audio-2-audio-to-audio", "steps", "maximum"): (
        100,
        None,
        "what any model takes; rules narrow it",
    ),
}
# The operations that more than one action uses, and why.
SHARED = {
    ("GET", "/v2beta/results/{id}"): {
        "fetch-result",  # whatever started the picture
        "fetch-creative-upscale-result",  # under the product page's title, with its older address behind it
    },
}
COMPARED = ("type", "format", "enum", "minimum", "maximum", "minLength", "maxLength", "default")


def resolved(node: Any) -> Any:
    """The document's part with every reference followed."""
    if isinstance(node, list):
        return [resolved(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return resolved(found)
    return {key: resolved(value) for key, value in node.items()}


OPERATIONS = {
    (method.upper(), path): resolved(operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if not operation.get("x-legacy")
}


def address(path):
    """A spec's path as the document writes it."""
    return re.sub(r"\{\{ inputs\.(\w+) \}\}", r"{\1}", path)


def request(action):
    return SPECS[action]["request"]


def operation(action):
    return OPERATIONS[request(action)["method"], address(request(action)["path"])]


# What covers no operation is told once, by the test of just that.
COVERING = [a for a in DECLARED if (request(a)["method"], address(request(a)["path"])) in OPERATIONS]
every_action = pytest.mark.parametrize("action", COVERING)


def body(action):
    """The media type of the operation's body, its schema, and its largest size."""
    content = operation(action).get("requestBody", {}).get("content", {})
    media, entry = next(iter(content.items()), (None, {}))
    largest = operation(action).get("requestBody", {}).get("x-max-bytes")
    return media, entry.get("schema", {}), largest


def headers(action):
    found = operation(action).get("parameters", ())
    return {entry["name"].lower(): entry["schema"] for entry in found if entry["in"] == "header"}


def fields(action):
    """What the operation takes of its caller, in body and path, with values it accepts outside its enums."""
    found = dict(body(action)[1].get("properties", {}))
    for entry in operation(action).get("parameters", ()):
        if entry["in"] in ("path", "query"):
            found[entry["name"]] = entry["schema"]
    return {name: opened(entry) for name, entry in found.items()}


def opened(entry):
    more = entry.get("x-open-values", [])
    return {**entry, "enum": entry["enum"] + more} if more else entry


def schema(action):
    """The operation's inputs as one JSON Schema."""
    told = body(action)[1]
    in_path = [entry["name"] for entry in operation(action).get("parameters", ()) if entry["in"] == "path"]
    needed = [*told.get("required", ()), *in_path]
    return {**told, "required": needed, "properties": fields(action), "additionalProperties": False}


def test_every_operation_is_an_action_exactly_once():
    """Nothing of the vendor's current API is missing, nothing is declared twice, and nothing is invented."""
    covering: dict[tuple[str, str], set[str]] = {}
    for action in DECLARED:
        covering.setdefault((request(action)["method"], address(request(action)["path"])), set()).add(action)
    behind = {("GET", address(request(a)["fallback"]["path"])) for a in DECLARED if "fallback" in request(a)}
    assert set(covering) | behind == set(OPERATIONS)
    assert set(covering) & behind == set()
    assert {key: actions for key, actions in covering.items() if len(actions) > 1} == SHARED


@every_action
def test_an_action_takes_the_operation_s_fields(action):
    """No field is missing or invented, and the required ones are the same."""
    assert set(parameters(action)) == set(fields(action))
    assert sorted(SPECS[action]["inputs"].get("required", ())) == sorted(schema(action)["required"])


@every_action
def test_a_field_has_the_operation_s_type_range_values_and_default(action):
    """Whatever differs on purpose stands in the table of differences."""
    ours = {(name, word): value for name, entry in parameters(action).items() for word, value in facts(entry)}
    theirs = {(name, word): value for name, entry in fields(action).items() for word, value in facts(entry)}
    differing = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    assert {key: (ours.get(key), theirs.get(key)) for key in differing} == meant(action)


def facts(entry):
    for word in COMPARED:
        if word in entry:
            yield word, (sorted(entry[word]) if word == "enum" else entry[word])


def meant(action):
    return {
        (name, word): (ours, theirs)
        for (owner, name, word), (ours, theirs, _) in DIFFERENCES.items()
        if owner == action or (owner == "*" and name in parameters(action))
    }


@every_action
def test_a_list_of_models_is_open_where_the_service_takes_others(action):
    """Values that are accepted outside the document's enum are known, and further ones are not refused."""
    accepted = body(action)[1].get("properties", {})
    wider = {name for name, entry in accepted.items() if "x-open-values" in entry}
    open_ones = {name for name, entry in parameters(action).items() if entry.get("open")}
    assert wider <= open_ones <= {"model"}


@every_action
def test_a_file_must_be_what_the_operation_asks_for(action):
    """Formats, sides, pixels, aspect, length and size are the same; how it lies is nothing to the service."""
    ours = {
        name: {word: value for word, value in entry["file"].items() if word != "upright"}
        for name, entry in parameters(action).items()
        if "file" in entry
    }
    assert ours == {name: entry["x-file"] for name, entry in fields(action).items() if "x-file" in entry}


@every_action
def test_a_price_is_the_operation_s(action):
    """Flat, by the value of a field, or by a formula over one."""
    price = SPECS[action].get("credits")
    assert as_told(price) == operation(action).get("x-credits")


def as_told(price):
    if isinstance(price, dict):
        return {**price, "values": {value: formula(cost) for value, cost in price["values"].items()}}
    return None if price is None else {"flat": price}


def formula(cost):
    """``{{ 2 * (inputs.steps | default(50)) }}`` as the document has it: ``2 * steps``."""
    plain = str(cost).strip("{ }") if isinstance(cost, str) else cost
    return re.sub(r"\(inputs\.(\w+) \| default\([^)]*\)\)", r"\1", plain) if isinstance(plain, str) else plain


def test_a_formula_s_default_is_the_input_s():
    """What an estimate assumes is what the vendor assumes."""
    for action in ("stable-audio-2-text-to-audio", "stable-audio-2-audio-to-audio"):
        assumed = re.search(r"inputs\.steps \| default\((\d+)\)", str(SPECS[action]["credits"]))
        assert assumed is not None
        assert int(assumed[1]) == defaults(schema(action), {})["steps"]


@every_action
def test_a_request_has_the_operation_s_form(action):
    """Body kind, largest size, answer forms and the organization's header are the same."""
    media, _, largest = body(action)
    known = headers(action)
    assert request(action).get("body") == {None: None, "multipart/form-data": "multipart"}[media]
    assert request(action).get("max_bytes") == largest
    assert request(action).get("accept") == known.get("accept", {}).get("enum")
    assert {name.lower() for name in request(action).get("headers", ())} == set(known) & {"organization"}


def test_the_fallback_s_answer_forms_are_those_of_its_own_operation():
    """The older address spells them differently."""
    fallback = request("fetch-creative-upscale-result")["fallback"]
    older = OPERATIONS["GET", address(fallback["path"])]
    accepted = [entry["schema"]["enum"] for entry in older["parameters"] if entry["name"] == "accept"]
    assert accepted == [fallback["accept"]]


@every_action
def test_an_answer_is_what_the_operation_gives(action):
    """The media types and the field of the JSON form, or the schema of the JSON answer."""
    content = next(
        operation(action)["responses"][s] for s in ("200", "202") if s in operation(action)["responses"]
    )
    told = {media: entry["schema"] for media, entry in content["content"].items()}
    output = SPECS[action]["output"]
    if output["kind"] == "json":
        assert shape(output["schema"]) == shape(told["application/json"])
        return
    wrapped = [entry for media, entry in told.items() if media.startswith("application/json")]
    assert sorted(output["types"]) == sorted(
        media for media in told if not media.startswith("application/json")
    )
    assert all(output["field"] in entry["required"] for entry in wrapped)
    assert ("field" in output) == bool(wrapped)


def shape(node):
    """A JSON Schema without its words for people."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: shape(value) for key, value in node.items() if key != "description" or isinstance(value, dict)
    }


@every_action
def test_a_job_follows_the_operation_s_rules(action):
    """Where the result is fetched, how often one may ask, and how long it is kept."""
    job, told = SPECS[action].get("job"), operation(action).get("x-async")
    assert (job is None) == (told is None)
    if job is not None:
        kept = told.get("retention_hours")
        assert address(request(job["fetch"])["path"]) == told["result"]
        assert job["interval"] == told["poll_seconds"]
        assert job.get("keep") == (kept and kept * 3600)


@every_action
def test_an_unfinished_answer_is_an_outcome_where_the_operation_has_one(action):
    """A 202 beside a 200 means: ask again."""
    unfinished = {"200", "202"} <= set(operation(action)["responses"])
    assert any(rule["outcome"] == "pending" for rule in SPECS[action].get("outcomes", ())) == unfinished


@every_action
def test_what_the_vendor_ended_is_deprecated(action):
    """On the day that the vendor ended it."""
    assert SPECS[action].get("deprecated", {}).get("since") == operation(action).get("x-removed")


@pytest.mark.parametrize(
    ("action", "given"), [pytest.param(a, given, id=f"{a}-{n}") for a, n, given in EXAMPLES if a in COVERING]
)
def test_an_example_is_taken_by_the_operation_too(action, given):
    """The conditional rules of both sides let it pass."""
    assert [error.message for error in Draft202012Validator(schema(action)).iter_errors(given)] == []


@pytest.mark.parametrize(
    ("action", "case"),
    [pytest.param(a, case, id=f"{a}-{case['wrong']}") for a in COVERING for case in INVALID.get(a, ())],
)
def test_a_mistake_is_refused_by_the_operation_too(action, case):
    """What we refuse, conditional rules included, the vendor would refuse: no valid call is kept back."""
    assert not Draft202012Validator(schema(action)).is_valid(case["arguments"])


@every_action
def test_both_sides_judge_every_choice_of_inputs_alike(action):
    """For each input left out or at the ends of its range, both say the same and assume the same defaults."""
    ours, theirs = SPECS[action]["inputs"], schema(action)
    checks = Draft202012Validator(ours), Draft202012Validator(theirs)
    for given in choices(action):
        assert checks[0].is_valid(given) == checks[1].is_valid(given), given
        assert assumed(ours, given) == assumed(theirs, given), given


def choices(action):
    """Each example with one input, or each two, left out or set to the ends of what it may be."""
    for _, _, example in (entry for entry in EXAMPLES if entry[0] == action):
        single = [{**example, **change} for change in changes(action)]
        for start in (example, *single):
            yield start
            yield from ({key: value for key, value in start.items() if key != left} for left in start)
        yield from ({**start, **change} for start in single for change in changes(action))


def changes(action):
    for name, entry in parameters(action).items():
        known = entry.get("enum", ())
        ends = [entry[end] for end in ("minimum", "maximum") if end in entry]
        # A long list, such as the styles, is no rule's concern; its ends do.
        for value in (*(known if len(known) < 8 else known[:1] + known[-1:]), *ends):
            yield {name: value}
        if entry.get("format") == "binary":
            yield {name: "a-file"}


def assumed(inputs, given):
    return json.dumps(defaults(inputs, given), sort_keys=True)
