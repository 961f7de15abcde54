"""What a peripheral keeps of each of its links, and the window in which somebody may bond with it."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from bumble.device import Connection
from bumble.pairing import PairingDelegate

from firmware_bridge.virtual.attributes import Value

_log = logging.getLogger(__name__)


class Window(PairingDelegate):
    """No screen and no keys: pairing is accepted while the window is open."""

    def __init__(self) -> None:
        super().__init__(PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT)
        self._closing: asyncio.TimerHandle | None = None

    def open(self, lasting: timedelta) -> None:
        """Open for a while from now on."""
        self.close()
        self._closing = asyncio.get_running_loop().call_later(lasting.total_seconds(), self.close)

    def close(self) -> None:
        """Accept nobody from now on."""
        if self._closing is not None:
            self._closing.cancel()
        self._closing = None

    async def accept(self) -> bool:
        """Whether somebody may pair now (asked by Bumble)."""
        return self._closing is not None


class Link:
    """One connection: what waits to be notified over it, and the work that ends with it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outgoing = asyncio.Queue[tuple[Value, bytes]]()
        self.transfer: asyncio.Task[None] | None = None
        """Records on their way."""
        self._tasks = set[asyncio.Task[None]]()

    @property
    def is_transferring(self) -> bool:
        """Whether records are on their way."""
        return self.transfer is not None and not self.transfer.done()

    def abort_transfer(self) -> None:
        """Send no more of the records."""
        if self.transfer is not None:
            self.transfer.cancel()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something until it is done or the link is lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def close(self) -> None:
        """The link is lost."""
        for task in tuple(self._tasks):
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work on a link failed", exc_info=error)
