"""The conversation with a BlockBlueLight panel over one link: ask it again and again, for it says nothing by itself.

Rules, kept here:
- A panel has no serial number, and its name and address are personal: this gateway mints its uid, and nothing else
  that names it leaves the home.
- It is asked more often than once a second while it is on, so that no second goes unseen because a reply is late. Its
  power comes from the mains, so it is asked often while it is off, too.
- A session and its counter go to disk with its first sample, its record before the next session; none waits for it.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Final

from device_drivers.blockbluelight.record import dump_record, read_record
from device_drivers.families import BLOCKBLUELIGHT
from gateway.ble import countdown
from gateway.ble.calibration import Calibration
from gateway.ble.countdown import SECOND, Countdown, PanelMemory, Seen
from gateway.ble.link import Link
from gateway.ble.questions import ASK_BRIGHTNESS, ASK_STATUS, SWITCH_OFF, Questions
from gateway.errors import LinkError, LinkLost, LinkRefused, LinkUnsupported
from gateway.reach import Reach
from gateway.sessions.book import SessionBook, StoredBytes
from vocabulary.clock import Clock
from vocabulary.devices import DeviceDescription, DeviceState, Feature, Mark, Modality
from vocabulary.identity import DeviceUid
from vocabulary.readings import EndReason

MODEL: Final = "BlockBlueLight panel"
"""What a panel is called unless a calibration names its model: it does not say."""

STOPS: Final = 3
"""How often a panel is told to switch off before it is taken to refuse."""

_LOCAL: Final = 0x02
_GROUP: Final = 0x01
"""Bits of the first octet of an EUI-64 (IEEE 802c): minted here; of more than one device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Between two questions to a panel that is on, and to one that is off; how long a reply may take."""

    on_s: float = 0.4
    off_s: float = 2.0
    reply_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpeech:
    """How BlockBlueLight panels are spoken to.

    `secret`: of this gateway; uids are minted with it. `draw` gives the epoch of a panel that was never met.
    """

    book: SessionBook
    clock: Clock
    reach: Reach
    secret: bytes
    calibrations: Mapping[DeviceUid, Calibration]
    pace: Pace = Pace()
    draw: Callable[[], str] = lambda: token_hex(8)

    async def introduce(self, link: Link) -> DeviceDescription:
        """Say for a panel who it is: it does not know."""
        device = panel_uid(self.secret, link.address)
        calibration = self.calibrations.get(device)
        return DeviceDescription(
            device=device,
            family=BLOCKBLUELIGHT.name,
            modality=Modality.LED,
            model=calibration.model if calibration else MODEL,
            serial="",
            firmware="",
            features=(Feature.LIVE,),
            epoch=await self.book.numbering(device, self.draw()),
        )

    async def converse(self, link: Link, description: DeviceDescription) -> None:
        """Talk until the link is lost, and close it."""
        await Conversation(link, description, self).run()


def panel_uid(secret: bytes, address: str) -> DeviceUid:
    """A locally administered EUI-64 for the panel at a Bluetooth address, which it does not tell without the secret."""
    digest = hmac.digest(secret, f"lumenward panel {address.upper()}".encode(), "sha256")
    return DeviceUid(bytes([digest[0] & ~_GROUP | _LOCAL, *digest[1:8]]).hex())


class Conversation:
    """One panel over one link."""

    def __init__(self, link: Link, description: DeviceDescription, speech: PanelSpeech) -> None:
        self._link, self._speech, self._book = link, speech, speech.book
        self._device, self._epoch = description.device, description.epoch or ""
        self._questions = Questions(link, self._device, speech.pace.reply_s)
        self._memory = countdown.load_memory(self._book.note(self._device))
        self._percent: tuple[int, ...] | None = None
        self._looking = asyncio.Lock()
        self._anchored: int | None = None
        self._told_to_stop = False

    async def run(self) -> None:
        """Talk until the link is lost, and close it. Raises LinkLost, LinkRefused."""
        try:
            await self._questions.begin()
            with self._speech.reach.holding(self._device, self):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._watch())
                    tasks.create_task(self._poll())
        except* LinkError as failures:
            raise failures.exceptions[0] from None
        finally:
            await self._link.close()

    async def stop(self) -> None:
        """Switch the panel off; returns when it says that it is. Raises LinkLost, LinkRefused."""
        self._told_to_stop = True
        try:
            for _ in range(STOPS):
                await self._questions.ask(SWITCH_OFF)
                if await self._look() is False:
                    return
        finally:
            self._told_to_stop = False
        raise LinkRefused(self._device, "switching off", "the panel does not say that it is off")

    async def permit(self, permit: bytes) -> None:
        """Nothing that a panel knows. Raises LinkUnsupported."""
        del permit
        raise LinkUnsupported(self._device, "permitting", "a panel knows no permits")

    async def _watch(self) -> None:
        await self._link.lost.wait()
        raise LinkLost(self._device, "link", "lost")

    async def _poll(self) -> None:
        """Ask for status and brightness in turn while the panel is on, for its status alone while it is off."""
        pace = self._speech.pace
        while True:
            on = await self._look()
            await asyncio.sleep(pace.off_s if on is False else pace.on_s)
            if on:
                await self._measure()
                await asyncio.sleep(pace.on_s)

    async def _look(self) -> bool | None:
        """Ask for the status and take it in: whether the panel is on, None when it does not say."""
        async with self._looking:
            asked_at = self._speech.clock()
            status = await self._questions.ask(ASK_STATUS)
            answered_at = self._speech.clock()
            if status is None:
                return None
            if status.on and self._memory.open is None:
                await self._measure()
            irradiance = self._irradiance()
            await self._follow(
                Seen(status=status, asked_at=asked_at, answered_at=answered_at, irradiance_mw_per_cm2=irradiance)
            )
            return status.on

    async def _measure(self) -> None:
        self._percent = await self._questions.ask(ASK_BRIGHTNESS) or self._percent

    def _irradiance(self) -> float | None:
        calibration = self._speech.calibrations.get(self._device)
        if calibration is None or self._percent is None:
            return None
        return calibration.irradiance_mw_per_cm2(self._percent)

    async def _follow(self, seen: Seen) -> None:
        was, on = self._memory.open, seen.status.on
        if was is not None and not (on and countdown.goes_on(was, seen)):
            await self._end(was, seen)
        await self._mark(seen.answered_at, on=on)
        if on:
            await self._count(seen)
        self._link.rests(not on)

    async def _mark(self, at: datetime, *, on: bool) -> None:
        newest = self._book.known_upto(self._device)
        mark = Mark(
            state=DeviceState.EMITTING if on else DeviceState.READY,
            lockout=None,
            lockout_left=None,
            newest=newest,
            oldest=min(newest, 1),
            timeline=0,
            faults=(),
            battery_percent=None,
            sessions_left=None,
        )
        await self._book.mark(self._device, mark, at)

    async def _count(self, seen: Seen) -> None:
        """Take in the second that the countdown is at; a session that is not one second old has no sample yet."""
        was = self._memory.open
        now = self._begin(seen) if was is None else countdown.advance(was, seen)
        self._memory = replace(self._memory, open=now)
        reading = countdown.reading(now, seen)
        if reading is None:
            return
        self._book.keep_note(self._device, countdown.dump_memory(self._memory))
        await self._book.readings(self._device, [(reading, seen.answered_at)])
        if self._anchored != now.counter:
            self._anchored = now.counter
            await self._book.anchor(self._device, countdown.anchor(now, seen))

    def _begin(self, seen: Seen) -> Countdown:
        counter = self._book.known_upto(self._device) + 1
        return countdown.begin(counter, countdown.timeline_of(self._epoch, counter), seen)

    async def _end(self, was: Countdown, seen: Seen) -> None:
        """Write the record of a session, unless it was over before its first second was."""
        ended, reason = countdown.ending(was, seen)
        self._memory = replace(self._memory, open=None)
        if ended.active < SECOND:
            return
        if reason is EndReason.USER and self._told_to_stop:
            reason = EndReason.REMOTE
        data = dump_record(countdown.account(ended, reason, self._memory.last_crc))
        self._memory = PanelMemory(last_crc=read_record(data).crc)
        self._book.keep_note(self._device, countdown.dump_memory(self._memory))
        await self._book.take_record(self._device, StoredBytes(BLOCKBLUELIGHT, data, seen.answered_at))
