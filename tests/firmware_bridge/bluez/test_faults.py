"""What BlueZ and adapters do wrong, as bleak sees it."""

import asyncio
from datetime import timedelta

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakDeviceNotFoundError
from bleak_retry_connector import establish_connection

from firmware_bridge.virtual.bluez.names import ADAPTER, DEVICE, GATT_CHARACTERISTIC
from firmware_bridge.virtual.bluez.refusals import (
    IN_PROGRESS,
    LE_CONNECTION_ABORTED,
    LE_UNKNOWN,
    NOT_READY,
    UNKNOWN_OBJECT,
)
from tests.firmware_bridge.bluez.homes import ACQUIRE, connected, find, home, signals
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import LONG_TEXT, TEXT, TICKS


@in_a_loop
async def test_a_scan_that_cannot_start_is_refused_until_accepted_again(bus):
    async with home(bus) as here:
        await here.add()
        here.faults.refuse(ADAPTER, "StartDiscovery", IN_PROGRESS, times=None)
        for _ in range(2):
            with pytest.raises(BleakDBusError, match="InProgress"):
                await BleakScanner.discover(0.05)
        here.faults.accept(ADAPTER, "StartDiscovery")
        assert await BleakScanner.discover(0.05)


@in_a_loop
async def test_an_adapter_that_is_not_ready_once_is_ready_the_next_time(bus):
    async with home(bus) as here:
        await here.add()
        here.faults.refuse(ADAPTER, "StartDiscovery", NOT_READY)
        with pytest.raises(BleakDBusError, match="NotReady"):
            await BleakScanner.discover(0.05)
        assert await BleakScanner.discover(0.05)


@in_a_loop
async def test_bleak_gets_over_a_scan_that_ended_and_says_otherwise(bus):
    async with home(bus) as here:
        await here.add()
        here.faults.refuse(ADAPTER, "StopDiscovery", IN_PROGRESS, though_done=True)
        for _ in range(2):
            assert await BleakScanner.discover(0.05)
        assert not here.dongle.is_scanning


