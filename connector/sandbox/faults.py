"""Faults on request: their kinds, and which request meets one."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from connector.sandbox.messages import Answer, Refusal

_SAID = "the service failed, as it was asked to"
_HTML = (("content-type", "text/html; charset=utf-8"),)
_PAGE = b"<html><head><title>Bad gateway</title></head><body><h1>The server is not well.</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and whom it meets: the next so many requests to a path, or each with a probability.

    ``path`` is a pattern in which ``*`` stands for anything. ``seconds``, ``status`` and ``content_type``
    belong to the kinds that need them.
    """

    kind: str
    path: str = "*"
    next: int | None = None
    probability: float = 1.0
    seed: int | None = None
    seconds: float = 1.0
    status: int | None = None
    content_type: str = "text/plain"


def _mistyped(fault: Fault, answer: Answer) -> Answer:
    others = tuple((name, value) for name, value in answer.headers if name != "content-type")
    return replace(answer, headers=(*others, ("content-type", fault.content_type)))


# Instead of the work: nothing is done, nothing is paid.
INSTEAD: Mapping[str, Callable[[Fault, str], Answer]] = {
    "drop": lambda fault, path: Answer(0, dropped=True),
    "error": lambda fault, path: Refusal(fault.status or 500, _SAID).answer(path),
    "html": lambda fault, path: Answer(fault.status or 502, _HTML, _PAGE),
}
# After the work: it is done and paid, and its answer does not arrive as it should.
AFTER: Mapping[str, Callable[[Fault, Answer], Answer]] = {
    "drop_after": lambda fault, answer: replace(answer, dropped=True),
    "latency": lambda fault, answer: replace(answer, delay=fault.seconds),
    "truncate": lambda fault, answer: replace(answer, cut=len(answer.body) // 2),
    "content_type": _mistyped,
}
KINDS = (*INSTEAD, *AFTER)


class Faults:
    """The faults that are set, and which request meets which."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []
        self._dice = random.Random()

    def add(self, fault: Fault) -> tuple[Fault, ...]:
        """Sets one more; gives all that are set."""
        with self._lock:
            self._set.append(fault)
            if fault.seed is not None:
                self._dice.seed(fault.seed)
            return tuple(self._set)

    def clear(self) -> tuple[Fault, ...]:
        """Sets none; gives all that are set."""
        with self._lock:
            self._set.clear()
            return ()

    def listed(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._set)

    def meet(self, path: str) -> Fault | None:
        """The first fault that meets a request to this path; one that was set for a number is used up."""
        with self._lock:
            for place, fault in enumerate(self._set):
                if fnmatchcase(path, fault.path) and self._dice.random() < fault.probability:
                    if fault.next is not None:
                        left = [replace(fault, next=fault.next - 1)] if fault.next > 1 else []
                        self._set[place : place + 1] = left
                    return fault
        return None


def parse(told: Mapping[str, Any]) -> Fault:
    """The fault that a mapping describes. Raises ValueError with a sentence that says what is wrong."""
    known = Fault.__dataclass_fields__
    unknown = [name for name in told if name not in known]
    if unknown:
        raise ValueError(f"{unknown[0]}: a fault has the fields {', '.join(known)}")
    if told.get("kind") not in KINDS:
        raise ValueError(f"kind: must be one of {', '.join(KINDS)}")
    return Fault(**told)
