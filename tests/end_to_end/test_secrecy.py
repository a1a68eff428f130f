"""A key that was given is never seen again, whatever an upstream echoes and wherever a program looks."""

import base64
import contextlib
import copy
import json
import logging
import pickle
import socket
import threading
import traceback
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from upstream import KEY, OTHER, World, answer

from connector import errors
from connector.storage.connections.model import Configuration, Connection

CORE = ("stable-image-core", {"prompt": "x"})
FREE = ("balance", {})
GENERIC = ("generic-http-request", {"path": "/x"})
USES = {"paid": CORE, "free": FREE, "generic": GENERIC}
ENCODED = base64.b64encode(f"me:{KEY}".encode()).decode()
FORMS = (
    KEY,
    f"Bearer {KEY}",
    ENCODED,
    quote(f"?k={KEY}", safe=""),
    "".join(f"%{ord(one):02x}" for one in KEY),
    "".join(f"&#{ord(one)};" if at % 2 else one for at, one in enumerate(KEY)),
    "".join(f"\\u{ord(one):04x}" for one in KEY),
    KEY.encode().hex(),
    base64.b64encode(ENCODED.encode()).decode(),
)
# Each shows the text in another place of an answer.
ECHOES = {
    "errors": lambda status, text: answer(status, {"errors": [f"prompt: {text}", text], "id": text}),
    "message": lambda status, text: answer(status, {"message": text, "name": text, text: text}),
    "page": lambda status, text: httpx.Response(
        status, html=f"<b>{text}</b>", headers={"x-request-id": text}
    ),
    "type": lambda status, text: httpx.Response(status, content=b"\xff", headers={"content-type": text}),
    "charset": lambda status, text: httpx.Response(
        status, content=b"\xff", headers={"content-type": f"text/plain; charset={text}"}
    ),
    "coding": lambda status, text: httpx.Response(
        status, content=b"\xff", headers={"content-encoding": text, "finish-reason": text}
    ),
    "location": lambda status, text: httpx.Response(
        status, headers={"location": f"https://else.example/{text}"}
    ),
}


def parts(text):
    """What of the key may stand in no text."""
    seen = (KEY, KEY[:10], ENCODED[6:16], *(form[12:30] for form in FORMS[4:]))
    return [part for part in seen if part in text]


def frames(error):
    """What a traceback with variables would show, of our own frames and of all causes."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "/connector/" in frame.f_code.co_filename:
                yield from (f"{name}={value!r}" for name, value in frame.f_locals.items())
        error = error.__cause__ or error.__context__


def shown(outcome):
    """Everything that an outcome shows of itself."""
    yield from (repr(outcome), str(outcome), json.dumps(outcome.to_dict(), default=str))
    if isinstance(outcome, BaseException):
        yield from traceback.format_exception(outcome)
        yield from map(repr, (vars(outcome), outcome.__cause__))
        yield pickle.dumps(outcome).decode("latin-1")
    else:
        yield repr(dict(outcome.headers))


def outcome_of(world, use):
    try:
        return world.connector.invoke(use[0], use[1])
    except errors.ConnectorError as error:
        return error


def disk(home):
    return [path.read_bytes().decode("latin-1") for path in Path(home).rglob("*") if path.is_file()]


@pytest.mark.parametrize("status", [200, 202, 302, 401, 500])
@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("use", USES)
def test_what_an_upstream_echoes_is_masked(tmp_path, caplog, use, echo, status):
    """In results, errors, their causes, events, the ledger, the log, and the files on disk."""
    caplog.set_level(logging.DEBUG)
    world = World(tmp_path, *[ECHOES[echo](status, " ".join(FORMS)) for _ in range(6)])
    outcome = outcome_of(world, USES[use])
    texts = [*shown(outcome), *map(repr, [*world.events, *world.ledger.entries()]), *disk(tmp_path)]
    assert [text for text in [*texts, caplog.text] if parts(text)] == []
    world.connector.close()


def test_a_result_loses_nothing_that_only_resembles_the_key(tmp_path):
    """What an answer delivers is somebody's; only the whole key is taken out of it."""
    value = {"id": f"{KEY[:6]}-other", "of": [f"...{KEY[-4:]}", 7, None], KEY: f"x {KEY} y"}
    result = World(tmp_path, answer(200, value)).connector.invoke(*GENERIC)
    assert result.value == {
        "id": f"{KEY[:6]}-other",
        "of": [f"...{KEY[-4:]}", 7, None],
        "********": "x ******** y",
    }


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "fault", [answer(400, {"errors": ["x"]}), httpx.ReadError("x"), answer(401, {})], ids=str
)
def test_no_variable_on_the_way_to_a_failure_shows_the_key(tmp_path, use, fault):
    """As crash reporters and pretty tracebacks print them."""
    outcome = outcome_of(World(tmp_path, *[fault] * 6), USES[use])
    assert [text for text in frames(outcome) if parts(text)] == []


def test_nor_where_the_arguments_are_refused(tmp_path):
    """That happens where the request is made, with the key at hand."""
    use = ("generic-http-request", {"path": "/../x", "headers": {"a": "b\x01"}})
    outcome = outcome_of(World(tmp_path), use)
    assert isinstance(outcome, errors.InvalidArguments)
    assert [text for text in frames(outcome) if parts(text)] == []


def _header(request):
    return next(line for line in request.split(b"\r\n") if line.lower().startswith(b"authorization"))


