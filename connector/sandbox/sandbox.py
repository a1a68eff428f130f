"""The sandbox: the vendor's API on this machine; a request goes in, a response comes out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast
from urllib.parse import quote

from connector.sandbox import control, legacy
from connector.sandbox.document import Api, load
from connector.sandbox.faults import AFTER, INSTEAD, Fault
from connector.sandbox.generation import Desk, Studio, fetch, generate, hundredths, start
from connector.sandbox.messages import Answer, Call, Refusal, unauthorized
from connector.sandbox.request import Visit, remembered, visit
from connector.sandbox.settings import Settings
from connector.sandbox.store import Store, fingerprint

_ROOTS = ("/v1/", "/v2alpha/", "/v2beta/")
_KEY = "sk-"
# Clients refuse an answer whose headers are very long.
_LONGEST = 2000


class Sandbox(control.Controlled):
    """The stand-in. It may be asked from many threads at once.

    ``state`` is a folder in which it remembers between processes; without one it forgets.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        state: Path | None = None,
        studio: Studio | None = None,
        api: Api | None = None,
        world: Callable[[], float] = time.time,
    ) -> None:
        self.api = api or load()
        if state:
            for folder in (*reversed(state.parents), state):
                if not folder.exists():
                    folder.mkdir(mode=0o700, exist_ok=True)
        self._studio = studio
        super().__init__(settings or Settings(), Store(state / "sandbox.sqlite" if state else None), world)

    def close(self) -> None:
        self.store.close()

    def answer(self, call: Call) -> Answer:
        """The answer to one call. Nothing is raised but what reading the body raises."""
        if control.is_control(call.path):
            return self._marked(control.answer(self, call))
        arrived = self.world()  # a request counts from its first bytes, however long its body takes
        came = visit(call, self.api)
        answer = self._delivered(came, arrived)
        ignored = () if self.settings.strict_fields else came.unknown
        self.requests.append(remembered(came, answer.status, self.now(), ignored))
        return self._marked(answer, ("x-request-id", came.request_id), *_named(ignored))

    def _delivered(self, came: Visit, arrived: float) -> Answer:
        """The honest answer, unless a fault was set for this request."""
        fault = self.faults.meet(came.call.path) or Fault("none")
        if fault.kind in INSTEAD:
            return INSTEAD[fault.kind](fault, came.call.path)
        try:
            answer = self._served(came, arrived)
        except Refusal as refusal:
            answer = refusal.answer(came.call.path)
        return AFTER[fault.kind](fault, answer) if fault.kind in AFTER else answer

    def _served(self, came: Visit, arrived: float) -> Answer:
        """The credential is looked at first, then the limits, then what is asked for: as the vendor does."""
        nothing = Refusal(404, f"{came.call.path}: there is nothing here")
        if not came.call.path.startswith(_ROOTS):
            raise nothing
        clock, key = self.clock(), self._key(came)
        desk = Desk(self.api, self.store, self.studio, self.settings, key, clock.at(arrived), clock.speed)
        limit = self.api.rate_limit
        if wait := self.store.locked_for(key, desk.now, limit):
            said = f"more than {limit.requests} requests in {limit.window:g} s; locked out for {wait:.0f} s"
            raise Refusal(429, said, retry_after=desk.pause(wait))
        operation = came.operation
        if operation is None or (operation.removed and not self.settings.serve_removed):
            raise nothing
        plain = fetch if operation.result_of else start if operation.starts else generate
        return legacy.HANDLERS.get(operation.id, plain)(came, operation, desk)

    def _key(self, came: Visit) -> str:
        """The fingerprint of the key that was sent, if it is one that counts."""
        sent = came.call.header("authorization")
        scheme, blank, key = (sent or "").partition(" ")
        if not blank and self.api.scheme_optional:
            scheme, key = "bearer", scheme
        if scheme.lower() != "bearer" or not key.startswith(_KEY) or key in self.settings.revoked:
            raise unauthorized(came.call.path, sent)
        known = self.store.account(fingerprint(key), hundredths(self.settings.credits))
        if known.revoked:
            raise unauthorized(came.call.path, sent)
        return known.key

    @property
    def studio(self) -> Studio:
        """The makers of media, brought in when they are first needed: they are large."""
        if self._studio is None:
            self._studio = cast(Studio, import_module("connector.sandbox.studio"))
        return self._studio

    def _marked(self, answer: Answer, *more: tuple[str, str]) -> Answer:
        """Whatever it answers says that it is the sandbox, and whether its time is the world's."""
        marks = (*more, ("x-sandbox", "true"), *self.clock().honest.items())
        return replace(answer, headers=(*answer.headers, *marks))


def _named(ignored: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The header that names the fields that were ignored; a name may hold what no header may."""
    names = ", ".join(quote(name, safe="[]") for name in ignored)
    return (("x-sandbox-ignored", names[:_LONGEST].rstrip(", ")),) if ignored else ()
