"""The sandbox's clock, which may run faster than the world's, and never does so unsaid."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Clock:
    """A time that was ``origin`` when the world's was ``since``, and runs ``speed`` times as fast.

    ``advanced`` is by how many seconds it was set forward in all.
    """

    since: float
    origin: float
    speed: float = 1.0
    advanced: float = 0.0

    def at(self, world: float) -> float:
        """This clock's time, in seconds since the epoch, at a time of the world."""
        return self.origin + (world - self.since) * self.speed

    def changed(self, world: float, *, speed: float | None = None, advance: float = 0.0) -> Clock:
        """The same clock from now on at another speed, or set forward; it never jumps back."""
        return replace(
            self,
            since=world,
            origin=self.at(world) + advance,
            speed=self.speed if speed is None else speed,
            advanced=self.advanced + advance,
        )

    @property
    def honest(self) -> dict[str, str]:
        """The headers that say so where this is not the world's time."""
        said = {}
        if self.speed != 1:
            said["x-sandbox-speed"] = f"{self.speed:g}"
        if self.advanced:
            said["x-sandbox-advanced"] = f"{self.advanced:g}"
        return said
