"""The gateway killed -9 at every step between a frame and its batch: what it had taken on is there, once."""

import asyncio
import json

from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.book import SessionBook
from gateway.sessions.entries import Entry
from tests.gateway.devices import MASK, NOON, UID, mark, reading, unwatched
from tests.gateway.test_outbox import GATEWAY, KEY, body_of
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
            steps.watch(outbox._connection)
            writer = self.writer(outbox, lambda: None)
            book = SessionBook(writer.put, outbox.memories(), unwatched)
            writer.start()
            await book.meet(MASK)
            await book.mark(UID, mark(newest=0), NOON)
            for number in range(FRAMES):
                await book.readings(UID, [(reading(number), NOON)])
                note(number)
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
    for step in range(1, total + 1, 2):
        crash = Crash(tmp_path / str(step))
        assert crash.kill_at(step) is None
        kept, next_sample = crash.kept()
        assert kept == list(range(len(kept))), f"killed at step {step} of {total}"
        assert set(crash.taken()) <= set(kept)
        assert next_sample == len(kept)


def test_a_twin_that_says_so_before_it_is_on_disk_is_caught(tmp_path):
    total = Crash(tmp_path / "count", PutsLater).kill_at(None)
    broken = []
    for step in range(1, total + 1, 5):
        crash = Crash(tmp_path / str(step), PutsLater)
        crash.kill_at(step)
        broken.append(not set(crash.taken()) <= set(crash.kept()[0]))
    assert any(broken)
