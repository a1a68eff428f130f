"""Security schemes of a document become the one way in which a connection authenticates.

A document can offer several ways, for each operation others. The way that most operations take is chosen;
what takes another is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from connector.authoring.importing.operation import ImportedOperation, Parameter
from connector.authoring.importing.parse_document import Json, items, mapping, text
from connector.authoring.importing.report import Remarks
from connector.authoring.importing.texts import sentence, snake, title, unique
from connector.spec.template import is_template

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to authenticate: the words under ``auth``, and the credential's fields.

    ``sent`` are the parameters that it brings, as "header x-key". ``note`` tells what is not as declared.
    ``keys`` tell ways apart: what one proves that has all the keys of another, the other proves too.
    """

    auth: Mapping[str, Any]
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sent: frozenset[str] = frozenset()
    note: str = ""
    keys: frozenset[str] = frozenset()


NOTHING = Way({"kind": "none"})

Names = tuple[str, ...]


class SecuritySchemes:
    """The security schemes of one document, and what its operations ask for."""

    def __init__(self, document: Json, schemes: Json, base: str) -> None:
        self._everywhere = items(document.get("security"))
        self._schemes = schemes
        made = {name: _made(mapping(scheme), base) for name, scheme in schemes.items()}
        self._known = {name: one for name, one in made.items() if one is not None}
        self.way = NOTHING

    def choose(self, operations: list[ImportedOperation], remarks: Remarks) -> None:
        """Settles on the way that serves most operations."""
        asked = Counter(self._alternatives(each) for each in operations)
        candidates = dict.fromkeys(names for several in asked for names in several if names)
        usable = {names: one for names in candidates if (one := self._together(names)) is not None}
        # Of those that serve as many, the one that asks for least.
        best = max(usable, key=lambda names: (_served(asked, names, usable), -len(names)), default=None)
        self.way = self._undeclared(operations) if best is None else usable[best]
        self._tell(remarks)

    def unserved(self, operation: ImportedOperation) -> str | None:
        """What an operation asks for, where what the connection sends does not serve it."""
        alternatives = self._alternatives(operation)
        is_served = not alternatives or any(map(self._serves, alternatives))
        return None if is_served else " or ".join(" and ".join(one) for one in alternatives)

    def _serves(self, names: Names) -> bool:
        one = self._together(names) if names else NOTHING
        return one is not None and one.keys <= self.way.keys

    def _alternatives(self, operation: ImportedOperation) -> tuple[Names, ...]:
        declared = operation.security if isinstance(operation.security, list) else self._everywhere
        return tuple(tuple(map(str, mapping(one))) for one in declared)

    def _together(self, names: Names) -> Way | None:
        """The way that has all of these schemes; one beside keys can fill the Authorization header."""
        if not all(name in self._known for name in names):
            return None
        ways = {one.keys: one for one in (self._known[name] for name in names)}
        first, *rest = sorted(ways.values(), key=lambda one: one.auth["kind"] == "api_key")
        for one in rest:
            if one.auth["kind"] != "api_key":
                return None
            first = _beside(first, one)
        return first

    def _undeclared(self, operations: list[ImportedOperation]) -> Way:
        """Schemes that no operation names are meant for all; without any, a parameter often says it."""
        if self._known and not any(self._alternatives(each) for each in operations):
            return next(iter(self._known.values()))
        asked = [] if self._schemes else [one for each in operations for one in each.parameters]
        keys = Counter((one.place, one.name) for one in asked if _says_key(one))
        for (place, name), times in keys.most_common():
            if name.lower() == "authorization" or times * 2 >= len(operations):
                note = f"the {place} parameter {name}; the connection sends it"
                return replace(_key(place, name, f"What {name} holds."), note=note)
        return NOTHING

    def _tell(self, remarks: Remarks) -> None:
        for name in self._schemes.keys() - self._known.keys():
            told = _told(mapping(self._schemes[name]))
            remarks.add(f"the security scheme {name} is {told}", "no connection can use it")
        if self.way.note:
            said, _, instead = self.way.note.partition("; ")
            remarks.add(f"it authenticates by {said}", instead)


_KEYS = re.compile(r"(x[a-z]*[-_])?(api|auth|access)[-_]?(key|token)", re.IGNORECASE)


def _says_key(one: Parameter) -> bool:
    """Whether a parameter is by its name what proves who asks."""
    if one.place == "header" and one.name.lower() == "authorization":
        return True
    return one.place in ("header", "query") and bool(_KEYS.fullmatch(one.name))


def _served(asked: Counter[tuple[Names, ...]], names: Names, usable: Mapping[Names, Way]) -> int:
    """How many operations are served by these schemes, and perhaps by fewer of them."""
    keys = usable[names].keys
    return sum(
        count
        for several, count in asked.items()
        if any(one in usable and usable[one].keys <= keys for one in several)
    )


def _beside(first: Way, key: Way) -> Way:
    """The way that sends a further key too."""
    [(_, entry)] = key.fields.items()
    name = unique(snake(str(key.auth["name"])) or "key", first.fields, "_")
    more = {"in": key.auth["in"], "name": key.auth["name"], "value": _hole(name)}
    auth = {**first.auth, "also": [*first.auth.get("also", ()), more]}
    return Way(auth, {**first.fields, name: entry}, first.sent | key.sent, first.note, first.keys | key.keys)


