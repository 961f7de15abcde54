"""The book of this home's sessions: steps each device's tracker and has every step put on disk, in order.

Rules, kept here:
- Whoever must act on what a device does is shown it before it goes to disk.
- Whoever follows a device does not wait for a disk: one that takes nothing for a while must blind nobody.
- What is acknowledged to a device is on disk, and whoever acknowledges it asks for that: `stored_upto`, `settled`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from device_drivers.errors import DriverError
from device_drivers.families import Family
from gateway.sessions.entries import Entry, Memory
from gateway.sessions.kept import Kept
from gateway.sessions.tally import counted
from gateway.sessions.tracker import Followed, introduce, keep, on_mark, on_reading, on_record
from vocabulary.devices import DeviceDescription, Mark
from vocabulary.identity import DeviceUid
from vocabulary.instants import Anchor
from vocabulary.readings import Reading
from vocabulary.wire.batches import Item, LinkStatus, SeenAnchor
from vocabulary.wire.limits import HEARTBEAT

HEARTBEAT_S: Final = HEARTBEAT.total_seconds()
"""How often the service is told how the links to devices are."""

AHEAD: Final = 5000
"""Entries that may be on their way to a disk that takes nothing: over an hour of one device."""

RESTATED: Final = timedelta(hours=1)
"""How long a state that goes on is no news: told again, it says that the device has counted no session meanwhile."""

RECORD_BYTES: Final = 512
"""What the wire takes of a record."""

Put = Callable[[Entry], Awaitable[None]]
"""Stores an entry after those that were put before; done when it is on disk."""

Watch = Callable[[Sequence[Item]], None]
"""Is shown the items of every step before they go to disk."""


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A record as a device gave it: its family, its bytes, and when they came."""

    family: Family
    data: bytes
    at: datetime


