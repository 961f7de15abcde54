"""The conversation with a HETS device: nothing received is lost, and a record that does not read stops nothing."""

import asyncio
import struct
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from device_drivers.hets import gatt
from device_drivers.hets.record import read_record
from gateway.ble.hets import Conversation, HetsSpeech
from gateway.errors import LinkLost
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from tests.firmware_bridge.hets.rig import Bench
from tests.firmware_bridge.radio.loops import until
from tests.gateway.devices import MASK, NOON, UID, unwatched
from tests.vectors import VECTORS
from vocabulary.wire.batches import Gap, ReportedMark, SampleBlock, SeenAnchor, StoredRecord

TICK = bytes([0x21]) + (1000).to_bytes(6, "little") + bytes(4)
REPORTED, ABORTED = bytes.fromhex("06000101"), bytes.fromhex("06000301")
RECORD, COUNTER = bytes.fromhex(VECTORS["record_led"]["hex"]), VECTORS["record_led"]["counter"]
UNREADABLE = bytes(56)
WHOLE = b"\x03"
"""The header of a message in one segment."""


def live(number):
    return struct.pack("<BBHHHHHhHHBB", 2, 0xFF, number, 1, number, 600 - number, 300, 3400, 10, 0xFFFF, 80, 1)


class Mask:
    """A device at the other end of a link. A value that is read comes as a notification too."""

    address = "C0:00:00:00:00:01"

    def __init__(self, newest=0, records=()):
        self.lost, self.take = asyncio.Event(), {}
        self.newest, self.records = newest, list(records)
        self.oldest = newest - max(len(self.records) - 1, 0)
        self.reports, self.acknowledged = [], []
        self.resting = False

    def rests(self, resting):
        self.resting = resting

    async def read(self, characteristic):
        await asyncio.sleep(0.001)
        value = TICK if characteristic == gatt.ELAPSED_TIME else self.state()
        self.notify(characteristic, value)
        return value

    def state(self):
        return struct.pack("<BBIIIHBBH", 1, 0, self.newest, self.oldest, 1, 0, 0, 80, 0xFFFF)

    def notify(self, characteristic, value):
        if characteristic in self.take:
            self.take[characteristic](value)

    async def subscribe(self, characteristic, take):
        self.take[characteristic] = take

    async def write(self, characteristic, value):
        await asyncio.sleep(0.001)
        if characteristic == gatt.CONTROL:
            self.acknowledged.append(int.from_bytes(value[1:], "little"))
            self.notify(gatt.CONTROL, bytes([0x80, value[0], 1]))
        elif value[0] == 1:
            self.reports.append(int.from_bytes(value[3:], "little"))
            self.report()
        else:
            self.abort()

    def report(self):
        for record in self.records:
            self.notify(gatt.RECORD, WHOLE + record)
        self.notify(gatt.RECORD_ACCESS, REPORTED)

    def abort(self):
        self.notify(gatt.RECORD_ACCESS, ABORTED)

    async def close(self):
        self.take.clear()


class Disk:
    """Where a book puts its entries, slowly."""

    def __init__(self, seconds=0.0):
        self.items, self.seconds, self.busy = [], seconds, 0

    async def put(self, entry):
        self.busy += 1
        await asyncio.sleep(self.seconds)
        self.items += entry.items
        self.busy -= 1

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]


@asynccontextmanager
async def talking(mask, disk, clock=lambda: NOON):
    """A conversation on its way; cut off at the end if it has not ended by then."""
    book = SessionBook(disk.put, {}, unwatched)
    await book.meet(MASK)
    talk = asyncio.ensure_future(Conversation(mask, MASK, HetsSpeech(book, clock, Reach())).run())
    await asyncio.sleep(0.2)
    try:
        yield talk
    finally:
        talk.cancel()
        with suppress(asyncio.CancelledError, LinkLost):
            await talk


def in_time(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 5))


def test_what_was_received_before_the_link_broke_is_stored():
    async def scenario():
        mask, disk = Mask(), Disk(0.02)
        async with talking(mask, disk) as talk:
            for number in range(8):
                mask.notify(gatt.LIVE, live(number))
                await asyncio.sleep(0.002)
            mask.lost.set()
            with pytest.raises(LinkLost):
                await talk
        await until(lambda: not disk.busy)
        assert [block.first for block in disk.of(SampleBlock)] == list(range(8))

    in_time(scenario)


