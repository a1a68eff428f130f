"""A slot is taken at once where one is free, waited for in line where not, and given back once."""

import asyncio

from connector.runs.semaphore import Slot


def test_a_free_one_is_taken_at_once():
    """And the next one has to wait."""

    async def scenario():
        slots = asyncio.Semaphore(1)
        first, second = Slot(slots), Slot(slots)
        assert await first.take_if_free()
        assert await first.take_if_free()
        assert not await second.take_if_free()
        first.give_back()
        assert await second.take_if_free()

    asyncio.run(scenario())


def test_it_is_given_back_once():
    """However often it is said."""

    async def scenario():
        slots = asyncio.Semaphore(1)
        slot = Slot(slots)
        async with slot:
            assert slot.is_held
        slot.give_back()
        assert (slot.is_held, slots._value) == (False, 1)

    asyncio.run(scenario())


def test_nobody_is_overtaken():
    """Who stands in line has it before whoever only looks whether one is free."""

    async def scenario():
        slots = asyncio.Semaphore(1)
        held, waiting, looking = Slot(slots), Slot(slots), Slot(slots)
        await held.take_if_free()

        async def wait():
            async with waiting:
                return await looking.take_if_free()

        waited = asyncio.create_task(wait())
        await asyncio.sleep(0)
        held.give_back()
        assert not await looking.take_if_free()
        assert await waited is False
        assert await looking.take_if_free()

    asyncio.run(scenario())
