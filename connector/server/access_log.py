"""The access log: every request has an id, a line and its place in the metrics."""

from __future__ import annotations

import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.errors import ConnectorError
from connector.server import json_logs, problem_documents, security_headers
from connector.server.host import Host

ID_HEADER = "x-host-request-id"


class Records:
    """The outermost ASGI layer. Whatever is raised below ends here, as a problem document."""

    def __init__(self, app: ASGIApp, host: Host) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = _AccessRecord(scope, send)
        try:
            await self._answered(record, receive)
        finally:
            self._write(record)

    async def _answered(self, record: _AccessRecord, receive: Receive) -> None:
        try:
            await self._app(record.scope, receive, record.send)
        except ClientDisconnect:
            json_logs.say("gone", id=record.id)
        except ConnectorError as error:
            if not record.status:
                await problem_documents.of(error)(record.scope, receive, record.send)
        except Exception as error:
            if record.status and isinstance(error.__cause__, ConnectorError):
                # The answer had begun; that it has no end tells the client.
                json_logs.say("cut", id=record.id, code=error.__cause__.code)
                return
            json_logs.crashed(error, id=record.id, path=record.scope["path"])
            if not record.status:
                await problem_documents.internal()(record.scope, receive, record.send)

    def _write(self, record: _AccessRecord) -> None:
        route, seconds = record.route, time.perf_counter() - record.began
        method = record.scope["method"]
        metrics = self._host.metrics
        metrics.requests.labels(method if route != "none" else "any", route, str(record.status)).inc()
        metrics.request_seconds.labels(route).observe(seconds)
        caller = record.scope.get("state", {}).get("caller")
        json_logs.say(
            "request",
            id=record.id,
            client=(record.scope.get("client") or (None,))[0],  # behind a trusted proxy: as it tells
            method=method,
            path=record.scope["path"],
            status=record.status,
            seconds=round(seconds, 4),
            bytes=record.sent,
            token=caller.name if caller else None,
            run=record.scope.get("state", {}).get("run"),
        )


class _AccessRecord:
    """One request and what became of it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.id = secrets.token_hex(8)
        self.began = time.perf_counter()
        self.status = 0
        self.sent = 0
        self._send = send
        scope.setdefault("state", {})["id"] = self.id

    @property
    def route(self) -> str:
        """The pattern that the path matched, of which there are few."""
        found = self.scope.get("state", {}).get("route")
        return str(found) if found else "none"

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [*message["headers"], (ID_HEADER.encode(), self.id.encode())]
            message["headers"] = security_headers.added(
                self.scope["path"], own, self.scope["scheme"] == "https"
            )
        elif message["type"] == "http.response.body":
            if self.scope["method"] == "HEAD":
                message["body"] = b""
            self.sent += len(message.get("body", b""))
        await self._send(message)
