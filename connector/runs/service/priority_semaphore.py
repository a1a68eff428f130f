"""A semaphore with priorities: so many may be under way at once, and who is wanted most goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class PrioritySemaphore:
    """Slots that are taken and given back, in one event loop."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._line: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    def slot(self, urgency: int = 0) -> Slot:
        """One to be taken. A lower number is wanted more; of two alike, who came first goes first."""
        return Slot(self, urgency)

    def take_if_free(self) -> bool:
        """Takes a slot at once, unless somebody would have to wait for it."""
        is_free = self._free > 0
        self._free -= is_free
        return is_free

    async def take(self, urgency: int) -> None:
        if self.take_if_free():
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (urgency, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had just got its slot
                self.give_back()
            raise

    def give_back(self) -> None:
        while self._line:
            *_, turn = heapq.heappop(self._line)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Slot:
    """It is free to hold or not; who takes it gives it back."""

    def __init__(self, semaphore: PrioritySemaphore, urgency: int) -> None:
        self._semaphore = semaphore
        self._urgency = urgency
        self.is_held = False

    def take_if_free(self) -> bool:
        """Takes it at once, unless somebody would have to wait for it; whether it is held now."""
        self.is_held = self.is_held or self._semaphore.take_if_free()
        return self.is_held

    def give_back(self) -> None:
        """It may be given back more than once."""
        if self.is_held:
            self.is_held = False
            self._semaphore.give_back()

    async def take(self) -> None:
        """Waits in line until it is held."""
        if not self.is_held:
            await self._semaphore.take(self._urgency)
            self.is_held = True
