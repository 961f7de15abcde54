"""A patient's own baseline, and whether the last sessions lie away from it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median

from clinical.adherence.account import Account, Strand
from clinical.adherence.days import TherapyDays
from clinical.course import PastSession
from clinical.practice import Practice

_HOURS = 24.0
_SHARP = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


class Aspect(StrEnum):
    """What of a session is held against the patient's own."""

    DURATION = "duration"
    DOSE = "dose"
    TIME_OF_DAY = "time of day"


Value = Callable[[PastSession], float | None]
Away = Callable[[float, float], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The last sessions lie away from the patient's own median, each from that of the sessions before it, to one side.

    `usual` and `lately` (a median each) are in minutes, in the unit of the dose, or in hours since midnight.
    """

    aspect: Aspect
    usual: float
    lately: float
    sessions: tuple[PastSession, ...]


def drifts(account: Account, strand: Strand) -> Iterator[Drift]:
    """What has drifted; nothing before there is a median of the patient's own, nor once it has come along."""
    practice = account.practice
    known = [one for one in strand.sessions.latest(2 * practice.baseline) if one.recorded]
    for aspect, (value, away) in _aspects(account.plan.days, practice).items():
        if not _may_have_drifted(known, value, away, practice):
            continue
        valued = [(found, one) for one in known if (found := value(one)) is not None]
        values = [found for found, _ in valued]
        count = _streak(values, away, practice)
        if count >= practice.drift:
            first = len(values) - count
            yield Drift(
                aspect=aspect,
                usual=_usual(values, first, practice),
                lately=median(values[first:]),
                sessions=tuple(one for _, one in valued[first:]),
            )


def _may_have_drifted(known: Sequence[PastSession], value: Value, away: Away, practice: Practice) -> bool:
    """A quick look at the last sessions, and at no more of those before than are their usual."""
    lately = [value(one) for one in known[-practice.baseline - practice.drift :]]
    values = [one for one in lately if one is not None]
    return len(values) < len(lately) or _streak(values, away, practice) >= practice.drift


def _streak(values: Sequence[float], away: Away, practice: Practice) -> int:
    """How many of the last values lie away to one side."""
    side, count = 0, 0
    for index in range(len(values) - 1, practice.learned - 1, -1):
        found = away(values[index], _usual(values, index, practice))
        if found in (0, -side):
            break
        side, count = found, count + 1
    return count


def _usual(values: Sequence[float], index: int, practice: Practice) -> float:
    return median(values[max(0, index - practice.baseline) : index])


def _aspects(days: TherapyDays, practice: Practice) -> dict[Aspect, tuple[Value, Away]]:
    def far(value: float, usual: float) -> int:
        return _side(value - usual, practice.drift_fraction * usual)

    def another_time(value: float, usual: float) -> int:
        return _side((value - usual + _HOURS / 2) % _HOURS - _HOURS / 2, practice.drift_hours)

    def hour(session: PastSession) -> float | None:
        """Since midnight before the therapy day, so that a late evening is one with the early one."""
        if session.started is None or session.started.latest - session.started.earliest > 2 * _SHARP:
            return None
        local = session.started.at.astimezone(days.zone)
        return (local.hour - days.starts_at.hour) % _HOURS + days.starts_at.hour + local.minute / 60

    return {
        Aspect.DURATION: (lambda session: session.active / _MINUTE, far),
        Aspect.DOSE: (lambda session: session.dose.value if session.dose else None, far),
        Aspect.TIME_OF_DAY: (hour, another_time),
    }


def _side(distance: float, tolerance: float) -> int:
    return 0 if abs(distance) <= tolerance else 1 if distance > 0 else -1
