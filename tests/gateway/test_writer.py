"""The writer: `put` returns when it is on disk, and what is due is sealed in time."""

import asyncio
import sqlite3
from contextlib import closing
from time import monotonic

import pytest

from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from tests.gateway.devices import NOON
from tests.gateway.outboxes import GATEWAY, KEY, body_of, memory_disk, samples
from vocabulary.wire.batches import Incident, IncidentKind


@pytest.fixture
def path():
    with memory_disk() as directory:
        yield directory / "outbox.sqlite"


class Running:
    """A writer on an outbox; `sealed` is set when it says that there is something to send."""

    def __init__(self, path):
        self.sealed = asyncio.Event()
        loop = asyncio.get_running_loop()
        outbox = Outbox(path, GATEWAY, KEY, lambda: NOON)
        self.writer = OutboxWriter(outbox, lambda: loop.call_soon_threadsafe(self.sealed.set))

    async def __aenter__(self):
        self.writer.start()
        return self

    async def __aexit__(self, *_):
        await self.writer.stop()

    async def waiting(self):
        return await self.writer.ask(lambda outbox: outbox.waiting(100))


def on_disk(path):
    with closing(sqlite3.connect(path)) as other:
        return other.execute("SELECT count(*) FROM pending WHERE kind = 'SampleBlock'").fetchone()[0]


def test_an_item_is_on_disk_when_put_returns(path):
    async def scenario():
        async with Running(path) as running:
            await running.writer.put(Entry(items=samples(1)))
            return on_disk(path)

    assert asyncio.run(scenario()) == 1


def test_ten_samples_are_sealed_at_once(path):
    async def scenario():
        async with Running(path) as running:
            for number in range(1, 11):
                await running.writer.put(Entry(items=samples(number)))
            return await running.waiting()

    (sealed,) = asyncio.run(scenario())
    assert body_of(sealed).samples[0].count == 10


def test_fewer_are_sealed_after_two_seconds(path):
    async def scenario():
        async with Running(path) as running:
            put_at = monotonic()
            await running.writer.put(Entry(items=samples(1)))
            await running.sealed.wait()
            return monotonic() - put_at

    assert 1.9 < asyncio.run(scenario()) < 3


def test_what_is_urgent_is_sealed_without_waiting(path):
    async def scenario():
        async with Running(path) as running:
            await running.writer.put(Entry(items=samples(0)))
            return await running.waiting()

    assert len(asyncio.run(scenario())) == 1


async def put_while_the_disk_fails(running, path):
    """Whether `put` returned while it did."""
    await running.writer.ask(lambda outbox: outbox._file.connection.execute("PRAGMA busy_timeout = 0"))
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    putting = asyncio.ensure_future(running.writer.put(Entry(items=samples(1))))
    await asyncio.sleep(0.2)
    early = putting.done()
    blocker.execute("ROLLBACK")
    blocker.close()
    await putting
    return early


def test_put_waits_for_a_disk_that_fails_and_loses_nothing(path):
    async def scenario():
        async with Running(path) as running:
            return await put_while_the_disk_fails(running, path), on_disk(path)

    assert asyncio.run(scenario()) == (False, 1)


def test_a_disk_that_failed_is_reported_once_when_it_works_again(path):
    async def scenario():
        async with Running(path) as running:
            await put_while_the_disk_fails(running, path)
            return [item for item in await running.writer.ask(lambda box: box.pending) if isinstance(item, Incident)]

    (incident,) = asyncio.run(scenario())
    assert (incident.kind, incident.detail) == ("disk failed", "database is locked")


def test_an_incident_that_a_look_into_the_outbox_leaves_is_sealed_in_time(path):
    async def scenario():
        async with Running(path) as running, asyncio.timeout(4):
            await running.writer.ask(lambda box: box.report(IncidentKind.OUTBOX_DAMAGED, NOON, "a batch"))
            await running.sealed.wait()
            return await running.waiting()

    assert [body_of(batch).incidents[0].detail for batch in asyncio.run(scenario())] == ["a batch"]


def test_a_disk_that_fails_is_tried_again_now_and_then_and_not_in_a_hurry(path, caplog):
    async def scenario():
        async with Running(path) as running:
            await running.writer.ask(lambda outbox: outbox._file.connection.execute("PRAGMA busy_timeout = 0"))
            await running.writer.put(Entry(items=samples(1)))
            blocker = sqlite3.connect(path, isolation_level=None)
            blocker.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(2.5)
            blocker.execute("ROLLBACK")
            blocker.close()
            await running.sealed.wait()

    asyncio.run(scenario())
    assert 1 <= len(caplog.records) <= 3


def test_stopping_seals_what_is_pending(path):
    async def scenario():
        async with Running(path) as running:
            await running.writer.put(Entry(items=samples(1, 2)))

    asyncio.run(scenario())
    again = Outbox(path, GATEWAY, KEY, lambda: NOON)
    assert [body_of(batch).samples[0].count for batch in again.waiting(10)] == [2]
    again.close()


def test_what_waited_when_the_process_died_is_sealed_when_it_is_back(path):
    before = Outbox(path, GATEWAY, KEY, lambda: NOON)
    before.put([Entry(items=samples(1))])
    before.close()

    async def scenario():
        async with Running(path) as running, asyncio.timeout(3):
            await running.sealed.wait()
            return await running.waiting()

    assert len(asyncio.run(scenario())) == 1


def test_whoever_asks_is_told_what_went_wrong_and_the_thread_lives_on(path):
    async def scenario():
        async with Running(path) as running, asyncio.timeout(3):
            with pytest.raises(ZeroDivisionError):
                await running.writer.ask(lambda _: 1 // 0)
            await running.writer.put(Entry(items=samples(1)))

    asyncio.run(scenario())


class Torn(Outbox):
    """An outbox with a fault of ours in it."""

    def seal(self):
        raise ZeroDivisionError


def test_a_fault_that_ends_the_thread_is_raised_to_all_who_wait_and_to_all_who_come(path):
    async def scenario():
        outbox = Torn(path, GATEWAY, KEY, lambda: NOON)
        writer = OutboxWriter(outbox, lambda: None)
        writer.start()
        asked = writer.put(Entry(items=samples(0))), writer.ask(lambda box: box.epoch), writer.ended()
        faults = await asyncio.gather(*asked, return_exceptions=True)
        faults += await asyncio.gather(writer.put(Entry(items=samples(1))), return_exceptions=True)
        await writer.stop()
        outbox.close()
        return [type(fault) for fault in faults]

    assert asyncio.run(asyncio.wait_for(scenario(), 3)) == [type(None), *[ZeroDivisionError] * 3]


def test_a_home_with_nothing_to_tell_beats_and_not_again_while_a_beat_waits(path):
    async def scenario():
        sealed, loop = asyncio.Event(), asyncio.get_running_loop()
        outbox = Outbox(path, GATEWAY, KEY, lambda: NOON)
        writer = OutboxWriter(outbox, lambda: loop.call_soon_threadsafe(sealed.set), heartbeat_s=0.05)
        writer.start()
        await asyncio.wait_for(sealed.wait(), 30)
        await asyncio.sleep(0.3)
        waiting = await writer.ask(lambda box: box.waiting(100))
        await writer.stop()
        return len(waiting)

    assert asyncio.run(scenario()) == 1
