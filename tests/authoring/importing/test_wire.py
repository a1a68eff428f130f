"""Actions that were imported are used over a port: what arrives there is what the document asks for."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connector import Connector
from connector.cli import main
from connector.errors import OutcomeUnknown

OPERATIONS: dict[str, Any] = {
    "/things/{id}/{tags}": {
        "get": {
            "operationId": "look",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "tags", "in": "path", "required": True, "schema": {"type": "array"}},
                {"name": "many", "in": "query", "schema": {"type": "array"}},
                {"name": "csv", "in": "query", "explode": False, "schema": {"type": "array"}},
                {"name": "deep", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                {"name": "$top", "in": "query", "schema": {"type": "integer"}},
                {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
            ],
        }
    },
    "/json": {
        "post": {
            "operationId": "send-json",
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["first-name"],
                            "properties": {"first-name": {"type": "string"}, "age": {"type": "integer"}},
                        }
                    }
                },
            },
        }
    },
    "/form": {
        "post": {
            "operationId": "send-form",
            "requestBody": {
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {
                            "type": "object",
                            "properties": {"card": {"type": "object"}, "ids": {"type": "array"}},
                        },
                        "encoding": {"card": {"style": "deepObject", "explode": True}},
                    }
                }
            },
        }
    },
    "/upload": {
        "post": {
            "operationId": "upload",
            "requestBody": {
                "content": {
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "photo": {"type": "string", "format": "binary"},
                                "title": {"type": "string"},
                            },
                        }
                    }
                }
            },
        }
    },
    "/raw": {
        "put": {
            "operationId": "send-bytes",
            "requestBody": {"content": {"application/octet-stream": {"schema": {}}}},
        }
    },
}


@dataclass
class Arrived:
    """A request as it arrived."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Far:
    """The far side, on a port."""

    url: str
    document: dict[str, Any]
    arrived: list[Arrived] = field(default_factory=list)
    redirect: str = ""
    mute: bool = False


