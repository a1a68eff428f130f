"""Webhook secrets: each webhook runs one workflow, for whoever has its secret, and nothing else.

A secret is sent with each delivery, or signs it (Standard Webhooks): then it never travels.
"""

from __future__ import annotations

import builtins
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any

from connector.errors import InvocationError
from connector.runs.service import standard_webhooks
from connector.secret import Secret
from connector.storage.connections.signing_secrets import SigningSecrets
from connector.storage.database.database import Database, new_id, timestamp


@dataclass(frozen=True, slots=True)
class Webhook:
    """``definition`` is the workflow's text as it was when the webhook was made: that is what runs.

    ``limit_credits`` is what one run may spend. ``key_header`` or ``key_member`` is where a delivery tells
    its id, by which it is run once, where that is neither `webhook-id` nor `Idempotency-Key`.
    """

    id: str
    created: float
    workflow: str
    integration: str
    connection: str
    environment: str
    definition: str = field(repr=False)
    limit_credits: float | None = None
    key_header: str | None = None
    key_member: str | None = None
    signed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The webhook as every face shows it."""
        shown = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "definition"}
        return shown | {"created": timestamp(self.created)}


_OWN = tuple(one.name for one in fields(Webhook))
_INSERT = f"""
INSERT INTO webhooks ({", ".join(_OWN)}, digest)
VALUES ({", ".join(f":{name}" for name in _OWN)}, :digest)"""
_GET = "SELECT * FROM webhooks WHERE id = :id"
_LIST = "SELECT * FROM webhooks ORDER BY id"
_REMOVE = "DELETE FROM webhooks WHERE id = :id RETURNING id"


class WebhookNotFound(InvocationError, LookupError):
    """There is no webhook of that id."""

    code = "not_found"


class Webhooks:
    """The webhooks in a database. All methods block, and may be called from any thread."""

    def __init__(
        self, database: Database, signing: SigningSecrets, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._signing = signing
        self._clock = clock

    def add(self, *, secret: str | None = None, signed: bool = False, **given: Any) -> tuple[Webhook, str]:
        """A new webhook and its secret, which is shown this once. ``secret`` is one that the sender made, and
        signs with; else it is made here."""
        now, sent = self._clock(), secrets.token_urlsafe(32)
        hook = Webhook(id=new_id(now), created=now, signed=signed or secret is not None, **given)
        if hook.signed:
            secret = secret or standard_webhooks.new_secret()
            self._signing.put(_signing_name(hook.id), secret)
        row = {name: getattr(hook, name) for name in _OWN} | {"signed": int(hook.signed)}
        # Of one that is sent only the digest is kept; where deliveries are signed nobody has that.
        self._database.write(_INSERT, row | {"digest": _digest(sent)})
        return hook, secret or sent

    def list(self) -> builtins.list[Webhook]:
        """The webhooks, oldest first."""
        return [_webhook(row) for row in self._database.read(_LIST)]

    def admitted(self, id: str, secret: str) -> tuple[Webhook, Secret | None] | None:
        """The webhook of that id, if that is its secret; or with the secret that has to have signed the
        delivery. How long it takes tells nothing of a secret."""
        rows = self._database.read(_GET, {"id": id})
        kept = rows[0]["digest"] if rows else _digest("")
        is_right = hmac.compare_digest(kept, _digest(secret))
        if not rows:
            return None
        if not rows[0]["signed"]:
            return (_webhook(rows[0]), None) if is_right else None
        signing = self._signing.get(_signing_name(id))
        return None if signing is None else (_webhook(rows[0]), signing)  # None: it is just being removed

    def remove(self, id: str) -> None:
        """Nobody runs anything by it any more. Raises WebhookNotFound."""
        if not self._database.write(_REMOVE, {"id": id}):
            raise WebhookNotFound(f"there is no webhook {id[:60]!r}; look it up in their list")
        self._signing.remove(_signing_name(id))


def _digest(secret: str) -> str:
    # Chance of 256 bits cannot be tried out, so that a slow digest would gain nothing.
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _signing_name(id: str) -> str:
    return f"webhook {id}"


def _webhook(row: Any) -> Webhook:
    return Webhook(**{name: row[name] for name in _OWN} | {"signed": bool(row["signed"])})
