"""Authentication is rendering with secrets.

Each kind is a generator: it yields the requests that it has to make first, is sent their answers as
(status, body), and returns the Authorization to put on the real request. Most kinds yield nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus, urlencode

from connector.engine.http.messages import Raw, Request
from connector.errors import CredentialError, MissingCredential, Unauthorized
from connector.secret import Credential, Secrets, redact
from connector.spec import url
from connector.spec.model import Auth
from connector.spec.template import MISSING, fill

Exchange = Generator[Request, tuple[int, bytes], "Authorization"]

# A token is renewed before it ends, so that it does not end under way. Seconds.
_EARLY = 30.0
# How long a token is taken to last where nobody says.
_UNTOLD = 300.0
# A token endpoint's words are quoted in a message up to here.
_QUOTED = 300


@dataclass(frozen=True, slots=True)
class Authorization:
    """What proves a request: headers, query parameters, and the texts that nobody may see.

    ``expires_in`` is in seconds from when it was got; None means that it does not end.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    expires_in: float | None = None

    @property
    def names(self) -> frozenset[str]:
        """The headers that only the credential may set, in lower case."""
        return frozenset(name.lower() for name, _ in self.headers)


def authorize(auth: Auth, credential: Mapping[str, Any], base_url: str) -> Exchange:
    """The conversation that gives the Authorization of a credential.

    Raises MissingCredential where a field that the kind needs is not in it, CredentialError where it was
    pasted with something around it, and Unauthorized where the far side refuses it.
    """
    scope = {"credential": credential}
    own = ((name, value) for name, value in auth.settings.items() if name != _ALSO)
    settings = Credential((name, fill(value, scope)) for name, value in own)
    also = Credential((str(one["name"]), fill(one["value"], scope)) for one in auth.settings.get(_ALSO, ()))
    missing = [name for name, value in (settings | also).items() if value is MISSING and name != "scope"]
    if missing:
        raise MissingCredential(f"the credential lacks what {auth.kind} authentication needs: {missing[0]}")
    _check_text(settings)
    authorization = yield from _KINDS[auth.kind](settings, base_url)
    authorization = _with_keys(authorization, auth, also)
    _check_text(Credential(authorization.headers))
    return authorization


# The setting that every kind can have: more keys, each with where it goes.
_ALSO = "also"


def _with_keys(authorization: Authorization, auth: Auth, values: Mapping[str, Any]) -> Authorization:
    """The Authorization with the further keys that are sent beside it."""
    places = {str(one["name"]): one["in"] for one in auth.settings.get(_ALSO, ())}
    pairs = {
        place: tuple((name, str(values[name])) for name in places if places[name] == place)
        for place in ("header", "query")
    }
    return replace(
        authorization,
        headers=(*authorization.headers, *pairs["header"]),
        query=(*authorization.query, *pairs["query"]),
        secrets=(*authorization.secrets, *(str(values[name]) for name in places)),
    )


_SENDABLE = re.compile(r"[\x20-\x7e]*")


def _check_text(named: Credential) -> None:
    """A key that was pasted with something around it is told, rather than sent or shown."""
    if not all(_SENDABLE.fullmatch(value) for value in named.values() if isinstance(value, str)):
        raise CredentialError(
            "the credential has a character that cannot be sent, such as a line break or a typographic "
            "quote; copy it again, and store it alone"
        )


def _none(settings: Mapping[str, Any], base_url: str) -> Exchange:
    return Authorization()
    yield


def _bearer(settings: Mapping[str, Any], base_url: str) -> Exchange:
    token = str(settings["token"])
    if token.lower().startswith("bearer "):
        raise CredentialError("the key begins with the word Bearer, which is added to it; store it alone")
    return _with_token(token)
    yield


def _api_key(settings: Mapping[str, Any], base_url: str) -> Exchange:
    value = str(settings["value"])
    pair = ((str(settings["name"]), value),)
    if settings["in"] == "query":
        return Authorization(query=pair, secrets=(value,))
    return Authorization(headers=pair, secrets=(value,))
    yield


def _basic(settings: Mapping[str, Any], base_url: str) -> Exchange:
    username, password = str(settings["username"]), str(settings["password"])
    pair = f"{username}:{password}"
    encoded = base64.b64encode(pair.encode()).decode()
    return Authorization((("authorization", f"Basic {encoded}"),), secrets=(password, pair, encoded))
    yield


def _oauth2_client_credentials(settings: Mapping[str, Any], base_url: str) -> Exchange:
    """RFC 6749, section 4.4."""
    status, body = yield _token_request(settings, base_url)
    answer = _object(body)
    token, lifetime = answer.get("access_token"), answer.get("expires_in")
    if status != 200 or not isinstance(token, str):
        reason = answer.get("error_description") or answer.get("error")
        told = f": {redact(str(reason), _secrets_of(settings))[:_QUOTED]}" if reason else ""
        raise Unauthorized(f"the token endpoint answered {status} and gave no token{told}", status=status)
    if not isinstance(lifetime, int | float) or lifetime <= 0:
        return _with_token(token, expires_in=_UNTOLD)
    return _with_token(token, expires_in=max(lifetime - _EARLY, lifetime / 2))


def _object(body: bytes) -> Mapping[str, Any]:
    """What a token endpoint says; nothing where that is no JSON object."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _token_request(settings: Mapping[str, Any], base_url: str) -> Request:
    client_id, secret = str(settings["client_id"]), str(settings["client_secret"])
    form = {"grant_type": "client_credentials"}
    headers = [("accept", "application/json")]
    if settings.get("scope") not in (None, MISSING, ""):
        form["scope"] = str(settings["scope"])
    if settings.get("client_auth", "basic") == "body":
        form |= {"client_id": client_id, "client_secret": secret}
    else:
        headers.append(("authorization", f"Basic {_secrets_of(settings)[2]}"))
    target = str(settings["token_url"])
    return Request(
        "POST",
        target if "://" in target else url.join(base_url, target),
        tuple(headers),
        Raw(urlencode(form).encode(), "application/x-www-form-urlencoded"),
        max_response_bytes=1 << 20,
        secrets=_secrets_of(settings),
    )


def _secrets_of(settings: Mapping[str, Any]) -> Secrets:
    """The client's secret, in each form in which it is sent."""
    secret = str(settings["client_secret"])
    pair = f"{quote_plus(str(settings['client_id']))}:{quote_plus(secret)}"
    return Secrets((secret, pair, base64.b64encode(pair.encode()).decode()))


def _with_token(token: str, expires_in: float | None = None) -> Authorization:
    return Authorization((("authorization", f"Bearer {token}"),), (), (token,), expires_in)


_KINDS: Mapping[str, Callable[[Mapping[str, Any], str], Exchange]] = {
    "none": _none,
    "bearer": _bearer,
    "api_key": _api_key,
    "basic": _basic,
    "oauth2_client_credentials": _oauth2_client_credentials,
}


def masked(auth: Auth, mask: str) -> Authorization:
    """The Authorization as it looks with a mask for all that is secret in it; no conversation is held."""
    keys = {str(one["name"]): mask for one in auth.settings.get(_ALSO, ())}
    return replace(_with_keys(_masked(auth, mask), auth, keys), secrets=())


def _masked(auth: Auth, mask: str) -> Authorization:
    settings = auth.settings
    if auth.kind == "none":
        return Authorization()
    if auth.kind == "api_key":
        pair = ((str(settings["name"]), mask),)
        return Authorization(query=pair) if settings["in"] == "query" else Authorization(pair)
    return Authorization((("authorization", f"{'Basic' if auth.kind == 'basic' else 'Bearer'} {mask}"),))
