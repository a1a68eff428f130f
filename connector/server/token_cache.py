"""The token cache: whose token it is, remembered for a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

from connector.storage.connections.api_tokens import Token

# For so long a token that another process revoked may still be good here, in seconds.
_MOMENT = 1.0
_MOST = 1000


class Callers:
    """Digests of the tokens that came lately; no token itself, and nobody who was unknown."""

    def __init__(self, ask: Callable[[str], Awaitable[Token | None]]) -> None:
        self._ask = ask
        self._known: dict[bytes, tuple[Token, float]] = {}
        self._asked: dict[bytes, asyncio.Task[Token | None]] = {}

    async def who(self, token: str) -> Token | None:
        digest = sha256(token.encode("utf-8", "surrogateescape")).digest()
        found, until = self._known.get(digest, (None, 0.0))
        if found is not None and time.monotonic() < until:
            return found
        if digest not in self._asked:
            self._asked[digest] = asyncio.create_task(self._look(digest, token))
        # Who goes away takes the answer from nobody else.
        return await asyncio.shield(self._asked[digest])

    def forget(self) -> None:
        """A token was revoked: everybody is asked for again."""
        self._known.clear()

    async def _look(self, digest: bytes, token: str) -> Token | None:
        """Looked up once, for all who ask meanwhile."""
        try:
            found = await self._ask(token)
        finally:
            del self._asked[digest]
        if found is not None:
            self._remember(digest, found)
        return found

    def _remember(self, digest: bytes, token: Token) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[digest] = (token, time.monotonic() + _MOMENT)
