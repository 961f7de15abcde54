"""The backlog: samples that wait, compressed, while the service takes nothing.

Rules, kept here:
- A block holds consecutive samples of one session, of one boot; with it is stored the gap that it leaves when it has
  to give way, so that samples sent and samples in gaps are together what the device produced.
- Samples over the alarm line are in blocks of their own: those go first and never give way.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

import msgspec

from gateway.outbox.file import OutboxFile
from gateway.outbox.items import dump_block, load_block
from gateway.outbox.packing import gap_for
from gateway.outbox.sums import checked, summed
from gateway.sessions.urgency import is_alarm
from vocabulary.wire.batches import Gap, SampleBlock

SAMPLES_AT_ONCE: Final = 3000
"""Samples in one batch of the backlog: with every figure at its longest, a body of them is within the wire's limits."""

BLOCKS_AT_ONCE: Final = 100
"""Blocks that are read, or give way, together."""

_gap_decoder: Final = msgspec.msgpack.Decoder(Gap)


class StoredBlock(NamedTuple):
    """A row of the backlog, not looked into; `ran_s`: how long the gateway had run in all when it was packed."""

    row: int
    boot: int
    samples: int
    ran_s: int
    gap: bytes
    content: bytes

    def open(self) -> SampleBlock:
        """The samples. Raises ItemUnfit."""
        return load_block(checked(self.content, "block", self.boot, self.samples))

    def left(self) -> Gap:
        """The gap that the block leaves. Raises ItemUnfit."""
        return _gap_decoder.decode(checked(self.gap, "gap", self.boot))


class Blocks:
    """The blocks in an outbox's file; what changes them is given the transaction to do it in."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file

    def add(self, connection: sqlite3.Connection, block: SampleBlock, boot: int, ran_s: int) -> None:
        """Store a block, of samples that are all over the alarm line, or all under it."""
        connection.execute(
            "INSERT INTO block (boot, gives_way, samples, ran_s, gap, content) VALUES (?, ?, ?, ?, ?, ?)",
            (
                boot,
                not is_alarm(block),
                block.count,
                ran_s,
                summed(msgspec.msgpack.encode(gap_for(block)), "gap", boot),
                summed(dump_block(block), "block", boot, block.count),
            ),
        )

    def next(self) -> list[StoredBlock]:
        """What goes next in one batch: alarms first, then the oldest; empty when nothing waits."""
        rows = self._rows("ORDER BY gives_way, id")
        return list(_within(SAMPLES_AT_ONCE, _of_one_boot(rows)))

    def oldest(self) -> list[StoredBlock]:
        """The oldest of those that may give way, of one boot."""
        return _of_one_boot(self._rows("WHERE gives_way = 1 ORDER BY gives_way, id"))

    def any(self) -> bool:
        """Whether one waits."""
        ((found,),) = self._file.select("SELECT EXISTS (SELECT 1 FROM block)")
        return bool(found)

    def count(self) -> int:
        """How many blocks wait."""
        ((count,),) = self._file.select("SELECT count(*) FROM block")
        return int(count)

    def newest_ran_s(self) -> int:
        """How long the gateway had run in all when the newest block was packed; 0 when none waits."""
        ((ran_s,),) = self._file.select("SELECT coalesce(max(ran_s), 0) FROM block")
        return int(ran_s)

    def remove(self, connection: sqlite3.Connection, blocks: Sequence[StoredBlock]) -> None:
        """They are sealed, or give way."""
        connection.executemany("DELETE FROM block WHERE id = ?", ((block.row,) for block in blocks))

    def _rows(self, which: str) -> list[StoredBlock]:
        rows = self._file.select(
            f"SELECT id, boot, samples, ran_s, gap, content FROM block {which} LIMIT {BLOCKS_AT_ONCE}"  # noqa: S608 - ours
        )
        return [StoredBlock(*row) for row in rows]


def _of_one_boot(blocks: Sequence[StoredBlock]) -> list[StoredBlock]:
    return list(takewhile(lambda block: block.boot == blocks[0].boot, blocks))


def _within(samples: int, blocks: Sequence[StoredBlock]) -> Iterator[StoredBlock]:
    """The first blocks that hold no more samples than this together; one at least."""
    total = 0
    for block in blocks:
        total += block.samples
        if total > samples and total > block.samples:
            return
        yield block