class Farewell(Mask):
    """A mask that sends a frame while the link is being closed."""

    async def close(self):
        self.notify(gatt.LIVE, live(0))
        await super().close()


def test_what_is_received_until_the_link_is_closed_is_stored():
    async def scenario():
        mask, disk = Farewell(), Disk(0.02)
        async with talking(mask, disk):
            pass
        await until(lambda: not disk.busy)
        assert len(disk.of(SampleBlock)) == 1

    in_time(scenario)


def test_a_record_that_does_not_read_is_kept_as_bytes_and_holds_nobody_up(caplog):
    async def scenario():
        mask, disk = Mask(COUNTER, [UNREADABLE, RECORD]), Disk()
        async with talking(mask, disk):
            pass
        assert [item.data for item in disk.of(StoredRecord)] == [UNREADABLE, RECORD]
        assert (mask.reports, mask.acknowledged) == ([1], [COUNTER])

    in_time(scenario)
    assert caplog.text.count("does not read") == 1


def test_a_newest_record_that_does_not_read_is_told_once_a_link_and_not_acknowledged():
    async def scenario():
        mask, disk = Mask(COUNTER + 1, [RECORD, UNREADABLE]), Disk()
        async with talking(mask, disk):
            mask.newest += 1
            mask.notify(gatt.STATE, mask.state())
            await asyncio.sleep(0.1)
        assert [item.data for item in disk.of(StoredRecord)] == [RECORD, UNREADABLE]
        assert len(disk.of(Gap)) == 1
        assert (mask.reports, mask.acknowledged) == ([1, COUNTER + 1], [COUNTER, COUNTER])

    in_time(scenario)


def sessions(count):
    """The records of so many sessions, as a device has them."""
    bench = Bench()
    for _ in range(count):
        bench.device.begin(0)
        bench.wait(3)
        bench.device.stop_by_user()
    return bench.device.read_records(tuple(range(1, count + 1)))


class Witness(Mask):
    """A mask that notes what was on disk when it was told that its records are."""

    def __init__(self, records, disk):
        super().__init__(len(records), records)
        self.disk, self.on_disk = disk, []

    async def write(self, characteristic, value):
        if characteristic == gatt.CONTROL:
            self.on_disk.append([read_record(item.data).counter for item in self.disk.of(StoredRecord)])
        await super().write(characteristic, value)


def test_sixty_stored_sessions_are_on_disk_once_before_they_are_acknowledged():
    async def scenario():
        disk = Disk(0.002)
        mask = Witness(sessions(60), disk)
        async with talking(mask, disk):
            await until(lambda: mask.acknowledged)
        assert mask.acknowledged == [60]
        assert mask.on_disk == [list(range(1, 61))]

    in_time(scenario)


