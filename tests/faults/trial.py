"""A trial: one use, disturbed at one point, and the balance of what was paid and what is there."""

from dataclasses import dataclass
from itertools import count

from faults import injection, uses

_NUMBERS = count(1)


@dataclass(frozen=True)
class Outcome:
    """``paid`` is how often the far side was paid, ``kept`` and ``unknown`` are what is found after it."""

    point: injection.Point
    code: int
    said: str
    paid: int
    kept: int
    unknown: int

    @property
    def was_killed(self):
        return self.code in (-9, 137)

    @property
    def faults(self):
        """What must never be, in words."""
        told = {
            "paid twice": self.paid > 1,
            "paid and lost": self.paid > self.kept + self.unknown,
            "kept and not paid": self.kept > self.paid,
            "a mistake in the connector": self.code == 70,
            "success without its file": self.code == 0 and not self.kept,
        }
        return [name for name, holds in told.items() if holds]


def listed(scene, far, use):
    """The points of a use, after it was done once undisturbed."""
    scene.clear()
    log = scene.place / "calls"
    ended = uses.USES[use](scene, f"{use} {next(_NUMBERS)}", injection.listing(log))
    assert ended.returncode == 0, ended.stderr
    return injection.points(log)


def tried(scene, far, use, point):
    """The outcome of a use that is disturbed at a point."""
    scene.clear()
    prompt = f"{use} {next(_NUMBERS)}."
    ended = uses.USES[use](scene, prompt, point.options)
    kept, unknown = uses.found(scene)
    paid = [asked for asked in far.paid() if asked.startswith(prompt)]
    said = ended.stderr.strip()[-400:]
    return Outcome(point, ended.returncode, said, len(paid), len(kept), len(unknown - kept))
