"""The token cache: whose token it is, remembered for a moment."""

from __future__ import annotations

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

    async def who(self, token: str) -> Token | None:
        digest = sha256(token.encode("utf-8", "surrogateescape")).digest()
        found, until = self._known.get(digest, (None, 0.0))
        if found is not None and time.monotonic() < until:
            return found
        found = await self._ask(token)
        if found is not None:
            self._remember(digest, found)
        return found

    def forget(self) -> None:
        """A token was revoked: everybody is asked for again."""
        self._known.clear()

    def _remember(self, digest: bytes, token: Token) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[digest] = (token, time.monotonic() + _MOMENT)