class FullDisk(Disk):
    """A disk that takes so many records and no more."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    async def put(self, entry):
        if len(self.of(StoredRecord)) == self.room and any(isinstance(item, StoredRecord) for item in entry.items):
            raise LinkLost(Mask.address, "storing", "the disk is full")
        await super().put(entry)


def test_a_record_that_the_disk_did_not_take_is_not_acknowledged_and_is_asked_for_again():
    async def scenario():
        disk = FullDisk(room=10)
        mask = Witness(sessions(20), disk)
        book = SessionBook(disk.put, {}, unwatched)
        await book.meet(MASK)
        for _ in range(2):
            with pytest.raises(LinkLost, match="full"):
                await Conversation(mask, MASK, HetsSpeech(book, lambda: NOON, Reach())).run()
        assert (mask.reports, mask.acknowledged) == ([1, 11], [])

    in_time(scenario)


def test_a_jump_of_the_counter_is_passed_on_as_it_is():
    async def scenario():
        disk = Disk()
        first, _, third = sessions(3)
        mask = Witness((first, third), disk)
        mask.newest = 3
        async with talking(mask, disk):
            await until(lambda: mask.on_disk)
        assert (mask.on_disk, mask.acknowledged) == ([[1, 3]], [3])
        assert mask.reports == [1, 2]

    in_time(scenario)


class Lossy(Witness):
    """A mask with the records of its sessions from the first; these are lost on the way when they are first sent."""

    def __init__(self, records, disk, lost):
        super().__init__(records, disk)
        self.lost_once = set(lost)

    def report(self):
        for counter in range(self.reports[-1], self.newest + 1):
            if counter not in self.lost_once:
                self.notify(gatt.RECORD, WHOLE + self.records[counter - 1])
        self.lost_once.clear()
        self.notify(gatt.RECORD_ACCESS, REPORTED)


@pytest.mark.parametrize(("lost", "reports"), [({1}, [1, 1]), ({2}, [1, 2]), ({2, 4}, [1, 2]), ({2, 3}, [1, 2])])
def test_a_record_that_was_lost_on_its_way_is_asked_for_again_before_anything_beyond_it_is_acknowledged(lost, reports):
    async def scenario():
        disk = Disk()
        mask = Lossy(sessions(5), disk, lost)
        async with talking(mask, disk):
            await until(lambda: mask.acknowledged)
        assert (mask.reports, mask.acknowledged) == (reports, [5])
        assert sorted(mask.on_disk[0]) == [1, 2, 3, 4, 5]

    in_time(scenario)


def test_a_device_that_starts_later_than_what_is_known_of_it_is_not_asked_twice():
    async def scenario():
        disk = Disk()
        mask = Witness(sessions(7)[4:], disk)
        mask.newest, mask.oldest = 7, 5
        async with talking(mask, disk):
            await until(lambda: mask.on_disk)
        assert (mask.reports, mask.on_disk, mask.acknowledged) == ([1], [[5, 6, 7]], [7])

    in_time(scenario)


def test_records_are_asked_for_again_when_a_newer_one_is_told_of_and_not_before():
    async def scenario():
        mask, disk = Mask(newest=5), Disk()
        async with talking(mask, disk):
            assert mask.reports == [1]
            mask.newest = 6
            mask.notify(gatt.STATE, mask.state())
            await asyncio.sleep(0.1)
            assert mask.reports == [1, 1]

    in_time(scenario)


class Late(Mask):
    """A mask that answers an abort late, and reports the first record wrongly the first time."""

    def report(self):
        loop = asyncio.get_running_loop()
        if len(self.reports) == 1:
            self.notify(gatt.RECORD, b"\x0a" + RECORD)
        else:
            loop.call_later(0.05, super().report)

    def abort(self):
        asyncio.get_running_loop().call_later(0.03, super().abort)


def test_the_late_answer_to_an_abort_does_not_end_the_report_that_follows():
    async def scenario():
        mask, disk = Late(COUNTER, [RECORD]), Disk()
        async with talking(mask, disk):
            pass
        assert len(disk.of(StoredRecord)) == 1
        assert mask.reports == [1, 1]

    in_time(scenario)


@pytest.mark.parametrize(("step_s", "anchors"), [(0.001, 1), (-3, 0)])
def test_a_clock_that_is_set_back_gives_no_anchor(step_s, anchors):
    moments = iter(range(1000))

    async def scenario():
        disk = Disk()
        async with talking(Mask(), disk, lambda: NOON + next(moments) * timedelta(seconds=step_s)):
            pass
        assert len(disk.of(SeenAnchor)) == anchors

    in_time(scenario)


def test_an_anchor_names_the_timeline_and_half_a_tick_of_doubt():
    async def scenario():
        disk = Disk()
        async with talking(Mask(), disk):
            pass
        assert disk.of(SeenAnchor) == [SeenAnchor(device=UID, timeline=1, tick_s=1000.5, at=NOON, uncertainty_s=0.5)]

    in_time(scenario)


def test_a_state_that_nobody_notified_is_told_when_the_records_are_fetched():
    """The tick is read then, between two reads of the state."""

    async def scenario():
        mask, disk = Mask(COUNTER, [RECORD]), Disk()
        notify, mask.notify = mask.notify, lambda kind, value: None if kind == gatt.STATE else notify(kind, value)
        report, mask.report = mask.report, lambda: (report(), setattr(mask, "newest", COUNTER + 1))
        async with talking(mask, disk):
            await until(lambda: [mark.newest for mark in disk.of(ReportedMark)] == [COUNTER, COUNTER + 1])

    in_time(scenario)


def emitting(mask, state):
    return bytes([state]) + mask.state()[1:]


def test_a_device_rests_when_its_records_are_fetched_and_not_while_it_emits():
    async def scenario():
        mask, disk = Mask(COUNTER, [RECORD]), Disk()
        async with talking(mask, disk):
            await until(lambda: mask.resting)
            assert mask.acknowledged == [COUNTER]
            mask.notify(gatt.STATE, emitting(mask, 2))
            await until(lambda: not mask.resting)
            mask.notify(gatt.STATE, mask.state())
            await until(lambda: mask.resting)

    in_time(scenario)
