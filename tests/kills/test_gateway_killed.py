"""The gateway killed -9 at every step between a frame and its batch, block or gap: what it took on is there, once."""

import asyncio
import json
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.outbox.pending import Pending
from gateway.outbox.store import BOUND, WINDOW, Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.book import SessionBook
from gateway.sessions.entries import Entry
from tests.gateway.devices import MASK, NOON, UID, mark, reading, unwatched
from tests.gateway.outboxes import GATEWAY, KEY, body_of, drained, mark_item, memory_disk, numbers_in, samples, take
from tests.kills.dying import in_child, lines, noted
from vocabulary.wire.batches import SampleBlock

FRAMES = 24


class PutsLater(OutboxWriter):
    """The sabotaged twin: says that an entry is on disk when it has only heard of it."""

    async def put(self, entry: Entry) -> None:
        asyncio.ensure_future(super().put(entry))  # noqa: RUF006 - nobody waits for it: that is the fault
        await asyncio.sleep(0)


class Crash:
    """One outbox, a gateway that puts frames into it, one kill."""

    def __init__(self, directory, writer=OutboxWriter):
        directory.mkdir()
        self.path, self.taken_on, self.writer = directory / "outbox.sqlite", directory / "taken", writer

    def work(self, steps):
        async def follow(note):
            outbox = Outbox(self.path, GATEWAY, KEY, lambda: NOON)
            steps.watch(outbox._file.connection)
            writer, on_disk = self.writer(outbox, lambda: None), asyncio.Event()

            async def put(entry):
                await writer.put(entry)
                for item in entry.items:
                    if isinstance(item, SampleBlock):
                        note(item.first)
                        on_disk.set()

            book = SessionBook(put, outbox.memories(), unwatched)
            writer.start()
            await book.meet(MASK)
            await book.mark(UID, mark(newest=0), NOON)
            for number in range(FRAMES):
                on_disk.clear()
                await book.readings(UID, [(reading(number), NOON)])
                await on_disk.wait()
            await writer.stop()

        with noted(self.taken_on) as note:
            asyncio.run(follow(note))

    def kill_at(self, step):
        return in_child(self.work, step)

    def kept(self):
        """The sample numbers in the outbox, pending or sealed, and what it remembers of the session."""
        outbox = Outbox(self.path, GATEWAY, KEY, lambda: NOON)
        blocks = [item for item in outbox.pending if isinstance(item, SampleBlock)]
        for batch in outbox.waiting(1000):
            blocks += body_of(batch).samples
        memory = outbox.memories().get(UID)
        outbox.close()
        numbers = [number for block in blocks for number in range(block.first, block.first + block.count)]
        return sorted(numbers), memory.progress[0].next_sample if memory and memory.progress else 0

    def taken(self):
        return [int(json.loads(line)) for line in lines(self.taken_on)]


def test_at_whatever_step_the_gateway_dies_every_frame_it_took_on_is_kept_once(tmp_path):
    total = Crash(tmp_path / "count").kill_at(None)
    assert total > FRAMES
    killed = 0
    for step in range(1, total + 1, 2):
        crash = Crash(tmp_path / str(step))
        ended_after = crash.kill_at(step)  # what is put together, and so how many steps there are, varies a little
        assert ended_after is None or ended_after < step
        killed += ended_after is None
        kept, next_sample = crash.kept()
        assert kept == list(range(len(kept))), f"killed at step {step} of {total}"
        assert set(crash.taken()) <= set(kept)
        assert next_sample == len(kept)
    assert killed > FRAMES


def test_a_twin_that_says_so_before_it_is_on_disk_is_caught(tmp_path):
    total = Crash(tmp_path / "count", PutsLater).kill_at(None)
    broken = []
    for step in range(1, total + 1, 5):
        crash = Crash(tmp_path / str(step), PutsLater)
        crash.kill_at(step)
        broken.append(not set(crash.taken()) <= set(crash.kept()[0]))
    assert any(broken)


