"""The days that people treat themselves by: a session after midnight belongs to the evening before."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

STARTS_AT: Final = time(4)
"""When a therapy day starts where the patient lives (defaults)."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DaySpan:
    """One therapy day, from its start to the next one's; 23 or 25 hours long where clocks change."""

    day: date
    start: datetime
    end: datetime


def therapy_day(at: datetime, zone: ZoneInfo) -> date:
    """The therapy day of an instant; one that a zone left out, crossing the date line, has none."""
    local = at.astimezone(zone)
    day = local.date() if local.time() >= STARTS_AT else local.date() - _DAY
    return day if start_of(day, zone) <= at else day - _DAY


def last_days(count: int, now: datetime, zone: ZoneInfo) -> tuple[DaySpan, ...]:
    """The last therapy days, up to the one that is running."""
    today = therapy_day(now, zone)
    days = [today - _DAY * (count - 1 - index) for index in range(count)]
    return tuple(DaySpan(day, start_of(day, zone), start_of(day + _DAY, zone)) for day in days)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """When a therapy day starts."""
    return datetime.combine(day, STARTS_AT, zone).astimezone(_UTC)


_UTC: Final = ZoneInfo("UTC")
