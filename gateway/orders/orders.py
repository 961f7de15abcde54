"""Orders from the service: taken, pursued until something has come of them, and reported."""

import asyncio
import logging
from typing import Final

from gateway.guard.guard import Guard
from gateway.guard.telling import DONE, OUT_OF_REACH, Answer, hand_over, tell_to_stop
from gateway.orders.book import OrderBook
from gateway.reach import Reach
from gateway.refrain import Refrain
from gateway.sessions.book import Put
from gateway.sessions.entries import Entry
from vocabulary.clock import Clock
from vocabulary.errors import WireError
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import OrderOutcome, ReportedOrder
from vocabulary.wire.orders import Desired, Order, Stop

QUEUE: Final = 256
"""Orders that may wait to be opened; the service sends again what is dropped."""

POLL_S: Final = 0.2
"""Between two looks for a device that was out of reach."""

SETTLED: Final = frozenset({OrderOutcome.DONE, OrderOutcome.REFUSED, OrderOutcome.UNSUPPORTED, OrderOutcome.EXPIRED})

_NOT_YET: Final = Answer(OrderOutcome.TAKEN)
_EXPIRED: Final = Answer(OrderOutcome.EXPIRED, "its time was over before it was done")
_log = logging.getLogger(__name__)


class Orders:
    """Does what the service asks of the devices of this home. Made and run on one event loop.

    Promises: an order that does not open, or was taken before, has no effect; one that was taken is pursued until it is
    settled, after a restart too; what comes of it is reported in the order in which it came, and no device waits for a
    report to be on disk. `refused` counts what was refused.

    A stop is settled before it is reported: done twice it would stop another session, and a report that is lost is made
    again when the service asks again. A desired state may be brought about twice, and its report is not lost.
    """

    def __init__(self, book: OrderBook, guard: Guard, reach: Reach, put: Put, *, clock: Clock) -> None:
        self._book, self._guard, self._reach, self._put, self._clock = book, guard, reach, put, clock
        self._came: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self._reports: asyncio.Queue[tuple[Order, ReportedOrder]] = asyncio.Queue()
        self._refusals = Refrain()
        self.refused = 0

    def take(self, sealed: bytes) -> None:
        """An order came from the uplink. To be called on the event loop; returns at once, and raises nothing."""
        try:
            self._came.put_nowait(sealed)
        except asyncio.QueueFull:
            self._refuse("too many at once", "queue")

    async def run(self) -> None:
        """Take and pursue orders until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report())
            for order in self._book.pending:
                tasks.create_task(self._pursue(order))
            while True:
                new = await self._next()
                if new is not None:
                    tasks.create_task(self._pursue(new))

    async def _next(self) -> Order | None:
        """Take the next order, and give it if it is to be done."""
        try:
            taken = await self._book.take(await self._came.get())
        except WireError as refusal:
            self._refuse(str(refusal), refusal.where)
            return None
        self._say(taken.order, Answer(taken.outcome, taken.detail))
        return taken.order if taken.is_news else None

    async def _pursue(self, order: Order) -> None:
        """Try until it is settled, its time is over, or it is not wanted any more."""
        self._guard.review(DeviceUid(order.device))
        last = OrderOutcome.TAKEN
        while self._book.is_wanted(order):
            answer = await self._answer(order)
            if isinstance(order, Stop) and answer.outcome in SETTLED:
                await self._book.settle(order, answer.outcome)
            if answer.outcome not in {last, OrderOutcome.TAKEN}:
                self._say(order, answer)
            if answer.outcome in SETTLED:
                return
            last = answer.outcome
            await asyncio.sleep(POLL_S)

    async def _answer(self, order: Order) -> Answer:
        if self._book.is_over(order):
            return _EXPIRED
        return await self._try(order) if self._book.is_ripe(order) else _NOT_YET

    async def _try(self, order: Order) -> Answer:
        commands = self._reach.get(DeviceUid(order.device))
        if isinstance(order, Stop):
            return await tell_to_stop(commands)
        return await self._impose(order)

    async def _impose(self, desired: Desired) -> Answer:
        """Bring a device into the state that is wanted; that it stops for a hold is the guard's work."""
        device = DeviceUid(desired.device)
        commands = self._reach.get(device)
        if self._book.hold(device) is not None and commands is None:
            return OUT_OF_REACH
        if self._book.hold(device) is not None and not self._guard.is_quiet(device):
            return _NOT_YET
        permit = desired.permit
        return DONE if permit is None else await hand_over(commands, permit)

    def _say(self, order: Order, answer: Answer) -> None:
        report = ReportedOrder(
            device=order.device, wish=order.wish, outcome=answer.outcome, at=self._clock(), detail=answer.detail
        )
        self._reports.put_nowait((order, report))

    async def _report(self) -> None:
        """Report one after the other; a desired state is settled when its report is on disk."""
        while True:
            order, report = await self._reports.get()
            await self._put(Entry(items=(report,)))
            if report.outcome in SETTLED and not isinstance(order, Stop):
                await self._book.settle(order, report.outcome)

    def _refuse(self, why: str, part: str) -> None:
        """Count it, and say it; of those that are refused for the same part of them one an hour."""
        self.refused += 1
        if self._refusals.is_due(part):
            _log.warning("an order is refused: %s (%d by now)", why, self.refused)
