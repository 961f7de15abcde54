"""What BlueZ and adapters do wrong in the field, to be switched on by a test or a laboratory."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import repeat

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.refusals import Refusal

_Refusals = dict[tuple[str, str], Iterator[Refusal]]


def _answering() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True, kw_only=True)
class Faults:
    """The faults that a virtual org.bluez has right now; all may change at any time."""

    delay: timedelta = timedelta(0)
    """How long every call waits before it is looked at."""

    never_resolves: bool = False
    """Attributes are found and never shown: `ServicesResolved` stays false (bleak #1841)."""

    hears_nothing: bool = False
    """Discovery is on and silent (bleak #1689)."""

    deaf: bool = False
    """The same, until it is begun anew."""

    phantom_connected: bool = False
    """A link that is lost still says `Connected` (bleak-retry-connector #231)."""

    stale_gatt: bool = False
    """A reconnection shows the attributes that the first connection found (bleak #882)."""

    doubled_notifications: bool = False
    """Every value comes twice (bleak #2002)."""

    _refusals: _Refusals = field(init=False, default_factory=_Refusals)
    _lies: _Refusals = field(init=False, default_factory=_Refusals)
    _answering: asyncio.Event = field(init=False, default_factory=_answering)

    def refuse(
        self, interface: str, member: str, refusal: Refusal, *, times: int | None = 1, though_done: bool = False
    ) -> None:
        """Refuse the next calls of a method, or carry them out and say otherwise (`though_done`).

        `times` None goes on until `accept`.
        """
        book = self._lies if though_done else self._refusals
        book[interface, member] = repeat(refusal) if times is None else repeat(refusal, times)

    def accept(self, interface: str, member: str) -> None:
        """Refuse a method no more."""
        self._refusals.pop((interface, member), None)
        self._lies.pop((interface, member), None)

    def hang(self) -> None:
        """Answer no call until `resume`."""
        self._answering.clear()

    def resume(self) -> None:
        """Answer again, the calls that waited first."""
        self._answering.set()

    async def admit(self, interface: str, member: str) -> None:
        """Let a call pass when the faults allow it. Raises BusError."""
        await self._answering.wait()
        if self.delay:
            await asyncio.sleep(self.delay.total_seconds())
        _raise_next(self._refusals, interface, member)

    def conclude(self, interface: str, member: str) -> None:
        """Let the answer to a call pass when the faults allow it. Raises BusError."""
        _raise_next(self._lies, interface, member)


def _raise_next(book: _Refusals, interface: str, member: str) -> None:
    refusal = next(book.get((interface, member), iter(())), None)
    if refusal is not None:
        raise BusError(*refusal)
