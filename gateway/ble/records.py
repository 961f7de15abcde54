"""The records of a HETS device over one link: have them reported, put them on disk, acknowledge what is there.

Rules, kept here:
- Records come lowest counter first. Each goes to disk as it comes, also as bytes that no driver reads: the service
  says what they are.
- A record is acknowledged to the device only when it is on disk and so is every one before it.
- A report that is given up ends with the answer to its abort; nothing of it is taken for a part of the next.
"""

import asyncio
import logging
from datetime import datetime
from typing import Final, NamedTuple

from device_drivers.errors import DriverError, FrameRefused
from device_drivers.families import HETS
from device_drivers.hets import gatt
from device_drivers.hets.procedures import (
    ABORT_RECORDS,
    Access,
    AccessResult,
    ControlResult,
    acknowledge_records,
    read_access_answer,
    read_control_answer,
    report_records_from,
)
from device_drivers.hets.segments import Partial, join
from gateway.ble.link import Link
from gateway.errors import LinkLost, LinkRefused
from gateway.sessions.book import SessionBook, StoredBytes
from vocabulary.identity import DeviceUid

ANSWER_S: Final = 10.0
"""How long to wait for the next segment or answer while records are reported."""

ATTEMPTS: Final = 3
"""How often to ask for records that do not come whole, over one link."""

_log = logging.getLogger(__name__)


class Frame(NamedTuple):
    """A notification, and when it came."""

    characteristic: str
    value: bytes
    at: datetime


class RecordAccess:
    """One device's records over one link.

    `reported` takes the frames of Record and Record Access, in the order in which they come, and `answers` those of
    Control.
    """

    def __init__(self, link: Link, device: DeviceUid, book: SessionBook) -> None:
        self._link, self._device, self._book = link, device, book
        self._unread: set[bytes] = set()
        self.reported: asyncio.Queue[Frame] = asyncio.Queue()
        self.answers: asyncio.Queue[Frame] = asyncio.Queue()

    async def fetch(self) -> None:
        """Fetch what is not on disk, and acknowledge what is. Raises LinkLost, LinkRefused, FrameRefused."""
        for _ in range(ATTEMPTS):
            try:
                await self._report()
                break
            except FrameRefused as refusal:
                _log.warning("%s: records did not come whole: %s", self._device, refusal)
                await self._abort()
        else:
            raise LinkLost(self._link.address, "fetching records", f"not whole in {ATTEMPTS} attempts")
        await self._acknowledge()

    async def _report(self) -> None:
        """Have the device report its new records, and store each. Raises FrameRefused when one does not come whole."""
        request = report_records_from(self._book.stored_upto(self._device) + 1)
        await self._request(gatt.RECORD_ACCESS, request, self.reported)
        partial: Partial | None = None
        while (frame := await self._next(self.reported)).characteristic == gatt.RECORD:
            partial, message = join(partial, frame.value)
            if message is not None:
                await self._store(message, frame.at)
        answer = read_access_answer(frame.value)
        if answer.operation != Access.REPORT:
            raise FrameRefused("record access", "answer", f"to {answer.operation}, while records are reported")
        if answer.result not in {AccessResult.OK, AccessResult.NO_RECORDS}:
            raise LinkRefused(self._link.address, "fetching records", answer.result.name)

    async def _abort(self) -> None:
        """Give a report up, and let what is left of it pass."""
        await self._request(gatt.RECORD_ACCESS, ABORT_RECORDS, self.reported)
        while not _ends_abort(await self._next(self.reported)):
            pass

    async def _store(self, data: bytes, at: datetime) -> None:
        if data in self._unread:
            return
        try:
            await self._book.record(self._device, StoredBytes(HETS, data, at))
        except DriverError as refusal:
            self._unread.add(data)
            _log.error("%s: a record does not read (%s); the service gets its bytes", self._device, refusal)

    async def _acknowledge(self) -> None:
        stored = self._book.stored_upto(self._device)
        if stored == 0:
            return
        await self._request(gatt.CONTROL, acknowledge_records(stored), self.answers)
        answer = read_control_answer((await self._next(self.answers)).value)
        if answer.result != ControlResult.OK:
            _log.warning("%s: records up to %d not acknowledged: %s", self._device, stored, answer)

    async def _request(self, characteristic: str, request: bytes, answers: "asyncio.Queue[Frame]") -> None:
        """Write a request; what came before it is no answer to it."""
        while not answers.empty():
            answers.get_nowait()
        await self._link.write(characteristic, request)

    async def _next(self, queue: "asyncio.Queue[Frame]") -> Frame:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await queue.get()
        except TimeoutError:
            raise LinkLost(self._link.address, "fetching records", f"no answer in {ANSWER_S:.0f} s") from None


def _ends_abort(frame: Frame) -> bool:
    return frame.characteristic == gatt.RECORD_ACCESS and read_access_answer(frame.value).operation == Access.ABORT
