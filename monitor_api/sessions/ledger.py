"""Which of a device's records are here: contiguous ranges, and the sessions that it counted and that never came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from vocabulary.instants import Placed
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is here, and when its session began and ended, None when that is not known."""

    record: SessionRecord
    started: Placed | None
    ended: Placed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRange:
    """Records that follow each other by counter and by the device's chain of CRCs, first to last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSessions:
    """Sessions that the device counted and whose records are not here; `after` and `before` are when they were.

    `after` is None when what came before has no place in time, `before` when what came after has none.
    """

    first: int
    last: int
    after: datetime | None
    before: datetime | None

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A device's records as far as they are here; what it counted before the first of them is not known."""

    ranges: tuple[RecordRange, ...]
    missing: tuple[MissingSessions, ...]


def make_ledger(kept: Sequence[Kept], newest: int, asked_at: datetime | None) -> Ledger:
    """The ledger of one device, whose records come by counter. `newest` is the last that it named at `asked_at`."""
    return Ledger(ranges=tuple(_ranges(kept)), missing=tuple(_missing(kept, newest, asked_at)))


def _ranges(kept: Iterable[Kept]) -> Iterable[RecordRange]:
    first: SessionRecord | None = None
    last: SessionRecord | None = None
    for record in (one.record for one in kept):
        if first is None or last is None or not _follows(last, record):
            if first and last:
                yield RecordRange(first=first.counter, last=last.counter)
            first = record
        last = record
    if first and last:
        yield RecordRange(first=first.counter, last=last.counter)


def _follows(before: SessionRecord, record: SessionRecord) -> bool:
    return record.counter == before.counter + 1 and record.previous_crc == before.crc


def _missing(kept: Sequence[Kept], newest: int, asked_at: datetime | None) -> Iterable[MissingSessions]:
    for before, after in pairwise(kept):
        first, last = before.record.counter + 1, after.record.counter - 1
        if first <= last:
            yield MissingSessions(first=first, last=last, after=_end(before), before=_start(after))
    if kept and kept[-1].record.counter < newest:
        yield MissingSessions(first=kept[-1].record.counter + 1, last=newest, after=_end(kept[-1]), before=asked_at)


def _end(one: Kept) -> datetime | None:
    return None if one.ended is None else one.ended.earliest


def _start(one: Kept) -> datetime | None:
    return None if one.started is None else one.started.latest
