"""Every way an answer can go is one outcome, in whichever form it comes."""

import base64
import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from connector import errors, media
from connector.engine.decode import Head, ReadResponse, decide, decode, dig
from connector.errors import ConnectorError
from connector.spec import parse
from connector.spec.loader import default_folder, load
from connector.spec.model import FactSource

FILES = sorted((Path(__file__).parents[1] / "cases" / "decode").glob("*.yaml"))
CASES = [case for file in FILES for case in yaml.safe_load(file.read_text())]
FOLDERS = {"other": Path(__file__).parents[1] / "other", "shipped": default_folder()}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP8z8DAwMAAAAYIAQF7O8TBAAAAAElFTkSuQmCC"
)
KEY = "sk-TOPSECRET-0123456"


@pytest.fixture(scope="module")
def integrations():
    return {name: load(Path(folder)) for name, folder in FOLDERS.items()}


def _answer(case):
    headers = case.get("headers", {"content-type": "application/json"} if "json" in case else {})
    return ReadResponse(case["status"], headers, media.from_bytes(_body(case)), media.from_base64)


def _body(case):
    picture = base64.b64encode(PNG).decode()
    if "json" in case:
        return json.dumps(case["json"]).replace('"PNG"', f'"{picture}"').encode()
    if "base64" in case:
        return base64.b64decode(case["base64"])
    if "nested" in case:
        return b"[" * case["nested"]
    return (
        PNG if case.get("body") == "PNG" else case.get("body", "").replace('"PNG"', f'"{picture}"').encode()
    )


def _decoded(integrations, case):
    integration = integrations[case.get("integration", "shipped")]
    action, answer = integration.actions[case["action"]], _answer(case)
    if "outcomes" in case:
        integration = replace(integration, outcomes=parse.outcomes(case["outcomes"]))
    if "own_outcomes" in case:
        action = replace(action, outcomes=parse.outcomes(case["own_outcomes"]))
    kind = "auto" if action.output.kind.startswith("{{") else action.output.kind
    rule = decide(integration, action, answer)
    return rule, lambda: decode(integration, action, answer, rule, kind=kind, paid=action.paid, secrets=[KEY])


def _with(key):
    found = [case for case in CASES if key in case]
    return pytest.mark.parametrize("case", found, ids=[case["promise"] for case in found])


@_with("result")
def test_result(integrations, case):
    """The facts are the same, whatever form they came in."""
    result = _decoded(integrations, case)[1]()
    expected = dict(case["result"])
    kind = expected.pop("media", None)
    assert (result.media.type if result.media else None) == kind
    assert {name: getattr(result, name) for name in expected} == expected


@_with("error")
def test_error(integrations, case):
    """The error has the outcome's code, and says whether it was billed."""
    rule, run = _decoded(integrations, case)
    with pytest.raises(ConnectorError) as caught:
        run()
    error, expected = caught.value, case["error"]
    assert error.code == expected["code"]
    assert error.billed == expected.get("billed", error.billed)
    assert expected.get("says", "") in error.message
    assert error.error_id == expected.get("error_id", error.error_id)
    assert error.request_id == expected.get("request_id", error.request_id)
    assert rule.ran is expected.get("ran", rule.ran)
    assert (error.result is not None) is expected.get("has_result", False)
    shown = [{"field": problem.path, "message": problem.message} for problem in error.problems]
    assert shown == expected.get("problems", shown)
    assert not [text for text in expected.get("hides", []) if text in f"{error} {error.result} {error!r}"]


def test_every_case_is_run():
    """A case that expects nothing would test nothing."""
    assert all(("result" in case) != ("error" in case) for case in CASES)


def test_what_is_nested_however_deeply_is_an_outcome(integrations):
    """A result, as far as it can be read and shown; else it is not what was promised."""
    for depth in range(50, 1000, 50):
        case = {
            "action": "balance",
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": "[" * depth + "]" * depth,
        }
        with contextlib.suppress(errors.InvalidAnswer):
            assert _decoded(integrations, case)[1]().outcome == "success"


def test_the_head_of_an_answer_tells_what_its_headers_do():
    """In whatever case they are declared; of the body nothing is known yet."""
    head = Head(200, {"x-id": "7"})
    assert head.fact(FactSource(header="X-ID", field="id")) == "7"
    assert (head.fact(FactSource(field="id")), head.at("id")) == (None, None)


COMMON = """
200 success; 299 success; 100 invalid_answer; 302 invalid_answer; 600 invalid_answer
400 bad_request no; 401 unauthorized no; 402 out_of_credits no; 403 forbidden no; 404 not_found no
410 not_found no; 413 too_large no; 422 rejected no; 418 bad_request no
429 rate_limited no unrun; 500 upstream_failed unknown; 502 upstream_failed unknown
503 upstream_failed no unrun; 599 upstream_failed unknown
"""


@pytest.mark.parametrize("meaning", [one.strip() for one in COMMON.strip().replace("\n", ";").split(";")])
def test_a_status_that_nobody_declared_has_its_common_meaning(integrations, meaning):
    """Its outcome, whether it was billed, and whether it is known that the request did not run."""
    status, outcome, *facts = meaning.split()
    integration = replace(integrations["shipped"], outcomes=())
    action, answer = integration.actions["stable-image-core"], _answer({"status": int(status)})
    rule = decide(integration, action, answer)
    assert (rule.outcome, rule.ran) == (outcome, "unrun" not in facts)
    if {"no", "unknown"} & {*facts}:
        with pytest.raises(ConnectorError) as caught:
            decode(integration, action, answer, rule, kind="media", paid=True)
        assert (caught.value.code, caught.value.billed) == (outcome, facts[0])


def test_a_long_answer_is_quoted_in_part(integrations):
    """A sentence with three hundred characters of it is told, and no more."""
    integration = integrations["shipped"]
    for headers, body in (
        ({"content-type": "application/json"}, json.dumps({"odd": "x" * 4000})),
        ({"content-type": "text/plain"}, "x" * 4000),
        ({"content-type": "text/plain"}, "x" * 299 + " " + "\u20ac" * 4000),  # cut within a character
    ):
        case = {"action": "balance", "status": 500, "headers": headers, "body": body}
        with pytest.raises(ConnectorError) as caught:
            _decoded(integrations, case)[1]()
        assert 280 < caught.value.message.count("x") <= 300
    assert integration.errors.messages


def test_a_dotted_path_goes_through_mappings_and_lists():
    """And ends in nothing where it leads nowhere."""
    value = {"a": [{"b": 1}]}
    assert [dig(value, path) for path in ("a.0.b", "a.1.b", "a.x", "q")] == [1, None, None, None]
