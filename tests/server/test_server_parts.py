"""The parts of the host that are plain functions: texts, ranges, wishes, schemas, events, counts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from prometheus_client import parser as prometheus_parser
from prometheus_client.openmetrics import parser as openmetrics_parser
from server.support import cases

from connector import errors
from connector.server import (
    json_reply,
    prometheus,
    query_values,
    responses,
    security_headers,
    send_file,
    sse,
)
from connector.server import problem_documents as problems
from connector.server.openapi import components
from connector.spec.schema import plain_schema


@pytest.mark.parametrize("case", cases("fields"), ids=lambda case: case["name"])
def test_texts_become_values(case: dict[str, Any]) -> None:
    """A query or a form says what JSON would have said."""
    assert query_values.values(case["schema"], map(tuple, case["given"])) == case["values"]


def test_a_file_stays_as_it_is() -> None:
    """What is no text is not read."""
    assert query_values.values({"properties": {"image": {"type": "string"}}}, [("image", b"x")]) == {
        "image": b"x"
    }


@pytest.mark.parametrize("case", cases("ranges"), ids=str)
def test_a_range_means_bytes(case: dict[str, Any]) -> None:
    """One range is served, none is refused, and whatever else is asked for is the whole file."""
    if case["means"] == "none":
        with pytest.raises(send_file.Unsatisfiable):
            send_file.wanted(case["header"], case["size"])
        return
    found = send_file.wanted(case["header"], case["size"])
    assert found == (None if case["means"] == "whole" else tuple(case["means"]))


@pytest.mark.parametrize("case", cases("accept"), ids=str)
def test_a_client_gets_the_file_where_it_prefers_it(case: dict[str, Any]) -> None:
    """Who accepts pictures gets one; who says nothing gets JSON about it."""
    assert responses.prefers(case["accept"], case["kind"]) is case["file"]


@pytest.mark.parametrize(
    ("header", "same"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), (None, False)],
)
def test_an_etag_is_known_again(header: str | None, same: bool) -> None:
    """By itself, in a list, and marked as weak."""
    assert send_file.matches(header, '"a"') is same


def _kinds(kind: type[errors.ConnectorError]) -> list[type[errors.ConnectorError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _kinds(below))]


@pytest.mark.parametrize(
    "kind", [each for each in _kinds(errors.ConnectorError) if each is not problems.Refused]
)
def test_every_error_has_a_status(kind: type[errors.ConnectorError]) -> None:
    """A failure is a problem document with its code, a title and a status that is an error's."""
    told = problems.document(
        {"code": kind.code, "message": "why", "billed": "no", "retryable": kind.retryable}
    )
    assert told["status"] >= 400
    assert told["type"] == f"urn:connector:{kind.code}"
    assert (told["title"], told["detail"], told["problems"]) == (
        problems.STATUSES[kind.code][1],
        "why",
        [],
    )


def test_what_may_have_been_paid_for_invites_no_repetition() -> None:
    """Clients repeat 429, 502, 503 and 504 by themselves; these are none of them."""
    repeated = {429, 502, 503, 504}
    assert {problems.STATUSES[code][0] for code in ("unknown", "job_pending", "cap_reached")}.isdisjoint(
        repeated
    )


def test_an_upstreams_status_is_told_apart() -> None:
    """The document's status is the host's own."""
    told = problems.document(errors.Unauthorized("no", status=401, request_id="r").to_dict(), run="7")
    assert (told["status"], told["upstream_status"], told["request_id"], told["run"]) == (424, 401, "r", "7")


def test_an_open_enum_is_any_other_value_too() -> None:
    """Readers elsewhere do not know the word `open`."""
    schema = {"type": "string", "open": True, "enum": ["a"], "unit": "pixels", "title": "Model"}
    told = plain_schema.plain(schema)
    assert told["anyOf"][0] == {"enum": ["a"]}
    assert "open" not in told
    assert "enum" not in told
    assert (told["x-unit"], told["title"]) == ("pixels", "Model")