def _made(scheme: Json, base: str) -> Way | None:
    match text(scheme.get("type")).lower():
        case "apikey":
            return _api_key(scheme)
        case "http":
            return _http(scheme)
        case "oauth2":
            return _oauth2(scheme, base)
        case "openidconnect":
            return _access_token("OpenID Connect", "An access token of OpenID Connect.")
    return None


def _api_key(scheme: Json) -> Way | None:
    place, name = text(scheme.get("in")), text(scheme.get("name"))
    if text(scheme.get("x-amazon-apigateway-authtype")).lower() == "awssigv4":
        return None  # the header holds a signature, not a key
    is_name = bool(_HEADER.fullmatch(name)) if place == "header" else bool(name) and name.isprintable()
    if place not in ("header", "query") or not is_name or is_template(name):
        return None
    return _key(place, name, sentence(scheme.get("description"), 200))


def _key(place: str, name: str, about: str) -> Way:
    fields = {"api_key": _secret(title(name) or "API key", about)}
    auth = {"kind": "api_key", "in": place, "name": name, "value": _hole("api_key")}
    sent = frozenset({f"{place} {name.lower() if place == 'header' else name}"})
    return Way(auth, fields, sent, keys=sent)


def _secret(title: str, about: str = "") -> dict[str, Any]:
    told = {"description": about} if about else {}
    return {"type": "string", "title": title, "secret": True, **told}


def _hole(name: str) -> str:
    return "{{ credential." + name + " }}"


_RECKONED = "digest|hmac|sha|hoba|mutual|negotiate|ntlm|scram|dpop|signature|aws|vapid"


def _http(scheme: Json) -> Way | None:
    kind = text(scheme.get("scheme")).lower()
    if kind == "basic":
        fields = {"username": {"type": "string", "title": "User name"}, "password": _secret("Password")}
        auth = {"kind": "basic", **{name: _hole(name) for name in fields}}
        return Way(auth, fields, _AUTHORIZATION, keys=frozenset({"basic"}))
    about = sentence(scheme.get("description"), 200)
    if kind == "bearer":
        return _bearer("Token", about)
    # Of what needs a reckoning or a conversation, a key is not enough.
    if not re.fullmatch(r"[a-z][a-z0-9-]*", kind) or re.search(_RECKONED, kind):
        return None
    said = f"the scheme {kind}; what stands behind that word is the connection's key"
    key = _key("header", "Authorization", about or f"What stands behind {kind}.")
    value = f"{text(scheme.get('scheme'))} {key.auth['value']}"
    return replace(key, auth={**key.auth, "value": value}, sent=_AUTHORIZATION, note=said)


def _bearer(name: str, about: str, note: str = "") -> Way:
    auth = {"kind": "bearer", "token": _hole("token")}
    return Way(auth, {"token": _secret(name, about)}, _AUTHORIZATION, note, frozenset({"bearer"}))


_AUTHORIZATION = frozenset({"header authorization"})


def _oauth2(scheme: Json, base: str) -> Way | None:
    flows = mapping(scheme.get("flows"))
    token_url = _token_url(text(mapping(flows.get("clientCredentials")).get("tokenUrl")), base)
    if token_url is None:
        return _access_token("OAuth 2 with a person at a browser", "An OAuth 2 access token.")
    scopes = list(mapping(mapping(flows["clientCredentials"]).get("scopes")))
    fields = {
        "client_id": {"type": "string", "title": "Client ID"},
        "client_secret": _secret("Client secret"),
        "scope": {"type": "string", "title": "Scopes", "description": _scopes(scopes)},
    }
    holes = {name: _hole(name) for name in fields}
    auth = {"kind": "oauth2_client_credentials", "token_url": token_url, **holes}
    host = urlsplit(token_url).hostname
    is_own = host == urlsplit(base).hostname
    note = "" if is_own else f"OAuth 2 at another host, {host}; the client's secret is sent there"
    return Way(auth, fields, _AUTHORIZATION, note, frozenset({"bearer"}))


def _scopes(scopes: list[Any]) -> str:
    named = ", ".join(str(scope) for scope in scopes)
    return sentence(f"What to ask for, with spaces between: {named}." if scopes else "What to ask for.", 300)


def _token_url(told: str, base: str) -> str | None:
    """Where a token is asked for. A secret never goes there in clear."""
    try:
        address = urlsplit(urljoin(base + "/", told))
        host = address.hostname or ""
    except ValueError:
        return None
    if not told or not host or is_template(told) or not told.isprintable():
        return None
    is_near = host in ("localhost", "127.0.0.1")
    return address._replace(scheme=address.scheme if is_near else "https", fragment="").geturl()


def _access_token(way: str, about: str) -> Way:
    note = f"{way}; the connection takes an access token that was got elsewhere"
    return _bearer("Access token", about, note)


def _told(scheme: Json) -> str:
    if "x-amazon-apigateway-authtype" in scheme:
        return "a signature of each request"
    words = (text(scheme.get(word)) for word in ("type", "scheme", "in"))
    return " ".join(filter(None, words)) or "of no kind"
