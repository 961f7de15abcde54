"""Houses with masks in a room, a gateway's dongle, and a gateway that listens."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.bluez import VirtualBluez
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, make_host
from gateway.sessions.book import SessionBook
from tests.firmware_bridge.hets.rig import Bench
from tests.firmware_bridge.radio.loops import until
from tests.gateway.devices import unwatched
from tests.gateway.radios import hets_radio
from vocabulary.identity import DeviceUid

SUPERVISION = RoomSettings(
    connection_interval=timedelta(milliseconds=5), supervision_timeout=timedelta(milliseconds=60)
)


def now():
    return datetime.now(UTC)


async def happens(condition):
    """Wait for what must come to pass, also on a busy machine."""
    await until(condition, seconds=30)


class MaskInRoom:
    """A mask on the bench, on the air of a room; `links` notes what happens to its radio."""

    def __init__(self, room, number):
        self.bench, self.room, self.links = Bench(), room, []
        self.bench.device.uid = DeviceUid(f"00112233445566{number:02x}")
        address = f"C0:00:00:00:00:{number:02X}"
        self.host = make_host(room, f"Mask {number}", address, advertising_interval=timedelta(milliseconds=20))
        self.segments_sent = 0
        self.peripheral = Peripheral(
            self.host,
            self.bench.device,
            catch_up=self.tell,
            noted=self.links.append,
            segment_sent=self.segment_sent,
        )

    @property
    def uid(self):
        return self.bench.device.uid

    def segment_sent(self):
        self.segments_sent += 1

    def record(self, sessions=1):
        """Sessions, from their start to their record."""
        for _ in range(sessions):
            self.begin()
            self.wait(30)
            self.bench.device.stop_by_user()
        self.tell()

    def begin(self):
        self.bench.device.begin(0)
        self.tell()

    def wait(self, seconds):
        self.bench.wait(seconds)
        self.tell()

    def tell(self):
        for happening in self.bench.device.collect():
            self.peripheral.tell(happening)

    def go(self, *, in_range):
        self.room.set_in_range(self.host, in_range=in_range)

    def flash(self):
        """New firmware: the same attributes behind other handles."""
        server = self.host.gatt_server
        kept = server.services[2:]
        for known in (server.attributes, server.attributes_by_handle, server.services):
            known.clear()
        server.add_services(kept)


class House:
    """Masks in a room with a gateway's dongle."""

    def __init__(self, bus, masks=1, max_links=None):
        self.bus, self.room = bus, Room(SUPERVISION, Random(1))
        self.masks = [MaskInRoom(self.room, number) for number in range(1, masks + 1)]
        self.mask = self.masks[0]
        self.dongle = make_host(self.room, "dongle", "F0:F0:F0:F0:F0:F0", max_links=max_links)
        self.bluez = VirtualBluez(self.dongle, bus)
        self.faults = self.bluez.faults

    @asynccontextmanager
    async def lived_in(self):
        async with AsyncExitStack() as stack:
            for mask in self.masks:
                await mask.peripheral.start()
                stack.push_async_callback(mask.peripheral.stop)
                mask.peripheral.open_pairing()
            await self.bluez.start()
            stack.push_async_callback(self.bluez.stop)
            yield self


class Heard:
    """What a gateway put on disk, in the order in which it did."""

    def __init__(self):
        self.items = []

    async def put(self, entry):
        self.items.extend(entry.items)

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]


@asynccontextmanager
async def listening(put, reach=None, *, clock=now, **how):
    """The gateway's radio, while the block runs."""
    radio = asyncio.ensure_future(hets_radio(SessionBook(put, {}, unwatched), clock, reach, **how).run())
    try:
        yield radio
    finally:
        radio.cancel()
        with suppress(asyncio.CancelledError):
            await radio
