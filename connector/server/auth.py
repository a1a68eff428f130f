"""Authentication and origin checks: by which name of the host, from which site, with which token."""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.server.host import Host
from connector.server.problem_documents import Refused
from connector.storage.connections.api_tokens import Token

Role = Literal["use", "manage"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What needs no token: signs of life, and what it takes to sign in.
_OPEN = frozenset({"/healthz", "/readyz", "/login", "/logout", "/favicon.ico"})
_OPEN_BELOW = "/static/"
DOCUMENT = "/openapi.json"
# What has a secret of its own, and takes no session for it.
_OF_THEIR_OWN = ("/hooks/", "/signed/")
# What a program asks for; all else is for people.
_PROGRAMS, _TOOLS = ("/api/", "/static/", "/healthz", "/readyz", "/logout"), "/mcp"


class Security:
    """The ASGI layer that lets nobody pass whom it does not know. The token goes into the request's state."""

    def __init__(self, app: ASGIApp, host: Host) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the application's start and end, which are nobody's requests
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        check_host(headers.get("host", ""), self._host.settings.allowed_hosts)
        if scope["path"].startswith(_OF_THEIR_OWN):
            scope.setdefault("state", {})["caller"] = None
            await self._app(scope, receive, send)
            return
        given, by_header = credential(headers, cookie_name(self._host.settings.port))
        # A browser adds the cookie by itself, and nobody needs a token to sign in: only what a page of
        # another site cannot have excuses it.
        if scope["method"] not in _SAFE and (not by_header or self._is_open(scope["path"])):
            check_origin(headers)
        # Who asks for the host's health is nobody in particular: no thread is waited for.
        is_health = scope["path"] in ("/healthz", "/readyz")
        token = await self._host.callers.who(given) if given and not is_health else None
        if token is not None:
            _check_limits(token, scope["path"], headers.get("origin"))
        scope.setdefault("state", {})["caller"] = token
        if token is None and not self._is_open(scope["path"]):
            await _stranger(scope, headers, given is not None)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        shown = self._host.settings.public_openapi and path == DOCUMENT
        return shown or path in _OPEN or path.startswith(_OPEN_BELOW)


def _check_limits(token: Token, path: str, origin: str | None) -> None:
    """Refuses a token that is for the pages of other sites, and one for programs where pages are."""
    if token.origins and origin not in token.origins:
        raise Refused("role", f"the token {token.name!r} is for pages of {' or '.join(token.origins)}")
    if token.is_limited and not (path in (DOCUMENT, _TOOLS) or path.startswith(_PROGRAMS)):
        raise Refused("role", f"the token {token.name!r} is limited, and signs nobody in; it is for programs")


def wants_page(scope: Scope, headers: Headers) -> bool:
    """Whether a browser asks, for a person to read."""
    is_page = scope["method"] in _SAFE and "text/html" in headers.get("accept", "")
    return is_page and not scope["path"].startswith("/api/")


def _stranger(scope: Scope, headers: Headers, has_ended: bool) -> Response:
    """What somebody without a token gets: a person the page to sign in, which leads back; a program a 401."""
    if wants_page(scope, headers):
        wanted = scope["path"] + (
            f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        )
        return RedirectResponse(sign_in_page(wanted, has_ended=has_ended), 303)
    raise Refused(
        "unauthenticated",
        "send `Authorization: Bearer TOKEN` with a token of this host, or sign in at /login",
        {"www-authenticate": 'Bearer realm="connector"'},
    )


def sign_in_page(wanted: str, **said: bool) -> str:
    """The address of the page to sign in, which says why, and leads on to where somebody wanted to be."""
    told = {name: "1" for name, is_so in said.items() if is_so} | ({"next": wanted} if wanted != "/" else {})
    return f"/login?{urlencode(told)}" if told else "/login"


def local(wanted: str) -> str:
    """An address of this host's pages; whatever could lead elsewhere leads to the start."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/login", "/logout"))
    return wanted if is_ours and wanted.isascii() and wanted.isprintable() and "\\" not in wanted else "/"


def demand(caller: Token | None, role: Role | None, limited: bool = True) -> None:
    """Refuses whoever may not do what the role may, or what a token that is ``limited`` may not."""
    if caller is not None and caller.is_limited and role is not None and not limited:
        raise Refused("role", f"the token {caller.name!r} is limited, and this is not among what it may do")
    if role is None or (caller is not None and (role == "use" or caller.may_manage)):
        return
    raise Refused("role", f"this needs a token with the role {role!r}")


def credential(headers: Headers, cookie: str) -> tuple[str | None, bool]:
    """The token that was sent, and whether the header says who asks; else the session's cookie does."""
    scheme, _, given = headers.get("authorization", "").strip().partition(" ")
    if scheme:
        return (given.strip() or None) if scheme.lower() == "bearer" else None, True
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return None, False
    return (morsel.value if morsel else None), False


def cookie_name(port: int) -> str:
    """Cookies do not know of ports, and there may be several hosts on a machine."""
    return f"connector-{port}"


def sign_in(response: Response, token: str, request: Request, port: int) -> Response:
    """The answer with the session's cookie. It holds the token, so that revoking that ends the session."""
    response.set_cookie(
        cookie_name(port),
        token,
        max_age=30 * 24 * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def sign_out(response: Response, request: Request, port: int) -> Response:
    is_secure = request.url.scheme == "https"
    response.delete_cookie(cookie_name(port), httponly=True, samesite="strict", secure=is_secure)
    return response


def check_host(header: str, allowed: tuple[str, ...]) -> None:
    """Refuses a name that a stranger's page could have made to lead here.

    A plain address cannot be rebound, and `localhost` is nobody else's.
    """
    name = host_name(header)
    if name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return
    if name not in {each.lower() for each in allowed}:
        raise Refused("foreign_host", "this host is not known by that name; allow it with --allow-host NAME")


def host_name(header: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def check_origin(headers: Headers) -> None:
    """Refuses what another site's page sends in the name of whoever is signed in here."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site in ("same-origin", "none"):
        return
    if site is None and origin is not None and urlsplit(origin).netloc == headers.get("host"):
        return
    raise Refused(
        "cross_site", "a request without an Authorization header must come from a page of this host"
    )
