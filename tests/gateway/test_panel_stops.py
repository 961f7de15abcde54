"""A panel is told to stop, and its gateway says whether it did."""

import asyncio

import pytest

from gateway.errors import LinkRefused, LinkUnsupported
from tests.gateway.panels import SECOND, UID, Gateway, World, in_time
from vocabulary.readings import EndReason
from vocabulary.wire.batches import SampleBlock


@in_time
async def test_a_stop_switches_it_off_and_says_so_when_the_panel_does():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        await gateway.reach.get(UID).stop()
        assert world.began_at is None
    (record,) = world.records()
    assert (record.active, record.end_reason) == (3 * SECOND, EndReason.REMOTE)


@in_time
async def test_with_a_disk_that_takes_nothing_a_panel_is_stopped_and_its_next_session_is_followed_and_counted():
    world, takes, shown = World(), asyncio.Event(), []
    world.takes = takes.wait
    gateway = Gateway(world, watch=shown.extend)
    takes.set()
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        takes.clear()
        await gateway.reach.get(UID).stop()
        world.now += 60 * SECOND
        world.on()
        await gateway.passes(4)
        assert [block.first for block in shown if isinstance(block, SampleBlock) and block.counter == 2] == [0, 1, 2, 3]
        takes.set()
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 3 * SECOND), (2, 4 * SECOND)]
    assert world.seconds(2) == [0, 1, 2, 3]


@in_time
async def test_a_panel_that_stays_on_refuses_the_stop():
    world = World()
    world.off = lambda: None
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(1)
        with pytest.raises(LinkRefused, match=f"{UID}: switching off"):
            await gateway.reach.get(UID).stop()


@in_time
async def test_it_takes_no_permits_and_is_out_of_reach_without_a_link():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        with pytest.raises(LinkUnsupported):
            await gateway.reach.get(UID).permit(b"")
    assert gateway.reach.get(UID) is None
