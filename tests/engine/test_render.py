"""Arguments become exactly the request that the spec declares."""

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from connector.engine.auth import Authorization
from connector.engine.http.messages import Multipart, Raw
from connector.engine.render import Target, body_size, render
from connector.errors import InvalidArguments
from connector.spec import parse, url
from connector.spec.loader import default_folder, load
from connector.spec.model import TimeoutSpec

CASES = Path(__file__).parents[1] / "cases" / "render"
FOLDERS = {"other": Path(__file__).parents[1] / "other", "shipped": default_folder()}
BASE_URL = "https://far.example/api/"
PROVEN = Authorization((("authorization", "Bearer TOKEN"),), secrets=("TOKEN",))


@dataclass
class GivenFile:
    """A file as the media room would have made it."""

    name: str
    size: int
    content: bytes = b""
    type: str = "image/png"

    def open(self):
        return io.BytesIO(self.content)


def _argument(value):
    if isinstance(value, dict) and "name" in value and ("bytes" in value or "size" in value):
        content = value.get("bytes", "").encode()
        return GivenFile(value["name"], value.get("size", len(content)), content)
    if isinstance(value, dict):
        return {name: _argument(entry) for name, entry in value.items()}
    return value


def _cases():
    for file in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text()):
            yield pytest.param(case, id=case["promise"])


@pytest.fixture(scope="module")
def integrations():
    return {name: load(Path(folder)) for name, folder in FOLDERS.items()}


def _rendered(integrations, case):
    integration = replace(integrations[case.get("integration", "other")], **case.get("manifest", {}))
    proven = tuple(case["proven"].items()) if "proven" in case else PROVEN.headers
    return render(
        integration,
        _declared(case) if "request_spec" in case else integration.actions[case["action"]],
        {name: _argument(value) for name, value in case["arguments"].items()},
        Target(BASE_URL, tuple(case.get("connection", {}).items()), case.get("credential", {})),
        replace(PROVEN, headers=proven, query=tuple(case.get("proven_query", {}).items())),
        accept=case.get("accept"),
        fallback=case.get("fallback", False),
    )


def _declared(case):
    """An action of the case's own, whose inputs are whatever is given."""
    inputs = {"type": "object", "properties": {name: {} for name in case["arguments"]}}
    texts = dict.fromkeys(("id", "title", "group", "description"), "a test's")
    return parse.action({**texts, "request": case["request_spec"], "inputs": inputs, "output": {}})


@pytest.mark.parametrize("case", [case for case in _cases() if "request" in case.values[0]])
def test_request(integrations, case):
    """Method, address, headers and body are the declared ones."""
    request, expected = _rendered(integrations, case), case["request"]
    headers = {name.lower(): value for name, value in request.headers}
    assert request.method == expected.get("method", request.method)
    assert request.url == expected.get("url", request.url)
    assert {name: headers.get(name) for name in expected.get("headers", {})} == expected.get("headers", {})
    assert not [name for name in expected.get("absent_headers", []) if name in headers]
    assert [*map(list, request.headers)] == expected.get("lines", [*map(list, request.headers)])
    assert body_size(request.body) == expected.get("bytes", body_size(request.body))
    _check_body(request.body, expected)


def _check_body(body, expected):
    if "no_body" in expected:
        assert body is None
    if "json" in expected:
        assert isinstance(body, Raw)
        assert (json.loads(body.content), body.content_type) == (expected["json"], "application/json")
    if "form" in expected:
        assert body == Raw(expected["form"].encode(), "application/x-www-form-urlencoded")
    if "parts" in expected:
        assert isinstance(body, Multipart)
        assert [_shown(part) for part in body.parts] == expected["parts"]


def _shown(part):
    if isinstance(part.value, str):
        kind = {"type": part.content_type} if part.content_type else {}
        return {"name": part.name, "value": part.value, **kind}
    return {"name": part.name, "filename": part.filename, "bytes": part.value.size}


@pytest.mark.parametrize("case", [case for case in _cases() if "problems" in case.values[0]])
def test_refusal(integrations, case):
    """What cannot stand where it has to go is named by its field, and there is no request."""
    with pytest.raises(InvalidArguments) as caught:
        _rendered(integrations, case)
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert found.keys() == {problem["field"] for problem in case["problems"]}
    for problem in case["problems"]:
        assert problem["says"] in found[problem["field"]]


@pytest.mark.parametrize(
    ("own", "common", "expected"),
    [
        (TimeoutSpec(1, 2, 3), TimeoutSpec(4, 5, 6), (1, 2, 3)),
        (TimeoutSpec(4, 5, 6), TimeoutSpec(1, 2, 3), (4, 5, 6)),
        (TimeoutSpec(), TimeoutSpec(1, 2, 3), (1, 2, 3)),
        (TimeoutSpec(read=9), TimeoutSpec(1, 2, 3), (1, 9, 3)),
        (TimeoutSpec(), TimeoutSpec(), (10, 180, None)),
    ],
    ids=str,
)
def test_the_actions_own_timeout_counts_before_the_integrations(integrations, own, common, expected):
    """Each of its three figures by itself, whichever is longer; where both are silent there is a third."""
    other = replace(integrations["other"], timeout=common)
    action = replace(other.actions["track-parcel-of-the-day"], timeout=own)
    found = render(other, action, {}, Target(BASE_URL), PROVEN).timeout
    assert (found.connect, found.read, found.total) == expected


def test_what_the_answer_may_be_and_what_nobody_may_see_goes_with_the_request(integrations):
    """Whoever sends it reads no more than that, and shows none of them."""
    other = replace(integrations["other"], max_response_bytes=77)
    request = render(other, other.actions["track-parcel-of-the-day"], {}, Target(BASE_URL), PROVEN)
    assert (request.max_response_bytes, request.secrets) == (77, ("TOKEN",))


@pytest.mark.parametrize("more", [0, 1])
def test_an_address_may_be_as_long_as_that_and_no_longer(integrations, more):
    """What is longer is told at the input that makes it so."""
    query = {"a": "{{ inputs.a }}", "b": "{{ inputs.b }}"}
    long = "y" * (url.LONGEST - len(f"{BASE_URL}x?a=x&b=") + more)
    case = {
        "request_spec": {"method": "GET", "path": "/x", "query": query},
        "arguments": {"a": "x", "b": long},
    }
    if not more:
        assert len(_rendered(integrations, case).url) == url.LONGEST == 60_000
        return
    with pytest.raises(InvalidArguments) as caught:
        _rendered(integrations, case)
    assert [problem.path for problem in caught.value.problems] == ["b"]


def test_every_shipped_example_renders(integrations):
    """Each action's own example becomes a request below the base URL."""
    integration = integrations["shipped"]
    for action in integration.actions.values():
        for example in action.examples:
            given = {
                name: GivenFile("a.png", 3) if name in action.files else value
                for name, value in example.arguments.items()
            }
            request = render(integration, action, given, Target("https://far.example"), PROVEN)
            assert request.url.startswith("https://far.example/")
