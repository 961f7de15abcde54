"""What is planned: rounds of therapy days, each with the slots that are due within it, out of phases one after another.

Rules, kept here:
- Days are counted from the therapy day on which a version of a regimen began to hold; its phases follow each other.
- A day belongs to the version that holds at its end: a new version begins with the day on which it was signed.
- `n` slots in every period: a round is one period. Weekdays: a round is one such day.
- A round cut short by the end of its phase or version, and one with days away, is due for the slots that its days
  have room for at the prescribed pace, rounded down. Slots lost to days away are excused, those cut off never were.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from clinical.adherence.days import DAY, TherapyDays
from clinical.course import Course, InForce, Interval
from clinical.facts import RegimenVersion
from clinical.once import once
from clinical.plan import Phase
from vocabulary.devices import Modality

_INSTANT = timedelta(microseconds=1)


class Stint(Struct, frozen=True, kw_only=True, dict=True):
    """A phase of a version of a regimen, and the therapy days for which it is planned; an open one ends with time.

    `most_per_day` and `most_per_week` are what its regimen allows, None where it leaves that to what is planned.
    """

    regimen: RegimenVersion
    modality: Modality
    number: int
    phase: Phase
    first: date
    end: date
    most_per_day: int | None
    most_per_week: int | None

    @once
    def per_day(self) -> int:
        """The most slots that one day is planned to take."""
        return -(-self.phase.timing.frequency // self.phase.timing.period.days) if not self.phase.timing.weekdays else 1

    @once
    def per_week(self) -> int:
        """The most slots that seven days are planned to take."""
        return -(-self.phase.timing.frequency * 7 // self.phase.timing.period.days)

    @once
    def interval(self) -> timedelta:
        """The longest time that is planned from one slot to the next."""
        days = self.phase.timing.weekdays
        if not days:
            return self.phase.timing.period / self.phase.timing.frequency
        ordered = sorted(days)
        return DAY * max(later - day for day, later in zip(ordered, [*ordered[1:], ordered[0] + 7], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Therapy days, from `first` until before `end`, on which nothing is expected, and why."""

    first: date
    end: date
    because: str


class Round(Struct, frozen=True, kw_only=True):
    """Therapy days from `first` until before `end` with `planned` slots, of which `excused` are not asked for."""

    stint: Stint
    first: date
    end: date
    begins_at: datetime
    ends_at: datetime
    planned: int
    excused: int
    away: tuple[Away, ...]

    @property
    def due(self) -> int:
        """The slots that are asked for."""
        return self.planned - self.excused

    def open_days(self, start: date) -> int:
        """The days from `start` on, or from its first, on which something can be expected."""
        first = max(start, self.first)
        return max(0, (self.end - first).days - _overlap(self.away, first, self.end))


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that is planned for a patient, in therapy days, and of a modality the days that are excused.

    Those are apart, and in order.
    """

    days: TherapyDays
    stints: tuple[Stint, ...]
    away: Mapping[Modality, tuple[Away, ...]]

    def rounds(self, first: date, end: date, modality: Modality) -> Iterator[Round]:
        """The rounds of a modality that end after `first` and begin before `end`, in their order."""
        for stint in self.stints:
            if stint.modality is modality and stint.first < end and first < stint.end:
                yield from self._rounds_of(stint, first, end)

    def stint_on(self, day: date, modality: Modality) -> Stint | None:
        """What is planned on a day."""
        for one in self.stints:
            if one.modality is modality and one.first <= day < one.end:
                return one
        return None

    def first_day(self, modality: Modality) -> date | None:
        """The first day for which anything was ever planned."""
        return min((one.first for one in self.stints if one.modality is modality), default=None)

    def is_away(self, day: date, modality: Modality) -> bool:
        """Whether nothing is expected on a day."""
        return any(one.first <= day < one.end for one in self.away[modality])

    def _rounds_of(self, stint: Stint, first: date, end: date) -> Iterator[Round]:
        spans = _weekday_spans if stint.phase.timing.weekdays else _period_spans
        ends_at, last, excused = None, None, self.away[stint.modality]
        for begin, until, planned in spans(stint, first, end):
            away = tuple([one for one in excused if one.first < until and begin < one.end]) if excused else ()
            length = (until - begin).days
            due = planned * (length - _overlap(away, begin, until)) // length if away else planned
            begins_at = ends_at if ends_at and last == begin else self.days.start(begin)
            ends_at, last = self.days.start(until), until
            if planned and begins_at < ends_at:
                yield Round(
                    stint=stint,
                    first=begin,
                    end=until,
                    begins_at=begins_at,
                    ends_at=ends_at,
                    planned=planned,
                    excused=planned - due,
                    away=away,
                )


def plan_of(course: Course, day_starts: time) -> Plan:
    """Lay out a course's prescriptions, holds and excuses in therapy days."""
    days = TherapyDays(ZoneInfo(course.zone), day_starts)
    stints = [stint for one in course.regimens for stint in _stints(one, days)]
    away = [(one.modality, _away(one.during, one.word, days)) for one in course.holds]
    away += [(one.modality, _away(one.during, one.because, days)) for one in course.excuses]
    return Plan(
        days=days,
        stints=tuple(sorted(stints, key=lambda stint: stint.first)),
        away={modality: _apart([one for of, one in away if of in {None, modality}]) for modality in Modality},
    )


def _stints(version: InForce, days: TherapyDays) -> Iterator[Stint]:
    regimen, last = version.regimen, days.of(version.until_at) if version.until_at else date.max
    first = days.of(version.from_at)
    for number, phase in enumerate(regimen.phases):
        end = min(last, first + phase.lasts if phase.lasts else date.max)
        if first < end:
            yield Stint(
                regimen=RegimenVersion(id=regimen.id, version=regimen.version),
                modality=regimen.modality,
                number=number,
                phase=phase,
                first=first,
                end=end,
                most_per_day=regimen.most_per_day,
                most_per_week=regimen.most_per_week,
            )
        first = end


def _period_spans(stint: Stint, first: date, end: date) -> Iterator[tuple[date, date, int]]:
    timing = stint.phase.timing
    length = timing.period.days
    begin = stint.first + DAY * (max(0, (first - stint.first).days) // length * length)
    last = min(end, stint.end)
    while begin < last:
        whole = begin + timing.period
        until = min(whole, stint.end)
        yield begin, until, timing.frequency * (until - begin).days // length
        begin = whole


def _weekday_spans(stint: Stint, first: date, end: date) -> Iterator[tuple[date, date, int]]:
    day = max(first, stint.first)
    last = min(end, stint.end)
    while day < last:
        if day.weekday() in stint.phase.timing.weekdays:
            yield day, day + DAY, 1
        day += DAY


def _away(during: Interval, because: str, days: TherapyDays) -> Away:
    """The days that an interval touches."""
    end = days.of(during.until_at - _INSTANT) + DAY if during.until_at else date.max
    return Away(first=days.of(during.from_at), end=end, because=because)


def _apart(stretches: list[Away]) -> tuple[Away, ...]:
    """Stretches of days in order that do not overlap: where two do, the one that began first says why."""
    apart: list[Away] = []
    for one in sorted(stretches, key=lambda one: (one.first, one.because)):
        first = max(one.first, apart[-1].end) if apart else one.first
        if first < one.end:
            apart.append(replace(one, first=first))
    return tuple(apart)


def _overlap(away: tuple[Away, ...], first: date, end: date) -> int:
    """How many of the days from `first` until before `end` are away."""
    return sum([max(0, (min(one.end, end) - max(one.first, first)).days) for one in away])
