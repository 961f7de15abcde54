"""Whether the sessions of a timing have room between each other."""

from datetime import timedelta
from typing import Final

from clinical.plan import Timing

_DAY: Final = timedelta(days=1)


def fits(timing: Timing, apart: timedelta) -> bool:
    """Whether sessions can begin as often as a timing asks, period after period, with `apart` from start to start.

    A timing with days of the week wants one session within each of those days.
    """
    if apart * timing.frequency > timing.period:
        return False
    return _fits_days([day * _DAY for day in timing.weekdays], apart, timing.period)


def _fits_days(days: list[timedelta], apart: timedelta, period: timedelta) -> bool:
    """Begin as early as can be on each day, twice round: what the first round pushes back shows in the second."""
    begins = -apart
    for day in (*days, *(one + period for one in days)):
        begins = max(day, begins + apart)
        if begins >= day + _DAY:
            return False
    return True
