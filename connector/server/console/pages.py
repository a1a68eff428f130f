"""The pages of the console, by their addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.errors import ConnectorError
from connector.server import operation, problem_documents
from connector.server.console import assets, test_connection
from connector.server.console.page_request import Page, PageRequest
from connector.server.console.rendering import page
from connector.server.host import Host
from connector.server.problem_documents import STATUSES
from connector.spec.package_data import table
from connector.spec.schema.validator import Checker


def routes(host: Host) -> list[Route]:
    pages, parts = table("server/console/pages.yaml").values()
    return [
        *(Route(path, _endpoint(host, path, name), methods=["GET"]) for path, name in pages.items()),
        *(Route(path, _endpoint(host, path, **how), methods=["POST"]) for path, how in parts.items()),
        Route("/integrations/{id}/try", test_connection.endpoint(host), methods=["POST"]),
        Route("/static/{name}", assets.serve, methods=["GET"]),
        Route("/favicon.ico", assets.favicon, methods=["GET"]),
    ]


def nothing_there(request: Request) -> Response:
    """The page for an address where there is none."""
    status, title = STATUSES["not_found"]
    return page("problem.html", status, title=title, message=f"There is nothing at {request.url.path[:200]}.")


def _endpoint(
    host: Host, path: str, made_by: str, takes: Mapping[str, Any] | None = None, required: Sequence[str] = ()
) -> Callable[[Request], Awaitable[Response]]:
    """The page, made away from the event loop because stores block. What fails is told as a page too."""
    module, _, name = made_by.partition(".")
    answer: Page = getattr(import_module(f"connector.server.console.{module}"), name)
    checker = Checker(operation.members(*required, **takes), noun="a member of this body") if takes else None

    async def show(request: Request) -> Response:
        request.state.route = path
        try:
            body = await operation.read_checked(request, host.settings.max_json, checker) if checker else None
            async with host.reads.turn():
                return await host.run(answer, PageRequest(host, request, body))
        except ConnectorError as error:
            status, title = STATUSES.get(error.code, STATUSES["error"])
            shown = page("problem.html", status, title=title, message=error.message)
            shown.headers.update(problem_documents.put_off(error.retry_after))
            return shown

    return show
