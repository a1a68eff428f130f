"""The pages of the console, by their addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from connector.errors import ConnectorError
from connector.server import operation, problem_documents
from connector.server.console import test_connection
from connector.server.console.rendering import STATIC, Page, PageRequest, asset, digest, page, static
from connector.server.host import Host
from connector.server.problem_documents import STATUSES, Refused
from connector.spec.package_data import table
from connector.spec.schema.validator import Checker


def routes(host: Host) -> list[Route]:
    pages, parts = table("server/console/pages.yaml").values()
    return [
        *(Route(path, _endpoint(host, path, name), methods=["GET"]) for path, name in pages.items()),
        *(Route(path, _endpoint(host, path, **how), methods=["POST"]) for path, how in parts.items()),
        Route("/integrations/{id}/try", test_connection.endpoint(host), methods=["POST"]),
        Route("/static/{name}", _asset, methods=["GET"]),
        Route("/favicon.ico", _favicon, methods=["GET"]),
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


_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


async def _asset(request: Request) -> Response:
    """A file of ours. By an address that names its content it may be kept; else it is asked for again."""
    request.state.route = "/static/{name}"
    content, kind, version = _file(request.path_params["name"])
    headers = {
        # Weak, since it may be compressed.
        "etag": f'W/"{version}"',
        "vary": "accept-encoding",
        "cache-control": _FOR_EVER if request.query_params.get("v") == version else "no-cache",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)


async def _favicon(request: Request) -> Response:
    request.state.route = "/favicon.ico"
    return RedirectResponse(static("mark.svg"), 307)


@lru_cache(maxsize=64)
def _file(name: str) -> tuple[bytes, str, str]:
    # A name is looked for among those that are there, so that no path is ever made of it.
    found = next((path for path in STATIC.iterdir() if path.name == name and path.suffix in _TYPES), None)
    if found is None:
        raise Refused("not_found", f"there is nothing at /static/{name[:60]}")
    return asset(found.name), _TYPES[found.suffix], digest(found.name)
