"""The outbox on disk. Used by one thread.

Rules, kept here and in the parts:
- An item is on disk before `put` returns, with the boot it came in; a batch holds items of one boot.
- While more batches wait than can be under way at once, samples are packed into blocks and not sealed; what else is
  urgent still is. When the service takes again, blocks are sealed a few batches at a time: live data overtakes them.
- Over its bound, copies of what the service has go first; then blocks, the oldest first, each for an exact gap.
  All else stays: it is little, and a sealed batch may be with the service already.
- An item that does not fit the wire is refused alone; what was stored and no longer reads is kept aside, and reported.
"""

import logging
import sqlite3
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.errors import ItemUnfit
from gateway.outbox.backlog import Backlog, Bound
from gateway.outbox.batches import Batches, Name, Sealed
from gateway.outbox.file import OutboxFile
from gateway.outbox.items import dump_memory, load_memory
from gateway.outbox.pending import Pending
from gateway.outbox.sums import checked, summed
from gateway.sessions.entries import Entry, Memory
from gateway.sessions.urgency import is_urgent
from vocabulary.clock import Clock
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.wire.batches import Incident, IncidentKind, Item, SampleBlock
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.limits import REASON
from vocabulary.wire.receipts import Receipt

ITEMS_AT_ONCE: Final = 500
"""Items in one batch at most."""

WINDOW: Final = 50
"""Batches under way at once; samples are not sealed while as many live ones wait."""

BACKLOG_WINDOW: Final = 4
"""Batches of the backlog that wait at once: what a slow uplink has to finish before it sends an alarm."""

BOUND: Final = Bound(size_bytes=256 * 1024 * 1024, age=timedelta(days=30))
"""What the outbox may hold unless it is told otherwise."""

_BOOTS_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)

_log = logging.getLogger(__name__)


