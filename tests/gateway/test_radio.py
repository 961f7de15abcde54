"""The radio when its ground shakes: an adapter, a daemon or a bus that goes away, devices that refuse or leave."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic

import pytest

from device_drivers.families import HETS
from firmware_bridge.virtual.bluez import VirtualBluez
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, RoomSettings, make_host
from gateway.ble.air import Air
from gateway.errors import LinkLost
from gateway.sessions.book import SessionBook
from tests.firmware_bridge.bluez.homes import home
from tests.firmware_bridge.hets.rig import Bench
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import unwatched
from tests.gateway.radios import hets_radio
from vocabulary.identity import HETS_SERVICE
from vocabulary.wire.batches import LinkStatus, SeenDevice, StoredRecord

SUPERVISION = RoomSettings(
    connection_interval=timedelta(milliseconds=5), supervision_timeout=timedelta(milliseconds=60)
)


@pytest.fixture
def bus(tmp_path, monkeypatch):
    socket = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
    return socket


def now():
    return datetime.now(UTC)


def anything(_name, _services):
    return HETS


class House:
    """A mask in a room with a gateway's dongle."""

    def __init__(self, bus):
        self.bus, self.bench, self.room = bus, Bench(), Room(SUPERVISION, Random(1))
        host = make_host(self.room, "Mask", "C0:00:00:00:00:01", advertising_interval=timedelta(milliseconds=20))
        self.dongle = make_host(self.room, "dongle", "F0:F0:F0:F0:F0:F0")
        self.peripheral = Peripheral(host, self.bench.device, catch_up=lambda: None, noted=lambda _: None)
        self.bluez = VirtualBluez(self.dongle, bus)

    @asynccontextmanager
    async def lived_in(self):
        await self.peripheral.start()
        await self.bluez.start()
        self.peripheral.open_pairing()
        try:
            yield self
        finally:
            await self.bluez.stop()
            await self.peripheral.stop()

    def record(self):
        """A session, from its start to its record."""
        self.bench.device.begin(0)
        self.bench.wait(30)
        self.bench.device.stop_by_user()
        self.bench.device.collect()


@asynccontextmanager
async def listening(put):
    radio = asyncio.ensure_future(hets_radio(SessionBook(put, {}, unwatched), now).run())
    try:
        yield radio
    finally:
        radio.cancel()
        with suppress(asyncio.CancelledError):
            await radio


async def switch_off(bluez):
    await bluez.switch_off()
    await asyncio.sleep(1.2)
    await bluez.switch_on()


async def pull_out(bluez):
    await bluez.unplug()
    await asyncio.sleep(1.2)
    await bluez.plug_in()


async def restart_bus(bluez):
    bluez.restart_bus()


async def restart_daemon(bluez):
    await bluez.stop()
    await asyncio.sleep(1.2)
    await bluez.start()


@pytest.mark.parametrize("shake", [switch_off, pull_out, restart_bus, restart_daemon])
@pytest.mark.timeout(60)
@in_a_loop
async def test_a_gateway_whose_bluetooth_went_away_follows_its_devices_when_it_is_back(bus, shake):
    items = []

    async def put(entry):
        items.extend(entry.items)

    async with House(bus).lived_in() as house, listening(put) as radio:
        await until(lambda: any(isinstance(item, LinkStatus) for item in items), seconds=10)
        await shake(house.bluez)
        house.record()
        await until(lambda: any(isinstance(item, StoredRecord) for item in items), seconds=15)
        assert not radio.done()


@in_a_loop
async def test_a_scan_that_has_fallen_silent_is_begun_anew(bus):
    async with home(bus) as here, Air(None, now, recognise=anything, silence_s=0.5) as air:
        watching = asyncio.ensure_future(air.watch())
        await here.add()
        await until(lambda: air.heard)
        here.bluez.restart_bus()
        silent_from = monotonic() + 0.1
        await until(lambda: any(one.monotonic_s > silent_from for one in air.heard.values()), seconds=5)
        watching.cancel()


@in_a_loop
async def test_an_address_that_is_heard_no_more_is_forgotten_and_a_newcomer_when_it_is_back(bus):
    async with home(bus) as here, Air(None, now, recognise=anything, unheard_s=0.2) as air:
        peripheral = await here.add()
        address = await air.newcomers.get()
        here.lose(peripheral)
        with pytest.raises(LinkLost, match="not heard"):
            await air.wait_for(address, monotonic() + 0.1)
        assert not air.heard
        here.bring_back(peripheral)
        async with asyncio.timeout(3):
            assert await air.newcomers.get() == address


@in_a_loop
async def test_a_device_that_is_not_what_it_says_is_asked_again_later_and_complained_of_once(bus, caplog):
    links, items = [], []

    async def put(entry):
        items.extend(entry.items)

    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.host.on(peripheral.host.EVENT_CONNECTION, links.append)
        await peripheral.host.stop_advertising()
        peripheral.host.advertising_data = b"\x02\x01\x06\x11\x07" + HETS_SERVICE.bytes[::-1]
        await peripheral.host.start_advertising(auto_restart=True)
        async with listening(put):
            await until(lambda: links, seconds=5)
            await asyncio.sleep(1.5)
    assert len(links) == 1
    assert [record.levelname for record in caplog.records if "was not found" in record.message] == ["WARNING"]
    assert not [item for item in items if isinstance(item, SeenDevice)]
