"""What survives a loss of power: counters, the timeline, the records, and the session that was under way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from firmware_bridge.virtual.hets.codes import Fault
from firmware_bridge.virtual.hets.records import FIRST_IN_CHAIN, as_read, counter_of, crc_of
from firmware_bridge.virtual.hets.session import Session


@dataclass(slots=True, kw_only=True)
class RecordMemory:
    """The records, oldest first.

    Promises: what is acknowledged goes first, and only to make room; what is not goes only when there is
    nothing else, and then `overwrote` says so; only what is acknowledged can be deleted.
    """

    capacity: int
    stored: dict[int, bytes] = field(default_factory=dict[int, bytes])
    acknowledged: int = 0
    last_crc: int = FIRST_IN_CHAIN
    overwrote: bool = False

    @property
    def oldest(self) -> int:
        """Counter of the oldest record, 0 without any."""
        return next(iter(self.stored), 0)

    @property
    def unacknowledged(self) -> tuple[int, ...]:
        """Counters of the records that nobody said are safe elsewhere, lowest first."""
        return tuple(counter for counter in self.stored if counter > self.acknowledged)

    @property
    def newest(self) -> int:
        """Counter of the newest record, 0 without any."""
        return next(reversed(self.stored), 0)

    def store(self, record: bytes) -> None:
        """Keep a record, at the cost of the oldest one if there is no room."""
        if len(self.stored) >= self.capacity:
            oldest = self.oldest
            self.overwrote |= oldest > self.acknowledged
            del self.stored[oldest]
        self.stored[counter_of(record)] = record
        self.last_crc = crc_of(record)

    def acknowledge(self, upto: int) -> bool:
        """Note that records up to `upto` are safe elsewhere; False, and no effect, above the newest."""
        if upto > self.newest:
            return False
        self.acknowledged = max(self.acknowledged, upto)
        self.overwrote = False
        return True

    def delete(self, counters: Iterable[int]) -> bool:
        """Drop records; False, and no effect, if one of them is not acknowledged."""
        doomed = list(counters)
        if any(counter > self.acknowledged for counter in doomed):
            return False
        for counter in doomed:
            del self.stored[counter]
        return True

    def read(self, counters: Iterable[int], timeline: int) -> tuple[bytes, ...]:
        """Records as they read on this timeline."""
        return tuple(as_read(self.stored[counter], timeline) for counter in counters)


@dataclass(slots=True, kw_only=True)
class NonVolatile:
    """Everything that power cannot take.

    `boot` counts the starts of the device. `counter` is that of the newest session, stored before its emission begins
    and never lowered. `running` is that session, written through second by second, until its record is stored.
    `cool_down_left` counts down in whole minutes of time under power.
    """

    records: RecordMemory
    boot: int = 0
    counter: int = 0
    timeline: int = 0
    running: Session | None = None
    cut_short: bool = False
    cool_down_left: timedelta = timedelta(0)
    clock_was_set: bool = False
    faults: set[Fault] = field(default_factory=set[Fault])
