"""The session's cap: what may be spent in one session, beside the caps of its environments."""

from __future__ import annotations

from connector.errors import CapReached
from connector.spec.schema import amounts
from connector.storage.runs.model import Run


class SessionCap:
    """Credits of a session; without a limit there is nothing to refuse, and all is counted the same."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.spent = 0.0

    @property
    def left(self) -> float | None:
        return None if self.limit is None else max(0.0, self.limit - self.spent)

    def hold(self, credits: float | None, title: str) -> float:
        """Sets aside what a use may cost. Raises CapReached where the limit does not cover it."""
        if self.limit is not None:
            self._check(credits, title, self.limit)
        held = credits or 0.0
        self.spent += held
        return held

    def settle(self, held: float, run: Run | None) -> None:
        """What was set aside becomes what it cost; without a run it cost nothing."""
        self.spent += _cost(held, run) - held

    def _check(self, credits: float | None, title: str, limit: float) -> None:
        if credits is None:
            raise CapReached(
                f"nobody can tell before what {title} costs, and this session may spend "
                f"{amounts.credits(limit)} at most (--limit-credits); use an action with a price"
            )
        if self.spent + credits > limit:
            raise CapReached(
                f"{title} costs {amounts.credits(credits)}, and of the {amounts.credits(limit)} that this "
                f"session may spend (--limit-credits) {limit - self.spent:g} are left; nothing was sent"
            )


def _cost(held: float, run: Run | None) -> float:
    """What is not certain counts as spent."""
    if run is None or (run.has_ended and run.billed == "no"):
        return 0.0
    return held if run.credits is None else run.credits
