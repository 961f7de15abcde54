"""Courses with a schedule, to be changed into examples."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clinical.course import Excuse, Hold, InForce, Interval, MissingRecords, PastSession, RecordProof, WearSigns
from clinical.misuse.course_rules import CourseAt, LimitsAsked, course_at
from clinical.misuse.examples.courses import MASK, course, device, lit
from clinical.plan import Phase, Timing, Weekday
from vocabulary.devices import Modality
from vocabulary.identity import session_id
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit

START: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""A Monday, at nine in Zurich; the day's night begins at four."""

DAY: Final = timedelta(days=1)

_BLIND: Final = WearSigns(
    contact_fraction=None, moving_fraction=None, eye_shield_fraction=None, skin_rise_celsius=None, seen_fraction=1.0
)


def _phase(timing: Timing) -> Phase:
    return Phase(lasts=None, timing=timing, duration=timedelta(minutes=10), dose=Quantity(10.0, Unit.JOULE_PER_CM2))


THRICE: Final = _phase(Timing(frequency=3, period=7 * DAY, weekdays=()))
DAILY: Final = _phase(Timing(frequency=1, period=DAY, weekdays=()))
MON_WED: Final = _phase(Timing(frequency=2, period=7 * DAY, weekdays=(Weekday.MONDAY, Weekday.WEDNESDAY)))


def began(day: float, share: float = 1.0, late: timedelta = timedelta(0), **changes: object) -> PastSession:
    """A session of `share` of the planned dose, so many days after the start, or at most `late` after that."""
    at, counter = START + DAY * day, 1 + round(day * 1000)
    given: dict[str, object] = {
        "session": session_id(MASK, counter),
        "started": Placed(earliest=at, latest=at + late, known=Known.ANCHOR),
        "heard_at": at + late,
        "dose": Quantity(10.0 * share, Unit.JOULE_PER_CM2),
        "active": timedelta(minutes=10) * share,
        "wear": _BLIND,
    }
    return lit(counter, timedelta(0), device=MASK, **(given | changes))


def over(
    planned: Phase,
    sessions: Sequence[PastSession],
    *,
    on: float = 7.0,
    heard: float | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Course, and what is named apart below
) -> CourseAt:
    """A course held to one phase since the start, as of `on` days after it; `heard`: when the device last spoke.

    The changes are of the course. Apart are `limits`; `allowed`, what the regimen says besides its phases; `ended`, the
    day on which it did; `proven`, the day up to which records are complete; `counted`, the day on which the device told
    of a session that is not here; and `halved`, after how many weeks the phase is followed by one of half the dose and
    time.
    """
    limits: tuple[LimitsAsked, ...] = changes.pop("limits", ())
    ended: float | None = changes.pop("ended", None)
    until = None if ended is None else START + DAY * ended
    proof = RecordProof(
        until=START + DAY * changes.pop("proven", 100.0), missing=_missing(changes.pop("counted", None))
    )
    mask = device(
        MASK,
        Modality.LED,
        given=(Interval(from_at=START, until_at=None),),
        proof=proof,
        heard_at=START + DAY * (on if heard is None else heard),
    )
    made = course().course
    phases = _phases(planned, changes.pop("halved", None))
    regimen = replace(made.regimens[0].regimen, phases=phases, **changes.pop("allowed", {}))
    given = {
        "zone": "Europe/Zurich",
        "sessions": tuple(sessions),
        "regimens": (InForce(regimen=regimen, from_at=START, until_at=until),),
        "devices": (mask,),
    }
    return course_at(replace(made, **(given | changes)), START + DAY * on, worn={}, limits=limits)


def _phases(planned: Phase, halved: int | None) -> tuple[Phase, ...]:
    if halved is None:
        return (planned,)
    half = Quantity(planned.dose.value / 2, planned.dose.unit)
    return (
        replace(planned, lasts=timedelta(weeks=halved)),
        replace(planned, duration=planned.duration / 2, dose=half),
    )


def _missing(counted: float | None) -> tuple[MissingRecords, ...]:
    if counted is None:
        return ()
    at = START + DAY * counted
    return (MissingRecords(count=1, after=START, before=at, known_at=at),)


def held(first: float, last: float, modality: Modality | None = None, *, stopped: bool = False) -> tuple[Hold, ...]:
    """A hold, or the time after a stop, from one day until another."""
    during = Interval(from_at=START + DAY * first, until_at=START + DAY * last)
    return (Hold(during=during, modality=modality, stopped=stopped),)


def excused(first: float, last: float) -> tuple[Excuse, ...]:
    """A holiday from one day until another."""
    during = Interval(from_at=START + DAY * first, until_at=START + DAY * last)
    return (Excuse(during=during, modality=None, because="on holiday"),)


def asked(reported: float | None, *, is_hold: bool = False) -> tuple[LimitsAsked, ...]:
    """Limits, or a hold, wanted on the mask at the start, and on which day they were confirmed."""
    at = None if reported is None else START + DAY * reported
    return (LimitsAsked(device=MASK, is_hold=is_hold, asked_at=START, reported_at=at),)
