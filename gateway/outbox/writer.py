"""The one thread that owns the outbox: everybody else asks it, and waits until it is on disk."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final, TypeVar

from gateway.errors import OutboxFailed
from gateway.outbox.packing import sample_count
from gateway.outbox.store import Outbox
from gateway.sessions.entries import Entry
from gateway.sessions.urgency import is_urgent

FLUSH_SAMPLES: Final = 10
"""A batch is sealed when this many samples wait,"""

FLUSH_S: Final = 2.0
"""or when the first item has waited this long; what is urgent is sealed at once."""

RETRY_S: Final = 1.0
"""How long to wait before a disk that failed is tried again."""

R = TypeVar("R")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """Something to put, or something to do; and whom to tell."""

    what: Entry | Callable[[Outbox], Any] | None
    told: "asyncio.Future[Any]"

    def tell(self, result: object, error: Exception | None = None) -> None:
        self.told.get_loop().call_soon_threadsafe(_settle, self.told, result, error)


class OutboxWriter:
    """Runs an outbox in a thread of its own; what is put at the same time becomes one commit.

    Promises: `put` returns when its items are on disk, however long the disk takes to accept them; what is due is
    sealed within `FLUSH_S`; `on_sealed` is called, in the thread, whenever there is something new to send.
    """

    def __init__(self, outbox: Outbox, on_sealed: Callable[[], None]) -> None:
        self._outbox, self._on_sealed = outbox, on_sealed
        self._requests: SimpleQueue[_Request] = SimpleQueue()
        self._thread = Thread(target=self._run, name="outbox", daemon=True)
        self._waiting_since: float | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def put(self, entry: Entry) -> None:
        """Store an entry; returns when it is on disk."""
        await self._request(entry)

    async def ask(self, act: Callable[[Outbox], R]) -> R:
        """Do something on the outbox, and give what it gives."""
        result: R = await self._request(act)
        return result

    async def stop(self) -> None:
        """Seal what is pending, close the outbox, end the thread."""
        await self._request(None)
        await asyncio.to_thread(self._thread.join)

    async def _request(self, what: Entry | Callable[[Outbox], Any] | None) -> Any:  # noqa: ANN401 - what was asked for
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._requests.put(_Request(what, told))
        return await told

    def _run(self) -> None:
        while not self._turn():
            pass

    def _turn(self) -> bool:
        """Serve what was asked since the last turn; True when that was to stop."""
        requests = self._gather()
        self._put([(request, request.what) for request in requests if isinstance(request.what, Entry)])
        stops = [request for request in requests if request.what is None]
        if (stops or self._flush_due()) and not self._try(self._seal):
            self._waiting_since = monotonic()
        for request in requests:
            if callable(request.what):
                self._do(request, request.what)
        if stops:
            self._outbox.close()
        for request in stops:
            request.tell(None)
        return bool(stops)

    def _gather(self) -> list[_Request]:
        """The requests of a moment; none when it is time to flush."""
        timeout = None if self._waiting_since is None else max(0, self._waiting_since + FLUSH_S - monotonic())
        try:
            requests = [self._requests.get(timeout=timeout)]
        except Empty:
            return []
        while not self._requests.empty():
            requests.append(self._requests.get())
        return requests

    def _put(self, puts: list[tuple[_Request, Entry]]) -> None:
        if not puts:
            return
        while not self._try(lambda: self._outbox.put(entry for _, entry in puts)):
            sleep(RETRY_S)
        if self._outbox.pending and self._waiting_since is None:
            self._waiting_since = monotonic()
        for request, _ in puts:
            request.tell(None)

    def _flush_due(self) -> bool:
        pending, since = self._outbox.pending, self._waiting_since
        if since is None:
            return False
        full = sample_count(pending) >= FLUSH_SAMPLES or monotonic() >= since + FLUSH_S
        return full or any(is_urgent(item) for item in pending)

    def _seal(self) -> None:
        if self._outbox.seal():
            self._on_sealed()
        self._waiting_since = None

    def _try(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except OutboxFailed as failure:
            _log.error("%s", failure)
            return False
        return True

    def _do(self, request: _Request, act: Callable[[Outbox], Any]) -> None:
        try:
            request.tell(act(self._outbox))
        except OutboxFailed as failure:
            request.tell(None, failure)


def _settle(told: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if told.done():
        return
    if error is not None:
        told.set_exception(error)
    else:
        told.set_result(result)
