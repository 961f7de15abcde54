"""The feed of changes, read once for all clients of a process and handed to each as far as it concerns them."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

from anyio import CapacityLimiter, to_thread

from monitor_api.errors import StoreUnavailable
from monitor_api.http.callers import Caller, admitted
from monitor_api.http.change_cursor import MISSED_AT_MOST, ChangeCursor
from monitor_api.http.queries.changes import SeenChange, changes_since, concerns, newest_change
from monitor_api.records.database import Database
from vocabulary.clock import Clock
from vocabulary.identity import ClinicId

POLL_S: Final = 0.2
HEARTBEAT_S: Final = 15.0
ADMITTED_S: Final = 2.0
"""How often the clients' logins and tokens are looked at again: one that is revoked is out soon after."""

WAITING_AT_MOST: Final = 500
"""Messages kept for one client; one that is too slow for them is told to look at everything again."""

_PROOFS_AT_ONCE: Final = 400
_log = logging.getLogger(__name__)


class Inbox:
    """What one client is still to be sent; for the event loop only. None among the changes is a heartbeat."""

    __slots__ = ("_ready", "_waiting", "caller", "closed", "overflown")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.closed = self.overflown = False
        self._waiting: list[SeenChange | None] = []
        self._ready = asyncio.Event()

    def put(self, item: SeenChange | None) -> None:
        """Add something to send."""
        if len(self._waiting) < WAITING_AT_MOST:
            self._waiting.append(item)
        else:
            self.overflown = True
        self._ready.set()

    def close(self) -> None:
        """End the stream of this client."""
        self.closed = True
        self._ready.set()

    async def take(self) -> list[SeenChange | None]:
        """Wait for something to send, and give all of it."""
        await self._ready.wait()
        self._ready.clear()
        taken, self._waiting = self._waiting, []
        return taken


class ChangeFeed:
    """Polls the store for all clients together.

    Promises: a change reaches every client it concerns, at least once, soon after its transaction; a client whose
    login ended is let go; an idle client costs its connection and little else. `watermark` is the id up to which
    every change was handed on: a page drawn from now on shows them, and follows from there.
    """

    def __init__(self, database: Database, real_time: Clock) -> None:
        self._database, self._real_time = database, real_time
        self._inboxes: dict[ClinicId, set[Inbox]] = defaultdict(set)
        self._cursor = ChangeCursor(0)
        self.watermark = 0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Poll while the block runs; afterwards every stream ends."""
        thread = CapacityLimiter(1)
        await self._begin(thread)
        chores = [
            asyncio.create_task(_every(POLL_S, lambda: self._hand_on(thread))),
            asyncio.create_task(_every(ADMITTED_S, lambda: self._let_go(thread))),
            asyncio.create_task(_every(HEARTBEAT_S, self._beat)),
        ]
        try:
            yield
        finally:
            self.close()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for inbox in self._all():
            inbox.close()

    @contextmanager
    def subscribed(self, caller: Caller) -> Generator[Inbox]:
        """An inbox that fills while the block runs."""
        inbox = Inbox(caller)
        self._inboxes[caller.clinic].add(inbox)
        try:
            yield inbox
        finally:
            self._inboxes[caller.clinic].discard(inbox)

    def _all(self) -> list[Inbox]:
        return [inbox for clinic in self._inboxes.values() for inbox in clinic]

    async def _begin(self, thread: CapacityLimiter) -> None:
        """Begin a little below the newest change: what is missing there may be on its way."""
        newest = await to_thread.run_sync(self._newest, limiter=thread)
        self._cursor = ChangeCursor(max(0, newest - MISSED_AT_MOST))
        await self._find(thread)

    async def _hand_on(self, thread: CapacityLimiter) -> None:
        for change in await self._find(thread):
            for inbox in self._inboxes.get(change.clinic, ()):
                if concerns(change, inbox.caller):
                    inbox.put(change)

    async def _find(self, thread: CapacityLimiter) -> list[SeenChange]:
        """Changes that were not seen before."""
        found = await to_thread.run_sync(self._since, self._cursor.top, self._cursor.missing, limiter=thread)
        new = set(self._cursor.take((change.id for change in found), timedelta(seconds=time.monotonic())))
        self.watermark = self._cursor.watermark
        return [change for change in found if change.id in new]

    async def _beat(self) -> None:
        for inbox in self._all():
            inbox.put(None)

    async def _let_go(self, thread: CapacityLimiter) -> None:
        inboxes = self._all()
        good = await to_thread.run_sync(self._admitted, {inbox.caller.proof for inbox in inboxes}, limiter=thread)
        for inbox in inboxes:
            if inbox.caller.proof not in good:
                inbox.close()

    def _newest(self) -> int:
        with self._database.read() as session:
            return newest_change(session)

    def _since(self, top: int, missing: Collection[int]) -> list[SeenChange]:
        with self._database.read() as session:
            return changes_since(session, top, missing)

    def _admitted(self, proofs: Collection[str]) -> set[str]:
        every, good = list(proofs), set[str]()
        with self._database.read() as session:
            for start in range(0, len(every), _PROOFS_AT_ONCE):
                good |= admitted(session, every[start : start + _PROOFS_AT_ONCE], self._real_time())
        return good


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    """Do a chore for ever; one that fails is done again, or clients would wait in silence."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except StoreUnavailable as failure:
            _log.warning("%s; the feed tries again", failure)
        except Exception:  # noqa: BLE001 - whatever it was, the clients still wait
            _log.exception("the feed failed, and tries again")
