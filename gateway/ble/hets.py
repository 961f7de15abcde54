"""The conversation with a HETS device over one link: introduce, read its clock, follow it live, fetch its records.

Rules, kept here:
- The first read after connecting proves that the connection is one.
- Frames are stamped when they arrive and handled in that order.
- What has arrived is handled, however the conversation ends: the link is closed first, and then nothing more comes.
- A link that carries nothing although it should is no link: a device that emits sends a frame a second, and any
  device answers when it is asked.
- A device that emits is followed, and one that has news is heard out; any other rests, and may make room for others.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from device_drivers.errors import DriverError, FrameRefused
from device_drivers.families import HETS
from device_drivers.hets import gatt
from device_drivers.hets.live import read_live
from device_drivers.hets.status import read_elapsed_time, read_features, read_state, read_system_id
from gateway.ble.control import Control, HetsCommands
from gateway.ble.link import Link
from gateway.ble.records import Frame, RecordAccess
from gateway.errors import LinkError, LinkLost, LinkRefused, LinkStale
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from vocabulary.clock import Clock
from vocabulary.devices import DeviceDescription, DeviceState, Feature, Mark
from vocabulary.instants import Anchor, Tick
from vocabulary.readings import Reading
from vocabulary.wire.limits import TEXT

TICK: Final = timedelta(seconds=1)
"""The step of a device's tick: it shows whole seconds, so the true tick lies up to one later."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long nothing may come: from a device that emits, and from one that does not before it is asked."""

    emitting_s: float = 10.0
    resting_s: float = 60.0


@dataclass(frozen=True, slots=True)
class HetsSpeech:
    """How HETS devices are spoken to."""

    book: SessionBook
    clock: Clock
    reach: Reach
    patience: Patience = Patience()

    async def introduce(self, link: Link) -> DeviceDescription:
        """Ask a device who and what it is."""
        return await introduce(link)

    async def converse(self, link: Link, description: DeviceDescription) -> None:
        """Talk until the link is lost, and close it."""
        await Conversation(link, description, self).run()


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
        epoch=None,
    )


async def _words(link: Link, characteristic: str) -> str:
    return (await link.read(characteristic)).decode("utf-8", "replace").strip("\0 ")[:TEXT]


