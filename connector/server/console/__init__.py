"""The host's web page: server-rendered pages, plain scripts, and nothing from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import Route

    from connector.server.host import Host


def routes(host: Host) -> list[Route]:
    """The pages, and the files that they are made of."""
    from connector.server.console import pages

    return pages.routes(host)