class Outbox:
    """What the home has and the service does not yet: kept on disk until a receipt names it."""

    def __init__(self, path: Path, gateway: GatewayId, key: GatewayKey, clock: Clock, *, bound: Bound = BOUND) -> None:
        self.clock, now = clock, clock()
        self._file = OutboxFile(path, now)
        self._batches = Batches(self._file, gateway, key, clock)
        self._pending = Pending(self._file)
        self._backlog = Backlog(self._file, self._pending, bound, clock)
        self.boot = self._begin_boot(now)
        self._report_damage(self._pending.load())
        if self._file.damage:
            self.report(IncidentKind.OUTBOX_DAMAGED, now, self._file.damage)

    @property
    def epoch(self) -> int:
        """Of the batches that this opening seals."""
        return self._batches.epoch

    @property
    def pending(self) -> list[Item]:
        """What is neither sealed nor in a block, in the order it came."""
        return [row.item for row in self._pending.rows]

    @property
    def held_back(self) -> bool:
        """Whether the service takes less than this home has."""
        return self._batches.as_many_wait(WINDOW, live=True)

    def put(self, entries: Iterable[Entry]) -> None:
        """Store items and memories in one durable transaction. Raises OutboxFailed, and then nothing is stored.

        An item that does not fit the wire is logged and left out.
        """
        entries = list(entries)
        memories = [entry.memory for entry in entries if entry.memory is not None]
        with self._pending.change() as change:
            change.add((item for entry in entries for item in entry.items), self.boot)
            change.connection.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?)", map(_memory_row, memories))

    def report(self, kind: IncidentKind, at: datetime, detail: str) -> None:
        """Store an incident that lasted until now. Raises OutboxFailed."""
        until = max(at, self.clock())
        self.put([Entry(items=(Incident(kind=kind, at=at, until=until, detail=detail[:REASON]),))])

    def seal(self) -> int:
        """Seal what may be sent now, pack what must wait, and give the number of new batches. Raises OutboxFailed."""
        if not self.held_back:
            return self._seal_pending(_anything) + self.refill()
        if self._backlog.pack():
            self._backlog.keep_within_bound(self._batches, self.boot)
        others = list(filter(_no_sample, self.pending))
        due = len(others) >= ITEMS_AT_ONCE or any(map(is_urgent, others))
        return self._seal_pending(_no_sample) if due else 0

    def beat(self) -> int:
        """Seal an empty batch, so that the service knows we are here, unless one waits anyway. Raises OutboxFailed."""
        if self._batches.as_many_wait(1, live=True):
            return 0
        with self._pending.change() as change:
            self._batches.seal(change.connection, (), self.boot, live=True)
        return 1

    def refill(self) -> int:
        """Seal a part of the backlog, when the service takes it, and give the number of new batches."""
        count = 0
        while self._refillable():
            self._report_damage(self._backlog.seal_next(self._batches))
            count += 1
        return count

    def waiting(self, most: int, under_way: Container[Name] = ()) -> list[Sealed]:
        """What is to be sent of the `most` batches that come next: live ones first, and of those the newest.

        Those `under_way` are left out. Raises OutboxFailed, as every look into it does.
        """
        found, problems = self._batches.waiting(most, under_way)
        self._report_damage(problems)
        return found

    def settle(self, receipt: Receipt) -> int:
        """Let go of the batches that a receipt names with their tag, and give how many those are."""
        return self._batches.settle(receipt)

    def memories(self) -> dict[DeviceUid, Memory]:
        """What is remembered of each device; one that does not read is forgotten, and its device read anew."""
        found: dict[DeviceUid, Memory] = {}
        for device, content in self._file.select("SELECT device, content FROM memory"):
            try:
                found[DeviceUid(device)] = load_memory(checked(content, "memory", device))
            except ItemUnfit as unfit:
                self._forget(device)
                self._report_damage([f"{device}: {unfit}; its records are read anew"])
        return found

    def counts(self) -> dict[str, int]:
        """How many batches are waiting, taken (and still kept) and refused, and how many blocks wait to be sealed."""
        blocks = self._backlog.count()
        return self._batches.counts() | ({"blocks": blocks} if blocks else {})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _begin_boot(self, now: datetime) -> int:
        """A number above every boot's before; from the clock where that is higher, for the file may be a new one."""
        minutes = int((now - _BOOTS_FROM).total_seconds()) // 60
        with self._file.transaction() as connection:
            before = [_last_boot(connection, table) for table in ("opening", "pending", "block")]
            boot = max(*before, minutes - 1) + 1
            connection.execute(
                "INSERT INTO opening (boot, epoch, at) VALUES (?, ?, ?)", (boot, f"{self.epoch:016x}", now.isoformat())
            )
        return boot

    def _seal_pending(self, chosen: Callable[[Item], bool]) -> int:
        count = 0
        for rows in self._pending.portions(chosen, ITEMS_AT_ONCE):
            with self._pending.change() as change:
                self._batches.seal(change.connection, [row.item for row in rows], rows[0].boot, live=True)
                change.remove(rows)
            count += 1
        return count

    def _refillable(self) -> bool:
        full = self._batches.as_many_wait(BACKLOG_WINDOW, live=False)
        return not full and bool(self._backlog) and not self.held_back

    def _forget(self, device: str) -> None:
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM memory WHERE device = ?", (device,))

    def _report_damage(self, problems: Sequence[str]) -> None:
        if problems:
            detail = f"{len(problems)} kept aside, for it does not read: {'; '.join(problems)}"
            _log.error("%s", detail)
            self.report(IncidentKind.OUTBOX_DAMAGED, self.clock(), detail)


def _anything(_item: Item) -> bool:
    return True


def _no_sample(item: Item) -> bool:
    return not isinstance(item, SampleBlock)


def _last_boot(connection: sqlite3.Connection, table: str) -> int:
    (last,) = connection.execute(f"SELECT coalesce(max(boot), 0) FROM {table}").fetchone()  # noqa: S608 - names of ours
    return int(last)


def _memory_row(memory: Memory) -> tuple[str, bytes]:
    device, content = dump_memory(memory)
    return device, summed(content, "memory", device)
