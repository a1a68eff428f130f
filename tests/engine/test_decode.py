"""Every way an answer can go is one outcome, in whichever form it comes."""

import base64
import json
from pathlib import Path

import pytest
import yaml

from connector import media
from connector.engine.decode import Answer, decide, decode, dig, retry_after
from connector.errors import ConnectorError
from connector.spec.loader import default_folder, load

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "decode" / "answers.yaml").read_text())
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
    return Answer(case["status"], headers, media.from_bytes(_body(case)), media.from_base64)


def _body(case):
    if "json" in case:
        picture = base64.b64encode(PNG).decode()
        return json.dumps(case["json"]).replace('"PNG"', f'"{picture}"').encode()
    if "base64" in case:
        return base64.b64decode(case["base64"])
    return PNG if case.get("body") == "PNG" else case.get("body", "").encode()


def _decoded(integrations, case):
    integration = integrations[case.get("integration", "shipped")]
    action, answer = integration.actions[case["action"]], _answer(case)
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
    assert rule.ran is expected.get("ran", rule.ran)
    assert (error.result is not None) is expected.get("has_result", False)
    shown = [{"field": problem.path, "message": problem.message} for problem in error.problems]
    assert shown == expected.get("problems", shown)
    assert not [text for text in expected.get("hides", []) if text in str(error)]


def test_every_case_is_run():
    """A case that expects nothing would test nothing."""
    assert all(("result" in case) != ("error" in case) for case in CASES)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("", None), ("soon", None), ("Thu, 01 Jan 1970 00:01:00 GMT", 10), ("-3", None)],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    """Anything else is as if it were not there."""
    assert retry_after({"retry-after": text} if text else {}, now=50) == seconds


def test_a_dotted_path_goes_through_mappings_and_lists():
    """And ends in nothing where it leads nowhere."""
    value = {"a": [{"b": 1}]}
    assert [dig(value, path) for path in ("a.0.b", "a.1.b", "a.x", "q")] == [1, None, None, None]
