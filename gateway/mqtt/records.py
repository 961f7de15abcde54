"""The records that a Wi-Fi device publishes: each goes to disk as it comes, and is acknowledged when it is there."""

import asyncio
import logging
from collections import deque
from datetime import datetime
from typing import Final

from device_drivers.errors import DriverError, FrameRefused
from device_drivers.families import HETS
from device_drivers.hets.messages import SentRecord, ack
from device_drivers.hets.topics import ack_topic
from gateway.mqtt.commands import Publish
from gateway.mqtt.post import Outgoing
from gateway.mqtt.rounds import Round
from gateway.sessions.book import RECORD_BYTES, SessionBook, StoredBytes
from vocabulary.identity import DeviceUid

UNREAD: Final = 64
"""Records that do not read which are known again when they are repeated."""

_log = logging.getLogger(__name__)


class SentRecords:
    """One device's records. `newest`: the counter of the newest that it has told of."""

    def __init__(self, device: DeviceUid, book: SessionBook, publish: Publish) -> None:
        self._device, self._book, self._publish = device, book, publish
        self.newest = 0
        self._oldest: int | None = None
        self._came = asyncio.Event()
        self._round = Round()
        self._unread: deque[bytes] = deque(maxlen=UNREAD)

    def begin(self) -> None:
        """The device has connected: what comes is a round from its beginning."""
        self._round = Round()

    async def store(self, sent: SentRecord, at: datetime) -> None:
        """A record came. Raises DriverError when it does not read, the first time; its bytes are kept.

        Bytes that cannot be kept whole count as never sent: nobody acknowledges them.
        """
        self._oldest, lost = sent.oldest, self._book.messages_lost(self._device) or 0
        if not 0 < len(sent.data) <= RECORD_BYTES:
            await self.keep(sent.data, at)
            raise FrameRefused("session", "record", f"{len(sent.data)} bytes, and 1 to {RECORD_BYTES} can be kept")
        if sent.data in self._unread:
            self._round.unread(sent.oldest, self.newest, lost)
            return
        try:
            counter = await self._book.take_record(self._device, StoredBytes(HETS, sent.data, at), sent.oldest)
        except DriverError:
            self._unread.append(sent.data)
            self._round.unread(sent.oldest, self.newest, lost)
            raise
        self.newest = max(self.newest, counter)
        await self._book.recognised(self._device, self._round.read(counter, lost))

    async def keep(self, payload: bytes, at: datetime) -> None:
        """A message came that should hold a record and does not read; its first `RECORD_BYTES` are kept."""
        self._round = Round()
        data = payload[:RECORD_BYTES]
        if data and data not in self._unread:
            self._unread.append(data)
            await self._book.keep(self._device, StoredBytes(HETS, data, at))

    async def note(self, newest: int, *, of_new_boot: bool) -> None:
        """The device tells of its newest record; only one that has just been started can have another memory."""
        self.newest = newest
        if of_new_boot:
            await self.check(self._book.known_upto(self._device))

    async def check(self, stored: int) -> None:
        """A device that knows of fewer records than `stored`, which came before it said so, has another memory."""
        stored = min(stored, self._book.known_upto(self._device))
        if self.newest < stored:
            _log.error("%s: its memory was replaced (newest %d, %d are stored)", self._device, self.newest, stored)
            await self._book.stored(self._device, 0)

    def acknowledge(self) -> None:
        """Have the device told which records are safe, if it sent any since it was told."""
        self._came.set()

    async def keep_acknowledging(self) -> None:
        """Tell the device what is safe as soon as it is. Ends by the fault of a disk."""
        while True:
            await self._came.wait()
            self._came.clear()
            if self._oldest is not None:
                await self._book.settled()
                self._tell()

    def _tell(self) -> None:
        upto = self._book.stored_upto(self._device)
        if self._oldest is not None and self._oldest <= upto <= self.newest:
            self._publish(Outgoing(topic=ack_topic(self._device), kind="ack", payload=ack(upto)))
        self._oldest = None
