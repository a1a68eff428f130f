"""The pages of the console, by their addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.errors import ConnectorError
from connector.server import problem_documents
from connector.server.console import (
    actions,
    assets,
    code_samples_endpoint,
    durable,
    integrations,
    reference,
    runs,
    settings,
    test_connection,
)
from connector.server.console.page_request import Page, PageRequest
from connector.server.console.rendering import page
from connector.server.host import Host
from connector.server.problem_documents import STATUSES

_PAGES: tuple[tuple[str, Page], ...] = (
    ("/", integrations.home),
    ("/login", settings.sign_in),
    ("/integrations/{id}", integrations.one),
    ("/integrations/{id}/icon", integrations.icon),
    ("/integrations/{id}/connections/new", integrations.connect),
    ("/integrations/{id}/connections/{name}", integrations.edit),
    ("/actions", actions.catalogue),
    ("/actions/{id}", actions.one),
    ("/actions/{id}/tile", actions.tile),
    ("/actions/{id}/samples/{example:int}/{input}", actions.sample),
    ("/workflows", durable.workflows),
    ("/workflows/{id}", durable.workflow),
    ("/batches", durable.batches),
    ("/batches/{id}", durable.batch),
    ("/batches/{id}/view", durable.batch_view),
    ("/schedules", durable.schedules),
    ("/schedules/new", durable.new_schedule),
    ("/schedules/{name}", durable.schedule),
    ("/request", actions.free_form),
    ("/runs", runs.history),
    ("/results", runs.results),
    ("/compare", runs.compare),
    ("/runs/{id}", runs.one),
    ("/runs/{id}/view", runs.view),
    ("/files", runs.picker),
    ("/reference", reference.index),
    ("/reference/{id}", reference.operation),
    ("/settings", settings.show),
)


def routes(host: Host) -> list[Route]:
    return [
        *(Route(path, _endpoint(host, path, answer), methods=["GET"]) for path, answer in _PAGES),
        Route("/calls", code_samples_endpoint.endpoint(host), methods=["POST"]),
        Route("/integrations/{id}/try", test_connection.endpoint(host), methods=["POST"]),
        Route("/static/{name}", assets.serve, methods=["GET"]),
        Route("/favicon.ico", assets.favicon, methods=["GET"]),
    ]


def nothing_there(request: Request) -> Response:
    """The page for an address where there is none."""
    status, title = STATUSES["not_found"]
    return page("problem.html", status, title=title, message=f"There is nothing at {request.url.path[:200]}.")


def _endpoint(host: Host, path: str, answer: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page, made away from the event loop because stores block. What fails is told as a page too."""

    async def show(request: Request) -> Response:
        request.state.route = path
        visit = PageRequest(host, request)
        try:
            async with host.reads.turn():
                return await host.run(answer, visit)
        except ConnectorError as error:
            status, title = STATUSES.get(error.code, STATUSES["error"])
            shown = page("problem.html", status, title=title, message=error.message)
            shown.headers.update(problem_documents.put_off(error.retry_after))
            return shown

    return show