# What a hostile server says to the request that it got.
HOSTILE = {
    "nothing": lambda request: b"",
    "the key as its status": lambda request: _header(request) + b"\r\n\r\n",
    "the key as a length": lambda request: (
        b"HTTP/1.1 200 OK\r\nContent-Length: " + _header(request) + b"\r\n\r\n"
    ),
    "the key as a chunk": lambda request: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + _header(request) + b"\r\n\r\n"
    ),
    "too little": lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nab",
}


@contextlib.contextmanager
def hostile(says):
    def serve(listening):
        with contextlib.suppress(OSError):
            while True:
                taken, _ = listening.accept()
                with taken, contextlib.suppress(OSError):
                    taken.settimeout(5)
                    taken.sendall(says(taken.recv(65536)))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("said", HOSTILE)
def test_a_hostile_server_gets_no_key_into_a_message(tmp_path, said, use):
    """Nor into the causes of an error, nor their variables."""
    from connector.engine.connector import Connector
    from connector.storage.blocking import Inline

    with (
        hostile(HOSTILE[said]) as base_url,
        Connector(home=tmp_path, environ={}, io=Inline(lambda seconds: None)) as connector,
    ):
        one = Configuration("a", ("production",), True, base_url, fields={"api_key": KEY})
        connector.workspace.connections.add(Connection("m", "stabilityai", (one,)), {"api_key"})
        try:
            outcome = connector.invoke(*USES[use])
        except errors.ConnectorError as error:
            outcome = error
        rows = map(repr, connector.workspace.ledger.entries())
        texts = [*shown(outcome), *rows, *disk(tmp_path)]
    texts += frames(outcome) if isinstance(outcome, BaseException) else ()
    assert [text for text in texts if parts(text)] == []


def test_a_token_endpoint_that_quotes_the_secret_is_masked(tmp_path):
    """It answers before the request that was asked for."""
    secret = "TOPSECRET-parcels"
    environ = {"PARCELS_CLIENT_ID": "me", "PARCELS_CLIENT_SECRET": secret}
    pair = base64.b64encode(f"me:{secret}".encode()).decode()
    said = {
        "error": "invalid_client",
        "error_description": f"no {secret}, {pair}, {secret[:8]}...{secret[-4:]}",
    }
    world = World(tmp_path, answer(401, said), integration=OTHER, environ=environ)
    action, given = _example(world)
    with pytest.raises(errors.Unauthorized) as caught:
        world.connector.invoke(action, given)
    text = "".join(shown(caught.value))
    assert [part for part in (secret, secret[:8], pair) if part in text] == []


def _example(world):
    action = next(each for each in world.connector.integration.actions.values() if each.examples)
    return action.id, action.examples[0].arguments


@pytest.mark.parametrize("around", ["{} \xe9", "\u201c{}\u201d", "{}\udcff", "{}\x00"])
def test_a_key_that_cannot_be_sent_is_told_and_not_shown(tmp_path, around):
    """It was pasted with something around it."""
    world = World(tmp_path, environ={"STABILITY_API_KEY": around.format(KEY)})
    with pytest.raises(errors.CredentialError, match="copy it again") as caught:
        world.connector.invoke(*CORE)
    assert world.sent() == []
    assert [text for text in [*shown(caught.value), *frames(caught.value)] if parts(text)] == []


def test_what_latin_1_has_can_stand_in_a_header(tmp_path):
    """Also where a redirect is followed."""
    moved = httpx.Response(302, headers={"location": "/y"})
    world = World(tmp_path, moved, answer(200, {}))
    world.connector.invoke("generic-http-request", {"path": "/x", "headers": {"x-name": "Jos\xe9"}})
    assert [request.headers.raw[-1][1] for request in world.upstream.requests]
    assert all(
        (b"x-name", "Jos\xe9".encode("latin-1")) in request.headers.raw for request in world.upstream.requests
    )


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidArguments([errors.Problem("seed", "is too large")], "erase"),
        errors.SpecError([errors.Problem("id", "is missing", "a.yaml", 3)]),
        errors.RateLimited("slow down", retry_after=7, status=429, billed="no"),
    ],
    ids=lambda error: error.code,
)
def test_an_error_crosses_from_one_process_to_another(error, twin):
    """As it was."""
    other = twin(error)
    assert (type(other), str(other), other.to_dict()) == (type(error), str(error), error.to_dict())


TYPED = [
    (*CORE[:1], {"prompt": f"use {KEY}"}),
    ("generic-http-request", {"path": f"/{KEY}", "query": {"k": KEY}, "headers": {"x": KEY}}),
    ("generic-http-request", {"path": "/x", "method": "POST", "body": "json", "json": {"k": [KEY]}}),
]


@pytest.mark.parametrize("use", TYPED, ids=["prompt", "address", "json"])
@pytest.mark.parametrize("kept", ["variable", "sealed", "reference"])
def test_a_preview_masks_a_key_that_was_typed_into_it(tmp_path, use, kept):
    """People paste it where it does not belong, and previews are passed on."""
    world = World(tmp_path, environ={"STABILITY_API_KEY" if kept == "variable" else "KEPT": KEY})
    if kept != "variable":
        one = Configuration(
            "a", ("production",), True, fields={"api_key": KEY if kept == "sealed" else "env:KEPT"}
        )
        world.connector.workspace.connections.add(Connection("m", "stabilityai", (one,)), {"api_key"})
    preview = world.connector.preview(*use)
    assert parts(f"{preview!r} {json.dumps(preview.to_dict())} {preview.curl()}") == []
