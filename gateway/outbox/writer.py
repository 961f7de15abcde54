"""The one thread that owns the outbox: everybody else asks it, and waits until it is on disk."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final, TypeVar

from gateway.errors import OutboxFailed
from gateway.outbox.packing import sample_count
from gateway.outbox.store import Outbox
from gateway.sessions.book import HEARTBEAT_S
from gateway.sessions.entries import Entry
from gateway.sessions.urgency import is_urgent
from vocabulary.wire.batches import IncidentKind, Item

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
    sealed within `FLUSH_S`; `on_sealed` is called, in the thread, whenever there is something new to send, and that is
    no rarer than a heartbeat; whoever asks is told how it ended, also by a fault that ends the thread.
    """

    def __init__(self, outbox: Outbox, on_sealed: Callable[[], None], heartbeat_s: float = HEARTBEAT_S) -> None:
        self._outbox, self._on_sealed, self._heartbeat_s = outbox, on_sealed, heartbeat_s
        self._requests: SimpleQueue[_Request] = SimpleQueue()
        self._thread = Thread(target=self._run, name="outbox", daemon=True)
        self._ended: Future[None] = Future()
        self._seal_at = monotonic() if outbox.pending else None  # None when nothing waits
        self._beat_at = monotonic() + heartbeat_s
        self._failing: tuple[datetime, str] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, entry: Entry) -> "asyncio.Future[None]":
        """Store an entry, after all that were put before; done when it is on disk."""
        return self._request(entry)

    async def ask(self, act: Callable[[Outbox], R]) -> R:
        """Do something on the outbox, and give what it gives. Raises what that raises."""
        result: R = await self._request(act)
        return result

    async def ended(self) -> None:
        """Return when the thread was stopped. Raises the fault that ended it before."""
        await asyncio.shield(asyncio.wrap_future(self._ended))

    async def stop(self) -> None:
        """Seal what is pending, close the outbox, end the thread, unless a fault has ended it."""
        if not self._ended.done():
            await self._request(None)
        await asyncio.to_thread(self._thread.join)

    def _request(self, what: Entry | Callable[[Outbox], Any] | None) -> "asyncio.Future[Any]":
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._requests.put(_Request(what, told))
        if self._ended.done() and (fault := self._ended.exception()) is not None:
            _settle(told, None, fault)
        return told

    def _run(self) -> None:
        requests: list[_Request] = []
        try:
            while not self._turn(requests := self._gather()):
                pass
        except Exception as fault:  # noqa: BLE001 - handed on to whoever waits
            self._ended.set_exception(fault)
            for request in (*requests, *self._requests_left()):
                request.tell(None, fault)
        else:
            self._ended.set_result(None)

    def _gather(self) -> list[_Request]:
        """The requests of a moment; none when it is time to seal, or for a heartbeat."""
        timeout = max(0, min(self._beat_at, self._seal_at or self._beat_at) - monotonic())
        try:
            return [self._requests.get(timeout=timeout), *self._requests_left()]
        except Empty:
            return []

    def _requests_left(self) -> Iterator[_Request]:
        while not self._requests.empty():
            yield self._requests.get()

    def _turn(self, requests: Sequence[_Request]) -> bool:
        """Serve what was asked since the last turn; True when that was to stop."""
        self._put([(request, request.what) for request in requests if isinstance(request.what, Entry)])
        stops = [request for request in requests if request.what is None]
        if stops or (self._seal_at is not None and monotonic() >= self._seal_at):
            self._seal()
        if monotonic() >= self._beat_at:
            self._beat()
        for request in requests:
            if callable(request.what):
                self._do(request, request.what)
                self._refill()
        if stops:
            self._outbox.close()
        for request in stops:
            request.tell(None)
        return bool(stops)

    def _put(self, puts: Sequence[tuple[_Request, Entry]]) -> None:
        if not puts:
            return
        while not self._try(lambda: self._outbox.put([entry for _, entry in puts])):
            sleep(RETRY_S)
        self._note_when_due(item for _, entry in puts for item in entry.items)
        for request, _ in puts:
            request.tell(None)

    def _note_when_due(self, items: Iterable[Item]) -> None:
        """What is urgent, or makes a batch full, is due at once."""
        pending = self._outbox.pending
        if pending:
            at_once = any(map(is_urgent, items)) or sample_count(pending) >= FLUSH_SAMPLES
            due = monotonic() + (0 if at_once else FLUSH_S)
            self._seal_at = due if self._seal_at is None else min(self._seal_at, due)

    def _seal(self) -> None:
        """Seal what is due; what is left, by its nature or by a disk that failed, is due again later."""
        self._try(lambda: self._tell(self._outbox.seal()))
        self._seal_at = monotonic() + FLUSH_S if self._outbox.pending else None

    def _beat(self) -> None:
        self._beat_at = monotonic() + self._heartbeat_s
        self._try(lambda: self._tell(self._outbox.beat()))

    def _refill(self) -> None:
        """What was done may have made room for a part of the backlog, or left an incident."""
        self._try(lambda: self._tell(self._outbox.refill()))
        self._note_when_due(())

    def _tell(self, sealed: int) -> None:
        if sealed:
            self._beat_at = monotonic() + self._heartbeat_s
            self._on_sealed()

    def _try(self, act: Callable[[], object]) -> bool:
        """Whether the disk does it; how long it did not is reported when it does again."""
        try:
            act()
        except OutboxFailed as failure:
            _log.error("%s", failure)
            self._failing = self._failing or (self._outbox.clock(), failure.problem)
            return False
        self._report()
        return True

    def _report(self) -> None:
        if self._failing is not None:
            since, problem = self._failing
            with suppress(OutboxFailed):  # it fails again, and is reported later
                self._outbox.report(IncidentKind.DISK_FAILED, since, problem)
                self._failing = None

    def _do(self, request: _Request, act: Callable[[Outbox], Any]) -> None:
        try:
            request.tell(act(self._outbox))
        except Exception as failure:  # noqa: BLE001 - who asked decides
            request.tell(None, failure)


def _settle(told: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if told.done():
        return
    if error is not None:
        told.set_exception(error)
    else:
        told.set_result(result)