class SessionBook:
    """What the gateway knows of each device's sessions.

    Promises: what it is told goes to disk in that order, and with it what will be remembered after a restart, whoever
    was cancelled meanwhile; when `record` or `settled` returns, all it was told is there; `stored_upto` never names a
    record that is not on disk, nor one after such.
    """

    def __init__(self, put: Put, memories: Mapping[DeviceUid, Memory], watch: Watch) -> None:
        self._put, self._watch = put, watch
        self._memories = dict(memories)
        self._followed: dict[DeviceUid, Followed] = {}
        self._marks: dict[DeviceUid, tuple[Mark, datetime]] = {}
        self._stored_upto = {device: memory.stored_upto for device, memory in memories.items()}
        self._unwritten: set[DeviceUid] = set()
        self._under_way: dict[asyncio.Future[None], None] = {}

    async def meet(self, description: DeviceDescription) -> None:
        """A device is connected and has said what it is."""
        device = description.device
        self._marks.pop(device, None)
        memory = self._memories.setdefault(device, _nothing_of(device))
        self._followed[device] = Followed(
            description=description,
            newest=memory.stored_upto,
            progress=memory.progress,
            kept=memory.kept,
            former=memory.former,
        )
        await self._send(Entry(items=(introduce(description),)))

    async def numbering(self, device: DeviceUid, drawn: str) -> str:
        """The epoch of this gateway's numbering of a device's sessions: the first that was `drawn`.

        It is on disk before anything that bears it.
        """
        memory = self._memories.get(device, _nothing_of(device))
        if memory.epoch is None:
            memory = self._memories[device] = replace(memory, epoch=drawn)
            await self._send(Entry(items=(), memory=memory))
        return memory.epoch or drawn

    def note(self, device: DeviceUid) -> str:
        """What was noted of the device last, before a restart too; nothing at first."""
        return self._memories[device].note

    def keep_note(self, device: DeviceUid, note: str) -> None:
        """Note something of the device; it is on disk with its next reading or record, not before."""
        self._memories[device] = replace(self._memories[device], note=note)

    async def mark(self, device: DeviceUid, mark: Mark, at: datetime) -> None:
        """The device reported its state; for a while, what the one before reported at this contact is no news."""
        reported = replace(mark, oldest=0, lockout_left=None, sessions_left=None)
        followed, items = on_mark(self._followed[device], mark, at)
        told, told_at = self._marks.get(device, (None, at))
        if told == reported and at - told_at < RESTATED:
            self._advance(device, followed, items)
        else:
            self._marks[device] = (reported, at)
            await self._follow(device, followed, items)

    async def readings(self, device: DeviceUid, readings: Sequence[tuple[Reading, datetime]]) -> None:
        """Live frames came, in this order."""
        followed, items = self._followed[device], list[Item]()
        for reading, at in readings:
            followed, new = on_reading(followed, reading, at)
            items += new
        await self._follow(device, followed, tuple(items))

    async def record(self, device: DeviceUid, stored: StoredBytes, oldest: int | None = None) -> int:
        """As `take_record`; what came is on disk when this returns or raises DriverError."""
        try:
            counter = await self.take_record(device, stored, oldest)
        except DriverError:
            await self.settled()
            raise
        await self.settled()
        return counter

    async def take_record(self, device: DeviceUid, stored: StoredBytes, oldest: int | None = None) -> int:
        """A record came; gives its counter. One that came before is no news.

        `oldest`: the counter of the oldest record that the device holds for us; None when all older ones came before.
        Raises DriverError when no record reads so; its bytes are kept all the same.
        """
        try:
            record = stored.family.read_record(stored.data)
        except DriverError:
            await self.keep(device, stored)
            raise
        await self._follow(device, *on_record(self._followed[device], record, stored.data, stored.at, oldest=oldest))
        return record.counter

    async def keep(self, device: DeviceUid, stored: StoredBytes) -> None:
        """Bytes came that should be a record, and are none that reads: the first `RECORD_BYTES` are kept."""
        if data := stored.data[:RECORD_BYTES]:
            await self._send(Entry(items=(keep(self._followed[device].description, data, stored.at),)))

    async def recognised(self, device: DeviceUid, counters: Iterable[int]) -> None:
        """Bytes that do not read turned out to be the records of these sessions."""
        followed = self._followed[device]
        for counter in filter(followed.kept.takes, counters):
            followed = replace(followed, kept=followed.kept.adding(counter))
        await self._follow(device, followed, ())

    async def stored(self, device: DeviceUid, upto: int) -> None:
        """All records of the device up to this counter are on disk; 0 when it is to be read anew."""
        self._stored_upto[device] = upto
        followed = self._followed[device]
        former = followed.former.joined_by(followed.kept)
        await self._follow(device, replace(followed, kept=Kept(upto=upto, beyond=()), former=former), ())

    async def anchor(self, device: DeviceUid, anchor: Anchor) -> None:
        """The device's tick was read."""
        item = SeenAnchor(
            device=device,
            timeline=anchor.tick.timeline,
            tick_s=anchor.tick.since_start.total_seconds(),
            at=anchor.at,
            uncertainty_s=anchor.uncertainty.total_seconds(),
        )
        await self._send(Entry(items=(item,)))

    async def links(self, statuses: Sequence[LinkStatus]) -> None:
        """How the links to devices are."""
        if statuses:
            await self._send(Entry(items=tuple(statuses)))

    def stored_upto(self, device: DeviceUid) -> int:
        """The counter up to which the device's records are on disk."""
        return self._stored_upto.get(device, 0)

    def known_upto(self, device: DeviceUid) -> int:
        """The counter up to which the device's records came; the last of them may be on their way to disk."""
        return self._memories[device].stored_upto

    async def settled(self) -> None:
        """All that was told is on disk. Raises what kept the last of it from there."""
        if self._under_way:
            await asyncio.shield(next(reversed(self._under_way)))
            await asyncio.sleep(0)  # one that was done already is noted by now

    def heard(self, device: DeviceUid, boot: int, number: int) -> bool:
        """A message with this number of a boot came; False when it came before. `remember` puts it on disk."""
        memory = self._memories.get(device, _nothing_of(device))
        tally = counted(memory.tally, boot, number)
        if tally is not None:
            self._memories[device] = replace(memory, tally=tally)
            self._unwritten.add(device)
        return tally is not None

    def boot(self, device: DeviceUid) -> int:
        """The last boot in which the device's messages were heard, before a restart too; 0 before the first."""
        tally = self._memories.get(device, _nothing_of(device)).tally
        return 0 if tally is None else tally.boot

    def messages_lost(self, device: DeviceUid) -> int | None:
        """Numbers that the device's messages skipped in its present boot; None for one that numbers none."""
        tally = self._memories[device].tally
        return None if tally is None else tally.lost

    async def remember(self, device: DeviceUid) -> None:
        """Have what was heard of the device's messages stored."""
        if device in self._unwritten:
            await self._write(device, ())

    async def _follow(self, device: DeviceUid, followed: Followed, items: tuple[Item, ...]) -> None:
        before = self._memories[device]
        self._advance(device, followed, items)
        if items or before.kept != followed.kept:
            await self._write(device, items)

    def _advance(self, device: DeviceUid, followed: Followed, items: tuple[Item, ...]) -> None:
        before, kept = self._memories[device], followed.kept
        self._followed[device] = followed
        self._memories[device] = replace(
            before,
            progress=followed.progress,
            stored_upto=kept.upto,
            beyond=kept.beyond,
            former=followed.former,
        )
        if items:
            self._watch(items)

    async def _write(self, device: DeviceUid, items: tuple[Item, ...]) -> None:
        self._unwritten.discard(device)
        await self._send(Entry(items=items, memory=self._memories[device]))

    async def _send(self, entry: Entry) -> None:
        """Have an entry stored; waits only while too many are under way."""
        storing = asyncio.ensure_future(self._put(entry))
        self._under_way[storing] = None
        storing.add_done_callback(partial(self._ended, entry.memory))
        await asyncio.sleep(0)
        while len(self._under_way) > AHEAD:
            await asyncio.wait((next(iter(self._under_way)),))

    def _ended(self, memory: Memory | None, storing: "asyncio.Future[None]") -> None:
        self._under_way.pop(storing, None)
        if storing.cancelled() or storing.exception() is not None:
            return  # whoever waits hears of it, and the outbox's own fault ends the gateway
        if memory is not None and memory.former == (now := self._memories[memory.device]).former:
            self._stored_upto[memory.device] = min(memory.stored_upto, now.stored_upto)


def _nothing_of(device: DeviceUid) -> Memory:
    return Memory(device=device, stored_upto=0, progress=(), epoch=None)