@in_a_loop
async def test_bleak_gets_over_a_connection_that_came_about_and_was_aborted(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        here.faults.refuse(DEVICE, "Connect", LE_CONNECTION_ABORTED, though_done=True)
        client = BleakClient(await find())
        connecting = asyncio.ensure_future(client.connect())
        await until(lambda: peripheral.links)
        await signals()
        await peripheral.links[0].disconnect()
        await connecting
        assert await client.read_gatt_char(TEXT) == LONG_TEXT
        await client.disconnect()


@in_a_loop
async def test_bleak_repeats_a_read_that_is_in_progress(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            here.faults.refuse(GATT_CHARACTERISTIC, "ReadValue", IN_PROGRESS, times=3)
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@pytest.mark.parametrize("refusal", [LE_UNKNOWN, IN_PROGRESS], ids=lambda refusal: refusal.name)
@in_a_loop
async def test_bleak_retry_connector_gets_over_a_refused_connection(bus, refusal):
    async with home(bus) as here:
        await here.add()
        here.faults.refuse(DEVICE, "Connect", refusal)
        client = await establish_connection(BleakClient, await find(), "Plain")
        assert client.is_connected
        await client.disconnect()


@in_a_loop
async def test_a_device_object_that_is_gone_is_not_found(bus):
    async with home(bus) as here:
        await here.add()
        here.faults.refuse(DEVICE, "Connect", UNKNOWN_OBJECT)
        client = BleakClient(await find())
        with pytest.raises(BleakDeviceNotFoundError):
            await client.connect()


@in_a_loop
async def test_every_call_waits_for_a_delay(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            here.faults.delay = timedelta(milliseconds=100)
            began = asyncio.get_running_loop().time()
            await client.read_gatt_char(TEXT)
            assert asyncio.get_running_loop().time() - began >= 0.1
            here.faults.delay = timedelta(0)


@in_a_loop
async def test_a_hung_bluetoothd_answers_when_it_goes_on(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            here.faults.hang()
            reading = asyncio.ensure_future(client.read_gatt_char(TEXT))
            await asyncio.sleep(0.1)
            assert not reading.done()
            here.faults.resume()
            assert await reading == LONG_TEXT


@in_a_loop
async def test_attributes_that_are_never_resolved_end_in_bleaks_timeout(bus):
    async with home(bus) as here:
        await here.add()
        here.faults.never_resolves = True
        client = BleakClient(await find(), timeout=0.3)
        with pytest.raises(TimeoutError):
            await client.connect()
        here.faults.never_resolves = False
        async with connected() as client:
            assert client.is_connected


@in_a_loop
async def test_a_silent_scan_is_on_and_hears_nothing(bus):
    async with home(bus) as here:
        await here.add()
        heard = []
        async with BleakScanner(lambda device, _: heard.append(device.name)):
            await until(lambda: heard)
            here.faults.hears_nothing = True
            heard.clear()
            await here.add("Second", "C0:00:00:00:00:02")
            await asyncio.sleep(0.1)
            assert heard == []
            here.faults.hears_nothing = False
            await until(lambda: "Second" in heard)


@in_a_loop
async def test_an_adapter_switched_off_ends_links_and_scans_until_it_is_on_again(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            await here.bluez.switch_off()
            await until(lambda: not client.is_connected and not peripheral.links)
        with pytest.raises(BleakBluetoothNotAvailableError, match="powered"):
            await BleakScanner.discover(0.05)
        await here.bluez.switch_on()
        await signals()
        async with connected() as client:
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_a_pulled_dongle_leaves_peers_to_their_timeout_and_works_when_it_is_back(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            await here.bluez.unplug()
            await until(lambda: not client.is_connected)
            assert peripheral.links
            await until(lambda: not peripheral.links)
        with pytest.raises(BleakBluetoothNotAvailableError, match="No Bluetooth adapters"):
            await BleakScanner.discover(0.05)
        await here.bluez.plug_in()
        await signals()
        async with connected() as client:
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_a_dongle_is_pulled_at_once_even_in_the_midst_of_a_command(bus):
    async with home(bus) as here:
        command = asyncio.ensure_future(here.dongle.start_scanning())
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            await here.bluez.unplug()
            await command


@in_a_loop
async def test_a_bus_that_dies_disconnects_the_client_and_not_the_peer(bus):
    async with home(bus) as here:
        peripheral, lost = await here.add(), asyncio.Event()
        device = await find()
        client = BleakClient(device, lambda _: lost.set())
        await client.connect()
        here.bluez.restart_bus()
        await lost.wait()
        await client.disconnect()
        assert len(peripheral.links) == 1
        async with connected(device=device) as again:
            assert await again.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_a_scan_and_notifying_end_with_the_bus_of_their_client(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        client = BleakClient(await find())
        await client.connect()
        await client.start_notify(TICKS, print)
        (subscribed,) = peripheral.host.gatt_server.subscribers.values()
        scanner = BleakScanner()
        await scanner.start()
        assert here.dongle.is_scanning
        here.bluez.restart_bus()
        await until(lambda: not here.dongle.is_scanning and subscribed[peripheral.ticks.handle] == b"\x00\x00")
        await client.disconnect()


@in_a_loop
async def test_a_phantom_connection_says_connected_and_carries_nothing(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        here.faults.phantom_connected = True
        async with connected() as client:
            here.lose(peripheral)
            await until(lambda: not here.dongle.connections)
            await asyncio.sleep(0.02)
            assert client.is_connected
            with pytest.raises(BleakDBusError, match="Not connected"):
                await client.read_gatt_char(TEXT)
        here.faults.phantom_connected = False
        here.bring_back(peripheral)
        async with connected() as client:
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_stale_attributes_are_shown_after_a_reconnection_and_answer_wrongly(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            handles = sorted(client.services.characteristics)
        peripheral.flash()
        here.faults.stale_gatt = True
        async with connected() as client:
            assert sorted(client.services.characteristics) == handles
            assert await client.read_gatt_char(TEXT) != LONG_TEXT
        here.faults.stale_gatt = False
        async with connected() as client:
            assert sorted(client.services.characteristics) != handles
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@pytest.mark.parametrize("way", [{}, ACQUIRE], ids=["signal", "pipe"])
@in_a_loop
async def test_doubled_notifications_come_twice(bus, way):
    async with home(bus) as here:
        peripheral = await here.add()
        here.faults.doubled_notifications = True
        async with connected() as client:
            heard = []
            await client.start_notify(TICKS, lambda _, value: heard.append(bytes(value)), bluez=way)
            await peripheral.tick(b"one")
            await peripheral.tick(b"two")
            await until(lambda: len(heard) == 4)
    assert heard == [b"one", b"one", b"two", b"two"]
