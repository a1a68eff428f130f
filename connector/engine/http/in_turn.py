"""Another transport in its turn under the rate limit, as far as that can be seen from outside."""

from __future__ import annotations

import httpx

from connector.engine.http.messages import Turn


class InTurn(httpx.BaseTransport):
    """Sends by a transport that knows nothing of turns, and tells of each request and its answer."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Taken out: of what is told here, ours would tell again.
        turn: Turn | None = request.extensions.pop("turn", None)
        if turn is None:
            return self._inner.handle_request(request)
        turn.leaves()
        response = self._inner.handle_request(request)
        turn.arrived(0.0)
        return response

    def close(self) -> None:
        self._inner.close()
