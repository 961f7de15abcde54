"""The book of this home's sessions: steps each device's tracker and has every step put on disk before it counts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from device_drivers.errors import DriverError
from device_drivers.families import Family
from gateway.sessions.entries import Entry, Memory
from gateway.sessions.tracker import Followed, introduce, keep, on_mark, on_reading, on_record
from vocabulary.devices import DeviceDescription, Mark
from vocabulary.identity import DeviceUid
from vocabulary.instants import Anchor
from vocabulary.readings import Reading
from vocabulary.wire.batches import Item, LinkStatus, SeenAnchor

Put = Callable[[Entry], Awaitable[None]]
"""Stores an entry; returns when it is on disk."""

Watch = Callable[[Sequence[Item]], None]
"""Is shown the items of every step before they go to disk: whoever must act on them cannot wait for a full one."""


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A record as a device gave it: its family, its bytes, and when they came."""

    family: Family
    data: bytes
    at: datetime


class SessionBook:
    """What the gateway knows of each device's sessions.

    Promises: when a method returns, what it was told is on disk, and so is what will be remembered of it after a
    restart; `stored_upto` never names a record that is not on disk, nor one after such.
    """

    def __init__(self, put: Put, memories: Mapping[DeviceUid, Memory], watch: Watch) -> None:
        self._put, self._watch = put, watch
        self._memories = dict(memories)
        self._followed: dict[DeviceUid, Followed] = {}
        self._marks: dict[DeviceUid, Mark] = {}

    async def meet(self, description: DeviceDescription) -> None:
        """A device is connected and has said what it is."""
        device = description.device
        memory = self._memories.setdefault(device, _nothing_of(device))
        self._followed[device] = Followed(description=description, newest=memory.stored_upto, progress=memory.progress)
        await self._put(Entry(items=(introduce(description),)))

    async def numbering(self, device: DeviceUid, drawn: str) -> str:
        """The epoch of this gateway's numbering of a device's sessions: the first that was `drawn`; it is on disk."""
        memory = self._memories.get(device, _nothing_of(device))
        if memory.epoch is None:
            memory = self._memories[device] = replace(memory, epoch=drawn)
            await self._put(Entry(items=(), memory=memory))
        return memory.epoch or drawn

    async def mark(self, device: DeviceUid, mark: Mark, at: datetime) -> None:
        """The device reported its state; a state that is the one before is no news."""
        if self._marks.get(device) != mark:
            self._marks[device] = mark
            await self._step(device, *on_mark(self._followed[device], mark, at))

    async def readings(self, device: DeviceUid, readings: Sequence[tuple[Reading, datetime]]) -> None:
        """Live frames came, in this order."""
        followed, items = self._followed[device], list[Item]()
        for reading, at in readings:
            followed, new = on_reading(followed, reading, at)
            items += new
        await self._step(device, followed, tuple(items))

    async def record(self, device: DeviceUid, stored: StoredBytes) -> None:
        """A record was fetched, and every older one was before it; one that is on disk already is no news.

        Raises DriverError when no record reads so; its bytes are on disk all the same.
        """
        followed = self._followed[device]
        try:
            record = stored.family.read_record(stored.data)
        except DriverError:
            await self._put(Entry(items=(keep(followed.description, stored.data, stored.at),)))
            raise
        if record.counter > self.stored_upto(device):
            self._memories[device] = replace(self._memories[device], stored_upto=record.counter)
            await self._step(device, *on_record(followed, record, stored.data, stored.at))

    async def stored(self, device: DeviceUid, upto: int) -> None:
        """All records of the device up to this counter are on disk; 0 when it is to be read anew."""
        self._memories[device] = replace(self._memories[device], stored_upto=upto)
        await self._put(Entry(items=(), memory=self._memories[device]))

    async def anchor(self, device: DeviceUid, anchor: Anchor) -> None:
        """The device's tick was read."""
        item = SeenAnchor(
            device=device,
            timeline=anchor.tick.timeline,
            tick_s=anchor.tick.since_start.total_seconds(),
            at=anchor.at,
            uncertainty_s=anchor.uncertainty.total_seconds(),
        )
        await self._put(Entry(items=(item,)))

    async def links(self, statuses: Sequence[LinkStatus]) -> None:
        """How the links to devices are."""
        if statuses:
            await self._put(Entry(items=tuple(statuses)))

    def stored_upto(self, device: DeviceUid) -> int:
        """The counter up to which the device's records are on disk."""
        return self._memories[device].stored_upto

    async def _step(self, device: DeviceUid, followed: Followed, items: tuple[Item, ...]) -> None:
        self._followed[device] = followed
        self._memories[device] = replace(self._memories[device], progress=followed.progress)
        if items:
            self._watch(items)
            await self._put(Entry(items=items, memory=self._memories[device]))


def _nothing_of(device: DeviceUid) -> Memory:
    return Memory(device=device, stored_upto=0, progress=(), epoch=None)
