"""The uplink at work: sealed batches to the service, receipts and orders back.

Rules, kept here:
- A PUBACK proves nothing: a batch is sent again until a receipt names it, the same bytes each time.
- The outbox says what goes first; a batch of the backlog never stands before a live one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from time import monotonic
from typing import Final

from gateway.errors import OutboxFailed
from gateway.outbox.batches import Sealed
from gateway.outbox.store import WINDOW
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from gateway.uplink.connection import Connection
from gateway.uplink.flights import Flights, Pace
from vocabulary.clock import Clock
from vocabulary.errors import WireError
from vocabulary.identity import GatewayId
from vocabulary.settings import BrokerSettings
from vocabulary.wire.batches import SeenClock
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import Receipt, open_receipt, read_epoch

RETRY_S: Final = 2.0
"""Between two looks into an outbox that cannot be read."""

PACE: Final = Pace(random=SystemRandom().random)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Who is told what comes down.

    `clock`: the gateway's. `compare` is given the service's time in a receipt, and when the batch was sent and its
    receipt came by that clock; what it returns is stored and sent like any other item, so it says how often.
    `take_order` is given an order as it came, on the event loop; it returns at once and does not raise.
    """

    clock: Clock
    compare: Callable[[datetime, datetime, datetime], SeenClock | None]
    take_order: Callable[[bytes], None]


class Uplink:
    """Sends what waits in the outbox until receipts let it go. Made and run on one event loop."""

    def __init__(
        self,
        gateway: GatewayId,
        key: GatewayKey,
        broker: BrokerSettings,
        *,
        receivers: Receivers,
        pace: Pace = PACE,
    ) -> None:
        self._key, self._receivers = key, receivers
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._receipts: asyncio.Queue[tuple[bytes, datetime]] = asyncio.Queue()
        self._flights = Flights(pace)
        self._connection = Connection(gateway, broker, pace, receivers.clock, listener=self)

    def wake(self) -> None:
        """There is something new to send. May be called from any thread."""
        with suppress(RuntimeError):  # the loop is closed: the gateway is stopping
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self, writer: OutboxWriter) -> None:
        """Connect, and send until cancelled; then say goodbye."""
        self._connection.open(await writer.ask(lambda outbox: outbox.boot))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(writer))
                tasks.create_task(self._take(writer))
        finally:
            self._connection.close()

    def connected(self) -> None:
        """What the broker had may be gone."""
        self._flights.connected()
        self._news.set()

    def acknowledged(self, message: int) -> None:
        """The broker has a batch; the service may not."""
        self._flights.acknowledged(message)

    def receipt(self, payload: bytes, at: datetime) -> None:
        """A receipt came."""
        self._receipts.put_nowait((payload, at))

    def order(self, payload: bytes) -> None:
        """An order came."""
        self._receivers.take_order(payload)

    async def _send(self, writer: OutboxWriter) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._news.wait()
            self._news.clear()
            self._connection.keep()
            try:
                await self._send_what_is_due(writer)
            except OutboxFailed as failure:
                _log.error("%s", failure)
                await asyncio.sleep(RETRY_S)

    async def _send_what_is_due(self, writer: OutboxWriter) -> None:
        if self._connection.is_open:
            under_way = self._flights.under_way(monotonic())
            self._publish(await writer.ask(lambda outbox: outbox.waiting(WINDOW, under_way)))

    def _publish(self, waiting: Sequence[Sealed]) -> None:
        for batch in waiting:
            message = self._connection.publish(batch.sealed)
            self._flights.sent(batch.name, message, monotonic(), self._receivers.clock())

    async def _take(self, writer: OutboxWriter) -> None:
        while True:
            payload, at = await self._receipts.get()
            try:
                receipt = open_receipt(payload, self._key.receipt_key(read_epoch(payload)))
            except WireError as error:
                _log.warning("a receipt that is none: %s", error)
                continue
            await self._settle(writer, receipt)
            await self._compare(writer, receipt, at)
            self._news.set()

    async def _settle(self, writer: OutboxWriter, receipt: Receipt) -> None:
        for number, _, reason in receipt.refused:
            _log.error("the service refuses batch %d: %s", number, reason)
        try:
            await writer.ask(lambda outbox: outbox.settle(receipt))
        except OutboxFailed as failure:
            _log.error("%s", failure)  # the batch is sent again, and receipted again

    async def _compare(self, writer: OutboxWriter, receipt: Receipt, received_at: datetime) -> None:
        epoch = int(receipt.epoch, 16)
        numbers = [*(number for number, _ in receipt.taken), *(number for number, _, _ in receipt.refused)]
        sent_at = self._flights.landed((epoch, number) for number in numbers)
        if sent_at is None or not isinstance(receipt.at, datetime):
            return
        seen = self._receivers.compare(receipt.at, sent_at, received_at)
        if seen is not None:
            await writer.put(Entry(items=(seen,)))
