"""Notifications and indications, by signal and by pipe."""

import pytest
from bleak.exc import BleakDBusError

from tests.firmware_bridge.bluez.homes import ACQUIRE, PACED, connected, find, home, signals
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import ALARM, SECRET_TICKS, TEXT, TICKS

BY_SIGNAL = {"use_start_notify": True}
both_ways = pytest.mark.parametrize("way", [BY_SIGNAL, ACQUIRE], ids=["signal", "pipe"])


async def listen(client, uuid, way):
    heard = []
    await client.start_notify(uuid, lambda _, value: heard.append(bytes(value)), bluez=way)
    return heard


@both_ways
@in_a_loop
async def test_values_arrive_in_order_and_complete_under_pacing(bus, way):
    sent = [number.to_bytes(2, "big") * 50 for number in range(300)]
    async with home(bus, PACED) as here:
        peripheral = await here.add()
        async with connected() as client:
            heard = await listen(client, TICKS, way)
            for value in sent:
                await peripheral.tick(value)
            await until(lambda: len(heard) == len(sent))
    assert heard == sent


@both_ways
@in_a_loop
async def test_a_burst_without_pacing_arrives_whole(bus, way):
    sent = [number.to_bytes(2, "big") for number in range(2000)]
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            heard = await listen(client, TICKS, way)
            for value in sent:
                await peripheral.tick(value)
            await until(lambda: len(heard) == len(sent))
    assert heard == sent


@both_ways
@in_a_loop
async def test_an_indication_is_confirmed_before_the_next(bus, way):
    async with home(bus, PACED) as here:
        peripheral = await here.add()
        async with connected() as client:
            heard = await listen(client, ALARM, way)
            for number in range(5):
                await peripheral.host.indicate_subscribers(peripheral.alarm, bytes([number]))
            await until(lambda: len(heard) == 5)
    assert heard == [bytes([number]) for number in range(5)]


@both_ways
@in_a_loop
async def test_the_peer_is_told_when_the_last_listener_stops(bus, way):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            await listen(client, TICKS, way)
            (link,) = peripheral.links
            subscribed = peripheral.host.gatt_server.subscribers[link]
            assert subscribed[peripheral.ticks.handle] == b"\x01\x00"
            await client.stop_notify(TICKS)
            await until(lambda: subscribed[peripheral.ticks.handle] == b"\x00\x00")


@both_ways
@in_a_loop
async def test_listening_goes_on_after_a_lost_link_when_asked_for_again(bus, way):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            await listen(client, TICKS, way)
            here.lose(peripheral)
            await until(lambda: not client.is_connected)
        here.bring_back(peripheral)
        async with connected() as client:
            heard = await listen(client, TICKS, way)
            await peripheral.tick(b"again")
            await until(lambda: heard)
    assert heard == [b"again"]


@both_ways
@in_a_loop
async def test_protected_notifications_are_refused_without_a_bond(bus, way):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            with pytest.raises(BleakDBusError, match="Not paired"):
                await listen(client, SECRET_TICKS, way)
            await client.pair()
            heard = await listen(client, SECRET_TICKS, way)
            await peripheral.host.notify_subscribers(peripheral.secret_ticks, b"secret")
            await until(lambda: heard)
    assert heard == [b"secret"]


@in_a_loop
async def test_a_second_listener_shares_what_the_first_asked_for(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        device = await find()
        async with connected(device=device) as first, connected(device=device) as second:
            heard = [await listen(first, TICKS, BY_SIGNAL), await listen(second, TICKS, BY_SIGNAL)]
            await first.stop_notify(TICKS)
            await peripheral.tick(b"tick")
            await until(lambda: heard[1])
    assert heard == [[], [b"tick"]]


@pytest.mark.parametrize(("way", "heard_too"), [(BY_SIGNAL, [b"now"]), (ACQUIRE, [])], ids=["signal", "pipe"])
@in_a_loop
async def test_a_value_read_is_signalled_like_one_notified_but_not_on_the_pipe(bus, way, heard_too):
    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.ticks.value = b"now"
        async with connected() as client:
            heard = await listen(client, TICKS, way)
            await client.read_gatt_char(TICKS)
            await signals()
    assert heard == heard_too


@in_a_loop
async def test_who_cannot_notify_says_so(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            with pytest.raises(BleakDBusError, match="NotSupported"):
                await client._backend.start_notify(client.services.get_characteristic(TEXT), print, bluez={})
