"""A trial: one use, disturbed at one point, and the balance of what was paid and what is there."""

from dataclasses import dataclass
from itertools import count

from faults.scene import Fault
from faults.states import STATES
from faults.uses import PAID, Found

USES = PAID | STATES
_NUMBERS = count(1)


@dataclass(frozen=True)
class Outcome:
    """``paid`` is how often the far side was paid, ``kept`` and ``unknown`` are what is found in the end."""

    fault: Fault
    struck: str
    code: int
    said: str
    paid: int
    kept: int
    unknown: int
    wrong: tuple

    @property
    def was_met(self):
        return bool(self.struck)

    def __str__(self):
        numbers = f"{self.paid} paid, {self.kept} kept, {self.unknown} unknown"
        return f"{self.struck or 'nothing'}, exit {self.code}, {numbers}: {self.said}"


def counted(scene, use, kind):
    """How many calls of a use such a fault can befall; it is done once undisturbed."""
    scene.clear()
    prompt = f"{use} {next(_NUMBERS)}.{USES[use].large}"
    return USES[use].act(scene, prompt, Fault(kind)).counted


def tried(scene, far, use, fault):
    """The outcome of a use that is disturbed."""
    scene.clear()
    far.http.post("/reset")
    acting, prompt, found = USES[use], f"{use} {next(_NUMBERS)}.{USES[use].large}", Found()
    ended = acting.act(scene, prompt, fault)
    first = [asked for asked in far.paid() if asked.startswith(prompt)]
    acting.next(scene, prompt, ended, found)
    paid = [asked for asked in far.paid() if asked.startswith(prompt)]
    said = ended.err.strip()[-400:]
    numbers = len(paid), len(found.kept), len(found.unknown)
    wrong = [*found.wrong, *_faults(acting, ended, first, paid, found)]
    return Outcome(fault, ended.struck, ended.code, said, *numbers, tuple(dict.fromkeys(wrong)))


def _faults(use, ended, first, paid, found):
    """What must never be, in words."""
    if len(set(first)) < len(first) or any(paid.count(one) > use.most for one in paid):
        yield "paid twice"
    if len(paid) > len(found.kept) + len(found.unknown):
        yield "paid and lost"
    if len(found.kept) > len(paid):
        yield "kept and not paid"
    if ended.code == 70:
        yield "a mistake in the connector"
    if ended.code == 0 and use.most and not found.kept:
        yield "success without its file"
