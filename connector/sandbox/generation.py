"""Generations: priced, made at once and delivered, or started, paid, kept and fetched.

Amounts are in hundredths of a credit, so that sums stay exact. Moderation is by trigger words, since the
sandbox has no judgement of its own: one works in any text field, and in the name of any file.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from connector.sandbox.document import Api, Operation
from connector.sandbox.messages import WORDS, Answer, Finished, Refusal, deliver, json_answer
from connector.sandbox.request import Given, Visit, given, parameter_problems
from connector.sandbox.settings import Settings
from connector.sandbox.store import Generation, Payment, Store

if TYPE_CHECKING:
    from connector.sandbox.studio import Info, Made

_log = logging.getLogger("connector.sandbox")
_LARGEST_SEED = 4294967294
# The one kind of formula that the price list has: a base and so much for each unit of a field.
_FORMULA = re.compile(r"([\d.]+) \+ ([\d.]+) \* (\w+)")
# A poll this share of the floor too early is let pass: clocks and networks are not exact.
_GRACE = 0.05
# Refused: 403 content_moderation, where the operation moderates its input.
REFUSED = "sandbox-refuse"
# Delivered blurred, with the finish reason CONTENT_FILTERED, where the operation can report that.
FILTERED = "sandbox-filter"
# Rejected: 422 under a name, where the operation knows the name.
REJECTED: Mapping[str, Mapping[str, str]] = WORDS["rejected"]


class Studio(Protocol):
    """Who makes the media, and looks into those that are sent: the studio, or what stands in for it.

    ``inspect`` gives None for a file that cannot be decoded. Where ``make`` finds that out only later, it
    raises ValueError, with a sentence that begins with the field.
    """

    @property
    def make(self) -> Callable[..., Made]: ...
    @property
    def inspect(self) -> Callable[[bytes], Info | None]: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a generation needs of the sandbox at the moment of one request."""

    api: Api
    store: Store
    studio: Studio
    settings: Settings
    key: str
    now: float
    speed: float

    def pause(self, seconds: float) -> float | None:
        """What Retry-After says for so many seconds of the clock, where it is said at all."""
        return seconds / self.speed if self.settings.retry_after else None


