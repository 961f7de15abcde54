"""The conversation with a HETS device over one link: introduce, read its clock, follow it live, fetch its records.

Rules, kept here:
- The first read after connecting proves that the connection is one.
- A record is acknowledged to the device only when it is on disk, and only as far as none before it is missing.
- Frames are stamped when they arrive and handled in that order.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from device_drivers.errors import DriverError, FrameRefused
from device_drivers.families import HETS
from device_drivers.hets import gatt
from device_drivers.hets.live import read_live
from device_drivers.hets.procedures import (
    ABORT_RECORDS,
    AccessResult,
    ControlResult,
    acknowledge_records,
    read_access_answer,
    read_control_answer,
    report_records_from,
)
from device_drivers.hets.segments import Partial, join
from device_drivers.hets.status import read_elapsed_time, read_features, read_state, read_system_id
from gateway.ble.link import Link
from gateway.errors import LinkError, LinkLost, LinkRefused
from gateway.sessions.book import SessionBook, StoredBytes
from vocabulary.clock import Clock
from vocabulary.devices import DeviceDescription, Mark
from vocabulary.instants import Anchor, Tick
from vocabulary.readings import Reading
from vocabulary.wire.limits import TEXT

RECORD_S: Final = 10.0
"""How long to wait for the next segment or answer while records are reported."""

ATTEMPTS: Final = 3
"""How often to ask for records that do not come whole, over one link."""

TICK: Final = timedelta(seconds=1)
"""The step of a device's tick: it shows whole seconds, so the true tick lies up to one later."""

_log = logging.getLogger(__name__)


class Frame(NamedTuple):
    """A notification, and when it came."""

    characteristic: str
    value: bytes
    at: datetime


async def introduce(link: Link) -> DeviceDescription:
    """Ask an unknown device who and what it is. Raises FrameRefused, LinkLost, LinkRefused."""
    features = read_features(await link.read(gatt.FEATURES))
    return DeviceDescription(
        device=read_system_id(await link.read(gatt.SYSTEM_ID)),
        family=HETS.name,
        modality=features.modality,
        model=await _words(link, gatt.MODEL),
        serial=await _words(link, gatt.SERIAL),
        firmware=await _words(link, gatt.FIRMWARE),
        features=features.features,
    )


async def _words(link: Link, characteristic: str) -> str:
    return (await link.read(characteristic)).decode("utf-8", "replace").strip("\0 ")[:TEXT]