def test_a_file_is_a_reference_in_json_and_a_part_in_a_form() -> None:
    """Its rules go with it."""
    schema = {
        "type": "string",
        "format": "binary",
        "title": "Mask",
        "file": {"formats": ["png"]},
        "mask_of": "image",
    }
    in_json, in_form = plain_schema.plain(schema), plain_schema.plain(schema, "form")
    assert in_json["anyOf"] == [{"$ref": "#/components/schemas/GivenFile"}]
    assert in_form["contentMediaType"] == "application/octet-stream"
    for told in (in_json, in_form):
        assert (told["x-file"], told["x-mask-of"], told["title"]) == ({"formats": ["png"]}, "image", "Mask")
        assert "file" not in told


def test_an_input_may_be_named_like_a_word_of_ours() -> None:
    """Names of properties are no words of the schema."""
    schema = {"properties": {"file": {"type": "string"}, "unit": {"type": "string", "unit": "s"}}}
    assert plain_schema.plain(schema) == {
        "properties": {"file": {"type": "string"}, "unit": {"type": "string", "x-unit": "s"}}
    }


def test_every_schema_that_is_named_is_there() -> None:
    """References inside the components lead somewhere."""
    text = json.dumps(components.SCHEMAS)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= components.SCHEMAS.keys()


@dataclass(frozen=True)
class Shown:
    id: str
    created: float
    state: Literal["open", "ended"]
    names: tuple[str, ...]
    seconds: float | None = None
    text: str = ""


def test_a_schema_is_made_of_the_value() -> None:
    """Each field with its type, but what is hidden; what is said of one, and what is one more."""
    schema = components.shape(
        Shown, without={"text"}, id={"description": "Its name."}, left={"type": "integer"}
    )
    assert schema["properties"] == {
        "id": {"type": "string", "description": "Its name."},
        "created": {"type": "string", "format": "date-time"},
        "state": {"enum": ["open", "ended"]},
        "names": {"type": "array", "items": {"type": "string"}},
        "seconds": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "left": {"type": "integer"},
    }
    assert schema["required"] == sorted(schema["properties"])


def test_what_may_be_left_out_is_never_null() -> None:
    """Where a value shows no absent facts."""
    schema = components.shape(Shown, sparse=True)
    assert schema["properties"]["seconds"] == {"type": "number"}
    assert "seconds" not in schema["required"]


@dataclass(frozen=True)
class Step:
    seq: int
    kind: str
    data: dict[str, Any]


def test_an_event_is_one_frame() -> None:
    """With its number, so that a client can say what it has; a line break in it does not end it."""
    framed = sse.framed(Step(3, "poll", {"sentence": "a\nb"}))
    assert framed == b'id: 3\nevent: poll\ndata: {"sentence":"a\\nb"}\n\n'


def test_a_stream_has_a_sign_of_life_and_ends_with_its_events() -> None:
    """While nothing happens, the connection is kept open by a comment."""

    async def events(is_alive: asyncio.Event) -> Any:
        yield Step(1, "running", {})
        await is_alive.wait()
        yield Step(2, "succeeded", {})

    async def heard() -> list[bytes]:
        frames, is_alive = [], asyncio.Event()
        async for frame in sse.stream(events(is_alive), 0.01, asyncio.Event()):
            frames.append(frame)
            if frame == sse.HEARTBEAT:
                is_alive.set()
        return frames

    frames = asyncio.run(heard())
    assert frames[0] == sse.OPENING
    assert sse.HEARTBEAT in frames
    assert [frame for frame in frames if frame.startswith(b"id:")][-1].startswith(b"id: 2")


def test_a_stream_ends_when_the_host_stops() -> None:
    """Nobody is kept waiting by an event that will not come."""

    async def never() -> Any:
        await asyncio.Event().wait()
        yield

    async def heard() -> list[bytes]:
        stopping = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, stopping.set)
        return [frame async for frame in sse.stream(never(), 60, stopping)]

    assert asyncio.run(heard()) == [sse.OPENING]


