"""How a link comes about: a peer is dialled only after it was heard, so an absent one blocks nobody."""

import asyncio
from contextlib import suppress
from typing import Final

from bumble import core
from bumble.hci import Address

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.live_link import LiveLink
from firmware_bridge.virtual.bluez.refusals import LE_UNKNOWN, of_link
from firmware_bridge.virtual.bluez.scan import Scan
from firmware_bridge.virtual.bluez.stack import Stack

_ANSWER_S: Final = 2.0
"""How long a peer that was just heard may take to be heard again, in seconds."""


class Dialler:
    """Dials peers for as long as the settings allow; may be cancelled at any time."""

    def __init__(self, stack: Stack, scan: Scan) -> None:
        self._stack, self._scan = stack, scan
        self._initiating = asyncio.Lock()

    async def dial(self, address: Address) -> LiveLink:
        """A link to a peer. Raises BusError."""
        try:
            async with asyncio.timeout(self._stack.settings.connect_timeout.total_seconds()):
                while True:
                    await self._scan.hear(address)
                    with suppress(core.TimeoutError):
                        return await self._wait_for(self._stack.tasks.attempt(self._initiate(address)))
        except TimeoutError:
            raise BusError(*LE_UNKNOWN) from None
        except core.BaseError as error:
            raise of_link(error.error_code) from error

    async def _initiate(self, address: Address) -> LiveLink:
        async with self._initiating:
            return LiveLink(await self._stack.host.connect(address, timeout=_ANSWER_S))

    async def _wait_for(self, attempt: asyncio.Task[LiveLink]) -> LiveLink:
        """Bumble loses an HCI command that is cancelled half-way, so an attempt always comes to its end."""
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            attempt.add_done_callback(self._hang_up)
            raise

    def _hang_up(self, attempt: asyncio.Task[LiveLink]) -> None:
        if not attempt.cancelled() and attempt.exception() is None:
            self._stack.tasks.start(attempt.result().hang_up())
