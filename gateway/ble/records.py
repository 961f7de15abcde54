"""The records of a HETS device over one link: have them reported, put them on disk, acknowledge what is there.

Rules, kept here:
- Records come lowest counter first. Each goes to disk as it comes, also as bytes that no driver reads: the service
  says what they are.
- A record is acknowledged to the device only when it is on disk and so is every one before it.
- Counters rise by one. Where one is missing from a report, a notification may have been lost: it is asked for again
  before anything beyond it is acknowledged, and what is missing once more the device does not have.
- A report that is given up ends with the answer to its abort; nothing of it is taken for a part of the next.
- A segment that comes twice in a row is one (bleak #2002): no two of a report are alike.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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
    report_records_from,
    result_name,
)
from device_drivers.hets.segments import Partial, join
from gateway.ble.control import ANSWER_S, Control
from gateway.ble.link import Link
from gateway.errors import LinkLost, LinkRefused
from gateway.sessions.book import SessionBook, StoredBytes
from vocabulary.identity import DeviceUid

ATTEMPTS: Final = 3
"""How often to ask for records that do not come whole, over one link."""

_log = logging.getLogger(__name__)


class Frame(NamedTuple):
    """A notification, and when it came."""

    characteristic: str
    value: bytes
    at: datetime


@dataclass(slots=True)
class _Run:
    """One report: the counter it was asked from, and of the record that comes next if none is missing."""

    wanted: int
    next: int
    has_holes: bool = False


class RecordAccess:
    """One device's records over one link.

    `reported` takes the frames of Record and Record Access, in the order in which they come. `caught_up` returns when
    every live frame that has come is in the book: a record that goes before one would count its sample as missing.
    """

    def __init__(
        self,
        link: Link,
        device: DeviceUid,
        book: SessionBook,
        control: Control,
        *,
        caught_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._link, self._device, self._book, self._control = link, device, book, control
        self._caught_up = caught_up
        self._unread: set[bytes] = set()
        self._missed: set[range] = set()
        self.reported: asyncio.Queue[Frame] = asyncio.Queue()

    async def fetch(self, oldest: int) -> None:
        """Fetch what is not on disk, and acknowledge what is; `oldest` is the counter of the device's oldest record.

        Raises LinkLost, LinkRefused, FrameRefused.
        """
        for _ in range(ATTEMPTS):
            try:
                if await self._report(oldest):
                    break
            except FrameRefused as refusal:
                _log.warning("%s: records did not come whole: %s", self._device, refusal)
                await self._abort()
        else:
            raise LinkLost(self._link.address, "fetching records", f"not whole in {ATTEMPTS} attempts")
        await self._acknowledge()

    async def _report(self, oldest: int) -> bool:
        """Have the device report its new records, and store each; gives whether there is nothing to ask for again.

        Raises FrameRefused when one does not come whole.
        """
        wanted = self._book.stored_upto(self._device) + 1
        await self._request(report_records_from(wanted))
        run = _Run(wanted, max(wanted, oldest))
        partial: Partial | None = None
        last = b""
        while (frame := await self._next()).characteristic == gatt.RECORD:
            if frame.value == last:
                continue
            last = frame.value
            partial, message = join(partial, frame.value)
            if message is not None:
                await self._store(message, frame.at, run)
        answer = read_access_answer(frame.value)
        if answer.operation != Access.REPORT:
            raise FrameRefused("record access", "answer", f"to {answer.operation}, while records are reported")
        if answer.result not in {AccessResult.OK, AccessResult.NO_RECORDS}:
            raise LinkRefused(self._link.address, "fetching records", answer.result.name)
        return not run.has_holes

    async def _abort(self) -> None:
        """Give a report up, and let what is left of it pass."""
        await self._request(ABORT_RECORDS)
        while not _ends_abort(await self._next()):
            pass

    async def _store(self, data: bytes, at: datetime, run: _Run) -> None:
        if data in self._unread:
            run.next += 1
            return
        await self._caught_up()
        stored = StoredBytes(HETS, data, at)
        try:
            counter = HETS.read_record(data).counter
        except DriverError as refusal:
            self._unread.add(data)
            run.next += 1
            _log.error("%s: a record does not read (%s); the service gets its bytes", self._device, refusal)
            await self._book.keep(self._device, stored)
            return
        self._look_for_hole(run, counter)
        await self._book.record(self._device, stored, oldest=run.wanted if run.has_holes else counter)

    def _look_for_hole(self, run: _Run, counter: int) -> None:
        """Note what is missing before a record that came; what was missing there before the device does not have."""
        hole, run.next = range(run.next, counter), max(run.next, counter + 1)
        if hole in self._missed:
            _log.warning("%s: has no records %d to %d", self._device, hole.start, hole.stop - 1)
        elif hole:
            self._missed.add(hole)
            run.has_holes = True

    async def _acknowledge(self) -> None:
        stored = self._book.stored_upto(self._device)
        if stored == 0:
            return
        answer = await self._control.ask(acknowledge_records(stored))
        if answer.result != ControlResult.OK:
            refusal = result_name(answer.result)
            _log.warning("%s: records up to %d not acknowledged: %s", self._device, stored, refusal)

    async def _request(self, request: bytes) -> None:
        """Write a request of record access; what came before it is no answer to it."""
        while not self.reported.empty():
            self.reported.get_nowait()
        await self._link.write(gatt.RECORD_ACCESS, request)

    async def _next(self) -> Frame:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self.reported.get()
        except TimeoutError:
            raise LinkLost(self._link.address, "fetching records", f"no answer in {ANSWER_S:.0f} s") from None


def _ends_abort(frame: Frame) -> bool:
    return frame.characteristic == gatt.RECORD_ACCESS and read_access_answer(frame.value).operation == Access.ABORT