@pytest.mark.parametrize(
    ("header", "seen"), [(None, 0), ("7", 7), ("x", 0), ("-1", 0), ("9" * 30, 0), ("\u0667", 0)]
)
def test_the_last_event_is_a_number(header: str | None, seen: int) -> None:
    """What is no number of ours begins at the start."""
    assert sse.last_seen(header) == seen


def _counted() -> prometheus.Metrics:
    metrics = prometheus.Metrics()
    metrics.runs.labels('a"b\\c\nd', "sandbox", "success").inc(2)
    for seconds in (0.05, 0.1, 0.5, 7):
        metrics.request_seconds.labels("/").observe(seconds)
    metrics.add(prometheus.Gauge("now", "Now.", "of", read=lambda: [(("it",), 2.5)]))
    return metrics


def test_counts_are_what_prometheus_reads() -> None:
    """Buckets add up, a label's quotes and line breaks are escaped, and nobody hears when we began."""
    text, kind = _counted().page()
    lines = text.decode().splitlines()
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    assert (
        'connector_runs_total{action="a\\"b\\\\c\\nd",environment="sandbox",outcome="success"} 2.0' in lines
    )
    time = "connector_http_request_seconds"
    assert f"# TYPE {time} histogram" in lines
    for bound, count in (("0.05", 1), ("0.1", 2), ("1.0", 3), ("+Inf", 4)):
        assert f'{time}_bucket{{le="{bound}",route="/"}} {count}.0' in lines
    assert f'{time}_sum{{route="/"}} 7.65' in lines
    assert f'{time}_count{{route="/"}} 4.0' in lines
    assert lines[-1] == 'now{of="it"} 2.5'
    assert "_created" not in text.decode()


@pytest.mark.parametrize(
    ("accept", "open_metrics"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2", True),
        ("text/plain, application/openmetrics-text", True),
        ("text/plain;version=strange", False),
        ("*/*", False),
    ],
)
def test_who_takes_openmetrics_gets_it(accept: str, open_metrics: bool) -> None:
    """The same samples, with the end that tells a whole page from half of one."""
    text, kind = _counted().page(accept)
    assert kind.startswith("application/openmetrics-text" if open_metrics else "text/plain; version=0.0.4")
    assert text.endswith(b"\n# EOF\n") == open_metrics
    assert "_created" not in text.decode()
    read = (openmetrics_parser if open_metrics else prometheus_parser).text_string_to_metric_families
    samples = {each.name: each.value for family in read(text.decode()) for each in family.samples}
    assert (samples["connector_runs_total"], samples["now"]) == (2.0, 2.5)


def test_each_host_counts_by_itself() -> None:
    """Two in one process do not share a registry, and neither tells of the process."""
    one, other = _counted(), prometheus.Metrics()
    assert b"sandbox" in one.page()[0]
    assert b"sandbox" not in other.page()[0]
    assert b"python_info" not in one.page()[0]


def test_an_answers_own_headers_go_first() -> None:
    """A page may narrow the policy; over TLS browsers are told to stay there."""
    own = [(b"content-security-policy", b"default-src 'none'")]
    told = security_headers.added("/page", own, secure=True)
    assert [value for name, value in told if name == b"content-security-policy"] == [b"default-src 'none'"]
    assert b"strict-transport-security" in dict(told)
    assert b"strict-transport-security" not in dict(security_headers.added("/page", own, secure=False))


def test_an_answer_is_json_whatever_is_in_it() -> None:
    """Half a character is escaped, and a number that JSON does not have is null."""
    content = json_reply.Reply({"a": "\ud800", "b": [float("nan"), {"c": float("inf")}], "d": "\u00e9"}).body
    assert json.loads(content) == {"a": "\ud800", "b": [None, {"c": None}], "d": "\u00e9"}
