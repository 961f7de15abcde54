"""The one scan of the dongle, on while somebody needs it."""

import asyncio
from collections.abc import Callable

from bumble.device import Advertisement
from bumble.hci import Address

from firmware_bridge.virtual.bluez.stack import Stack


class Scan:
    """Shared by discovery and by everybody who waits for a peer to be heard."""

    def __init__(self, stack: Stack) -> None:
        self._host, self._tasks = stack.host, stack.tasks
        self._needed_by: set[object] = set()
        self._awaited: dict[asyncio.Future[None], Address] = {}
        self._listeners: list[Callable[[Advertisement], None]] = []
        self._switching = asyncio.Lock()
        self._host.on(self._host.EVENT_ADVERTISEMENT, self._heard)

    def listen(self, listener: Callable[[Advertisement], None]) -> None:
        """Give every advertisement to a listener."""
        self._listeners.append(listener)

    async def need(self, user: object) -> None:
        """Scan until the user needs it no more."""
        self._needed_by.add(user)
        await self._settle()

    async def release(self, user: object) -> None:
        """The user needs no scan any more."""
        self._needed_by.discard(user)
        await self._settle()

    async def hear(self, address: Address) -> None:
        """Wait until a peer offers to be connected to."""
        heard = asyncio.get_running_loop().create_future()
        self._awaited[heard] = address
        try:
            await self.need(heard)
            await heard
        finally:
            del self._awaited[heard]
            await self.release(heard)

    async def _settle(self) -> None:
        """Who waits may be cancelled, the switching not: Bumble loses an HCI command that is cancelled half-way."""
        await asyncio.shield(self._tasks.attempt(self._switch()))

    async def _switch(self) -> None:
        async with self._switching:
            if self._needed_by and not self._host.scanning:
                await self._host.start_scanning(filter_duplicates=False)
            elif self._host.scanning and not self._needed_by:
                await self._host.stop_scanning()

    def _heard(self, advertisement: Advertisement) -> None:
        for future, address in self._awaited.items():
            if address == advertisement.address and advertisement.is_connectable and not future.done():
                future.set_result(None)
        for listener in self._listeners:
            listener(advertisement)
