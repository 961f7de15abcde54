"""Phases as tests prescribe them."""

from datetime import timedelta

from clinical.plan import Phase, Timing, Weekday
from vocabulary.quantities import Quantity

WEEK = timedelta(days=7)


def weekly(times: int, duration: timedelta, dose: Quantity, weeks: int | None = None, *days: Weekday) -> Phase:
    """A phase with sessions so many times a week, open unless its weeks are given."""
    return Phase(
        lasts=None if weeks is None else weeks * WEEK,
        timing=Timing(frequency=times, period=WEEK, weekdays=days),
        duration=duration,
        dose=dose,
    )
