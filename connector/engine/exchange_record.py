"""The record of one exchange: what left, what came back, and how long each part took. No secret is in it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from connector.engine.http.messages import Multipart, Pacer, Part, Request
from connector.engine.http.transport import wire_headers
from connector.errors import ConnectorError
from connector.secret import MASK, redact
from connector.spec.header_names import TRANSPORT_HEADERS, canonical, is_harmless, is_secret

_LONGEST = 2000
_PAIR = re.compile(r"([?&])([^=&#]+)=([^&#]*)")


class ExchangeRecord:
    """Its moments, each by the first time that it came. It stands between an exchange and its ``pacer``."""

    def __init__(self, pacer: Pacer | None = None) -> None:
        self.pacer = pacer
        self._at = {"asked": time.monotonic()}

    def note(self, moment: str) -> None:
        self._at.setdefault(moment, time.monotonic())

    def leaves(self) -> None:
        self.note("connected")
        if self.pacer is not None:
            self.pacer.leaves()
        self.note("left")

    def is_on_its_way(self) -> None:
        if self.pacer is not None:
            self.pacer.is_on_its_way()

    def arrived(self, ago: float) -> None:
        if self.pacer is not None:
            self.pacer.arrived(ago)

    def timing(self) -> dict[str, float]:
        """Seconds of each part that was reached, and of the whole."""
        parts = {
            "waited": ("asked", "paced"),
            "connecting": ("paced", "connected"),
            "first_byte": ("left", "answered"),
            "whole": ("asked", "ended"),
        }
        self.note("ended")
        at = self._at
        return {name: round(at[b] - at[a], 4) for name, (a, b) in parts.items() if a in at and b in at}


def described(
    request: Request, status: int | None, answered: Mapping[str, str], error: ConnectorError | None
) -> dict[str, Any]:
    """The messages as everybody may see them.

    What stands under the name of a secret, or in a header that somebody made up, is masked, and so it is
    wherever else it stands.
    """
    sent = wire_headers(request)
    hidden = [name for name in sent if not (is_harmless(name) or canonical(name) in TRANSPORT_HEADERS)]
    parts = request.body.parts if isinstance(request.body, Multipart) else ()
    pairs = [(unquote_plus(name), unquote_plus(value)) for _, name, value in _PAIR.findall(request.url)]
    pairs += [(part.name, part.value) for part in parts if isinstance(part.value, str)]
    found = [*(sent[name] for name in hidden), *(value for name, value in pairs if is_secret(name))]
    secrets = (*request.secrets, *filter(None, found))
    return {
        "method": request.method,
        "url": _PAIR.sub(_query_pair, redact(request.url, secrets)),
        "headers": {name: MASK if name in hidden else redact(sent[name], secrets) for name in sent},
        "fields": [_field(part, secrets) for part in parts],
        "status": status,
        "answer_headers": {
            name: MASK if is_secret(name) else redact(value, secrets) for name, value in answered.items()
        },
        "error": None if error is None else error.code,
    }


def _query_pair(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}={MASK}" if is_secret(unquote_plus(found[2])) else found[0]


def _field(part: Part, secrets: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(part.value, str):
        return {
            "name": part.name,
            "value": MASK if is_secret(part.name) else redact(part.value, secrets)[:_LONGEST],
        }
    return {"name": part.name, "filename": part.filename, "type": part.content_type, "bytes": part.value.size}
