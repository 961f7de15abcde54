"""What comes from devices over the home's broker, what goes to them, and where it waits for its turn."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

from device_drivers.hets.topics import Said

MESSAGES: Final = 256
"""Messages of one device that wait here; the device repeats its records, and what else is dropped is counted."""


class Arrived(NamedTuple):
    """A message of a device, and when it came. `retained`: it is from before, for us who have just subscribed."""

    said: Said
    payload: bytes
    properties: tuple[tuple[str, str], ...]
    retained: bool
    at: datetime


class Cut(NamedTuple):
    """The connection to the broker is gone, and with it whatever we knew of who is there."""


class Outgoing(NamedTuple):
    """A message for a device; `kind` as in its content type. A command says where the answer goes, with which data."""

    topic: str
    kind: str
    payload: bytes
    expiry_s: int | None = None
    answer_topic: str | None = None
    correlation: bytes | None = None


class Mailbox:
    """The messages of one device, in the order in which they came.

    Beyond `MESSAGES` the oldest live sample makes room, then the newest record, then whatever came last.
    """

    def __init__(self) -> None:
        self._waiting: deque[Arrived | Cut] = deque()
        self._news = asyncio.Event()
        self._closed = False

    def put(self, message: Arrived | Cut) -> None:
        """A message came."""
        self._waiting.append(message)
        if len(self._waiting) > MESSAGES:
            del self._waiting[self._least()]
        self._news.set()

    def close(self) -> None:
        """Nothing comes any more."""
        self._closed = True
        self._news.set()

    async def take(self) -> list[Arrived | Cut]:
        """All that waits, as soon as there is any; nothing when the box is closed and empty."""
        while not (self._waiting or self._closed):
            await self._next()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    async def first(self, said: Said) -> Arrived | None:
        """The first message of this kind, as soon as there is one; it goes on waiting. None when the box is closed."""
        while True:
            for one in self._waiting:
                if isinstance(one, Arrived) and one.said is said:
                    return one
            if self._closed:
                return None
            await self._next()

    def drop(self, message: Arrived) -> None:
        """Give up a message that waits."""
        with suppress(ValueError):
            self._waiting.remove(message)

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _least(self) -> int:
        count = len(self._waiting)
        live = (index for index in range(count) if _is(self._waiting[index], Said.LIVE))
        records = (index for index in reversed(range(count)) if _is(self._waiting[index], Said.SESSION))
        return next(live, next(records, count - 1))


def _is(message: Arrived | Cut, said: Said) -> bool:
    return isinstance(message, Arrived) and message.said is said
