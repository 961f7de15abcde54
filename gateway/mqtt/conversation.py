"""The conversation with one HETS device over the home's broker, for as long as the gateway runs.

Rules, kept here:
- Messages are stamped when they arrive and handled in that order; those that came together go to disk together.
- Nothing is handled before the device has said what it is.
- Nothing waits for a disk but the acknowledgement of what goes there, and no order for what came before its answer.
- A message that came before changes nothing. One that does not read is refused, and a record's bytes are kept.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from typing import Final

from device_drivers.errors import DriverError, FrameRefused
from device_drivers.hets import messages
from device_drivers.hets.messages import Answer, Happening, Presence, SentRecord
from device_drivers.hets.topics import Said, reject_topic, said_topic
from gateway.errors import LinkLost
from gateway.mqtt.anchors import anchored
from gateway.mqtt.commands import Answered, DeviceCommands, Publish
from gateway.mqtt.post import Arrived, Cut, Mailbox, Outgoing
from gateway.mqtt.records import SentRecords
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from vocabulary.clock import Clock
from vocabulary.devices import DeviceDescription, Mark, Modality
from vocabulary.identity import DeviceUid
from vocabulary.readings import Reading
from vocabulary.wire.batches import LinkStatus

ANCHOR: Final = timedelta(hours=1)
"""How often a device's tick is read while it is there."""

ATTEMPTS: Final = 3
"""How often a device is asked for its tick at one contact."""

REJECT_S: Final = 86400
"""How long a refusal waits for its device."""

ANEW_S: Final = 1
"""Between a fault of ours and the next attempt."""

Message = DeviceDescription | Presence | Reading | SentRecord | Happening | Answer
_log = logging.getLogger(__name__)


