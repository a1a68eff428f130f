"""A slot is taken at once where one is free, waited for in line where not, and given back once."""

import asyncio

from connector.runs.service.priority_semaphore import PrioritySemaphore


def test_a_free_one_is_taken_at_once():
    """And the next one has to wait."""
    slots = PrioritySemaphore(1)
    first, second = slots.slot(), slots.slot()
    assert first.take_if_free()
    assert first.take_if_free()
    assert not second.take_if_free()
    first.give_back()
    assert second.take_if_free()


def test_it_is_given_back_once():
    """However often it is said."""

    async def scenario():
        slots = PrioritySemaphore(1)
        slot = slots.slot()
        await slot.take()
        assert slot.is_held
        slot.give_back()
        slot.give_back()
        assert not slot.is_held
        assert slots.slot().take_if_free()
        assert not slots.slot().take_if_free()

    asyncio.run(scenario())


def test_nobody_is_overtaken():
    """Who stands in line has it before whoever only looks whether one is free."""

    async def scenario():
        slots = PrioritySemaphore(1)
        held, waiting, looking = slots.slot(), slots.slot(), slots.slot()
        held.take_if_free()

        async def wait():
            await waiting.take()
            found = looking.take_if_free()
            waiting.give_back()
            return found

        waited = asyncio.create_task(wait())
        await asyncio.sleep(0)
        held.give_back()
        assert not looking.take_if_free()
        assert await waited is False
        assert looking.take_if_free()

    asyncio.run(scenario())


def test_who_is_wanted_most_goes_first():
    """And of those who are wanted alike, whoever came first."""

    async def scenario():
        slots, order = PrioritySemaphore(1), []

        async def use(urgency, name):
            slot = slots.slot(urgency)
            await slot.take()
            order.append(name)
            slot.give_back()

        held = slots.slot()
        held.take_if_free()
        uses = [asyncio.create_task(use(*who)) for who in ((10, "a"), (1, "b"), (10, "c"), (1, "d"))]
        await asyncio.sleep(0)
        held.give_back()
        await asyncio.gather(*uses)
        assert order == ["b", "d", "a", "c"]

    asyncio.run(scenario())


def test_who_goes_away_keeps_nobody_waiting():
    """Also in the moment in which it would have got its slot."""

    async def scenario():
        slots = PrioritySemaphore(1)
        held, first, second = slots.slot(), slots.slot(), slots.slot()
        held.take_if_free()
        waiting = [asyncio.create_task(one.take()) for one in (first, second)]
        await asyncio.sleep(0)
        held.give_back()
        waiting[0].cancel()
        await waiting[1]
        assert (first.is_held, second.is_held) == (False, True)

    asyncio.run(scenario())
