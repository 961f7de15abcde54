"""The dispatcher: sends what is wanted until the homes say that they have it.

Rules, kept here:
- The store is the queue, the broker is none: what was sent is due again until its gateway reports it.
- Any number of dispatchers work beside each other: each order is taken, and numbered, in one transaction.
- While the broker is out of reach nothing is taken: an order that nobody sends would only grow old.
- A birth is kept until what follows from it is committed. Whatever fails is tried again, and keeps nothing else
  from being done.
"""

import logging
from collections import deque
from collections.abc import Callable
from queue import Empty, Queue
from threading import Event
from time import monotonic
from typing import Final, Protocol

from monitor_api.clock import Clocks, Moment
from monitor_api.errors import BrokerDeaf, StoreUnavailable
from monitor_api.orders.births import Birth, StateMessage, read_birth, send_again
from monitor_api.orders.limits import any_stale, follow_all
from monitor_api.orders.sending import Sealed, Seals, anything_due, take_due
from monitor_api.orders.tending import anything_to_tend, tend
from monitor_api.records.database import Database
from vocabulary.errors import WireError

IDLE_S: Final = 0.05
"""How long to wait when nothing is due: a part of the second within which a stop must have arrived."""

TEND_S: Final = 1.0
LIMITS_S: Final = 10.0
"""Between two looks for what no deed brings about; whoever signs a regimen sets its limits in the same transaction."""

RETRY_S: Final = 0.5
"""How long to wait before a store that failed is tried again."""

_log = logging.getLogger(__name__)


class Line(Protocol):
    """What the dispatcher needs of the broker's connection."""

    @property
    def listens(self) -> bool:
        """Whether anything can still arrive, now or after a connection that is to come."""
        ...

    @property
    def connected(self) -> bool:
        """Whether what is published leaves now."""
        ...

    def publish(self, order: Sealed) -> None:
        """Send an order."""
        ...


class Dispatcher:
    """One of any number. `states` takes what gateways say of themselves, from any thread."""

    def __init__(self, database: Database, seals: Seals, clocks: Clocks) -> None:
        self.states: Queue[StateMessage] = Queue()
        self._database, self._seals, self._clocks = database, seals, clocks
        self._births: deque[Birth] = deque()
        self._looked: dict[str, float] = {}

    def run(self, line: Line, stop: Event) -> None:
        """Send what is due until `stop` is set. Raises BrokerDeaf when nothing can arrive any more."""
        while not stop.is_set():
            try:
                stop.wait(0 if self.work(line) else IDLE_S)
            except StoreUnavailable as failure:
                _log.warning("%s; trying again", failure)
                stop.wait(RETRY_S)
            except Exception:  # noqa: BLE001 - no fault in one order may end those to all homes
                _log.exception("a round of orders failed; trying again")
                stop.wait(RETRY_S)
            if not line.listens:
                raise BrokerDeaf

    def work(self, line: Line) -> int:
        """One round; gives how many orders went. Raises StoreUnavailable."""
        self._every(0, self.take_births)
        self._every(TEND_S, self.tend)
        self._every(LIMITS_S, self.set_limits)
        return self.send_due(line) if line.connected else 0

    def send_due(self, line: Line) -> int:
        """Send what is due now, each order after its number is on disk. Raises StoreUnavailable."""
        with self._database.read() as session:
            if not anything_due(session, self._clocks.wall()):
                return 0
        with self._database.write() as session:
            orders = take_due(session, self._seals, self._now())
        for order in orders:
            line.publish(order)
        return len(orders)

    def take_births(self) -> None:
        """Have everything go again to gateways that were born. Raises StoreUnavailable."""
        self._hear_births()
        while self._births:
            self._births.rotate(-1)  # one that fails waits behind the others
            birth = self._births[-1]
            with self._database.write() as session:
                news = send_again(session, birth, self._now())
            self._births.pop()
            if news:
                _log.info("gateway %s is here, in its boot %d", birth.gateway, birth.boot)

    def tend(self) -> None:
        """Follow devices that moved, and end what is over. Raises StoreUnavailable."""
        with self._database.read() as session:
            if not anything_to_tend(session, self._now()):
                return
        with self._database.write() as session:
            tend(session, self._now())

    def set_limits(self) -> None:
        """Tell the homes the limits that time alone brought into force. Raises StoreUnavailable."""
        with self._database.read() as session:
            if not any_stale(session, self._now().civil):
                return
        with self._database.write() as session:
            more = follow_all(session, self._now())
        if more:
            self._looked.pop(self.set_limits.__name__, None)

    def _hear_births(self) -> None:
        while True:
            try:
                message = self.states.get_nowait()
            except Empty:
                return
            try:
                if birth := read_birth(message):
                    self._births.append(birth)
            except WireError as error:
                _log.warning("a state that is none: %s", error)

    def _every(self, seconds: float, chore: Callable[[], None]) -> None:
        now, name = monotonic(), chore.__name__
        if now - self._looked.get(name, now - seconds) >= seconds:
            self._looked[name] = now
            self._do(chore)

    def _do(self, chore: Callable[[], None]) -> None:
        """Do one thing of several. Raises StoreUnavailable; anything else that fails is tried again in a while."""
        try:
            chore()
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - as in `run`
            _log.exception("%s failed; trying again", chore.__name__)
            self._looked[chore.__name__] = monotonic() + RETRY_S

    def _now(self) -> Moment:
        return self._clocks.moment()
