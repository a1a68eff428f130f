"""Callbacks: the end of a run or a batch is told to the address that its caller gave.

Each delivery is signed by Standard Webhooks, and leaves by the durable engine, which sends it again until it
is taken. The address is a stranger's, so that it is guarded as every other one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from connector.engine.http.messages import Raw, Request, Timeout
from connector.engine.http.ssrf_guard import Guard
from connector.errors import InvalidArguments, Problem
from connector.media.content import DownloadRefused
from connector.runs.batch.store import Batches
from connector.runs.service import standard_webhooks
from connector.spec import package_data
from connector.storage.connections.signing_secrets import SigningSecrets
from connector.storage.database.database import Database, timestamp
from connector.storage.runs.history import History

_SQL = package_data.statements("runs/callbacks.sql")

Kind = Literal["run", "batch"]

_SECRET = "callbacks"
# Hosts that callbacks may reach though they are not on the public internet.
_HOSTS = "CONNECTOR_CALLBACK_HOSTS"
_TIMEOUT = Timeout(connect=10, read=20, total=30)
_MOST = 64 * 1024
# What of a batch is paths of this machine, or what its caller said.
_HIDDEN = ("options", "source", "defaults")


class NotTaken(Exception):
    """Whoever is called back did not take it. The sentence says why."""


class Callbacks:
    """The callbacks in a database. All methods block, and may be called from any thread."""

    def __init__(
        self,
        database: Database,
        signing: SigningSecrets,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._signing = signing
        self._clock = clock
        allowed = tuple(part.strip() for part in environ.get(_HOSTS, "").split(",") if part.strip())
        self._guard = Guard(allow=allowed)

    def new_secret(self) -> str:
        """The secret that signs from now on, in place of any before. It is shown this once."""
        secret = standard_webhooks.new_secret()
        self._signing.put(_SECRET, secret)
        return secret

    def check(self, url: str) -> None:
        """Raises InvalidArguments for an address that cannot be called back, and where nothing could sign."""
        said = None
        try:
            self._guard.check(url)
        except DownloadRefused as error:
            said = str(error)
        if said is None and self._signing.get(_SECRET) is None:
            said = "they are signed, and this host has no secret for it yet: POST /api/callbacks/secret"
        if said:
            raise InvalidArguments([Problem("callback", said)])

    def add(self, kind: Kind, subject: str, url: str) -> None:
        """The end of the run or batch of that id will be told there; a second address is not taken."""
        self._database.write(_SQL["add"], {"subject": subject, "kind": kind, "url": url})

    def ended(self) -> list[str]:
        """The runs and batches that have ended, and whose callbacks nobody has begun with."""
        return [row["subject"] for row in self._database.read(_SQL["ended"])]

    def enter(self, subject: str, state: str, message: str | None = None) -> None:
        self._database.write(_SQL["enter"], {"subject": subject, "state": state, "message": message})

    def state(self, subject: str) -> tuple[str, str | None] | None:
        """How far a callback has come, and why it failed; None where there is none."""
        rows = self._database.read(_SQL["get"], {"subject": subject})
        return (rows[0]["state"], rows[0]["message"]) if rows else None

    def deliver(self, subject: str) -> None:
        """Tells of the end once. Raises NotTaken, or a ConnectorError where no answer comes."""
        from connector.engine.http.http1 import Http1
        from connector.engine.http.transport import HttpTransport

        [row] = self._database.read(_SQL["get"], {"subject": subject})
        body = json.dumps(self._payload(row["kind"], subject), allow_nan=False).encode()
        secret = self._signing.get(_SECRET)
        assert secret is not None
        signed = standard_webhooks.headers(secret.reveal(), f"{row['kind']}_{subject}", self._clock(), body)
        # No proxy and no redirect: both would lead where nobody checks.
        transport = HttpTransport(Http1(dial=self._guard.dial), max_redirects=0)
        request = Request(
            "POST",
            row["url"],
            tuple(signed.items()),
            Raw(body, "application/json"),
            timeout=_TIMEOUT,
            max_response_bytes=_MOST,
        )
        try:
            status = transport.send(request).status
        finally:
            transport.close()
        if not 200 <= status < 300:
            raise NotTaken(f"it was answered with {status}")
        self.enter(subject, "delivered")

    def _payload(self, kind: Kind, subject: str) -> dict[str, Any]:
        store = History(self._database) if kind == "run" else Batches(self._database)
        told, hidden = store.get(subject), () if kind == "run" else _HIDDEN
        shown = {name: value for name, value in told.to_dict().items() if name not in hidden}
        moment = timestamp(self._clock())
        return {"type": f"{kind}.{told.state}", "timestamp": moment, "data": {kind: shown}}
