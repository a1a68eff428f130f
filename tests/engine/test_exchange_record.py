"""What left and what came back is told of each attempt, and no secret with it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from upstream import Clock

from connector import Connector
from connector.engine.http.transport import HttpTransport
from connector.errors import UpstreamFailed
from connector.events import Event
from connector.media import from_bytes
from connector.spec.cache import default_folder
from connector.spec.loader import load
from connector.storage.blocking import Inline

INTEGRATION = load(default_folder())
KEY, HEADER, QUERY, FIELD, COOKIE = (
    f"sk-{name}-0f9a7c3e5b1d" for name in ("key", "head", "query", "field", "jar")
)


def told(home: Path, upstream: Any, action: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """The exchanges of an invocation, as they are kept."""
    events: list[Event] = []
    clock = Clock()
    with (
        Connector(
            INTEGRATION,
            home=home,
            environ={"STABILITY_API_KEY": KEY},
            on_event=events.append,
            transport=HttpTransport(httpx.MockTransport(upstream)),
            clock=clock,
            io=Inline(clock.sleep),
        ) as connector,
        suppress(UpstreamFailed),
    ):
        connector.invoke(action, arguments)
    assert KEY not in repr(events)
    return [json.loads(json.dumps(event.facts["exchange"])) for event in events if event.kind == "answered"]


def echo(request: httpx.Request) -> httpx.Response:
    """Everything comes back in a header, as it was and encoded."""
    secrets = [KEY, HEADER, QUERY, FIELD]
    headers = {f"x-echo-{at}": f"you sent {secret}" for at, secret in enumerate(secrets)}
    headers |= {"set-cookie": f"id={COOKIE}", "x-quoted": QUERY.replace("-", "%2D"), "x-request-id": "r1"}
    return httpx.Response(200, json={"fine": True}, headers=headers)


def test_no_secret_is_in_it(tmp_path: Path) -> None:
    """Be it the credential, or a caller's in a header, the address or a field, or what an answer echoes."""
    given = {
        "method": "POST",
        "path": "/v1/things",
        "headers": {"X-Api-Key": HEADER, "X-Own": HEADER + "2", "accept-language": "de"},
        "query": {"token": QUERY, "page": 2},
        "body": "multipart",
        "fields": {"secret": FIELD, "prompt": "a boat"},
    }
    [found] = told(tmp_path, echo, "generic-http-request", given)
    whole = json.dumps(found)
    assert [secret for secret in (KEY, HEADER, QUERY, FIELD, COOKIE) if secret in whole] == []
    assert QUERY.replace("-", "%2D") not in whole
    assert found["url"].endswith("/v1/things?token=********&page=2")
    assert (found["method"], found["status"], found["error"]) == ("POST", 200, None)
    assert found["headers"]["accept-language"] == "de"
    assert [found["headers"][name] for name in ("authorization", "x-api-key", "x-own")] == ["********"] * 3
    assert {"name": "prompt", "value": "a boat"} in found["fields"]
    assert (found["answer_headers"]["x-request-id"], found["answer_headers"]["set-cookie"]) == (
        "r1",
        "********",
    )
    assert found["answer_headers"]["x-echo-0"] == "you sent ********"


def test_each_attempt_is_told(tmp_path: Path) -> None:
    """With its number, its answer or why there is none, and how long each part took."""
    answers = iter(
        [httpx.Response(503), httpx.ConnectError("refused"), httpx.Response(200, json={"credits": 5})]
    )

    def upstream(request: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = told(tmp_path, upstream, "balance", {})
    assert [(one["attempt"], one["status"], one["error"]) for one in found] == [
        (1, 503, "upstream_failed"), (2, None, "unreachable"), (3, 200, None)
    ]  # fmt: skip
    assert list(found[0]["timing"]) == ["waited", "connecting", "first_byte", "whole"]
    assert list(found[1]["timing"]) == ["waited", "connecting", "whole"]


@pytest.mark.parametrize("name", ["image", "mask"])
def test_a_file_is_told_by_its_type_and_size(tmp_path: Path, name: str) -> None:
    room = (Path(default_folder()) / "actions" / "samples" / "room.png").read_bytes()
    mask = (Path(default_folder()) / "actions" / "samples" / "room-mask.png").read_bytes()
    given = {"image": from_bytes(room, name="room.png"), "mask": from_bytes(mask, name="mask.png")}
    [found] = told(tmp_path, lambda request: httpx.Response(500), "erase", given)
    sizes = {"image": len(room), "mask": len(mask)}
    field = next(each for each in found["fields"] if each["name"] == name)
    assert (field["type"], field["bytes"]) == ("image/png", sizes[name])
