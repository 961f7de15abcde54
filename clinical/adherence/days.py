"""The days that people treat themselves by: a session after midnight belongs to the evening before."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DaySpan:
    """One therapy day, from its start to the next one's; 23 or 25 hours long where clocks change."""

    day: date
    start: datetime
    end: datetime


class TherapyDays(Struct, frozen=True):
    """The therapy days of a place: each from `starts_at` local time until the next; instants are UTC.

    A day that a zone left out, crossing the date line, has no length, and no instant is of it.
    """

    zone: ZoneInfo
    starts_at: time

    def start(self, day: date) -> datetime:
        """When a therapy day starts; where clocks skip that time or have it twice, by the clock before the change."""
        return _start(self.zone, self.starts_at, day)

    def of(self, at: datetime) -> date:
        """The therapy day of an instant."""
        day = at.astimezone(self.zone).date()
        while at < self.start(day):
            day -= DAY
        return day

    def of_either(self, earliest: datetime, latest: datetime) -> tuple[date, date]:
        """The first and the last therapy day that an uncertain instant may be of."""
        first = self.of(earliest)
        return first, first if latest < self.start(first + DAY) else self.of(latest)

    def last(self, count: int, now: datetime) -> tuple[DaySpan, ...]:
        """The last therapy days, up to the one that is running."""
        today = self.of(now)
        days = [today - DAY * (count - 1 - index) for index in range(count)]
        return tuple(DaySpan(day, self.start(day), self.start(day + DAY)) for day in days)


@lru_cache(maxsize=4096)
def _start(zone: ZoneInfo, starts_at: time, day: date) -> datetime:
    return datetime.combine(day, starts_at, zone).astimezone(UTC)
