"""The book of sessions: whoever watches is shown all, whoever waits is told the truth, whatever the disk does."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from device_drivers.errors import DriverError
from device_drivers.families import HETS
from gateway.sessions.book import SessionBook, StoredBytes
from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.devices import MASK, NOON, UID, mark, reading, unwatched
from tests.gateway.mqtt.masks import record
from vocabulary.devices import DeviceState
from vocabulary.wire.batches import Gap, ReportedMark, StoredRecord


class Disk:
    """Takes what is put while it `takes`."""

    def __init__(self):
        self.items, self.memories, self.takes = [], {}, asyncio.Event()
        self.takes.set()

    async def put(self, entry):
        await self.takes.wait()
        self.items += entry.items
        if entry.memory is not None:
            self.memories[entry.memory.device] = entry.memory

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]


async def met(disk, watch=unwatched):
    book = SessionBook(disk.put, disk.memories, watch)
    await book.meet(MASK)
    return book


def came(counter, elapsed_s=0):
    return StoredBytes(HETS, record(counter, elapsed_s), NOON)


@in_a_loop
async def test_a_record_whose_teller_is_cancelled_is_stored_and_known_to_be():
    disk = Disk()
    book = await met(disk)
    disk.takes.clear()
    telling = asyncio.ensure_future(book.record(UID, came(1)))
    for _ in range(5):
        await asyncio.sleep(0)
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling
    assert (book.known_upto(UID), book.stored_upto(UID)) == (1, 0)
    disk.takes.set()
    await book.settled()
    assert (len(disk.of(StoredRecord)), book.stored_upto(UID)) == (1, 1)


@in_a_loop
async def test_a_record_is_on_disk_when_its_teller_goes_on_also_one_that_does_not_read():
    disk = Disk()
    book = await met(disk)
    await book.record(UID, came(1))
    assert len(disk.of(StoredRecord)) == 1
    with pytest.raises(DriverError):
        await book.record(UID, StoredBytes(HETS, bytes(56), NOON))
    assert len(disk.of(StoredRecord)) == 2


@in_a_loop
async def test_a_mark_that_is_no_news_is_shown_all_the_same_and_stored_once():
    disk, shown = Disk(), []
    book = await met(disk, shown.extend)
    for _ in range(3):
        await book.mark(UID, mark(state=DeviceState.EMITTING), NOON)
    await book.settled()
    assert (len(shown), len(disk.of(ReportedMark))) == (3, 1)


@in_a_loop
async def test_a_state_that_goes_on_is_told_again_each_hour_and_at_each_contact():
    disk = Disk()
    book = await met(disk)
    for minutes in (0, 59, 60, 61, 119, 120):
        await book.mark(UID, mark(), NOON + timedelta(minutes=minutes))
    await book.meet(MASK)
    await book.mark(UID, mark(), NOON + timedelta(minutes=121))
    await book.settled()
    assert [(one.at - NOON) / timedelta(minutes=1) for one in disk.of(ReportedMark)] == [0, 60, 120, 121]


@pytest.mark.parametrize(("length", "kept"), [(0, []), (600, [512])])
@in_a_loop
async def test_no_more_is_kept_of_a_record_than_the_wire_takes(length, kept):
    disk = Disk()
    book = await met(disk)
    await book.keep(UID, StoredBytes(HETS, bytes(length), NOON))
    await book.settled()
    assert [len(stored.data) for stored in disk.of(StoredRecord)] == kept


@pytest.mark.parametrize("restarted", [False, True])
@in_a_loop
async def test_what_is_read_anew_declares_no_sample_missing_that_was_stored(restarted):
    disk = Disk()
    book = await met(disk)
    await book.readings(UID, [(reading(number), NOON) for number in range(10)])
    await book.record(UID, came(1, elapsed_s=10))
    await book.stored(UID, 0)
    await book.settled()
    if restarted:
        book = await met(disk)
    await book.record(UID, came(1, elapsed_s=10))
    assert (len(disk.of(StoredRecord)), disk.of(Gap)) == (2, [])


@in_a_loop
async def test_what_a_new_memory_lost_of_a_session_that_was_followed_is_missing():
    disk = Disk()
    book = await met(disk)
    await book.record(UID, came(1))
    await book.stored(UID, 0)
    await book.readings(UID, [(reading(0), NOON)])
    await book.record(UID, came(1, elapsed_s=3))
    assert [(gap.first, gap.last) for gap in disk.of(Gap)] == [(1, 2)]


@in_a_loop
async def test_what_was_on_its_way_when_a_device_had_to_be_read_anew_does_not_count_as_stored():
    puts = []

    async def put(_entry):
        puts.append(asyncio.get_running_loop().create_future())
        await puts[-1]

    book = SessionBook(put, {}, unwatched)
    await book.meet(MASK)
    await book.take_record(UID, came(1))
    await book.stored(UID, 0)
    await book.take_record(UID, came(1))
    introduced, recorded, *later = puts
    for one in (introduced, recorded):
        one.set_result(None)
    for _ in range(5):
        await asyncio.sleep(0)
    assert book.stored_upto(UID) == 0
    for one in later:
        one.set_result(None)
    await book.settled()
    assert book.stored_upto(UID) == 1