@pytest.fixture
def far() -> Iterator[Far]:
    found = Far("", {})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.arrived.append(Arrived(self.command, parts.path, parse_qsl(parts.query), headers, body))
            if found.mute:
                self.close_connection = True
                return
            answers: dict[str, Any] = {"/openapi.json": found.document, "/api/token": {"access_token": "T-1"}}
            content = json.dumps(answers.get(parts.path, {"ok": True})).encode()
            self.send_response(302 if parts.path == "/moved" else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            if parts.path == "/moved":
                self.send_header("location", found.redirect)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    found.document = _document({})
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def _document(scheme: dict[str, Any]) -> dict[str, Any]:
    answers = {"200": {"description": "ok", "content": {"application/json": {}}}}
    paths = {
        path: {method: {**operation, "responses": answers} for method, operation in item.items()}
        for path, item in OPERATIONS.items()
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Far", "version": "1.0.0"},
        "servers": [{"url": "/api"}],
        "paths": paths,
        "security": [{name: [] for name in scheme}] if scheme else [],
        "components": {"securitySchemes": scheme},
    }


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _used(far: Far, tmp_path: Path, action: str, arguments: dict[str, Any], **environ: str) -> Arrived:
    """What arrives when an action of the imported document is invoked."""
    made = tmp_path / "made"
    assert main(["import", "openapi", f"{far.url}/openapi.json", "-o", str(made), "--quiet"]) == 0
    with Connector(made, home=tmp_path / "home", environ=environ) as connector:
        assert connector.invoke(action, arguments).value == {"ok": True}
    return far.arrived[-1]


def test_parameters_arrive_in_their_places(far: Far, tmp_path: Path) -> None:
    """Path, query and header, each in its style."""
    given = {
        "id": "a/b", "tags": ["x", "y"], "many": [1, 2], "csv": ["a", "b"], "deep": {"k": "v"}, "top": 5,
        "x_trace": "t-1",
    }  # fmt: skip
    seen = _used(far, tmp_path, "look", given)
    assert (seen.method, seen.path) == ("GET", "/api/things/a%2Fb/x,y")
    assert seen.query == [("many", "1"), ("many", "2"), ("csv", "a,b"), ("deep[k]", "v"), ("$top", "5")]
    assert (seen.headers["x-trace"], seen.headers["accept"]) == ("t-1", "application/json")


def test_what_may_change_something_is_not_sent_twice(far: Far, tmp_path: Path) -> None:
    """It has no price: where no answer came, nobody knows whether it was done and what it cost."""
    made = tmp_path / "made"
    assert main(["import", "openapi", f"{far.url}/openapi.json", "-o", str(made), "--quiet"]) == 0
    far.arrived.clear()
    far.mute = True
    with Connector(made, home=tmp_path / "home", environ={}) as connector:
        with pytest.raises(OutcomeUnknown) as lost:
            connector.invoke("send-json", {"first_name": "Ada"})
        assert connector.estimate("send-json", {"first_name": "Ada"}).credits is None
        assert connector.estimate("look", {"id": "1", "tags": ["x"]}).credits == 0
    assert lost.value.billed == "unknown"
    assert len(far.arrived) == 1


def test_json_arrives(far: Far, tmp_path: Path) -> None:
    """Under the document's names, and only what was given."""
    seen = _used(far, tmp_path, "send-json", {"first_name": "Ada"})
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {"first-name": "Ada"}


def test_a_form_arrives(far: Far, tmp_path: Path) -> None:
    """Nested as the document has it."""
    seen = _used(far, tmp_path, "send-form", {"card": {"number": "4242", "exp": {"year": 30}}, "ids": [1, 2]})
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    sent = [("card[number]", "4242"), ("card[exp][year]", "30"), ("ids", "1"), ("ids", "2")]
    assert parse_qsl(seen.body.decode()) == sent


def test_a_file_arrives(far: Far, tmp_path: Path) -> None:
    """In a multipart form, beside plain fields."""
    (tmp_path / "note.txt").write_bytes(b"hello")
    seen = _used(far, tmp_path, "upload", {"photo": tmp_path / "note.txt", "title": "A note"})
    head = f"content-type: {seen.headers['content-type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + seen.body).get_payload()
    told = {part.get_param("name", header="content-disposition"): part for part in parts}
    assert told["photo"].get_filename() == "note.txt"
    assert [told[name].get_payload(decode=True) for name in ("photo", "title")] == [b"hello", b"A note"]


def test_bytes_arrive(far: Far, tmp_path: Path) -> None:
    """As they are."""
    seen = _used(far, tmp_path, "send-bytes", {"body": b"\x00\x01"})
    assert (seen.method, seen.body) == ("PUT", b"\x00\x01")
    assert seen.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("scheme", "environ", "header", "query"),
    [
        ({"type": "http", "scheme": "bearer"}, {"FAR_TOKEN": "K"}, ("authorization", "Bearer K"), []),
        (
            {"type": "http", "scheme": "basic"},
            {"FAR_USERNAME": "me", "FAR_PASSWORD": "K"},
            ("authorization", f"Basic {base64.b64encode(b'me:K').decode()}"),
            [],
        ),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, {"FAR_API_KEY": "K"}, ("x-key", "K"), []),
        ({"type": "apiKey", "in": "query", "name": "key"}, {"FAR_API_KEY": "K"}, None, [("key", "K")]),
        (
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/api/token", "scopes": {}}}},
            {"FAR_CLIENT_ID": "me", "FAR_CLIENT_SECRET": "K"},
            ("authorization", "Bearer T-1"),
            [],
        ),
    ],
    ids=["bearer", "basic", "header", "query", "oauth2"],
)
def test_credentials_arrive(
    far: Far, tmp_path: Path, scheme: Any, environ: dict[str, str], header: Any, query: Any
) -> None:
    """Each scheme as it is declared, from the variables that the manifest names."""
    far.document = _document({"only": scheme})
    seen = _used(far, tmp_path, "send-json", {"first_name": "Ada"}, **environ)
    assert header is None or seen.headers[header[0]] == header[1]
    assert seen.query == query


def test_two_keys_arrive(far: Far, tmp_path: Path) -> None:
    """Where an operation asks for both."""
    keys = {name: {"type": "apiKey", "in": "header", "name": name} for name in ("X-App", "X-Key")}
    far.document = _document(keys)
    seen = _used(far, tmp_path, "send-json", {"first_name": "Ada"}, FAR_API_KEY="A", FAR_X_KEY="B")
    assert (seen.headers["x-app"], seen.headers["x-key"]) == ("A", "B")


def test_a_redirect_is_followed_at_home_only(
    far: Far, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is asked of a host that nobody named, and no folder is made."""
    far.redirect = "/openapi.json"
    assert main(["import", "openapi", f"{far.url}/moved", "-o", str(tmp_path / "one"), "--quiet"]) == 0
    far.redirect = far.url.replace("127.0.0.1", "localhost") + "/openapi.json"
    before = len(far.arrived)
    assert main(["import", "openapi", f"{far.url}/moved", "-o", str(tmp_path / "two")]) != 0
    assert "redirects to another host, localhost" in capsys.readouterr().err
    assert (len(far.arrived), (tmp_path / "two").exists()) == (before + 1, False)


def test_the_report_is_json_too(far: Far, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With each operation's id, address, what it is and what was done instead; and the list comes at once."""
    far.document["paths"]["/x"] = {"trace": {"responses": {}}}
    made = str(tmp_path / "made")
    assert main(["import", "openapi", f"{far.url}/openapi.json", "-o", made, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["operations"], told["left_out"], told["integration"]) == (6, 1, "far")
    assert told["remarks"] == [
        {
            "operation": "TRACE /x",
            "action": None,
            "remarks": [{"what": "TRACE is no method that is sent", "instead": "it is left out"}],
        }
    ]
    assert main(["actions", "--integration", made, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["actions"]) == 5
    assert main(["import", "openapi", f"{far.url}/openapi.json", "-o", made]) == 2