class HeldBack(Crash):
    """An outbox whose service takes nothing: frames become blocks, and over the bound blocks become gaps."""

    AT_ONCE, TIMES = 60, 4

    def __init__(self, directory, outbox=Outbox, age=BOUND.age):
        super().__init__(directory)
        self.outbox, self.bound = outbox, replace(BOUND, age=age)

    def opened(self, clock=lambda: NOON):
        return self.outbox(self.path, GATEWAY, KEY, clock, bound=self.bound)

    def prepare(self):
        """What every crash begins with."""
        outbox = self.opened()
        for _ in range(WINDOW):
            outbox.put([Entry(items=(mark_item(),))])
            outbox.seal()
        outbox.close()
        shutil.copy(self.path, self.prepared)

    @property
    def prepared(self):
        return self.path.with_suffix(".prepared")

    def work(self, steps):
        now = [NOON]
        outbox = self.opened(lambda: now[0])
        steps.watch(outbox._file.connection)
        with noted(self.taken_on) as note:
            for first in range(0, self.AT_ONCE * self.TIMES, self.AT_ONCE):
                outbox.put([Entry(items=samples(*range(first, first + self.AT_ONCE)))])
                note(first + self.AT_ONCE)
                now[0] += timedelta(minutes=1)
                outbox.seal()
            take(outbox, outbox.waiting(WINDOW))
            outbox.refill()

    def accounted_for(self):
        """The sample numbers that the service gets, and those in gaps, when all is sent."""
        outbox = self.opened()
        bodies = list(drained(outbox))
        outbox.close()
        lost = [n for body in bodies for gap in body.gaps for n in range(gap.first, gap.last + 1)]
        return sorted(numbers_in(block for body in bodies for block in body.samples) + lost)


def broken_steps(directory, every, **how):
    """At which steps a kill cost a sample, or doubled one."""
    count = HeldBack(directory / "count", **how)
    count.prepare()
    total = count.kill_at(None)
    for step in range(total, 0, -every):  # the last are those at which most is there to be lost
        crash = HeldBack(directory / str(step), **how)
        shutil.copy(count.prepared, crash.path)
        assert crash.kill_at(step) is None
        taken = max(crash.taken(), default=0)
        numbers = crash.accounted_for()
        if numbers != list(range(len(numbers))) or len(numbers) < taken:
            yield step


class PacksInTwo(Outbox):
    """The sabotaged twin: samples leave `pending` in a transaction of their own, after the one that packs them."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._pending.change = lambda: in_two(self._pending)


@contextmanager
def in_two(pending):
    with Pending.change(pending) as change:
        gone = []
        change.remove = gone.extend
        yield change
    with Pending.change(pending) as change:
        change.remove(gone)


class GapsLater(Outbox):
    """The sabotaged twin: blocks give way in one transaction, and leave their gaps in the next."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        blocks = self._backlog._blocks
        remove = blocks.remove

        def remove_at_once(connection, gone):
            remove(connection, gone)
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")

        blocks.remove = remove_at_once


@pytest.fixture
def directory():
    with memory_disk() as made:
        yield made


def test_at_whatever_step_the_gateway_dies_what_waits_in_blocks_is_kept_once(directory):
    assert list(broken_steps(directory, every=7)) == []


def test_at_whatever_step_the_gateway_dies_what_gives_way_is_stored_or_in_a_gap(directory):
    assert list(broken_steps(directory, every=7, age=timedelta(seconds=90))) == []


def test_a_twin_that_packs_and_forgets_apart_is_caught(directory):
    assert any(broken_steps(directory, every=2, outbox=PacksInTwo))


def test_a_twin_that_leaves_its_gaps_later_is_caught(directory):
    assert any(broken_steps(directory, every=2, outbox=GapsLater, age=timedelta(seconds=90)))
