"""The book of orders: what the service wants of the devices of this home, on disk, also while nobody can be asked."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.clock import passed
from gateway.orders.file import read_state, write_state
from gateway.orders.opening import open_next
from gateway.orders.state import OrderState
from gateway.refrain import Refrain
from vocabulary.errors import SettingsError
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.wire.batches import OrderOutcome
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Desired, GuardLimits, Hold, Order, Stop
from vocabulary.wire.topics import order_topic

FRESH: Final = timedelta(seconds=60)
"""How long a stop that came is tried while nobody here knows what time it is."""

RETRY_S: Final = 1.0
"""How long to wait before a disk that failed is tried again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An order that was opened. `is_news`: it is to be done; if not, `outcome` and `detail` are all there is to it."""

    order: Order
    is_news: bool
    outcome: OrderOutcome
    detail: str = ""


class OrderBook:
    """What was ordered, in a file of its own.

    Promises: an order is on disk, and its number, before `take` returns; no number is taken twice. `now` is the
    service's time, or None while that is not known: then a hold is in force, a stop is good for a minute, and one
    from before this run is over. `passed` is time that nobody sets. Raises SettingsError when the file cannot be read.
    """

    def __init__(
        self,
        path: Path,
        gateway: GatewayId,
        key: GatewayKey,
        now: Callable[[], datetime | None],
        *,
        passed: Callable[[], timedelta] = passed,
    ) -> None:
        self._path, self._topic, self._key = path, order_topic(gateway), key
        self._now, self._passed = now, passed
        self._came: dict[str, timedelta] = {}
        self._changing = asyncio.Lock()
        try:
            self._state = read_state(path)
        except OSError as error:
            problem = {"data": f"{path} cannot be read ({error})"}
            remedy = "Name a directory that the gateway may write to."
            raise SettingsError("the gateway's settings", problem, remedy) from error

    async def take(self, sealed: bytes) -> Taken:
        """Open an order and keep it; one at a time.

        Raises WireError for one that is none, is not for this gateway, or does not come after all that were taken.
        """
        number, order = open_next(sealed, self._key, self._topic, self._state.number)
        is_news, refusal = self._state.is_news(order), self._refusal(order)
        keeps = is_news and refusal is None
        if keeps and isinstance(order, Stop):
            self._came[order.wish] = self._passed()
        await self._change(lambda state: (state.taking(order) if keeps else state).numbered(number))
        if refusal is not None:
            return Taken(order=order, is_news=False, outcome=OrderOutcome.REFUSED, detail=refusal)
        return Taken(order=order, is_news=is_news, outcome=self._again(order))

    async def settle(self, order: Order, outcome: OrderOutcome) -> None:
        """Keep what came of an order in the end."""
        await self._change(lambda state: state.settling(order, outcome))
        self._came.pop(order.wish, None)

    @property
    def pending(self) -> Iterable[Order]:
        """What was taken and not settled yet, before a restart too."""
        return tuple(self._state.pending)

    def hold(self, device: DeviceUid) -> Hold | None:
        """The hold of a device that is in force now."""
        desired = self._state.desired.get(device)
        hold = desired.hold if desired else None
        return None if hold and self._is_past(hold.until) else hold

    def limits(self, device: DeviceUid) -> GuardLimits | None:
        """The limits that its sessions are to be held to; None when the service has sent none."""
        desired = self._state.desired.get(device)
        return desired.limits if desired else None

    def is_wanted(self, order: Order) -> bool:
        """Whether an order has not been overtaken by a later one."""
        return isinstance(order, Stop) or self._state.desired.get(order.device) == order

    def is_over(self, order: Order) -> bool:
        """Whether there is no time left to do what was ordered."""
        if isinstance(order, Stop):
            return self._is_past(order.until) if self._now() else order.wish in self._came and not self._is_fresh(order)
        return self._is_past(order.hold.until if order.hold and not order.permit else None)

    def is_ripe(self, order: Order) -> bool:
        """Whether it can be told if an order is over: a stop from before a restart waits for the service's time."""
        return self._now() is not None or isinstance(order, Desired) or order.wish in self._came

    def _is_past(self, instant: datetime | None) -> bool:
        """Whether an instant of the service is known to be over; None never is."""
        now = self._now()
        return now is not None and instant is not None and now >= instant

    def _is_fresh(self, stop: Stop) -> bool:
        """Whether a stop came in this run, and not long ago."""
        came = self._came.get(stop.wish)
        return came is not None and self._passed() < came + FRESH

    def _refusal(self, order: Order) -> str | None:
        """Why an order is not kept, in words for whoever asked."""
        if not self._state.has_room(order):
            return f"this gateway keeps the state of {len(self._state.desired)} devices, and of no more"
        if self._state.has_another(order):
            return "this gateway has another state of the device, which is as late or later; ask again"
        return None

    def _again(self, order: Order) -> OrderOutcome:
        """How it stands with an order; a desired state that was sent again is taken, whatever has come of it."""
        settled = self._state.outcomes.get(order.wish) if isinstance(order, Stop) else None
        return settled or OrderOutcome.TAKEN

    async def _change(self, change: Callable[[OrderState], OrderState]) -> None:
        """Change the state, on disk first, however long that takes."""
        async with self._changing:
            state = change(self._state)
            await self._write(state)
            self._state = state

    async def _write(self, state: OrderState) -> None:
        failing = Refrain(self._passed)
        while True:
            try:
                return await asyncio.to_thread(write_state, self._path, state)
            except OSError as error:
                if failing.is_due(str(error)):
                    _log.error("%s cannot be written: %s. Is the disk full?", self._path, error)
                await asyncio.sleep(RETRY_S)
