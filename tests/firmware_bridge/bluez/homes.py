"""A home: a room with a dongle and peripherals, and bleak on the bus before it."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from bleak import BleakClient, BleakScanner

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.bluez import BluezSettings, VirtualBluez
from firmware_bridge.virtual.radio import make_host
from tests.firmware_bridge.radio.plain_peripheral import PlainPeripheral, room_with

SUPERVISION = timedelta(milliseconds=150)
AT_ONCE = RoomSettings(connection_interval=None, supervision_timeout=SUPERVISION)
PACED = RoomSettings(connection_interval=timedelta(milliseconds=7.5), supervision_timeout=SUPERVISION)
ACQUIRE = {"use_start_notify": False}


class Home:
    def __init__(self, socket, room_settings, max_links, settings):
        self.room = room_with(room_settings)
        self.dongle = make_host(self.room, "dongle", "F0:00:00:00:00:01", max_links=max_links)
        self.bluez = VirtualBluez(self.dongle, socket, settings=settings)
        self.faults = self.bluez.faults

    async def add(self, name="Plain", address="C0:00:00:00:00:01"):
        return await PlainPeripheral(self.room, name, address).start()

    def lose(self, peripheral):
        self.room.set_in_range(peripheral.host, in_range=False)

    def bring_back(self, peripheral):
        self.room.set_in_range(peripheral.host, in_range=True)


@asynccontextmanager
async def home(socket, room_settings=AT_ONCE, *, max_links=None, settings=None):
    home = Home(socket, room_settings, max_links, settings or BluezSettings())
    await home.bluez.start()
    try:
        yield home
    finally:
        await home.bluez.stop()
        await asyncio.sleep(0.01)  # bleak sees its bus close


async def find(name="Plain", seconds=3):
    device = await BleakScanner.find_device_by_name(name, timeout=seconds)
    assert device is not None, f"{name} was not heard"
    return device


async def signals():
    """Let what has been signalled reach bleak."""
    await asyncio.sleep(0.02)


@asynccontextmanager
async def connected(name="Plain", device=None, **options):
    """A bleak client of a peripheral, which releases its bus whatever became of the link."""
    client = BleakClient(device or await find(name), **options)
    try:
        await client.connect()
        yield client
    finally:
        await client.disconnect()
