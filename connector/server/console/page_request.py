"""The request of a page: who looks at which host, and what the address holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connector.server.host import Host
from connector.storage.connections.api_tokens import Token

Page = Callable[["PageRequest"], Response]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One look at a page, or at a part of one that is made of the ``body``."""

    host: Host
    request: Request
    body: Any = None

    @property
    def caller(self) -> Token | None:
        found: Token | None = getattr(self.request.state, "caller", None)
        return found

    @property
    def manages(self) -> bool:
        return self.caller is not None and self.caller.may_manage

    @property
    def base(self) -> str:
        """Where this host is reached by whoever looks."""
        return str(self.request.base_url).rstrip("/")

    def name(self, hole: str) -> str:
        """What stands in a hole of the address."""
        return str(self.request.path_params[hole])

    def asked(self, name: str) -> str:
        """A parameter of the query; empty where it is not there."""
        return self.request.query_params.get(name, "")
