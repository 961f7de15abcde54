"""Which phase runs: counted in therapy days, as slots are, from the day on which a version came into force."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from clinical.adherence.days import DAY, TherapyDays
from clinical.course import Course, InForce
from clinical.plan import Phase
from clinical.practice import practice_at


class PhaseDays(Struct, frozen=True):
    """The phases of a version, one after the other from the therapy day of `from_at` on; only the last can be open."""

    phases: tuple[Phase, ...]
    from_at: datetime
    days: TherapyDays

    def at(self, at: datetime) -> Phase | None:
        """The phase that runs on the day of an instant; None before the first and once the last is over."""
        if self.phases[0].lasts is None and at >= self.from_at:
            return self.phases[0]
        found = self._running(at)
        return None if found is None else found[0]

    def near(self, at: datetime) -> Phase:
        """The same; outside of all, the nearest."""
        return self.at(at) or self.phases[0 if at < self.from_at else -1]

    def turns_at(self, at: datetime) -> datetime | None:
        """When the phase that runs at an instant is over; None where it is open, or none runs."""
        found = self._running(at)
        return self.days.start(found[1]) if found and found[1] else None

    @property
    def over_at(self) -> datetime | None:
        """When the last phase is over; None where it is open."""
        last = self.last_day
        return None if last is None else self.days.start(last + DAY)

    @property
    def last_day(self) -> date | None:
        """The last day of the last phase; None where it is open."""
        end = self.days.of(self.from_at)
        for phase in self.phases:
            if phase.lasts is None:
                return None
            end += phase.lasts
        return end - DAY

    def _running(self, at: datetime) -> tuple[Phase, date | None] | None:
        """The phase of a day, and the day before which it ends, None where it is open."""
        day, end = self.days.of(at), self.days.of(self.from_at)
        for phase in self.phases if day >= end else ():
            if phase.lasts is None:
                return phase, None
            end += phase.lasts
            if day < end:
                return phase, end
        return None


def phase_days(course: Course, version: InForce, now: datetime) -> PhaseDays:
    """The phases of a version of a course, in therapy days as the clinic had decided on them by an instant."""
    days = TherapyDays(ZoneInfo(course.zone), practice_at(course.practices, now).day_starts)
    return PhaseDays(version.regimen.phases, version.from_at, days)
