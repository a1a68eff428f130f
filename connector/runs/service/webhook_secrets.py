"""Webhook secrets: each webhook runs one workflow, for whoever has its secret, and nothing else."""

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
from connector.storage.database.database import Database, new_id, timestamp


@dataclass(frozen=True, slots=True)
class Webhook:
    """``definition`` is the workflow's text as it was when the webhook was made: that is what runs.

    ``limit_credits`` is what one run may spend.
    """

    id: str
    created: float
    workflow: str
    integration: str
    connection: str
    environment: str
    definition: str = field(repr=False)
    limit_credits: float | None = None

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

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, **given: Any) -> tuple[Webhook, str]:
        """A new webhook and its secret, which is shown this once: only its digest is kept."""
        now, secret = self._clock(), secrets.token_urlsafe(32)
        hook = Webhook(id=new_id(now), created=now, **given)
        row = {name: getattr(hook, name) for name in _OWN}
        self._database.write(_INSERT, row | {"digest": _digest(secret)})
        return hook, secret

    def list(self) -> builtins.list[Webhook]:
        """The webhooks, oldest first."""
        return [_webhook(row) for row in self._database.read(_LIST)]

    def admitted(self, id: str, secret: str) -> Webhook | None:
        """The webhook of that id, if that is its secret; how long it takes tells nothing of either."""
        rows = self._database.read(_GET, {"id": id})
        kept = rows[0]["digest"] if rows else _digest("")
        is_right = hmac.compare_digest(kept, _digest(secret))
        return _webhook(rows[0]) if rows and is_right else None

    def remove(self, id: str) -> None:
        """Nobody runs anything by it any more. Raises WebhookNotFound."""
        if not self._database.write(_REMOVE, {"id": id}):
            raise WebhookNotFound(f"there is no webhook {id[:60]!r}; look it up in their list")


def _digest(secret: str) -> str:
    # Chance of 256 bits cannot be tried out, so that a slow digest would gain nothing.
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _webhook(row: Any) -> Webhook:
    return Webhook(**{name: row[name] for name in _OWN})
