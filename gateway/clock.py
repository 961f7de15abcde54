"""The one place of this side that asks what time it is.

Rules, kept here:
- Within one run of the process the civil clock is steady: where it began, and the time that has passed since. Whatever
  is done to the machine's clock meanwhile, two instants of one run are as far apart as they were.
- What the service says of its own time moves no instant that is noted here; it goes up, and the service corrects.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from vocabulary.clock import PRESENT, Clock, ClockMap
from vocabulary.errors import SettingsError
from vocabulary.wire.batches import SeenClock

DRIFT: Final = 100e-6
"""How far a gateway's oscillator may be off, as a fraction."""

WORTH: Final = timedelta(seconds=0.5)
"""A comparison is told when the service would otherwise know the difference less well by this much."""

_VARIABLE: Final = "LUMENWARD_CLOCK"


def wall() -> datetime:
    """The machine's idea of the time."""
    return datetime.now(UTC)


def passed() -> timedelta:
    """Time since some moment of this boot of the machine, suspended or not; nobody sets it."""
    return timedelta(seconds=time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)))


def civil_clock(environ: Mapping[str, str], *, wall: Clock = wall, passed: Callable[[], timedelta] = passed) -> Clock:
    """The civil clock of this run: the present, or the map that a demo put into LUMENWARD_CLOCK.

    Raises SettingsError for a text that is no map.
    """
    text = environ.get(_VARIABLE)
    try:
        mapped = ClockMap.load(text) if text else PRESENT
    except ValueError as error:
        problem = {_VARIABLE: f"{text!r:.60} is no clock ({error})"}
        raise SettingsError("the environment", problem, "Unset it; only a demo sets it.") from error
    zero = wall() - passed()
    return lambda: mapped.civil(zero + passed())


class HomeClock:
    """The clock of one boot, and how far it is from the service's.

    `boot`: the number under which the outbox was opened. `clock`: steady for as long.
    """

    def __init__(self, clock: Clock, boot: int) -> None:
        self._clock, self._boot = clock, boot
        self._told: SeenClock | None = None

    def compare(self, service_at: datetime, sent_at: datetime, received_at: datetime) -> SeenClock | None:
        """What to tell the service of a receipt that it made at `service_at`; None when it knows that well enough.

        `sent_at`: by this clock, when the batch was sent for the first time, in this boot; a receipt may be of any
        sending since. `received_at`: when the receipt came.
        """
        half = (received_at - sent_at) / 2
        if half < timedelta(0):
            return None
        seen = SeenClock(boot=self._boot, at=sent_at + half, service_at=service_at, uncertainty_s=half.total_seconds())
        if self._told is not None and not _is_news(self._told, seen):
            return None
        self._told = seen
        return seen

    def believed(self) -> datetime | None:
        """The service's time; None until something of it is known in this boot: this clock may be off by years."""
        return None if self._told is None else self._clock() + (self._told.service_at - self._told.at)


def _is_news(told: SeenClock, seen: SeenClock) -> bool:
    """Whether a comparison says clearly more than the last one by now, or something else."""
    doubt_s = told.uncertainty_s + abs((seen.at - told.at).total_seconds()) * DRIFT
    moved = (seen.service_at - seen.at) - (told.service_at - told.at)
    differs = abs(moved.total_seconds()) > doubt_s + seen.uncertainty_s
    return differs or seen.uncertainty_s + WORTH.total_seconds() <= doubt_s
