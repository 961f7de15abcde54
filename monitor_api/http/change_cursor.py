"""How far a reader has come in the feed of changes, when changes become visible out of order.

Rules, kept here:
- A change draws its id before its transaction commits, so 8 may be seen before 7. Every id that is passed over is
  looked for again until `PATIENCE` is over; a transaction that takes longer, or that was rolled back, is given up.
- Whoever goes on from the watermark later misses nothing; they may see again what they saw.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

PATIENCE: Final = timedelta(seconds=30)
MISSED_AT_MOST: Final = 1000
"""Holes that are looked for: a larger jump of ids (a restored store, a sequence that was set) is no transaction."""


class ChangeCursor:
    """The ids seen up to `top`, and those below it that may still come. Time is given as it passes, from any start."""

    def __init__(self, top: int) -> None:
        self.top = top
        self._missing: dict[int, timedelta] = {}

    @property
    def watermark(self) -> int:
        """Every id up to here was seen, or never will be."""
        return min(self._missing, default=self.top + 1) - 1

    @property
    def missing(self) -> tuple[int, ...]:
        """Ids below the top that may still come."""
        return tuple(self._missing)

    def take(self, ids: Iterable[int], now: timedelta) -> list[int]:
        """Note ids that were found above the top or among the missing; gives those that are new, in order."""
        found = sorted(one for one in set(ids) if one > self.top or one in self._missing)
        if found:
            self._pass_over(found[-1], now)
        for one in found:
            self._missing.pop(one, None)
        self._give_up(now)
        return found

    def _pass_over(self, newest: int, now: timedelta) -> None:
        """Raise the top; until they are taken, all ids below it count as missing."""
        first = max(self.top + 1, newest - MISSED_AT_MOST)
        self._missing |= dict.fromkeys(range(first, newest + 1), now + PATIENCE)
        self.top = max(self.top, newest)

    def _give_up(self, now: timedelta) -> None:
        for one in [one for one, until in self._missing.items() if until <= now]:
            del self._missing[one]
        for one in sorted(self._missing)[:-MISSED_AT_MOST]:
            del self._missing[one]
