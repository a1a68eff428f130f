"""The session of a person who signs in: a token becomes a cookie."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.responses import RedirectResponse, Response

from connector.server import auth, uploads
from connector.server.operation import OperationCall, kind_of, read_body, wrong_kind
from connector.server.problem_documents import Refused

_FORM = "application/x-www-form-urlencoded"
_LONGEST = 4096


async def open_session(call: OperationCall) -> Response:
    """The link that a start prints leads here; without a token this is the page that asks for one."""
    given = call.query.get("token")
    if given is None:
        return await call.host.login_page(call.request)
    return await _entered(call, given)


async def sign_in(call: OperationCall) -> Response:
    """What the page that asks for a token sends."""
    return await _entered(call, await _token(call))


async def sign_out(call: OperationCall) -> Response:
    return auth.sign_out(RedirectResponse("/login", 303), call.request, call.host.settings.port)


async def _entered(call: OperationCall, given: str) -> Response:
    wanted = auth.local(call.query.get("next", "/"))
    who = await call.host.callers.who(given)
    if who is None or who.is_limited or who.origins:
        return RedirectResponse(auth.sign_in_page(wanted, failed=True), 303)
    return auth.sign_in(RedirectResponse(wanted, 303), given, call.request, call.host.settings.port)


async def _token(call: OperationCall) -> str:
    request, length = call.request, int(call.request.headers.get("content-length") or 0)
    if length > _LONGEST:
        raise Refused("too_large", "a token is shorter than that")
    if kind_of(request) == "multipart/form-data":
        async with uploads.parts(request) as found_parts:
            one = dict(found_parts).get("token")
            found = one and await uploads.text(one)
    elif kind_of(request) == _FORM:
        [found] = parse_qs((await read_body(request, _LONGEST)).decode("utf-8", "replace")).get(
            "token", [""]
        )[:1]
    else:
        raise wrong_kind(request, _FORM)
    return found.strip() if isinstance(found, str) else ""
