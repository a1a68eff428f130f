"""The control path, ``/_sandbox``: what the sandbox saw and was paid, and how its time and luck are set.

It needs no key, counts against no limit, and is nothing that the vendor has.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from connector.sandbox.faults import KINDS, Faults, parse
from connector.sandbox.generation import FILTERED, REFUSED, REJECTED, credits, hundredths
from connector.sandbox.messages import Answer, Call, json_answer
from connector.sandbox.settings import Settings
from connector.sandbox.store import Account, Clock, Store, fingerprint

_ROOT = "/_sandbox"


class Controlled:
    """What of a sandbox can be looked at and set."""

    def __init__(self, settings: Settings, store: Store, world: Callable[[], float]) -> None:
        self.settings, self.store, self.world = settings, store, world
        self.faults = Faults()
        self.requests: deque[dict[str, Any]] = deque(maxlen=settings.kept_requests)
        if settings.speed is not None:
            self.change_clock(settings.speed)
        elif store.clock() is None:
            store.set_clock(self.clock())

    def clock(self) -> Clock:
        """The clock as it is set now, by whichever process; else the world's."""
        world = self.world()
        return self.store.clock() or Clock(world, world)

    def now(self) -> float:
        return self.clock().at(self.world())

    def change_clock(self, speed: float | None = None, advance: float = 0.0) -> Clock:
        """Another speed from now on, or a jump ahead."""
        self.store.set_clock(self.clock().changed(self.world(), speed=speed, advance=advance))
        return self.clock()


def is_control(path: str) -> bool:
    return path == _ROOT or path.startswith(_ROOT + "/")


def answer(sandbox: Controlled, call: Call) -> Answer:
    """The answer to a call of the control path; a wrong one is told what is right."""
    handler = _HANDLERS.get((call.method, call.path.rstrip("/")))
    if handler is None:
        offered = ", ".join(" ".join(known) for known in _HANDLERS)
        return json_answer(404, {"errors": [f"there is only: {offered}"]})
    try:
        told = json.loads(b"".join(call.body) or b"{}")
        if not isinstance(told, dict):
            raise ValueError("the body must be a JSON object")
        return json_answer(200, handler(sandbox, told))
    except (ValueError, TypeError) as error:
        return json_answer(400, {"errors": [str(error)]})


def _overview(sandbox: Controlled, _: dict[str, Any]) -> dict[str, Any]:
    words = {REFUSED: "403 content_moderation", FILTERED: "200 CONTENT_FILTERED"}
    rejected = {word: f"422 {told['name']}" for word, told in REJECTED.items()}
    settings = asdict(sandbox.settings) | {"revoked": len(sandbox.settings.revoked)}
    overview = {"settings": settings, "clock": _clock(sandbox, {})}
    return overview | {"trigger_words": words | rejected, "fault_kinds": KINDS}


def _ledger(sandbox: Controlled, told: dict[str, Any]) -> list[dict[str, Any]]:
    return [asdict(paid) | {"credits": credits(paid.credits)} for paid in sandbox.store.payments()]


def _clock(sandbox: Controlled, told: dict[str, Any]) -> dict[str, Any]:
    clock = sandbox.clock()
    return {"now": sandbox.now(), "speed": clock.speed, "advanced": clock.advanced}


def _set_clock(sandbox: Controlled, told: dict[str, Any]) -> dict[str, Any]:
    """``{"speed": 60}`` from now on; ``{"advance": 3600}`` at once."""
    speed, advance = told.pop("speed", None), told.pop("advance", 0)
    if told or (speed is not None and not speed > 0) or not advance >= 0:
        raise ValueError("a clock takes speed (above 0) and advance (seconds, not below 0)")
    sandbox.change_clock(speed, advance)
    return _clock(sandbox, told)


def _set_account(sandbox: Controlled, told: dict[str, Any]) -> dict[str, Any]:
    """``{"key": "sk-...", "credits": 5, "revoked": false}``: what this key has from now on."""
    key = told.pop("key", None)
    amount, revoked = told.pop("credits", sandbox.settings.credits), told.pop("revoked", False)
    if told or not isinstance(key, str):
        raise ValueError("an account takes key, and credits or revoked")
    sandbox.store.set_account(Account(fingerprint(key), hundredths(amount), bool(revoked)))
    return {"key": fingerprint(key), "credits": amount, "revoked": bool(revoked)}


def _reset(sandbox: Controlled, told: dict[str, Any]) -> dict[str, Any]:
    """Forgets accounts, generations, ledger, requests and faults; the clock goes on as it is set."""
    sandbox.store.clear()
    sandbox.faults.clear()
    sandbox.requests.clear()
    return {"reset": True}


_HANDLERS: Mapping[tuple[str, str], Callable[[Controlled, dict[str, Any]], Any]] = {
    ("GET", _ROOT): _overview,
    ("GET", f"{_ROOT}/ledger"): _ledger,
    ("GET", f"{_ROOT}/requests"): lambda sandbox, told: list(sandbox.requests),
    ("GET", f"{_ROOT}/faults"): lambda sandbox, told: sandbox.faults.listed(),
    ("POST", f"{_ROOT}/faults"): lambda sandbox, told: sandbox.faults.add(parse(told)),
    ("DELETE", f"{_ROOT}/faults"): lambda sandbox, told: sandbox.faults.clear(),
    ("GET", f"{_ROOT}/clock"): _clock,
    ("POST", f"{_ROOT}/clock"): _set_clock,
    ("POST", f"{_ROOT}/accounts"): _set_account,
    ("POST", f"{_ROOT}/reset"): _reset,
}
