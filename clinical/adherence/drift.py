"""A patient's own baseline, and the sessions in a row that lay away from it."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from math import inf
from statistics import median

from msgspec import Struct

from clinical.adherence.account import Account, Strand
from clinical.adherence.days import TherapyDays
from clinical.adherence.uses import Sessions
from clinical.adherence.usual import Usual
from clinical.course import PastSession, begun_at
from clinical.plan import Phase
from clinical.practice import Practice

_HOURS = 24.0
_SHARP = timedelta(hours=1)
_ROUNDING = 1e-9


class Aspect(StrEnum):
    """What of a session is held against the patient's own."""

    DURATION = "duration"
    DOSE = "dose"
    TIME_OF_DAY = "time of day"


PhaseOf = Callable[[PastSession], Phase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Sessions in a row that lay away from the patient's own median, each from that of those before it, to one side.

    `usual` and `lately` (a median each) are in hours since midnight, or parts of what was planned. `phase` is what was
    planned for all of these sessions, None where that changed. `ended_by`: the first that was not away any more.
    """

    aspect: Aspect
    usual: float
    lately: float
    phase: Phase | None
    sessions: tuple[PastSession, ...]
    ended_by: PastSession | None


class _Measure(Struct, frozen=True):
    """A figure of each session, None where it has none, and to which side one is away from the usual one, 0 for none.

    Figures that lie no further apart than `turn` are away the more, the further they are from the usual one.
    """

    values: Callable[[Sequence[PastSession]], list[float | None]]
    away: Callable[[float, float], int]
    turn: float = inf


_Known = Sequence[tuple[float, PastSession]]


def drifts(account: Account, strand: Strand) -> Iterator[Drift]:
    """What drifted within the days that rules look back, or goes on; nothing before there is a median of their own.

    Durations and doses are parts of what was planned, so that what a physician changes is no drift.
    """
    since = account.now - timedelta(days=account.practice.look_back_days)
    phase_of, lately = _phases(account, strand), _Lately(strand.sessions, since, account.practice)
    for aspect, measure in _aspects(account.plan.days, phase_of, account.practice).items():
        if lately.may_have_drifted(measure):
            known, runs = lately.runs(measure)
            yield from (_drift(aspect, known, run, (phase_of, account.practice)) for run in runs)


class _Lately:
    """The sessions of which rules speak, and as many before them as tell what is usual."""

    def __init__(self, sessions: Sessions, since: datetime, practice: Practice) -> None:
        self._sessions, self._since, self._practice = sessions.sharp, since, practice
        self._before = sessions.begun_before(since)

    def may_have_drifted(self, measure: _Measure) -> bool:
        """A quick look: whether enough in a row lie away from what the median of those before each can be.

        Half of those before are no higher than it, and half no lower. The first ones may go on with a row.
        """
        practice, first = self._practice, max(0, self._before - self._practice.baseline - 1)
        told = measure.values(self._sessions[first:])
        values = [one for one in told if one is not None]
        if first and len(values) < len(told):
            return bool(values)
        least = practice.baseline if first else practice.learned
        if len(values) <= least:
            return False
        ordered, half = sorted(values), (least + 1) // 2
        low, high, row = ordered[half - 1], ordered[-half], practice.drift - 1
        lately = max(1, len([one for one in told[self._before - first :] if one is not None]))
        if ordered[-1] - ordered[0] < measure.turn:
            recent = values[-lately:]
            if measure.away(max(recent), low) <= 0 <= measure.away(min(recent), high):
                return False
            for one in recent:
                over = one > low and measure.away(one, low) > 0
                row = row + 1 if over or (one < high and measure.away(one, high) < 0) else 0
                if row >= practice.drift:
                    break
            else:
                return False
        return self._has_row(values, max(least, len(values) - lately), measure)

    def _has_row(self, values: Sequence[float], first: int, measure: _Measure) -> bool:
        """A closer look: whether enough in a row are away, or the first of them is, which may go on with a row."""
        sides = _sides(values, first, measure, self._practice)
        return bool(sides[0]) or any(len(run) >= self._practice.drift for run in _rows(sides))

    def runs(self, measure: _Measure) -> tuple[_Known, list[range]]:
        """The sessions that tell, and the places of those in a row that are away and are not over for too long.

        From two baselines before the look-back on, and further where a row goes on that may have begun before them.
        """
        reach = 2 * self._practice.baseline
        while True:
            begin = max(0, self._before - reach)
            lately = self._sessions[begin:]
            known = [(told, one) for told, one in zip(measure.values(lately), lately, strict=True) if told is not None]
            first = self._practice.baseline if begin else self._practice.learned
            sides = _sides([told for told, _ in known], first, measure, self._practice)
            rows = [range(first + row.start, first + row.stop) for row in _rows(sides)]
            told = [row for row in rows if self._is_told(known, row)]
            if not begin or not known or (sides and not (told and told[0].start == first)):
                return known, [row for row in told if len(row) >= self._practice.drift]
            reach *= 2

    def _is_told(self, known: _Known, row: range) -> bool:
        return row.stop == len(known) or begun_at(known[row.stop - 1][1]) > self._since


def _sides(values: Sequence[float], first: int, measure: _Measure, practice: Practice) -> list[int]:
    """To which side each is away from the median of those before it, from the first on."""
    usual, sides = Usual(practice.baseline, values[:first]), list[int]()
    for value in values[first:]:
        sides.append(measure.away(value, usual.median()))
        usual.add(value)
    return sides


def _rows(sides: Sequence[int]) -> Iterator[range]:
    """The places of those in a row that are away to the same side."""
    place = 0
    for side, members in groupby(sides):
        row = range(place, place + len(list(members)))
        if side:
            yield row
        place = row.stop


def _drift(aspect: Aspect, known: _Known, run: range, of: tuple[PhaseOf, Practice]) -> Drift:
    phase_of, practice = of
    before, within = known[max(0, run.start - practice.baseline) : run.start], known[run.start : run.stop]
    phases = [phase_of(one) for _, one in (*before, *within)]
    same = all((one.duration, one.dose) == (phases[0].duration, phases[0].dose) for one in phases)
    return Drift(
        aspect=aspect,
        usual=median([value for value, _ in before]),
        lately=median([value for value, _ in within]),
        phase=phases[0] if same else None,
        sessions=tuple([one for _, one in within]),
        ended_by=known[run.stop][1] if run.stop < len(known) else None,
    )


def _phases(account: Account, strand: Strand) -> PhaseOf:
    """What was planned for a session when it began; of one before anything was planned, what came first."""
    stints = [one for one in account.plan.stints if one.modality is strand.modality]
    starts = [account.plan.days.start(one.first) for one in stints[1:]]
    phases = [one.phase for one in stints]
    only = phases[0]
    return (lambda one: phases[bisect_right(starts, begun_at(one))]) if starts else lambda _: only


def _aspects(days: TherapyDays, phase_of: PhaseOf, practice: Practice) -> dict[Aspect, _Measure]:
    def far(value: float, usual: float) -> int:
        return _side(value - usual, practice.drift_fraction * usual + _ROUNDING)

    def another_time(value: float, usual: float) -> int:
        return _side((value - usual + _HOURS / 2) % _HOURS - _HOURS / 2, practice.drift_hours)

    def durations(sessions: Sequence[PastSession]) -> list[float | None]:
        return [one.active / phase_of(one).duration if one.recorded else None for one in sessions]

    def doses(sessions: Sequence[PastSession]) -> list[float | None]:
        return [
            given.value / planned.value
            if one.recorded and (given := one.dose) is not None and given.unit is (planned := phase_of(one).dose).unit
            else None
            for one in sessions
        ]

    def hours(sessions: Sequence[PastSession]) -> list[float | None]:
        """Since midnight before the therapy day, so that a late evening is one with the early one."""
        zone, starts, doubt = days.zone, days.starts_at.hour, 2 * _SHARP
        return [
            ((local := at.at.astimezone(zone)).hour - starts) % _HOURS + starts + local.minute / 60
            if one.recorded and (at := one.started) and at.latest - at.earliest <= doubt
            else None
            for one in sessions
        ]

    return {
        Aspect.DURATION: _Measure(durations, far),
        Aspect.DOSE: _Measure(doses, far),
        Aspect.TIME_OF_DAY: _Measure(hours, another_time, _HOURS / 2),
    }


def _side(distance: float, tolerance: float) -> int:
    return 0 if abs(distance) <= tolerance else 1 if distance > 0 else -1
