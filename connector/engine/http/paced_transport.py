"""A paced transport: another one kept to the rate limit, as far as that can be seen from outside."""

from __future__ import annotations

import httpx

from connector.engine.http.messages import Pacer


class PacedTransport(httpx.BaseTransport):
    """Sends by a transport that knows nothing of pacers, and tells of each request and its answer."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Taken out: of what is told here, ours would tell again.
        pacer: Pacer | None = request.extensions.pop("pacer", None)
        if pacer is None:
            return self._inner.handle_request(request)
        pacer.leaves()
        response = self._inner.handle_request(request)
        pacer.arrived(0.0)
        return response

    def close(self) -> None:
        self._inner.close()
