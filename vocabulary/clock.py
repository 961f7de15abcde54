"""The civil clock: what time it is for people, sessions and rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the civil time, aware and in UTC. Timeouts and back-off never ask it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMap:
    """Civil time as a function of real time, shared by every process of a demo.

    It starts `lead` in the past and runs `rate` times as fast as life until it meets the present,
    which it then is.
    """

    started_at: datetime
    lead: timedelta
    rate: float

    def civil(self, real: datetime) -> datetime:
        """The civil time at a real time."""
        hurried = self.started_at - self.lead + (real - self.started_at) * self.rate
        return min(real, hurried) if self.rate > 1 else hurried

    def real(self, civil: datetime) -> datetime:
        """The real time at which the clock showed, or will show, a civil time."""
        unhurried = self.started_at + (civil - self.started_at + self.lead) / self.rate
        return max(civil, unhurried) if self.rate > 1 else unhurried

    def dump(self) -> str:
        """The map as one line of text, for another process's environment."""
        return f"{self.started_at.isoformat()} {self.lead.total_seconds()} {self.rate}"

    @classmethod
    def load(cls, text: str) -> "ClockMap":
        """Read what `dump` wrote. Raises ValueError."""
        started_at, lead_s, rate = text.split()
        return cls(
            started_at=datetime.fromisoformat(started_at), lead=timedelta(seconds=float(lead_s)), rate=float(rate)
        )


PRESENT = ClockMap(started_at=datetime(2000, 1, 1, tzinfo=UTC), lead=timedelta(0), rate=1)
"""The map outside a demo: civil time is real time."""
