"""Static assets of the console: style, scripts, drawings."""

from __future__ import annotations

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from connector.server.console.rendering import STATIC, asset, digest, static
from connector.server.problem_documents import Refused

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


async def serve(request: Request) -> Response:
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


async def favicon(request: Request) -> Response:
    request.state.route = "/favicon.ico"
    return RedirectResponse(static("mark.svg"), 307)


@lru_cache(maxsize=64)
def _file(name: str) -> tuple[bytes, str, str]:
    # A name is looked for among those that are there, so that no path is ever made of it.
    found = next((path for path in STATIC.iterdir() if path.name == name and path.suffix in _TYPES), None)
    if found is None:
        raise Refused("not_found", f"there is nothing at /static/{name[:60]}")
    return asset(found.name), _TYPES[found.suffix], digest(found.name)
