"""Where people are and when it is evening there: zones, travel, habits, and the nights on which clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ZONES: Final = {
    "Europe/Zurich": 24,
    "Europe/London": 16,
    "America/New_York": 18,
    "America/Los_Angeles": 9,
    "America/Sao_Paulo": 5,
    "Africa/Nairobi": 4,
    "Asia/Kolkata": 8,
    "Asia/Tokyo": 5,
    "Australia/Sydney": 5,
    "Australia/Lord_Howe": 3,
    "Pacific/Chatham": 3,
}
"""Home zones and how many of a hundred live there (assumed; the odd offsets are there on purpose)."""

_NIGHT_ENDS_H: Final = 4.0

_zone = cache(ZoneInfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Days spent in another zone, the last not included."""

    zone: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A person's zone, their journey, and the hour at which they treat themselves, give or take."""

    zone: str
    away: Away | None
    hour: float
    wavers_h: float

    @property
    def is_after_midnight(self) -> bool:
        """Whether their evening goes on past midnight: the session of a day is then on the date after it."""
        return self.hour < _NIGHT_ENDS_H

    def zone_on(self, day: date) -> str:
        """Where they are on a day."""
        away = self.away
        return away.zone if away and away.first <= day < away.last else self.zone

    def day_of(self, at: datetime) -> date:
        """The day of their treatment in which an instant falls: nights belong to the evening before."""
        return (at.astimezone(_zone(self.zone)) - timedelta(hours=_NIGHT_ENDS_H)).date()

    def moment(self, chance: Random, day: date) -> datetime:
        """When they treat themselves on a day, in UTC; on the night when an hour comes twice, in either."""
        hours = self.hour + chance.gauss(0, self.wavers_h)
        wall = datetime.combine(day, time()) + timedelta(seconds=round(hours * 3600))
        return wall.replace(tzinfo=_zone(self.zone_on(day)), fold=int(chance.random() < 0.5)).astimezone(UTC)


def draw_home(chance: Random, first: date, days: int) -> Home:
    """One person's: most treat themselves in the evening, some before work, a few in the small hours."""
    zone = _draw_zone(chance)
    hour, wavers = chance.choices(((20.75, 0.7), (7.25, 0.4), (1.75, 0.6)), weights=(75, 21, 4))[0]
    travels = chance.random() < 0.15
    leaves = first + timedelta(days=chance.randrange(days)) if travels else first
    away = Away(zone=_draw_zone(chance), first=leaves, last=leaves + timedelta(days=chance.randint(3, 14)))
    return Home(zone=zone, away=away if travels else None, hour=hour + chance.uniform(-0.75, 0.75), wavers_h=wavers)


def _draw_zone(chance: Random) -> str:
    return chance.choices(list(ZONES), weights=list(ZONES.values()))[0]
