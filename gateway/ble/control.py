"""What a HETS device is told over one link: requests and answers of Control, and the permit.

Rules, kept here:
- An answer goes to the request of its own operation, so whoever waits long for one holds nobody else up.
- Requests of one operation are answered in the order in which they were made.
"""

import asyncio
import logging
from collections import defaultdict, deque
from typing import Final

from device_drivers.errors import FrameRefused
from device_drivers.hets import gatt
from device_drivers.hets.procedures import (
    STOP,
    ControlAnswer,
    ControlResult,
    read_control_answer,
    read_prescription_answer,
    result_name,
)
from device_drivers.hets.segments import split
from gateway.addresses import shortened
from gateway.ble.link import Link
from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from vocabulary.devices import DeviceDescription, Feature

ANSWER_S: Final = 10.0
"""How long a device may take to answer."""

_log = logging.getLogger(__name__)


class Control:
    """Requests over Control; `take` is to be given what it indicates."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._writing = asyncio.Lock()
        self._waiting: defaultdict[int, deque[asyncio.Future[ControlAnswer]]] = defaultdict(deque)

    def take(self, value: bytes) -> None:
        """An answer came; one that nobody waits for is dropped."""
        try:
            answer = read_control_answer(value)
        except FrameRefused as refusal:
            _log.warning("%s: %s", shortened(self._link.address), refusal)
            return
        if waiting := self._waiting[answer.operation]:
            asked = waiting.popleft()
            if not asked.done():  # whoever asked may have been cancelled a moment ago
                asked.set_result(answer)

    async def ask(self, request: bytes) -> ControlAnswer:
        """What the device answers to a request. Raises LinkLost, also when it does not; LinkRefused."""
        operation = request[0]
        answer: asyncio.Future[ControlAnswer] = asyncio.get_running_loop().create_future()
        async with self._writing:
            self._waiting[operation].append(answer)
            try:
                await self._link.write(gatt.CONTROL, request)
            except BaseException:
                self._leave(operation, answer)
                raise
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            raise LinkLost(self._link.address, f"control {operation:#04x}", f"no answer in {ANSWER_S:.0f} s") from None
        finally:
            self._leave(operation, answer)

    def _leave(self, operation: int, answer: "asyncio.Future[ControlAnswer]") -> None:
        if answer in self._waiting[operation]:
            self._waiting[operation].remove(answer)


class HetsCommands:
    """What a HETS device can be told while there is a link to it."""

    def __init__(self, link: Link, description: DeviceDescription, control: Control) -> None:
        self._link, self._control = link, control
        self._takes_permits = Feature.PRESCRIPTION in description.features
        self._permitting = asyncio.Lock()
        self._results: asyncio.Queue[bytes] = asyncio.Queue()

    async def subscribe(self) -> None:
        """Have the device's answers come here. Raises LinkLost, LinkRefused."""
        await self._link.subscribe(gatt.CONTROL, self._control.take)
        if self._takes_permits:
            await self._link.subscribe(gatt.PRESCRIPTION, self._results.put_nowait)

    async def stop(self) -> None:
        """Have it stop; returns when it says that it has. Raises LinkLost, LinkRefused, LinkUnsupported."""
        answer = await self._control.ask(STOP)
        self._judge("stopping", answer.result, done={ControlResult.OK})

    async def permit(self, permit: bytes) -> None:
        """Hand it a prescription signed for it; one that it has already, or a newer one, is no news.

        Raises LinkLost, LinkRefused, LinkUnsupported.
        """
        if not self._takes_permits:
            raise LinkUnsupported(self._link.address, "permitting", "the device takes no prescriptions")
        async with self._permitting:
            result = await self._hand_over(permit)
        self._judge("permitting", result, done={ControlResult.OK, ControlResult.REPLAY})

    async def _hand_over(self, permit: bytes) -> int:
        while not self._results.empty():
            self._results.get_nowait()
        for segment in split(permit, self._link.payload(gatt.PRESCRIPTION)):
            await self._link.write(gatt.PRESCRIPTION, segment)
        try:
            async with asyncio.timeout(ANSWER_S):
                return read_prescription_answer(await self._results.get())
        except TimeoutError:
            raise LinkLost(self._link.address, "permitting", f"no answer in {ANSWER_S:.0f} s") from None
        except FrameRefused as refusal:
            raise LinkRefused(self._link.address, "permitting", str(refusal)) from refusal

    def _judge(self, step: str, result: int, done: set[ControlResult]) -> None:
        if result not in done:
            unsupported = result == ControlResult.UNSUPPORTED
            raise (LinkUnsupported if unsupported else LinkRefused)(self._link.address, step, result_name(result))
