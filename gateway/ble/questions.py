"""Questions to a BlockBlueLight panel over one link: one at a time, each with a time limit, over a stream of bytes."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from device_drivers.blockbluelight import gatt
from device_drivers.blockbluelight.frames import BRIGHTNESS, POWER_OFF, STATUS, Command, Frame, abandon, parse
from device_drivers.blockbluelight.status import Status, read_brightness, read_status
from device_drivers.errors import FrameRefused
from gateway.ble.link import Link
from gateway.errors import LinkLost
from vocabulary.identity import DeviceUid

UNANSWERED: Final = 10
"""After so many questions in a row without an answer the link carries nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is sent, the command that its reply carries, and how that reads."""

    request: bytes
    command: Command
    read: Callable[[bytes], T]


ASK_STATUS: Final[Question[Status]] = Question(STATUS, Command.STATUS, read_status)
ASK_BRIGHTNESS: Final[Question[tuple[int, ...]]] = Question(BRIGHTNESS, Command.BRIGHTNESS, read_brightness)
SWITCH_OFF: Final[Question[bytes]] = Question(POWER_OFF, Command.POWER, bytes)


class Questions:
    """What is asked of one panel. A reply that does not come or does not read is None, and no reason to give up yet."""

    def __init__(self, link: Link, device: DeviceUid, reply_s: float) -> None:
        self._link, self._device, self._reply_s = link, device, reply_s
        self._one_at_a_time = asyncio.Lock()
        self._came: asyncio.Queue[Frame] = asyncio.Queue()
        self._rest = b""
        self._unanswered = 0

    async def begin(self) -> None:
        """Listen. Raises LinkLost, LinkRefused."""
        await self._link.subscribe(gatt.REPLIES, self._take)

    async def ask(self, question: Question[T]) -> T | None:
        """The answer to a question. Raises LinkRefused, and LinkLost, also when none was answered for long."""
        async with self._one_at_a_time:
            _drained(self._came)
            await self._link.write(gatt.REQUESTS, question.request)
            problem = f"no reply in {self._reply_s:g} s"
            frame = await self._reply(question.command)
        if frame is not None:
            try:
                answer = question.read(frame.payload)
            except FrameRefused as refusal:
                problem = str(refusal)
            else:
                self._unanswered = 0
                return answer
        self._unanswered += 1
        if self._unanswered >= UNANSWERED:
            raise LinkLost(self._device, question.command.name.lower(), f"{problem}, {UNANSWERED} times in a row")
        return None

    def _take(self, value: bytes) -> None:
        self._rest, frames = parse(self._rest, value)
        for frame in frames:
            self._came.put_nowait(frame)

    async def _reply(self, command: Command) -> Frame | None:
        """The newest reply of those that come together: one that was given up may come with the next."""
        try:
            async with asyncio.timeout(self._reply_s):
                while True:
                    found = _newest(command, [await self._came.get(), *_drained(self._came)])
                    if found is not None:
                        return found
        except TimeoutError:
            self._rest, frames = abandon(self._rest)
            return _newest(command, frames)


def _newest(command: Command, frames: Iterable[Frame]) -> Frame | None:
    return next((frame for frame in reversed([*frames]) if frame.command == command), None)


def _drained(queue: asyncio.Queue[Frame]) -> list[Frame]:
    return [queue.get_nowait() for _ in range(queue.qsize())]
