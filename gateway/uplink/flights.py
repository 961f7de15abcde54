"""Which batches are under way, when one is to be sent again, and whose receipt tells what time it is. No IO, no clock.

Rules, kept here:
- A batch that paho still holds is not given to it again: paho sends it anew by itself at every connection.
- One that the broker has and no receipt names is sent again after a while, and later each time.
- Only a batch that was sent once, on the connection that its receipt came on, says how long its way was.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.outbox.batches import Name

_MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the uplink waits, all in seconds; `random` gives a number from 0 to 1.

    `keep_alive_s`: a broker that is silent for twice as long is taken for lost. `reconnect_s`: the longest wait before
    a connection is tried again. `resend_s`: a batch without a receipt is sent again after this long at the earliest,
    `resend_most_s` later at the latest.
    """

    random: Callable[[], float]
    keep_alive_s: float = 20.0
    reconnect_s: float = 60.0
    resend_s: float = 10.0
    resend_most_s: float = 120.0

    def before_connecting(self, tries: int) -> float:
        """How long to wait after so many failures in a row: full jitter, so that homes do not come back together."""
        return self._jitter(1.0, self.reconnect_s, tries)

    def before_resending(self, tries: int) -> float:
        """How long to wait for a receipt after so many attempts."""
        return self.resend_s + self._jitter(self.resend_s, self.resend_most_s, tries - 1)

    def _jitter(self, first_s: float, most_s: float, tries: int) -> float:
        return self.random() * min(most_s, first_s * (1 << min(tries, _MOST_DOUBLINGS)))


@dataclass(slots=True)
class _Flight:
    """`due`: monotonic. `message`: paho's number for it, None when paho holds it no more."""

    tries: int
    due: float
    message: int | None
    sent_at: datetime | None


class Flights:
    """The batches that were sent and have no receipt."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._flights: dict[Name, _Flight] = {}
        self._with_paho: dict[int, Name] = {}

    def under_way(self, now: float) -> frozenset[Name]:
        """What is not to be sent now."""
        return frozenset(
            name for name, flight in self._flights.items() if flight.message is not None or flight.due > now
        )

    def sent(self, name: Name, message: int, now: float, at: datetime) -> None:
        """A batch was given to paho."""
        before = self._flights.get(name)
        tries = 1 if before is None else before.tries + 1
        due = now + self._pace.before_resending(tries)
        self._flights[name] = _Flight(tries, due, message, at if before is None else None)
        self._with_paho[message] = name

    def acknowledged(self, message: int) -> None:
        """The broker has it; that is no receipt."""
        flight = self._flights.get(self._with_paho.pop(message, (-1, -1)))
        if flight is not None and flight.message == message:
            flight.message = None

    def connected(self) -> None:
        """A connection is new: what the broker had may be gone, and paho sends again what it holds."""
        for flight in self._flights.values():
            flight.tries, flight.due, flight.sent_at = 1, 0.0, None

    def landed(self, names: Iterable[Name]) -> datetime | None:
        """Receipts came: when the last of these batches was sent; None when none of them tells how long its way was."""
        flights = [self._flights.pop(name) for name in names if name in self._flights]
        return max((flight.sent_at for flight in flights if flight.sent_at is not None), default=None)
