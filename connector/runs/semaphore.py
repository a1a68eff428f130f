"""A place among the so many that may be under way at once."""

from __future__ import annotations

import asyncio
from typing import Self


class Slot:
    """It is free to hold or not; ``async with`` waits for it in line, and gives it back."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self.is_held = False

    async def take_if_free(self) -> bool:
        """Takes it at once, unless somebody would have to wait for it; whether it is held now."""
        if not self.is_held and not self._slots.locked():
            await self._take()
        return self.is_held

    def give_back(self) -> None:
        """It may be given back more than once."""
        if self.is_held:
            self.is_held = False
            self._slots.release()

    async def __aenter__(self) -> Self:
        if not self.is_held:
            await self._take()
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.give_back()

    async def _take(self) -> None:
        await self._slots.acquire()
        self.is_held = True
