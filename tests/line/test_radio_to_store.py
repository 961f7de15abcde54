"""From the air to the store: what was on the radio is stored, and a download that is cut thirty times comes once."""

import asyncio
import struct
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from device_drivers.hets.record import read_record
from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.bluez import BluezSettings, VirtualBluez
from firmware_bridge.virtual.home import VirtualHome
from firmware_bridge.virtual.journal import RecordLine, SampleLine, read_journal
from firmware_bridge.virtual.people import Begin, Deed
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, make_host
from firmware_bridge.virtual.radio.att_pdus import att_pdus, notified_value
from firmware_bridge.virtual.radio.trace import read_trace
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from monitor_api.ingest.opening import Arrival
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.telemetry.series import SeriesKey
from tests.firmware_bridge.hets.rig import Bench
from tests.firmware_bridge.homes import device, home, step
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.houses import listening
from tests.service import CLINIC, GATEWAY, KEY, FakeBroker, checker_of, found, open_service, rows, worker_of
from vocabulary.clock import ClockMap
from vocabulary.identity import session_id
from vocabulary.wire.batches import StoredRecord
from vocabulary.wire.envelope import tag_of
from vocabulary.wire.receipts import Receipt
from vocabulary.wire.topics import batch_topic

FAST = timedelta(milliseconds=20)
RECORDS, CUTS, SMALLEST_MTU = 64, 30, 23


@pytest.fixture
def bus(tmp_path, monkeypatch):
    socket = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
    return socket


class Handheld:
    """A device with as many records as it keeps at least, cut off in the middle of being asked for them."""

    def __init__(self):
        self.bench = Bench()
        for _ in range(RECORDS):
            self.bench.device.begin(0)
            self.bench.wait(30)
            self.bench.device.stop_by_user()
        self.bench.device.collect()
        self.room = Room(
            RoomSettings(connection_interval=timedelta(milliseconds=5), supervision_timeout=timedelta(milliseconds=60)),
            Random(1),
        )
        self.host = make_host(self.room, "Mask", "C0:00:00:00:00:01", advertising_interval=FAST)
        self.host.gatt_server.max_mtu = SMALLEST_MTU
        self.cuts, self.segments, self.chance = 0, 0, Random(3)
        self.next_cut = self.chance.randint(1, 12)
        self.peripheral = Peripheral(
            self.host,
            self.bench.device,
            catch_up=lambda: None,
            noted=lambda _: None,
            segment_sent=self.segment_sent,
        )

    @asynccontextmanager
    async def on_the_air(self, bus):
        dongle = make_host(self.room, "dongle", "F0:F0:F0:F0:F0:F0")
        bluez = VirtualBluez(dongle, bus, settings=BluezSettings(show_again_after=FAST))
        await self.peripheral.start()
        await bluez.start()
        self.peripheral.open_pairing()
        try:
            yield
        finally:
            await bluez.stop()
            await self.peripheral.stop()

    def segment_sent(self):
        self.segments += 1
        if self.cuts < CUTS and self.segments >= self.next_cut:
            self.cuts, self.segments, self.next_cut = self.cuts + 1, 0, self.chance.randint(1, 12)
            self.room.set_in_range(self.host, in_range=False)
            asyncio.get_running_loop().call_later(0.1, lambda: self.room.set_in_range(self.host, in_range=True))


@pytest.mark.timeout(60)
@in_a_loop
async def test_a_device_out_of_range_in_the_middle_of_a_download_thirty_times_gives_each_record_once(bus):
    handheld, stored = Handheld(), []

    async def put(entry):
        stored.extend(item for item in entry.items if isinstance(item, StoredRecord))

    async with handheld.on_the_air(bus), listening(put):
        await until(lambda: len(stored) >= RECORDS, seconds=50)
        await until(lambda: handheld.bench.device.memory.records.acknowledged == RECORDS)
    assert handheld.cuts == CUTS
    assert Counter(read_record(item.data).counter for item in stored) == Counter(range(1, RECORDS + 1))


def all_batches(outbox):
    """What an outbox gives when each batch is taken at once: live samples first, then what waited for them."""
    batches = []
    while outbox.seal() or outbox.waiting(1):
        taken = outbox.waiting(10_000)
        outbox.settle(
            Receipt(epoch=f"{taken[0].epoch:016x}", taken=[(one.number, tag_of(one.sealed)) for one in taken])
        )
        batches += taken
    return batches


LIVE_FRAME = struct.Struct("<BBHHHHHhHHBB")


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("bus")
@in_a_loop
async def test_what_the_radio_carried_is_what_is_stored_sample_by_sample(tmp_path):
    acts = (Deed.OPEN_PAIRING, Deed.WAIT_UNTIL_FOLLOWED, Deed.PUT_ON, Begin(1))
    mask = device(tmp_path, *(step(at_s, act) for at_s, act in zip((0, 1, 5, 10), acts, strict=True)))
    clock = ClockMap(started_at=datetime.now(UTC), lead=timedelta(hours=3), rate=100)
    stores = open_service(tmp_path)
    found(stores)
    outbox = Outbox(tmp_path / "outbox.sqlite", GATEWAY, KEY, lambda: clock.civil(datetime.now(UTC)))
    writer = OutboxWriter(outbox, lambda: None)
    writer.start()
    stop, ready = asyncio.Event(), asyncio.Event()
    house = asyncio.ensure_future(
        VirtualHome(home(tmp_path, mask, trace=tmp_path / "trace"), clock).run(stop, ready.set)
    )
    await ready.wait()
    async with listening(writer.put, clock=lambda: clock.civil(datetime.now(UTC))):
        await until(lambda: any(isinstance(line, RecordLine) for line in read_journal(mask.journal)), seconds=30)
        await asyncio.sleep(1)
    stop.set()
    await house
    batches = await writer.ask(all_batches)
    await writer.stop()
    arrivals = [
        Arrival(topic=batch_topic(GATEWAY), payload=batch.sealed, message_id=number)
        for number, batch in enumerate(batches, 1)
    ]
    worker_of(stores, tmp_path).handle(arrivals, FakeBroker(), lambda _: True)
    checker_of(stores).check_due()
    series = stores.telemetry.series(SeriesKey(clinic=CLINIC, session=session_id(mask.uid, 1)))

    journal = read_journal(mask.journal)
    told = {line.live for line in journal if isinstance(line, SampleLine)}
    heard = [value for _, value in filter(None, map(notified_value, att_pdus(read_trace(tmp_path / "trace"))))]
    live = [LIVE_FRAME.unpack(frame) for frame in heard if frame in told]
    assert len(live) == len(told) == 300
    assert series.sequence() == tuple(frame[2] for frame in live)
    assert series.column("active_s") == tuple(frame[4] for frame in live)
    assert series.column("irradiance_mw_per_cm2") == tuple(frame[6] / 10 for frame in live)
    assert series.column("skin_celsius") == tuple(frame[7] / 100 for frame in live)
    assert series.column("fluence_j_per_cm2") == tuple(frame[8] / 100 for frame in live)
    (record,) = [line.record for line in journal if isinstance(line, RecordLine)]
    (stored,) = rows(stores, RecordRow)
    assert stored.data[:16] + bytes([stored.data[16] & ~0x20]) + stored.data[17:] == record
    (session,) = rows(stores, SessionRow)
    assert (session.samples_stored, session.samples_missing, session.recorded, session.conflict) == (300, 0, True, None)
    stores.close()
