"""Limits on requests: how much a client may send, how slowly, and how many may ask at once."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.server.host import Host
from connector.server.problem_documents import Refused

# How much of a body that is too large is read all the same, so that its sender hears the answer.
_PATIENCE = 64 * 1024 * 1024


class Limits:
    """The ASGI layer that counts."""

    def __init__(self, app: ASGIApp, host: Host) -> None:
        self._app = app
        self._settings = host.settings
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._now >= self._settings.max_requests:
            raise Refused("busy", "too many requests are being answered; try again", retry_after=1.0)
        body = LimitedBody(receive, self._settings.max_body, self._settings.max_silence)
        self._now += 1
        try:
            await body.check_declared(Headers(scope=scope).get("content-length"))
            await self._app(scope, body.receive, send)
        finally:
            self._now -= 1


class LimitedBody:
    """The body of one request as it is received, up to its limits."""

    def __init__(self, receive: Receive, most: int, silence: float) -> None:
        self._receive = receive
        self._most = most
        self._silence = silence
        self._size = 0
        self._whole = False

    async def check_declared(self, length: str | None) -> None:
        """Refuses a body for the length that it says it has."""
        if length is not None and length.isdecimal() and int(length[:19]) > self._most:
            await self._rest()
            raise self._too_large()

    async def receive(self) -> Message:
        if self._whole:
            # What comes now is that the client has gone, whenever that is.
            return await self._receive()
        message = await self._piece()
        if self._size > self._most:
            await self._rest()
            raise self._too_large()
        return message

    async def _piece(self) -> Message:
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            said = f"nothing came for {self._silence:g} seconds; send the body without pauses"
            raise Refused("too_slow", said, {"connection": "close"}) from None
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

    async def _rest(self) -> None:
        read = self._size
        while not self._whole and self._size - read < _PATIENCE:
            await self._piece()

    def _too_large(self) -> Refused:
        said = f"the body is larger than the {self._most:,} bytes that are taken here (--max-body)"
        return Refused("too_large", said, {"connection": "close"})
