"""Rolling sums: what lies in a window that ends at any instant, by bisection."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Self

from msgspec import Struct

from clinical.course import Between


class Part(Struct, frozen=True, kw_only=True):
    """An amount, and between when and when it came."""

    earliest: datetime
    latest: datetime
    amount: Between


@dataclass(frozen=True, slots=True)
class Steps:
    """A sum that rises at instants."""

    instants: tuple[datetime, ...]
    sums: tuple[float, ...]

    @classmethod
    def of(cls, steps: Iterable[tuple[datetime, float]]) -> Self:
        """Steps by these amounts, in any order."""
        ordered = sorted(steps)
        sums = accumulate([value for _, value in ordered], initial=0.0)
        return cls(tuple([instant for instant, _ in ordered]), tuple(sums))

    def until(self, instant: datetime) -> float:
        """The sum at an instant, what came at that very instant with it."""
        return self.sums[bisect_right(self.instants, instant)]


@dataclass(frozen=True, slots=True)
class Rolling:
    """Amounts over a window. One that may have come before the window or after it counts to the upper end alone."""

    window: timedelta
    began_low: Steps
    ended_low: Steps
    began_high: Steps
    ended_high: Steps

    @classmethod
    def of(cls, parts: Iterable[Part], window: timedelta) -> Self:
        """Sums of these parts. What is placed no better than the window is long lies in none for sure."""
        every = tuple(parts)
        sure = [part for part in every if part.latest - part.earliest < window]
        return cls(
            window,
            Steps.of((part.earliest, part.amount.low) for part in sure),
            Steps.of((part.latest, part.amount.low) for part in sure),
            Steps.of((part.earliest, part.amount.high) for part in every),
            Steps.of((part.latest, part.amount.high) for part in every),
        )

    def at(self, until: datetime) -> Between:
        """What came after the window's start and not after `until`."""
        since = until - self.window
        return Between(
            low=max(0.0, self.ended_low.until(until) - self.began_low.until(since)),
            high=max(0.0, self.began_high.until(until) - self.ended_high.until(since)),
        )
