"""A panel counts no sessions and keeps no records: its gateway does, out of the countdown and nothing else."""

from datetime import timedelta

from gateway.ble.blockbluelight import panel_uid
from tests.gateway.panels import ADDRESS, EPOCH, SECOND, SECRET, UID, Gateway, World, in_time
from vocabulary.devices import DeviceState
from vocabulary.readings import EndReason, RecordFlag
from vocabulary.wire.batches import ReportedMark, SampleBlock, SeenAnchor, SeenDevice, StoredRecord


@in_time
async def test_each_second_of_the_countdown_is_a_sample_and_the_end_a_record():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(6)
        world.off()
        await gateway.looks()
    assert world.seconds() == [0, 1, 2, 3, 4, 5]
    assert [block.columns.active_s for block in world.of(SampleBlock)] == [[n] for n in range(1, 7)]
    assert [block.columns.remaining_s for block in world.of(SampleBlock)] == [[600 - n] for n in range(1, 7)]
    (record,) = world.records()
    assert (record.counter, record.active, record.planned) == (1, 6 * SECOND, 600 * SECOND)
    assert (record.end_reason, record.flags) == (EndReason.USER, (RecordFlag.ABORTED,))
    assert world.gaps() == []


@in_time
async def test_a_countdown_that_runs_out_is_done():
    world = World()
    world.initial_s = world.frozen_s = 5
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(7)
    (record,) = world.records()
    assert (record.active, record.end_reason, record.flags) == (5 * SECOND, EndReason.DONE, ())


@in_time
async def test_switched_off_and_on_it_is_another_session_also_between_two_looks():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(4)
        world.off()
        world.on()
        await gateway.passes(3)
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 4 * SECOND), (2, 3 * SECOND)]
    assert (world.seconds(1), world.seconds(2)) == ([0, 1, 2, 3], [0, 1, 2])
    first, second = world.records()
    assert second.previous_crc == first.crc


@in_time
async def test_switched_off_and_on_just_before_it_runs_out_it_is_not_done():
    world = World()
    world.initial_s = world.frozen_s = 8
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(6)
        world.on()
        await gateway.passes(1)
    assert [(one.active, one.end_reason) for one in world.records()] == [(6 * SECOND, EndReason.USER)]


@in_time
async def test_a_countdown_that_begins_anew_within_its_first_seconds_is_another_session():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(2)
        world.on()
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 2 * SECOND), (2, 2 * SECOND)]


@in_time
async def test_a_second_that_no_look_saw_is_a_gap():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(2)
        world.now += 3 * SECOND
        await gateway.passes(1)
    assert world.seconds() == [0, 1, 5]
    assert world.gaps() == [(1, 2, 4)]


@in_time
async def test_a_countdown_that_went_on_while_the_link_was_lost_is_the_same_session():
    world = World()
    gateway = Gateway(world)
    world.on()
    async with gateway.linked():
        await gateway.passes(3)
    world.now += 60 * SECOND
    async with gateway.linked():
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 65 * SECOND)]
    assert world.gaps() == [(1, 3, 61)]


@in_time
async def test_another_countdown_found_after_a_lost_link_is_another_session_and_the_end_of_the_first_is_not_known():
    world = World()
    gateway = Gateway(world)
    world.on()
    async with gateway.linked():
        await gateway.passes(3)
    world.now += 60 * SECOND
    world.off()
    world.on()
    world.now += 10 * SECOND
    async with gateway.linked():
        await gateway.passes(1)
    (record,) = world.records()
    assert (record.counter, record.active, record.end_reason) == (1, 3 * SECOND, EndReason.UNKNOWN)
    assert world.seconds(2) == [9, 10]
    assert world.gaps() == [(2, 0, 8)]


@in_time
async def test_found_off_after_a_lost_link_its_frozen_countdown_says_when_it_ended():
    world = World()
    gateway = Gateway(world)
    world.on()
    async with gateway.linked():
        await gateway.passes(3)
    world.now += 30 * SECOND
    world.off()
    world.now += timedelta(hours=8)
    async with gateway.linked():
        pass
    (record,) = world.records()
    assert (record.active, record.end_reason) == (33 * SECOND, EndReason.USER)
    assert world.gaps() == [(1, 3, 32)]


@in_time
async def test_a_session_goes_on_over_a_restart_of_the_gateway_under_the_same_numbers():
    world = World()
    before = Gateway(world)
    world.on()
    async with before.linked():
        await before.passes(3)
    world.now += 20 * SECOND
    after = Gateway(world)
    async with after.linked():
        await after.passes(1)
        world.off()
        await after.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 24 * SECOND)]
    assert {item.epoch for item in (*world.of(SampleBlock), *world.of(StoredRecord))} == {EPOCH}
    assert world.seconds() == [0, 1, 2, 22, 23]


@in_time
async def test_the_counter_and_the_chain_go_on_over_a_restart():
    world = World()
    for _ in range(2):
        world.now += 60 * SECOND
        world.on()
        gateway = Gateway(world)
        async with gateway.linked():
            await gateway.passes(2)
            world.off()
            await gateway.looks()
    first, second = world.records()
    assert (first.counter, second.counter, second.previous_crc) == (1, 2, first.crc)
    assert world.drawn == 2
    assert {item.epoch for item in world.of(StoredRecord)} == {EPOCH}


@in_time
async def test_a_timer_changed_while_it_is_on_ends_nothing():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        world.initial_s, world.began_at = 900, world.now
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    (record,) = world.records()
    assert (record.active, record.planned) == (5 * SECOND, 903 * SECOND)
    assert world.seconds() == [0, 1, 2, 3, 4]


@in_time
async def test_a_session_that_was_off_before_its_first_second_is_none():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.looks()
        world.off()
        await gateway.looks()
        world.on()
        await gateway.passes(1)
        world.off()
        await gateway.looks()
    assert [one.counter for one in world.records()] == [1]


@in_time
async def test_each_contact_anchors_the_countdown_on_a_timeline_of_its_own():
    world = World()
    gateway = Gateway(world)
    world.on()
    began = world.now
    for _ in range(2):
        async with gateway.linked():
            await gateway.passes(2)
    anchors = world.of(SeenAnchor)
    assert [(one.timeline, one.tick_s) for one in anchors] == [(0xAB, 1.5), (0xAB, 2.5)]
    for one in anchors:
        assert abs(one.at - began - timedelta(seconds=one.tick_s)) <= timedelta(seconds=one.uncertainty_s)


@in_time
async def test_it_reports_whether_it_emits_and_rests_when_it_does_not():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked() as link:
        assert link.resting is True
        world.on()
        await gateway.passes(1)
        assert link.resting is False
    states = [mark.state for mark in world.of(ReportedMark)]
    assert states == [DeviceState.READY, DeviceState.EMITTING]


def test_its_uid_is_minted_here_stable_and_tells_no_address():
    assert panel_uid(SECRET, ADDRESS) == panel_uid(SECRET, ADDRESS.lower())
    assert int(UID[:2], 16) & 0x03 == 0x02
    assert len({panel_uid(SECRET, ADDRESS), panel_uid(bytes(32), ADDRESS), panel_uid(SECRET, "C0:00:00:00:00:02")}) == 3


@in_time
async def test_what_leaves_the_home_names_neither_its_address_nor_its_name():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(1)
    said = repr(world.items).upper()
    assert ADDRESS.replace(":", "") not in said.replace(":", "")
    seen = world.of(SeenDevice)[0]
    assert (seen.model, seen.serial, seen.firmware) == ("BlockBlueLight panel", "", "")
