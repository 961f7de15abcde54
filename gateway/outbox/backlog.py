"""What waits while the service takes nothing: packed into blocks, and kept within a bound."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.errors import ItemUnfit
from gateway.outbox.batches import Batches
from gateway.outbox.blocks import Blocks, StoredBlock
from gateway.outbox.file import OutboxFile
from gateway.outbox.packing import gap_for, joined, sample_count, spanned
from gateway.outbox.pending import Change, Pending, Row
from vocabulary.clock import Clock
from vocabulary.wire.batches import Gap, Incident, IncidentKind, SampleBlock

BLOCK_SAMPLES: Final = 60
"""A session's samples become a block when there are so many,"""

LOOSE_SAMPLES: Final = 1000
"""or when so many wait in all."""

COPIES_AT_ONCE: Final = 100
"""Copies of what the service has that are dropped together to make room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the outbox may hold: bytes on disk, and samples that waited this long while the gateway ran."""

    size_bytes: int
    age: timedelta


class Backlog:
    """The blocks of an outbox, from pending samples to the next batch, or to the gap they leave."""

    def __init__(self, file: OutboxFile, pending: Pending, bound: Bound, clock: Clock) -> None:
        self._file, self._pending, self._bound, self._clock = file, pending, bound, clock
        self._blocks = Blocks(file)
        self._opened_at = clock()
        self._ran_before_s = self._blocks.newest_ran_s()
        self._gave_way = 0

    def __bool__(self) -> bool:
        return self._blocks.any()

    def count(self) -> int:
        """How many blocks wait."""
        return self._blocks.count()

    def pack(self) -> bool:
        """Make blocks of the samples of each session that has enough, or of all when many wait; whether it did."""
        runs = self._pending.runs()
        loose = sum(map(len, runs)) >= LOOSE_SAMPLES
        full = [run for run in runs if loose or sample_count(row.item for row in run) >= BLOCK_SAMPLES]
        for run in full:
            with self._pending.change() as change:
                for block in joined(row.item for row in run if isinstance(row.item, SampleBlock)):
                    self._blocks.add(change.connection, block, run[0].boot, self._ran_s())
                change.remove(run)
        return bool(full)

    def seal_next(self, batches: Batches) -> list[str]:
        """Seal what goes next, and say which blocks did not read: they are kept aside, and leave their gaps."""
        blocks, samples, problems = self._blocks.next(), list[SampleBlock](), list[str]()
        with self._pending.change() as change:
            for block in blocks:
                try:
                    samples.append(block.open())
                except ItemUnfit as unfit:
                    problems.append(str(unfit))
                    change.set_aside("block", block.content, unfit.problem)
                    change.add(_gaps([block]), block.boot)
            if samples:
                batches.seal(change.connection, samples, blocks[0].boot, live=False)
            self._blocks.remove(change.connection, blocks)
        return problems

    def keep_within_bound(self, batches: Batches, boot: int) -> None:
        """Have the oldest give way while there is too much, or what has waited too long; said under this boot."""
        while excess := self._excess(batches):
            with self._pending.change() as change:
                self._blocks.remove(change.connection, excess)
                change.add(spanned(_gaps(excess)), excess[0].boot)
                self._say_so(change, boot, sum(block.samples for block in excess))

    def _excess(self, batches: Batches) -> list[StoredBlock]:
        oldest = self._blocks.oldest()
        long_ago_s = self._ran_s() - self._bound.age.total_seconds()
        if too_old := [block for block in oldest if block.ran_s < long_ago_s]:
            return too_old
        while self._file.used_bytes() > self._bound.size_bytes:
            if not batches.drop_oldest_taken(COPIES_AT_ONCE):
                return oldest
        return []

    def _say_so(self, change: Change, boot: int, samples: int) -> None:
        """One incident for all that gave way since the last one was sealed."""
        now = self._clock()
        said = [row for row in self._pending.rows if _says_full(row, boot)]
        since = min((row.item.at for row in said if isinstance(row.item, Incident)), default=now)
        self._gave_way = samples + (self._gave_way if said else 0)
        detail = f"{self._gave_way} samples gave way, the oldest first: the outbox was full, or they were too old"
        change.remove(said)
        change.add([Incident(kind=IncidentKind.OUTBOX_FULL, at=since, until=max(since, now), detail=detail)], boot)

    def _ran_s(self) -> int:
        """How long this gateway has run in all: ages that no clock which was wrong at a start can make up."""
        return self._ran_before_s + int((self._clock() - self._opened_at).total_seconds())


def _gaps(blocks: Sequence[StoredBlock]) -> Iterator[Gap]:
    """What blocks leave. One that names neither its gap nor its samples leaves none: its damage was reported."""
    for block in blocks:
        try:
            yield block.left()
        except ItemUnfit:
            with suppress(ItemUnfit):
                yield gap_for(block.open())


def _says_full(row: Row, boot: int) -> bool:
    return isinstance(row.item, Incident) and row.item.kind is IncidentKind.OUTBOX_FULL and row.boot == boot