class Conversation:
    """One device; it is to be given what comes from it, until `close`."""

    def __init__(self, device: DeviceUid, book: SessionBook, clock: Clock, *, reach: Reach, publish: Publish) -> None:
        self._device, self._book, self._clock, self._reach, self._publish = device, book, clock, reach, publish
        self._mailbox = Mailbox()
        self._commands = DeviceCommands(device, publish)
        self._asked_in_turn = DeviceCommands(device, publish)
        self._records = SentRecords(device, book, publish)
        self._description: DeviceDescription | None = None
        self._modality = Modality.EMS  # which has no live messages; what it is, the device says before any other
        self._held = ExitStack()
        self._refusal, self._refused = "", 0
        self._online, self._boot = False, book.boot(device)
        self._mark: Mark | None = None
        self._heard_at: datetime | None = None
        self._anchor_due = asyncio.Event()

    @property
    def status(self) -> LinkStatus | None:
        """How the way to the device is; None until it is heard."""
        if self._heard_at is None:
            return None
        return LinkStatus(
            device=self._device,
            connected=self._online,
            heard_at=self._heard_at,
            messages_lost=self._book.messages_lost(self._device),
        )

    def take(self, message: Arrived | Cut) -> None:
        """A message came."""
        if isinstance(message, Arrived) and message.said is Said.ANSWER:
            with suppress(FrameRefused):  # said when its turn comes
                self._commands.take(Answered(messages.read_answer(message.payload), message))
        self._mailbox.put(message)

    def close(self) -> None:
        """Nothing comes any more."""
        self._mailbox.close()

    async def run(self) -> None:
        """Handle what comes until it is closed and nothing is left."""
        beside = [
            asyncio.create_task(self._insist(act)) for act in (self._keep_anchored, self._records.keep_acknowledging)
        ]
        try:
            await self._insist(self._follow)
        finally:
            for task in beside:
                task.cancel()
            self._held.close()

    async def _insist(self, act: Callable[[], Awaitable[None]]) -> None:
        """Begin anew what ends by a fault of ours."""
        while True:
            try:
                return await act()
            except Exception:  # noqa: BLE001 - one device must not go unheard for what one moment brought about
                _log.exception("%s: a fault of ours; it goes on in %d s", self._device, ANEW_S)
                await asyncio.sleep(ANEW_S)

    async def _follow(self) -> None:
        if await self._introduced():
            while came := await self._mailbox.take():
                await self._try(came)

    async def _introduced(self) -> bool:
        """Wait until the device has said what it is; False when it will not."""
        while (info := await self._mailbox.first(Said.INFO)) is not None:
            try:
                await self._meet(messages.read_info(info.payload, self._device))
            except FrameRefused as refusal:
                self._mailbox.drop(info)
                self._refuse(info, refusal)
            else:
                return True
        return False

    async def _try(self, came: Sequence[Arrived | Cut]) -> None:
        try:
            await self._handle(came)
        except Exception:  # noqa: BLE001 - whatever one message brings about must not end the conversation
            _log.exception("%s: a fault of ours; what comes next is handled", self._device)

    async def _handle(self, came: Sequence[Arrived | Cut]) -> None:
        readings: list[tuple[Reading, datetime]] = []
        for one in came:
            if isinstance(one, Cut):
                await self._be(online=False)
                continue
            message = await self._read(one)
            if isinstance(message, Reading):
                readings.append((message, one.at))
            elif message is not None:
                await self._book.readings(self._device, readings)
                readings = []
                await self._act(message, one)
        await self._book.readings(self._device, readings)
        self._records.acknowledge()
        await self._book.remember(self._device)

    async def _read(self, arrived: Arrived) -> Message | None:
        """What a message says; None for one that does not read, or that came before."""
        try:
            return self._decode(arrived) if self._is_news(arrived) else None
        except FrameRefused as refusal:
            self._refuse(arrived, refusal)
            if arrived.said is Said.SESSION:
                await self._records.keep(arrived.payload, arrived.at)
            return None

    def _decode(self, arrived: Arrived) -> Message:
        match arrived.said:
            case Said.INFO:
                return messages.read_info(arrived.payload, self._device)
            case Said.STATE:
                return messages.read_presence(arrived.payload)
            case Said.LIVE:
                return messages.read_live(arrived.payload, self._modality)
            case Said.SESSION:
                return messages.read_session(arrived.payload)
            case Said.EVENT:
                return messages.read_event(arrived.payload)
            case Said.ANSWER:
                return messages.read_answer(arrived.payload)

    def _is_news(self, arrived: Arrived) -> bool:
        """Whether a message did not come before. What is retained may have, and a will has no number."""
        if arrived.said is Said.STATE and not arrived.properties:
            return True
        number = messages.read_number(arrived.said, arrived.properties)
        if arrived.retained:
            return True
        self._heard_at = arrived.at
        return self._book.heard(self._device, number.boot, number.seq)

    async def _act(self, message: Message, arrived: Arrived) -> None:
        match message:
            case DeviceDescription():
                await self._meet(message)
            case Presence():
                await self._note(message, arrived)
            case SentRecord():
                await self._store(message, arrived)
            case Answer():
                self._asked_in_turn.take(Answered(message, arrived))
            case _:
                _log.info("%s: %s", self._device, message)

    async def _meet(self, description: DeviceDescription) -> None:
        """The device says what it is, and so has connected."""
        if description != self._description:
            await self._book.meet(description)
        self._description, self._modality = description, description.modality
        self._records.begin()
        self._anchor_due.set()

    async def _note(self, presence: Presence, arrived: Arrived) -> None:
        """What is retained may be of long ago: it is what the device is in now once that has answered."""
        if presence.mark is not None:
            await self._records.note(presence.mark.newest, of_new_boot=0 < self._boot < presence.boot)
            self._boot = presence.boot
            self._mark = presence.mark
            if not arrived.retained:
                await self._book.mark(self._device, presence.mark, arrived.at)
            await self._be(online=True)
        elif presence.boot >= self._boot:
            await self._be(online=False)

    async def _be(self, *, online: bool) -> None:
        """The device is there, or gone; whoever must know is told when that is new."""
        if online == self._online:
            return
        self._online = online
        self._held.close()
        if online:
            self._held.enter_context(self._reach.holding(self._device, self._commands))
            self._anchor_due.set()
        await self._book.links([self.status] if self.status else [])

    async def _store(self, sent: SentRecord, arrived: Arrived) -> None:
        try:
            await self._records.store(sent, arrived.at)
        except DriverError as refusal:
            self._refuse(arrived, refusal)

    def _refuse(self, arrived: Arrived, refusal: DriverError) -> None:
        self._say_once(str(refusal))
        payload = messages.reject(said_topic(self._device, arrived.said), _seq(arrived), str(refusal))
        self._publish(Outgoing(topic=reject_topic(self._device), kind="reject", payload=payload, expiry_s=REJECT_S))

    def _say_once(self, refusal: str) -> None:
        """What is refused for the same reason again and again is counted."""
        if refusal == self._refusal:
            self._refused += 1
            return
        if self._refused:
            _log.warning("%s: %d more messages were refused: %s", self._device, self._refused, self._refusal)
        _log.warning("%s: a message is refused: %s", self._device, refusal)
        self._refusal, self._refused = refusal, 0

    async def _keep_anchored(self) -> None:
        """Read the device's tick at each contact, and from time to time."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANCHOR.total_seconds()):
                    await self._anchor_due.wait()
            self._anchor_due.clear()
            for _ in range(ATTEMPTS):
                if not self._online or await self._anchor():
                    break

    async def _anchor(self) -> bool:
        """Ask for the device's tick, and so for a sign that it has said all that it had to; False without an answer.

        So the answer has its turn: what came before it has been handled.
        """
        stored, asked_at = self._book.stored_upto(self._device), self._clock()
        try:
            answered = await self._asked_in_turn.ask("reading its tick", messages.command("time"))
        except LinkLost as silence:
            _log.info("%s", silence)
            return False
        await self._records.check(stored)
        await self._restate(answered.arrived.at)
        try:
            anchor = anchored(asked_at, answered)
        except FrameRefused as refusal:
            self._refuse(answered.arrived, refusal)
            return True
        if anchor is not None:
            await self._book.anchor(self._device, anchor)
        return True

    async def _restate(self, at: datetime) -> None:
        """The device has said all that it had to: so its last state is what it is in now."""
        if self._mark is not None and self._online:
            await self._book.mark(self._device, self._mark, at)


def _seq(arrived: Arrived) -> int | None:
    with suppress(FrameRefused):
        return messages.read_number(arrived.said, arrived.properties).seq
    return None