class Conversation:
    """One device over one link, from the introduction to the loss of the link."""

    def __init__(self, link: Link, description: DeviceDescription, book: SessionBook, clock: Clock) -> None:
        self._link, self._book, self._clock = link, book, clock
        self._device, self._modality = description.device, description.modality
        self._live: asyncio.Queue[Frame] = asyncio.Queue()
        self._reported: asyncio.Queue[Frame] = asyncio.Queue()
        self._answers: asyncio.Queue[Frame] = asyncio.Queue()
        self._records_due = asyncio.Event()

    async def run(self) -> None:
        """Talk until the link is lost. Raises LinkLost, LinkRefused, DriverError."""
        await self._secure()
        queues = {
            gatt.STATE: self._live,
            gatt.LIVE: self._live,
            gatt.RECORD: self._reported,
            gatt.RECORD_ACCESS: self._reported,
            gatt.CONTROL: self._answers,
        }
        for characteristic, queue in queues.items():
            await self._link.subscribe(characteristic, self._stamper(characteristic, queue))
        await self._note(await self._state(), self._clock())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch())
                tasks.create_task(self._follow())
                tasks.create_task(self._fetch())
        except* (LinkError, DriverError) as failures:
            raise failures.exceptions[0] from None

    async def _secure(self) -> None:
        """Prove the connection by a read that needs encryption; make a bond, or drop one that no longer holds."""
        try:
            await self._link.read(gatt.STATE)
        except LinkRefused:
            await self._link.pair()
            try:
                await self._link.read(gatt.STATE)
            except LinkRefused:
                await self._link.forget()
                raise LinkLost(self._link.address, "pairing", "the device no longer knows us; pairing anew") from None

    def _stamper(self, characteristic: str, queue: "asyncio.Queue[Frame]") -> Callable[[bytes], None]:
        return lambda value: queue.put_nowait(Frame(characteristic, value, self._clock()))

    async def _watch(self) -> None:
        await self._link.lost.wait()
        raise LinkLost(self._link.address, "link", "lost")

    async def _follow(self) -> None:
        """Handle live frames and states as they come; what came together goes to disk together."""
        while True:
            frames = [await self._live.get()]
            while not self._live.empty():
                frames.append(self._live.get_nowait())
            readings: list[tuple[Reading, datetime]] = []
            for frame in frames:
                decoded = self._decode(frame)
                if isinstance(decoded, Reading):
                    readings.append((decoded, frame.at))
                elif isinstance(decoded, Mark):
                    await self._book.readings(self._device, readings)
                    readings = []
                    await self._note(decoded, frame.at)
            await self._book.readings(self._device, readings)

    def _decode(self, frame: Frame) -> Reading | Mark | None:
        try:
            if frame.characteristic == gatt.STATE:
                return read_state(frame.value)
            return read_live(frame.value, self._modality)
        except FrameRefused as refusal:
            _log.warning("%s: a frame is refused: %s", self._device, refusal)
            return None

    async def _note(self, mark: Mark, at: datetime) -> None:
        await self._book.mark(self._device, mark, at)
        stored = self._book.stored_upto(self._device)
        if mark.newest < stored:
            _log.error("%s: its memory was replaced (newest %d, %d are stored)", self._device, mark.newest, stored)
            await self._book.stored(self._device, 0)
        if mark.newest != stored:
            self._records_due.set()

    async def _fetch(self) -> None:
        """Fetch records whenever there are new ones, and anchor the device's clock at each contact."""
        await self._anchor()
        while True:
            await self._records_due.wait()
            self._records_due.clear()
            await self._fetch_records()
            await self._anchor()

    async def _fetch_records(self) -> None:
        for _ in range(ATTEMPTS):
            try:
                await self._report()
                break
            except FrameRefused as refusal:
                _log.warning("%s: records did not come whole: %s", self._device, refusal)
                await self._link.write(gatt.RECORD_ACCESS, ABORT_RECORDS)
        else:
            raise LinkLost(self._link.address, "fetching records", f"not whole in {ATTEMPTS} attempts")
        await self._acknowledge()

    async def _report(self) -> None:
        """Have the device report its new records, and store each. Raises FrameRefused when one does not come whole."""
        while not self._reported.empty():
            self._reported.get_nowait()
        await self._link.write(gatt.RECORD_ACCESS, report_records_from(self._book.stored_upto(self._device) + 1))
        partial: Partial | None = None
        in_order = True
        while (frame := await self._next(self._reported)).characteristic == gatt.RECORD:
            partial, message = join(partial, frame.value)
            if message is not None:
                in_order = await self._store(message, frame.at, in_order=in_order)
        result = read_access_answer(frame.value)
        if result not in {AccessResult.OK, AccessResult.NO_RECORDS}:
            raise LinkRefused(self._link.address, "fetching records", result.name)

    async def _store(self, data: bytes, at: datetime, *, in_order: bool) -> bool:
        """Store a record; False once one was refused: none after it may be acknowledged."""
        try:
            await self._book.record(self._device, StoredBytes(HETS, data, at), in_order=in_order)
        except DriverError as refusal:
            _log.error("%s: a record is refused and stays on the device: %s", self._device, refusal)
            return False
        return in_order

    async def _acknowledge(self) -> None:
        stored = self._book.stored_upto(self._device)
        if stored == 0:
            return
        await self._link.write(gatt.CONTROL, acknowledge_records(stored))
        answer = read_control_answer((await self._next(self._answers)).value)
        if answer.result != ControlResult.OK:
            _log.warning("%s: records up to %d not acknowledged: %s", self._device, stored, answer)

    async def _next(self, queue: "asyncio.Queue[Frame]") -> Frame:
        try:
            async with asyncio.timeout(RECORD_S):
                return await queue.get()
        except TimeoutError:
            raise LinkLost(self._link.address, "fetching records", f"no answer in {RECORD_S:.0f} s") from None

    async def _anchor(self) -> None:
        """Read the device's tick between two reads of its state: it counts only if the timeline is the same."""
        before = await self._state()
        asked_at = self._clock()
        elapsed_time = await self._link.read(gatt.ELAPSED_TIME)
        answered_at = self._clock()
        after = await self._state()
        now = read_elapsed_time(elapsed_time, after.timeline)
        if before.timeline != after.timeline or not isinstance(now, Tick):
            return
        half = (answered_at - asked_at) / 2
        middle = Tick(timeline=now.timeline, since_start=now.since_start + TICK / 2)
        await self._book.anchor(self._device, Anchor(tick=middle, at=asked_at + half, uncertainty=half + TICK / 2))

    async def _state(self) -> Mark:
        return read_state(await self._link.read(gatt.STATE))
