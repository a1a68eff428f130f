"""Standard Webhooks: how a delivery is signed, and a signature verified.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
# How far a delivery's time may be from ours, in seconds: longer ago, it may be a copy that somebody kept.
TOLERANCE = 300.0
_VERSION = "v1"
_DIGITS = 15
# In bytes, by the specification.
_SHORTEST, _LONGEST, _OURS = 24, 64, 32


class BadSignature(Exception):
    """The delivery is not signed, or not with this secret, or too long ago. The sentence says which."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_OURS)).decode()


def problem(secret: str) -> str | None:
    """What is wrong with a secret that somebody gave; it is not in the sentence."""
    try:
        key = _key(secret)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        return f"must be {PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64, as the sender shows it"
    return None


def sign(secret: str, id: str, seconds: int, body: bytes) -> str:
    """What stands in the header of the signature."""
    signed = b".".join((id.encode(), str(seconds).encode(), body))
    mac = hmac.digest(_key(secret), signed, "sha256")
    return f"{_VERSION},{base64.b64encode(mac).decode()}"


def headers(secret: str, id: str, now: float, body: bytes) -> dict[str, str]:
    """The headers of a delivery that leaves now."""
    seconds = int(now)
    return {ID: id, TIMESTAMP: str(seconds), SIGNATURE: sign(secret, id, seconds, body)}


def check_headers(given: Mapping[str, str], now: float) -> None:
    """Raises BadSignature for a delivery that cannot have been signed just now, whatever its body is."""
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not given.get(name)]
    if missing:
        raise BadSignature(f"the delivery has no {', '.join(missing)}")
    text = given[TIMESTAMP]
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise BadSignature(f"{TIMESTAMP} must be whole seconds since 1970")
    if abs(now - int(text)) > TOLERANCE:
        raise BadSignature(f"{TIMESTAMP} is more than {TOLERANCE / 60:g} minutes from this host's time")


def verify(secret: str, given: Mapping[str, str], body: bytes, now: float) -> None:
    """Raises BadSignature unless the delivery was signed with the secret, and just now."""
    check_headers(given, now)
    expected = sign(secret, given[ID], int(given[TIMESTAMP]), body)
    # During a change of secrets the sender signs with each.
    if not any(_is_same(each, expected) for each in given[SIGNATURE].split(" ")):
        raise BadSignature(f"{SIGNATURE} is not that of this body with this webhook's secret")


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
