"""Links: pace, order, range, supervision and limits, seen by Bumble's own hosts at both ends."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from bumble.core import BaseBumbleError
from bumble.hci import HCI_Error

from firmware_bridge.errors import RoomError
from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.radio import make_host
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import PlainPeripheral, room_with

TIMEOUT = timedelta(milliseconds=150)
AT_ONCE = RoomSettings(connection_interval=None, supervision_timeout=TIMEOUT)
PACED = RoomSettings(connection_interval=timedelta(milliseconds=20), packets_per_event=2, supervision_timeout=TIMEOUT)
FAR_APART = replace(PACED, connection_interval=timedelta(milliseconds=150))
"""So that events are told apart by a machine that is busy meanwhile."""
CONNECTION_TIMEOUT = 0x08
LIMIT_EXCEEDED = 0x09
NOT_ESTABLISHED = 0x3E


async def pair_of(settings, **dongle):
    room = room_with(settings)
    central = make_host(room, "central", "F0:00:00:00:00:01", **dongle)
    await central.power_on()
    return room, central, await PlainPeripheral(room).start()


async def listen(link, characteristic):
    heard = []
    client = link.gatt_client
    client.notification_subscribers[characteristic.handle] = {heard.append}
    await client.write_value(characteristic.handle + 1, b"\x01\x00", with_response=True)
    return heard


def reasons(*links):
    seen = []
    for link in links:
        link.on("disconnection", seen.append)
    return seen


@in_a_loop
async def test_values_arrive_in_order_and_complete_under_pacing():
    _, central, peripheral = await pair_of(PACED)
    heard = await listen(await central.connect(peripheral.address), peripheral.ticks)
    sent = [bytes([number]) * 10 for number in range(60)]
    for value in sent:
        await peripheral.tick(value)
    await until(lambda: len(heard) == 60)
    assert heard == sent


@in_a_loop
async def test_an_event_carries_no_more_packets_than_the_room_allows():
    _, central, peripheral = await pair_of(FAR_APART)
    link = await central.connect(peripheral.address)
    heard, loop = [], asyncio.get_running_loop()
    await listen(link, peripheral.ticks)
    link.gatt_client.notification_subscribers[peripheral.ticks.handle] = {lambda _: heard.append(loop.time())}
    for _ in range(12):
        await peripheral.tick(b"tick")
    await until(lambda: len(heard) == 12)
    events = [later - earlier > 0.075 for earlier, later in pairwise(heard)]
    assert events == [False, True, False, True, False, True, False, True, False, True, False]


@in_a_loop
async def test_a_host_that_floods_a_paced_link_is_held_back():
    _, central, peripheral = await pair_of(PACED)
    await listen(await central.connect(peripheral.address), peripheral.ticks)
    for _ in range(100):
        await peripheral.tick(b"tick")
    assert peripheral.links[0].data_packet_queue.pending > 50


@in_a_loop
async def test_both_ends_of_a_lost_link_see_a_timeout_and_no_goodbye():
    room, central, peripheral = await pair_of(AT_ONCE)
    link = await central.connect(peripheral.address)
    await until(lambda: peripheral.links)
    seen, began = reasons(link, *peripheral.links), asyncio.get_running_loop().time()
    room.set_in_range(peripheral.host, in_range=False)
    await until(lambda: len(seen) == 2)
    assert seen == [CONNECTION_TIMEOUT, CONNECTION_TIMEOUT]
    assert asyncio.get_running_loop().time() - began >= TIMEOUT.total_seconds()


@pytest.mark.parametrize("settings", [AT_ONCE, PACED])
@in_a_loop
async def test_a_host_back_in_time_loses_nothing(settings):
    patient = replace(settings, supervision_timeout=timedelta(seconds=60))
    room, central, peripheral = await pair_of(patient)
    heard = await listen(await central.connect(peripheral.address), peripheral.ticks)
    room.set_in_range(peripheral.host, in_range=False)
    await peripheral.tick(b"in the silence")
    await asyncio.sleep(0.08)
    assert heard == []
    room.set_in_range(peripheral.host, in_range=True)
    await until(lambda: heard)
    await asyncio.sleep(0.08)
    assert heard == [b"in the silence"]
    assert len(central.connections) == len(peripheral.links) == 1


@in_a_loop
async def test_what_is_in_the_air_is_lost_with_its_link():
    room, central, peripheral = await pair_of(AT_ONCE)
    heard = await listen(await central.connect(peripheral.address), peripheral.ticks)
    room.set_in_range(peripheral.host, in_range=False)
    await peripheral.tick(b"never heard")
    await until(lambda: not central.connections)
    room.set_in_range(peripheral.host, in_range=True)
    await listen(await central.connect(peripheral.address), peripheral.ticks)
    assert heard == []


@in_a_loop
async def test_an_end_that_hung_up_unheard_leaves_the_other_to_its_timeout():
    room, central, peripheral = await pair_of(AT_ONCE)
    link = await central.connect(peripheral.address)
    await until(lambda: peripheral.links)
    seen = reasons(*peripheral.links)
    room.set_in_range(peripheral.host, in_range=False)
    await link.disconnect()
    await until(lambda: seen)
    assert seen == [CONNECTION_TIMEOUT]


@in_a_loop
async def test_a_peer_that_resets_says_no_goodbye_and_can_be_connected_to_again():
    _, central, peripheral = await pair_of(AT_ONCE)
    seen = reasons(await central.connect(peripheral.address))
    await peripheral.start()
    await until(lambda: seen)
    assert seen == [CONNECTION_TIMEOUT]
    assert await central.connect(peripheral.address)


@in_a_loop
async def test_of_two_that_call_at_once_one_is_told_that_it_was_not_heard():
    room, central, peripheral = await pair_of(AT_ONCE)
    rival = make_host(room, "rival", "F0:00:00:00:00:02")
    await rival.power_on()
    calls = central.connect(peripheral.address), rival.connect(peripheral.address)
    seen = reasons(*await asyncio.gather(*calls))
    await until(lambda: seen)
    assert seen == [NOT_ESTABLISHED]
    assert len(peripheral.links) == 1


@in_a_loop
async def test_a_cancelled_call_does_not_spoil_the_next_one():
    room, central, peripheral = await pair_of(AT_ONCE)
    room.set_in_range(peripheral.host, in_range=False)
    with pytest.raises(BaseBumbleError):
        await central.connect(peripheral.address, timeout=0.05)
    room.set_in_range(peripheral.host, in_range=True)
    assert await central.connect(peripheral.address, timeout=2)


@in_a_loop
async def test_a_dongle_refuses_one_link_too_many():
    room, central, peripheral = await pair_of(AT_ONCE, max_links=1)
    second = await PlainPeripheral(room, "Second", "C0:00:00:00:00:02").start()
    await central.connect(peripheral.address)
    with pytest.raises(HCI_Error) as refusal:
        await central.connect(second.address)
    assert refusal.value.error_code == LIMIT_EXCEEDED


@in_a_loop
async def test_hanging_up_twice_is_an_error_and_not_an_endless_wait():
    _, central, peripheral = await pair_of(AT_ONCE)
    link = await central.connect(peripheral.address)
    await link.disconnect()
    with pytest.raises(HCI_Error):
        await link.disconnect()


@in_a_loop
async def test_a_link_that_is_lost_twice_is_lost_once():
    _, central, peripheral = await pair_of(AT_ONCE)
    seen = reasons(await central.connect(peripheral.address))
    controller = central.host.controller
    connection = controller.le_connections[peripheral.address]
    for _ in range(2):
        controller.on_le_disconnected(connection, CONNECTION_TIMEOUT)
    await asyncio.sleep(0.01)
    assert seen == [CONNECTION_TIMEOUT]


@in_a_loop
async def test_two_rooms_in_one_loop_do_not_hear_each_other():
    _, central, _ = await pair_of(AT_ONCE)
    other_room, other_central, other = await pair_of(AT_ONCE)
    with pytest.raises(BaseBumbleError):
        await central.connect("C0:00:00:00:00:07", timeout=0.1)
    await PlainPeripheral(other_room, "Seventh", "C0:00:00:00:00:07").start()
    with pytest.raises(BaseBumbleError):
        await central.connect("C0:00:00:00:00:07", timeout=0.1)
    assert await other_central.connect(other.address)


@in_a_loop
async def test_a_room_refuses_a_host_of_another_room():
    room, _, _ = await pair_of(AT_ONCE)
    _, stranger, _ = await pair_of(AT_ONCE)
    with pytest.raises(RoomError, match="central is not in this room"):
        room.set_rssi(stranger, -40)
