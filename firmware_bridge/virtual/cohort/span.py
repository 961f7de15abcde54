"""Which people, and the time for which they are looked at."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from clinical.course import Interval
from firmware_bridge.virtual.cohort.deeds import Spell

BEGINS: Final = date(2026, 8, 24)
"""The first day of a cohort: clocks change in Europe, America, Lord Howe and Chatham within 90 days of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Which people: any index from 0 under one `seed`, looked at for `days` from `begins` on."""

    seed: int
    days: int
    begins: date = BEGINS

    @property
    def from_at(self) -> datetime:
        """The instant from which they are looked at."""
        return self.instant(0)

    @property
    def until_at(self) -> datetime:
        """The instant at which looking ends."""
        return self.instant(self.days)

    def instant(self, day: float) -> datetime:
        """The instant some days after the first."""
        return datetime.combine(self.begins, time(), UTC) + timedelta(days=day)

    def day(self, at: datetime) -> float:
        """How many days after the first."""
        return (at - self.instant(0)) / timedelta(days=1)

    def during(self, spell: Spell) -> Interval:
        """From when until when something went on."""
        return Interval(from_at=self.instant(spell.first), until_at=self.instant(spell.last))
