"""bleak over the virtual org.bluez: finding, connecting, reading, writing and losing peers."""

import asyncio
from datetime import timedelta

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from bleak_retry_connector import BleakClientWithServiceCache, establish_connection

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.bluez import BluezSettings
from tests.firmware_bridge.bluez.homes import PACED, SUPERVISION, connected, find, home
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import (
    ALARM,
    GATT_SERVICE,
    LONG_TEXT,
    REFUSED,
    SECRET,
    SECRET_TICKS,
    SINK,
    STRICT,
    TEXT,
    TICKS,
)

WRITE_WITHOUT_RESPONSE_SIZE = 514


@in_a_loop
async def test_a_peer_is_found_by_what_it_advertises(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        here.room.set_rssi(peripheral.host, -70)
        found = await BleakScanner.discover(0.1, return_adv=True)
    ((device, advertisement),) = found.values()
    assert (device.address, device.name) == ("C0:00:00:00:00:01", "Plain")
    assert advertisement.service_uuids == [GATT_SERVICE]
    assert -80 < advertisement.rssi < -60


@in_a_loop
async def test_a_connection_shows_what_the_peer_has(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            gatt = client.services.get_service(GATT_SERVICE)
            flags = {characteristic.uuid: characteristic.properties for characteristic in gatt.characteristics}
            descriptors = [descriptor.uuid for descriptor in gatt.get_characteristic(TEXT).descriptors]
    assert flags == {
        TEXT: ["read"],
        SINK: ["write-without-response", "write"],
        SECRET: ["read"],
        STRICT: ["read"],
        TICKS: ["notify"],
        ALARM: ["indicate"],
        SECRET_TICKS: ["notify"],
    }
    assert descriptors == ["00002901-0000-1000-8000-00805f9b34fb"]


@in_a_loop
async def test_a_value_longer_than_a_packet_is_read_whole(bus):
    async with home(bus, PACED) as here:
        await here.add()
        async with connected() as client:
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_a_peer_with_the_smallest_mtu_is_read_and_written_in_pieces(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.host.gatt_server.max_mtu = 23
        async with connected() as client:
            sink = client.services.get_characteristic(SINK)
            assert sink.max_write_without_response_size == 20
            assert await client.read_gatt_char(TEXT) == LONG_TEXT
            await client.write_gatt_char(SINK, LONG_TEXT, response=True)
    assert peripheral.written == [LONG_TEXT]


@in_a_loop
async def test_writes_arrive_in_order_with_and_without_response(bus):
    async with home(bus, PACED) as here:
        peripheral = await here.add()
        async with connected() as client:
            sink = client.services.get_characteristic(SINK)
            assert sink.max_write_without_response_size == WRITE_WITHOUT_RESPONSE_SIZE
            for number in range(10):
                await client.write_gatt_char(sink, bytes([number]), response=number % 2 == 0)
            await until(lambda: len(peripheral.written) == 10)
    assert peripheral.written == [bytes([number]) for number in range(10)]


@in_a_loop
async def test_a_refusal_reaches_the_client_with_its_code(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            with pytest.raises(BleakGATTProtocolError) as refusal:
                await client.write_gatt_char(SINK, REFUSED, response=True)
    assert refusal.value.code == 0x81


@in_a_loop
async def test_descriptors_are_read_and_written(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            (label,) = client.services.get_characteristic(TEXT).descriptors
            assert await client.read_gatt_descriptor(label) == b"a text"
            await client.write_gatt_descriptor(label, b"another")
            assert await client.read_gatt_descriptor(label) == b"another"


@in_a_loop
async def test_two_peers_are_connected_to_at_the_same_time(bus):
    async with home(bus) as here:
        first, second = await here.add(), await here.add("Second", "C0:00:00:00:00:02")
        devices = await find("Plain"), await find("Second")
        clients = [BleakClient(device) for device in devices]
        await asyncio.gather(*(client.connect() for client in clients))
        await asyncio.gather(*(client.write_gatt_char(SINK, client.address.encode()) for client in clients))
        await asyncio.gather(*(client.disconnect() for client in clients))
    assert first.written == [b"C0:00:00:00:00:01"]
    assert second.written == [b"C0:00:00:00:00:02"]


@in_a_loop
async def test_a_peer_can_be_connected_to_twenty_times(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        client = BleakClient(await find())
        for number in range(20):
            await client.connect()
            await client.write_gatt_char(SINK, bytes([number]), response=True)
            await client.disconnect()
    assert peripheral.written == [bytes([number]) for number in range(20)]


@in_a_loop
async def test_a_lost_link_is_seen_after_the_supervision_timeout(bus):
    async with home(bus) as here:
        peripheral, lost = await here.add(), asyncio.Event()
        async with connected(disconnected_callback=lambda _: lost.set()) as client:
            began = asyncio.get_running_loop().time()
            here.lose(peripheral)
            await lost.wait()
            waited = asyncio.get_running_loop().time() - began
            assert not client.is_connected
    assert SUPERVISION.total_seconds() <= waited < SUPERVISION.total_seconds() + 0.3


@in_a_loop
async def test_a_read_under_way_fails_when_its_link_is_lost_and_works_on_the_next(bus):
    async with home(bus, PACED) as here:
        peripheral = await here.add()
        async with connected() as client:
            reading = asyncio.ensure_future(client.read_gatt_char(TEXT))
            await asyncio.sleep(0)
            here.lose(peripheral)
            with pytest.raises((BleakError, EOFError)):
                await reading
        here.bring_back(peripheral)
        async with connected() as client:
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_a_peer_that_hangs_up_at_once_fails_the_connection_and_not_the_next(bus):
    async with home(bus) as here:
        peripheral = await here.add()

        @peripheral.host.once("connection")
        def hang_up(link):
            hang_up.task = asyncio.ensure_future(link.disconnect())

        with pytest.raises(BleakError):
            async with connected():
                pass
        async with connected() as client:
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_an_absent_peer_keeps_nobody_from_being_connected_to(bus):
    async with home(bus) as here:
        absent, _ = await here.add(), await here.add("Second", "C0:00:00:00:00:02")
        patient = BleakClient(await find(), timeout=5)
        here.lose(absent)
        waiting = asyncio.ensure_future(patient.connect())
        async with asyncio.timeout(2), connected("Second") as client:
            assert client.is_connected
        here.bring_back(absent)
        await waiting
        assert len(absent.links) == 1
        await patient.disconnect()


@in_a_loop
async def test_a_client_that_gives_up_connecting_can_try_again(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        client = BleakClient(await find(), timeout=0.2)
        here.lose(peripheral)
        with pytest.raises(TimeoutError):
            await client.connect()
        here.bring_back(peripheral)
        await client.connect()
        await client.disconnect()


@in_a_loop
async def test_a_call_that_was_given_up_leaves_no_link_behind(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        calling = asyncio.ensure_future(BleakClient(await find()).connect())
        await until(lambda: here.dongle.is_le_connecting)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await asyncio.sleep(0.1)
        assert not here.dongle.connections
        assert not peripheral.links


@in_a_loop
async def test_org_bluez_gives_up_connecting_by_itself(bus):
    async with home(bus, settings=BluezSettings(connect_timeout=timedelta(milliseconds=100))) as here:
        peripheral = await here.add()
        client = BleakClient(await find())
        here.lose(peripheral)
        with pytest.raises(BleakDBusError, match="le-connection-unknown"):
            await client.connect()


@in_a_loop
async def test_a_dongle_that_is_full_says_so(bus):
    async with home(bus, max_links=1) as here:
        await here.add()
        await here.add("Second", "C0:00:00:00:00:02")
        async with connected():
            client = BleakClient(await find("Second"))
            with pytest.raises(BleakDBusError, match="concurrent-connection-limit"):
                await client.connect()


@in_a_loop
async def test_a_peer_only_heard_is_forgotten_after_a_while(bus):
    async with home(bus, settings=BluezSettings(temporary_timeout=timedelta(milliseconds=50))) as here:
        await here.add()
        client = BleakClient(await find())
        await asyncio.sleep(0.15)
        with pytest.raises(BleakError, match="not found"):
            await client.connect()


@in_a_loop
async def test_attributes_that_changed_are_shown_anew_at_the_next_connection(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            before = client.services.get_characteristic(TICKS).handle
        peripheral.flash()
        async with connected() as client:
            assert client.services.get_characteristic(TICKS).handle < before
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_bleak_retry_connector_connects_and_reads(bus):
    async with home(bus, RoomSettings(supervision_timeout=SUPERVISION)) as here:
        await here.add()
        device = await find()
        client = await establish_connection(BleakClientWithServiceCache, device, "Plain")
        assert await client.read_gatt_char(TEXT) == LONG_TEXT
        await client.disconnect()
