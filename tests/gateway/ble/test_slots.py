"""Turns: the oldest wait first, and nothing is taken from whoever is busy."""

import asyncio
from contextlib import AsyncExitStack

from gateway.ble.slots import Slots
from tests.firmware_bridge.radio.loops import in_a_loop


class Device:
    """Somebody who wants a slot, and gives it up when told to."""

    def __init__(self, slots, name, said):
        self.slots, self.name, self.said = slots, name, said
        self.turn = None
        self.task = asyncio.ensure_future(self.hold())

    async def hold(self):
        async with self.slots.turn() as self.turn:
            self.said.append(self.name)
            await self.turn.over.wait()
        self.turn = None


async def a_moment():
    for _ in range(5):
        await asyncio.sleep(0)


class Home:
    def __init__(self, slots, turn_s=0.0):
        self.slots, self.said, self.devices = Slots(slots, turn_s), [], []

    async def add(self, names):
        added = [Device(self.slots, name, self.said) for name in names]
        self.devices += added
        await a_moment()
        return added

    async def close(self):
        for device in self.devices:
            device.task.cancel()
        await asyncio.gather(*(device.task for device in self.devices), return_exceptions=True)


def at_home(slots, turn_s=0.0):
    stack = AsyncExitStack()
    home = Home(slots, turn_s)
    stack.push_async_callback(home.close)
    return home, stack


@in_a_loop
async def test_nobody_gives_up_a_slot_while_there_are_free_ones():
    home, stack = at_home(slots=3)
    async with stack:
        for device in await home.add("abc"):
            device.turn.rest()
        await a_moment()
        assert not any(device.turn.over.is_set() for device in home.devices)


@in_a_loop
async def test_whoever_waits_longest_is_next():
    home, stack = at_home(slots=1)
    async with stack:
        for device in await home.add("abcd"):
            await a_moment()
            device.turn.rest()
        await a_moment()
        assert home.said == list("abcd")


@in_a_loop
async def test_of_those_who_rest_the_longest_holder_gives_its_slot_up_and_only_as_many_as_are_wanted():
    home, stack = at_home(slots=3)
    async with stack:
        a, b, c = await home.add("abc")
        for device in (c, b):
            device.turn.rest()
        await home.add("d")
        assert (a.turn is None, b.turn is None, c.turn is None) == (False, True, False)


@in_a_loop
async def test_whoever_is_busy_keeps_its_slot_until_it_rests():
    home, stack = at_home(slots=1)
    async with stack:
        (busy,) = await home.add("a")
        await home.add("b")
        assert home.said == ["a"]
        busy.turn.rest()
        await a_moment()
        assert home.said == ["a", "b"]


@in_a_loop
async def test_whoever_is_busy_again_in_time_keeps_its_slot():
    home, stack = at_home(slots=1)
    async with stack:
        (device,) = await home.add("a")
        device.turn.rest()
        device.turn.work()
        await home.add("b")
        assert home.said == ["a"]


@in_a_loop
async def test_a_turn_lasts_for_a_while_although_others_wait():
    home, stack = at_home(slots=1, turn_s=0.05)
    async with stack:
        began = asyncio.get_running_loop().time()
        (device,) = await home.add("a")
        device.turn.rest()
        await home.add("b")
        assert home.said == ["a"]
        async with asyncio.timeout(1):
            await device.task
        assert asyncio.get_running_loop().time() - began >= 0.05
        await a_moment()
        assert home.said == ["a", "b"]


@in_a_loop
async def test_whoever_leaves_while_it_waits_takes_no_slot_with_it():
    home, stack = at_home(slots=1)
    async with stack:
        first, second, _ = await home.add("abc")
        second.task.cancel()
        first.turn.rest()
        await a_moment()
        assert home.said == ["a", "c"]


@in_a_loop
async def test_a_slot_that_is_given_in_the_moment_of_leaving_is_given_on():
    home, stack = at_home(slots=1)
    async with stack:
        first, second, _ = await home.add("abc")
        first.task.cancel()
        await asyncio.sleep(0)
        second.task.cancel()
        await a_moment()
        assert home.said == ["a", "c"]
