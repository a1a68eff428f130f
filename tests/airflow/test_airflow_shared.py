"""Triggers of one connection share what they need."""

import asyncio

import pytest

from connector.airflow.hook import Shared


class Shop:
    def __init__(self):
        self.made, self.closed = 0, []
        self.shared = Shared(self.close)

    async def make(self):
        self.made = made = self.made + 1
        await asyncio.sleep(0)
        return made

    async def close(self, thing):
        self.closed.append(thing)

    async def use(self, key, seconds=0.01):
        async with self.shared.lent(key, self.make) as thing:
            await asyncio.sleep(seconds)
            return thing


def run(main):
    shop = Shop()
    return asyncio.run(main(shop)), shop


def test_those_who_are_there_at_once_share():
    """It is closed once the last of them has gone, and made anew for those who come later."""

    async def main(shop):
        first = await asyncio.gather(*(shop.use("a") for _ in range(5)), shop.use("b"))
        return [*first, await shop.use("a")]

    things, shop = run(main)
    assert (things, sorted(shop.closed)) == ([1] * 5 + [2, 3], [1, 2, 3])


def test_who_is_stopped_stops_it_for_nobody_else():
    """Also while it is still being made."""

    async def main(shop):
        one, other = asyncio.ensure_future(shop.use("a")), asyncio.ensure_future(shop.use("a"))
        await asyncio.sleep(0)
        one.cancel()
        return await other

    thing, shop = run(main)
    assert (thing, shop.closed) == (1, [1])


def test_what_cannot_be_made_is_told_to_all():
    async def main(shop):
        async def fail():
            raise ValueError("no")

        async def use():
            with pytest.raises(ValueError, match="no"):
                async with shop.shared.lent("a", fail):
                    pass

        await asyncio.gather(use(), use())

    _, shop = run(main)
    assert shop.closed == []