class Conversation:
    """One device over one link, from the introduction to the loss of the link."""

    def __init__(self, link: Link, description: DeviceDescription, speech: HetsSpeech) -> None:
        self._link, self._book, self._clock = link, speech.book, speech.clock
        self._reach, self._patience = speech.reach, speech.patience
        self._device, self._modality = description.device, description.modality
        control = Control(link)
        self._commands = HetsCommands(link, description, control)
        self._live: asyncio.Queue[Frame | None] = asyncio.Queue()  # None is the end
        self._records = RecordAccess(link, self._device, self._book, control, caught_up=self._live.join)
        self._sends_live = Feature.LIVE in description.features
        self._emitting, self._fetching = False, True
        self._came = asyncio.Event()
        self._records_due = asyncio.Event()
        self._newest = self._oldest = 0
        self._asked_upto = self._book.stored_upto(self._device)

    async def run(self) -> None:
        """Talk until the link is lost, and close it. Raises LinkLost, LinkRefused, DriverError."""
        following = asyncio.create_task(self._follow())
        try:
            await self._secure()
            await self._subscribe()
            with self._reach.holding(self._device, self._commands):
                await self._asked()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._watch())
                    tasks.create_task(self._doubt())
                    tasks.create_task(self._fetch())
                    tasks.create_task(_outlived_by(following))
        except* (LinkError, DriverError) as failures:
            raise failures.exceptions[0] from None
        finally:
            await self._link.close()
            self._live.put_nowait(None)
            await asyncio.shield(following)

    async def _subscribe(self) -> None:
        queues: dict[str, asyncio.Queue[Frame | None] | asyncio.Queue[Frame]] = {
            gatt.STATE: self._live,
            gatt.LIVE: self._live,
            gatt.RECORD: self._records.reported,
            gatt.RECORD_ACCESS: self._records.reported,
        }
        for characteristic, queue in queues.items():
            await self._link.subscribe(characteristic, self._stamper(characteristic, queue.put_nowait))
        await self._commands.subscribe()

    async def _secure(self) -> None:
        """Prove the connection by a read that needs encryption; make a bond if there is none."""
        try:
            await self._link.read(gatt.STATE)
        except LinkRefused:
            await self._link.pair()
            try:
                await self._link.read(gatt.STATE)
            except LinkRefused:
                raise LinkStale(self._link.address, "pairing", "the device no longer knows us") from None

    def _stamper(self, characteristic: str, take: Callable[[Frame], None]) -> Callable[[bytes], None]:
        def stamp(value: bytes) -> None:
            take(Frame(characteristic, value, self._clock()))
            if characteristic == gatt.LIVE:
                self._came.set()

        return stamp

    async def _watch(self) -> None:
        await self._link.lost.wait()
        raise LinkLost(self._link.address, "link", "lost")

    async def _doubt(self) -> None:
        """End a link over which nothing comes although it should."""
        while True:
            follows = self._emitting and self._sends_live
            self._came.clear()
            try:
                async with asyncio.timeout(self._patience.emitting_s if follows else self._patience.resting_s):
                    await self._came.wait()
            except TimeoutError:
                emits = (await self._asked()).state is DeviceState.EMITTING
                if emits and follows and not self._came.is_set():
                    silence = f"no frame for {self._patience.emitting_s:g} s while it emits"
                    raise LinkLost(self._link.address, "following", silence) from None

    async def _follow(self) -> None:
        """Handle live frames and states as they come, to the end; what came together goes to disk together."""
        came: list[Frame | None] = []
        while None not in came:
            came = [await self._live.get()]
            while not self._live.empty():
                came.append(self._live.get_nowait())
            await self._handle([frame for frame in came if frame is not None])
            for _ in came:
                self._live.task_done()

    async def _handle(self, frames: Sequence[Frame]) -> None:
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
        """The device's state; records are due when it names a newer one than was asked for over this link."""
        if self._emitting != (mark.state is DeviceState.EMITTING):
            self._emitting = not self._emitting
            self._came.set()
        await self._book.mark(self._device, mark, at)
        stored = self._book.stored_upto(self._device)
        if mark.newest < stored:
            _log.error("%s: its memory was replaced (newest %d, %d are stored)", self._device, mark.newest, stored)
            await self._book.stored(self._device, 0)
            self._asked_upto = 0
        self._newest, self._oldest = mark.newest, mark.oldest
        if self._newest > self._asked_upto:
            self._records_due.set()
        self._rest()

    def _rest(self) -> None:
        self._link.rests(not (self._emitting or self._fetching or self._records_due.is_set()))

    async def _fetch(self) -> None:
        """Fetch records whenever there are new ones, and anchor the device's clock at each contact."""
        await self._anchor()
        while True:
            self._fetching = False
            self._rest()
            await self._records_due.wait()
            self._fetching = True
            self._records_due.clear()
            self._asked_upto = self._newest
            await self._records.fetch(self._oldest)
            await self._anchor()

    async def _anchor(self) -> None:
        """Read the device's tick between two reads of its state.

        It counts only if the timeline is the same, and if nobody set the gateway's clock back meanwhile.
        """
        before = await self._state()
        asked_at = self._clock()
        elapsed_time = await self._link.read(gatt.ELAPSED_TIME)
        answered_at = self._clock()
        after = await self._asked()
        now = read_elapsed_time(elapsed_time, after.timeline)
        if before.timeline != after.timeline or not isinstance(now, Tick) or answered_at < asked_at:
            return
        half = (answered_at - asked_at) / 2
        middle = Tick(timeline=now.timeline, since_start=now.since_start + TICK / 2)
        await self._book.anchor(self._device, Anchor(tick=middle, at=asked_at + half, uncertainty=half + TICK / 2))

    async def _asked(self) -> Mark:
        """Ask for the state, and note it: it is the last word on which sessions the device has counted."""
        mark = await self._state()
        await self._note(mark, self._clock())
        return mark

    async def _state(self) -> Mark:
        return read_state(await self._link.read(gatt.STATE))


async def _outlived_by(task: "asyncio.Task[None]") -> None:
    """Raise what the task raises; it goes on when this is cancelled."""
    await asyncio.shield(task)
