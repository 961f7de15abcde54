"""What BlueZ and adapters do wrong in the long run, and what the gateway makes of it."""

from collections import Counter

import pytest

from device_drivers.hets.record import read_record
from gateway.ble.hets import Patience
from gateway.ble.radio import Limits
from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.houses import Heard, House, happens, listening
from vocabulary.wire.batches import Gap, LinkStatus, SampleBlock, SeenAnchor, StoredRecord

IMPATIENT = Patience(emitting_s=0.3, resting_s=0.3)


def linked(heard):
    """How often a link was told of that works."""
    return sum(status.connected for status in heard.of(LinkStatus))


def followed(house):
    return house.mask.peripheral.is_followed


@in_a_loop
async def test_a_device_behind_a_phantom_connection_is_connected_to_anew(bus):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put, patience=IMPATIENT):
        await happens(lambda: heard.of(SeenAnchor))
        house.faults.phantom_connected = True
        house.mask.go(in_range=False)
        await happens(lambda: not house.dongle.connections)
        house.mask.go(in_range=True)
        house.mask.record()
        await happens(lambda: heard.of(StoredRecord))
    assert linked(heard) == 2


@in_a_loop
async def test_a_link_over_which_no_frame_comes_while_the_device_emits_is_made_anew(bus):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put, patience=IMPATIENT):
        await happens(lambda: followed(house))
        house.mask.begin()
        await happens(lambda: linked(heard) == 2)


@in_a_loop
async def test_a_link_over_which_frames_come_is_kept(bus):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put, patience=Patience(emitting_s=1, resting_s=0.1)):
        await happens(lambda: followed(house))
        house.mask.begin()
        for number in range(1, 16):
            house.mask.wait(1)
            await happens(lambda: len(heard.of(SampleBlock)) == number)  # noqa: B023  # at once
    assert linked(heard) == 1


@in_a_loop
async def test_attributes_that_are_never_resolved_are_given_up_and_tried_again(bus, caplog):
    caplog.set_level("INFO", "gateway")
    heard = Heard()
    async with House(bus).lived_in() as house:
        house.faults.never_resolves = True
        async with listening(heard.put, limits=Limits(connect_s=0.5)):
            await happens(lambda: caplog.text.count("no connection in 0.5 s") == 2)
            house.faults.never_resolves = False
            await happens(lambda: linked(heard))


@in_a_loop
async def test_attributes_that_moved_are_read_anew_and_the_bond_is_kept(bus):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put):
        await happens(lambda: followed(house))
        house.mask.go(in_range=False)
        await happens(lambda: not house.dongle.connections)
        bonds = dict(house.dongle.keystore.all_keys)
        house.mask.flash()
        house.mask.record()
        house.mask.go(in_range=True)
        await happens(lambda: heard.of(StoredRecord))
        assert house.dongle.keystore.all_keys == bonds


@in_a_loop
async def test_attributes_that_bluez_remembers_wrongly_are_forgotten_and_the_device_is_paired_anew(bus):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put):
        await happens(lambda: followed(house))
        house.mask.go(in_range=False)
        await happens(lambda: not house.dongle.connections)
        house.faults.stale_gatt = True
        house.mask.flash()
        house.mask.peripheral.open_pairing()
        house.mask.record()
        house.mask.go(in_range=True)
        await happens(lambda: heard.of(StoredRecord))


@in_a_loop
async def test_a_device_that_forgot_its_bond_is_paired_anew(bus):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put):
        await happens(lambda: followed(house))
        house.mask.go(in_range=False)
        await happens(lambda: not house.dongle.connections)
        house.mask.host.keystore.all_keys.clear()
        house.mask.peripheral.open_pairing()
        house.mask.record()
        house.mask.go(in_range=True)
        await happens(lambda: heard.of(StoredRecord))


@in_a_loop
async def test_frames_that_come_twice_change_nothing(bus):
    heard = Heard()
    async with House(bus).lived_in() as house:
        house.faults.doubled_notifications = True
        house.mask.host.gatt_server.max_mtu = 23
        house.mask.record(sessions=3)
        async with listening(heard.put):
            await happens(lambda: house.mask.bench.device.memory.records.acknowledged == 3)
            house.mask.begin()
            house.mask.wait(5)
            await happens(lambda: len(heard.of(SampleBlock)) == 5)
            house.mask.go(in_range=False)
            await happens(lambda: not house.dongle.connections)
            house.mask.wait(2)
            house.mask.go(in_range=True)
            await happens(lambda: followed(house))
            house.mask.wait(3)
            house.mask.bench.device.stop_by_user()
            house.mask.tell()
            await happens(lambda: len(heard.of(StoredRecord)) == 4)
    assert [read_record(item.data).counter for item in heard.of(StoredRecord)] == [1, 2, 3, 4]
    assert Counter(block.first for block in heard.of(SampleBlock)) == Counter([0, 1, 2, 3, 4, 7, 8, 9])
    assert [(gap.first, gap.last) for gap in heard.of(Gap) if gap.counter == 4] == [(5, 6)]


@pytest.mark.alone
@in_a_loop
async def test_more_devices_than_slots_take_turns_and_each_is_read(bus):
    devices, slots = 12, 3
    heard, turns = Heard(), []
    async with House(bus, masks=devices, max_links=slots).lived_in() as house:
        for mask in house.masks:
            mask.record()
            mask.host.on(mask.host.EVENT_CONNECTION, lambda _, uid=mask.uid: turns.append(uid))
        async with listening(heard.put, limits=Limits(slots=slots, turn_s=0)):
            await happens(lambda: len(heard.of(StoredRecord)) == devices)
            await happens(lambda: min(Counter(turns)[mask.uid] for mask in house.masks) >= 2)
    assert len({item.device for item in heard.of(StoredRecord)}) == devices
    assert longest_wait(turns) <= 2 * devices


def longest_wait(turns):
    """The most turns of others between two of one device."""
    met = {}
    waits = []
    for number, uid in enumerate(turns):
        waits.append(number - met.get(uid, number))
        met[uid] = number
    return max(waits)


@in_a_loop
async def test_a_device_that_emits_keeps_its_slot_while_others_wait(bus):
    heard = Heard()
    async with House(bus, masks=2).lived_in() as house:
        emitting, other = house.masks
        other.go(in_range=False)
        async with listening(heard.put, limits=Limits(slots=1, turn_s=0)):
            await happens(lambda: emitting.peripheral.is_followed)
            emitting.begin()
            other.record()
            other.go(in_range=True)
            for number in range(1, 6):
                emitting.wait(1)
                await happens(lambda: len(heard.of(SampleBlock)) == number)  # noqa: B023  # at once
            assert not heard.of(StoredRecord)
            emitting.bench.device.stop_by_user()
            emitting.tell()
            await happens(lambda: {item.device for item in heard.of(StoredRecord)} == {emitting.uid, other.uid})