def generate(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    """Makes what was asked for, takes the price, and delivers it."""
    told = _admitted(visit, operation, desk)
    filtered = is_filtered(told.texts) and "CONTENT_FILTERED" in operation.finish_reasons
    (finished,) = paid(visit, operation, desk, told, filtered=filtered)
    return deliver(operation, visit.call, finished)


def paid(
    visit: Visit, operation: Operation, desk: Desk, told: Given, *, filtered: bool, samples: int = 1
) -> list[Finished]:
    """Makes as many as asked for, each from the seed after the last, and takes the price if none fails."""
    amount, first = _charge(operation, told, desk), _chosen_seed(told)
    make = partial(desk.studio.make, operation.id, told.fields, told.files, filtered=filtered)
    with _refunding(operation, amount, desk):
        finished = [Finished(make(seed), seed, filtered) for seed in range(first, first + samples)]
    _pay(visit, operation, amount, secrets.token_hex(32), desk)
    return finished


def start(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    """Takes the price, keeps what was asked for under a new id, and answers the id."""
    told = _admitted(visit, operation, desk)
    amount = _charge(operation, told, desk)
    begun = Generation(
        id=secrets.token_hex(32),
        key=desk.key,
        operation=operation.id,
        fields=told.fields,
        seed=_chosen_seed(told),
        filtered=is_filtered(told.texts),
        ready=desk.now + desk.settings.job_seconds,
        expires=desk.now + operation.job.retention_seconds,
        files=told.files,
    )
    desk.store.start(begun, desk.now)
    _pay(visit, operation, amount, begun.id, desk)
    return json_answer(operation.started, {"id": begun.id})


def fetch(visit: Visit, operation: Operation, desk: Desk) -> Answer:
    """Answers a started generation: still in progress, or what it became."""
    if found := parameter_problems(visit, operation):
        raise Refusal(400, *found)
    begun = desk.store.generation(visit.names["id"], desk.key, desk.now)
    if begun is None or begun.operation not in operation.result_of:
        raise Refusal(404, "id: no generation of this key is kept under it", name="generation_not_found")
    _hold_floor(begun, desk)
    if desk.now < begun.ready:
        return json_answer(202, {"id": begun.id, "status": "in-progress"})
    filtered = begun.filtered and "CONTENT_FILTERED" in operation.finish_reasons
    with _refunding(operation, 0, desk):  # from the same seed it is the same each time it is fetched
        made = desk.studio.make(begun.operation, begun.fields, begun.files, begun.seed, filtered=filtered)
    return deliver(operation, visit.call, Finished(made, begun.seed, filtered))


def _hold_floor(begun: Generation, desk: Desk) -> None:
    floor = desk.api.operation(begun.operation).job.poll_seconds
    kept = desk.store.poll(begun.id, desk.now, floor * (1 - _GRACE))
    if desk.settings.poll_floor and not kept:
        raise Refusal(429, f"poll at most once in {floor:g} seconds", retry_after=desk.pause(floor))


def _admitted(visit: Visit, operation: Operation, desk: Desk) -> Given:
    """What the request gives, once it keeps every rule."""
    told = given(visit, operation, desk.studio.inspect, strict=desk.settings.strict_fields)
    _moderate(operation, told.texts)
    return told


def _charge(operation: Operation, told: Given, desk: Desk) -> int:
    """Takes the price from the account before the work, so that two requests cannot spend it twice."""
    amount = price(operation.credits, told.values)
    if not desk.store.charge(desk.key, amount):
        raise Refusal(402, "you lack sufficient credits to make this request, buy more to go on")
    return amount


def price(credits: Mapping[str, Any] | None, values: Mapping[str, Any]) -> int:
    """The price of a generation with these values, defaults included; 0 where none is known."""
    if credits is None:
        return 0
    told = credits["flat"] if "flat" in credits else credits["values"][values[credits["by"]]]
    if found := _FORMULA.fullmatch(str(told)):
        told = float(found[1]) + float(found[2]) * float(values[found[3]])
    return hundredths(told)


def hundredths(credits: float) -> int:
    return round(credits * 100)


def credits(amount: int) -> int | float:
    """Hundredths as credits, whole where they are."""
    return amount // 100 if amount % 100 == 0 else amount / 100


def _pay(visit: Visit, operation: Operation, amount: int, ident: str, desk: Desk) -> None:
    desk.store.pay(Payment(ident, operation.id, desk.key, amount, desk.now, visit.request_id))


def _chosen_seed(told: Given) -> int:
    """The seed that was given; for none, or 0, a random one."""
    return int(float(told.values.get("seed", 0))) or secrets.randbelow(_LARGEST_SEED) + 1


@contextmanager
def _refunding(operation: Operation, amount: int, desk: Desk) -> Iterator[None]:
    """Gives the price back where the work fails: by a damaged file, or by a fault of our own studio."""
    try:
        yield
    except Exception as error:
        desk.store.refund(desk.key, amount)
        if isinstance(error, ValueError):
            raise Refusal(400, str(error)) from error
        # The cause belongs in the log, not in the answer.
        _log.exception("%s could not be made", operation.id)
        raise Refusal(500, "the generation failed; nothing was charged") from error


def _moderate(operation: Operation, texts: Iterable[str]) -> None:
    """Refuses what a trigger word asks to be refused, as far as the operation declares it."""
    said = " ".join(texts).lower()
    if REFUSED in said and "content_moderation" in operation.refusals.get(403, ()):
        raise Refusal(403, "the request was flagged by content moderation", name="content_moderation")
    for word, told in REJECTED.items():
        if word in said and told["name"] in operation.refusals.get(422, ()):
            raise Refusal(422, told["says"], name=told["name"])


def is_filtered(texts: Iterable[str]) -> bool:
    """Whether the output is to be delivered blurred."""
    return FILTERED in " ".join(texts).lower()
