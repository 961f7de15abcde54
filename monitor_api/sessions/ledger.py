"""Which of a device's records are here: contiguous ranges, and the sessions that it counted and that never came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from vocabulary.instants import Placed
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is here, and when its session began and ended, None when that is not known.

    `epoch`: of the numbering of a gateway that counts in the device's place; None where the device counts.
    """

    record: SessionRecord
    epoch: str | None
    started: Placed | None
    ended: Placed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRange:
    """Records that follow each other by counter and by the device's chain of CRCs, first to last.

    `epoch`: of the numbering of a gateway that counts in the device's place; None where the device counts.
    """

    epoch: str | None
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSessions:
    """Sessions that the device counted and whose records are not here; `after` and `before` are when they were.

    `epoch`: as of a `RecordRange`. `after` is None when what came before has no place in time, `before` when what
    came after has none.
    """

    epoch: str | None
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
    """The ledger of one device, whose records come by epoch and counter. `newest`: the last it named at `asked_at`."""
    return Ledger(ranges=tuple(_ranges(kept)), missing=tuple(_missing(kept, newest, asked_at)))


def _ranges(kept: Iterable[Kept]) -> Iterable[RecordRange]:
    first: Kept | None = None
    last: Kept | None = None
    for one in kept:
        if first is None or last is None or not _follows(last, one):
            if first and last:
                yield _range(first, last)
            first = one
        last = one
    if first and last:
        yield _range(first, last)


def _range(first: Kept, last: Kept) -> RecordRange:
    return RecordRange(epoch=first.epoch, first=first.record.counter, last=last.record.counter)


def _follows(before: Kept, one: Kept) -> bool:
    chained = one.record.counter == before.record.counter + 1 and one.record.previous_crc == before.record.crc
    return chained and one.epoch == before.epoch


def _missing(kept: Sequence[Kept], newest: int, asked_at: datetime | None) -> Iterable[MissingSessions]:
    for before, after in pairwise(kept):
        if before.epoch == after.epoch:
            yield from _lost(before, after.record.counter - 1, _start(after))
    counted = [one for one in kept if one.epoch is None]
    if counted:
        yield from _lost(counted[-1], newest, asked_at)


def _lost(kept: Kept, last: int, before: datetime | None) -> Iterable[MissingSessions]:
    """Those after a session that is here."""
    first = kept.record.counter + 1
    if first <= last:
        yield MissingSessions(epoch=kept.epoch, first=first, last=last, after=_end(kept), before=before)


def _end(one: Kept) -> datetime | None:
    return None if one.ended is None else one.ended.earliest


def _start(one: Kept) -> datetime | None:
    return None if one.started is None else one.started.latest
