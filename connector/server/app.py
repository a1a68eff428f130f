"""The host as an ASGI application: operations and pages as routes, behind the layers that guard them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connector.errors import ConnectorError
from connector.server import cross_origin, problem_documents
from connector.server.access_log import Records
from connector.server.api.actions import check_line
from connector.server.auth import Security, wants_page
from connector.server.body_limits import Limits
from connector.server.compression import Compression
from connector.server.console import pages
from connector.server.host import Host
from connector.server.operation import endpoint
from connector.server.routes import operations
from connector.server.settings import Settings

Endpoint = Callable[[Request], Awaitable[Response]]


def create(settings: Settings) -> Starlette:
    """The application of a host; ``app.state.host`` is the Host."""
    host = Host(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with host.running():
            yield

    app = Starlette(
        routes=[*_operations(host), *_pages(host), *_tools(host)],
        middleware=[
            *cross_origin.layers(settings.allowed_origins),
            *(Middleware(layer, host=host) for layer in (Records, Limits)),
            Middleware(Compression),
            Middleware(Security, host=host),
        ],
        exception_handlers={
            HTTPException: _of_routing,
            ConnectorError: problem_documents.of_error,
        },
        lifespan=lifespan,
    )
    # `/api/runs/` is no other address of `/api/runs`, and a redirect would lose a body.
    app.router.redirect_slashes = False
    app.state.host = host
    return app


async def _of_routing(request: Request, error: Exception) -> Response:
    """What the router refuses: a page for a person who is lost, else a problem document."""
    if getattr(error, "status_code", 0) == 404 and wants_page(request.scope, request.headers):
        return pages.nothing_there(request)
    return await problem_documents.of_routing(request, error)


def _operations(host: Host) -> list[BaseRoute]:
    """A route for each path, which knows all its methods."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for operation in operations(host.settings):
        paths.setdefault(operation.path, {})[operation.method] = endpoint(host, operation)
    return [Route(path, _by_method(own), methods=[*own]) for path, own in paths.items()]


def _by_method(own: Mapping[str, Endpoint]) -> Endpoint:
    async def answer(request: Request) -> Response:
        return await own["GET" if request.method == "HEAD" else request.method](request)

    return answer


def _tools(host: Host) -> list[BaseRoute]:
    """The actions as MCP tools, where the package that speaks it is installed."""
    if find_spec("mcp") is None:
        return []
    from connector.mcp.asgi import PATH, ToolsApp

    return [Route(PATH, ToolsApp(host, partial(check_line, host)), methods=["GET", "POST", "DELETE"])]


def _pages(host: Host) -> list[BaseRoute]:
    """The console's routes; the page to sign in is behind our own, which takes a link's token first."""
    found: list[BaseRoute] = list(pages.routes(host))
    for route in found:
        if isinstance(route, Route) and route.path == "/login":
            host.login_page = route.endpoint
    return found
