"""Rules about what was planned: slots missed, sessions cut short, and habits that change."""

from collections.abc import Iterator
from typing import Final

from clinical.adherence.account import Strand
from clinical.adherence.drift import Aspect, Drift, drifts
from clinical.adherence.planned import PlannedUse
from clinical.adherence.slots import JudgedRound, Slot, SlotState, unfilled
from clinical.course import begun_at
from clinical.misuse.course_rules import CourseAt, Episode, course_rule
from clinical.misuse.streaks import twice
from clinical.practice import NEARLY
from clinical.verdicts import Evidence, Verdict, fires, undetermined
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

_MISSED: Final = SlotState.MISSED
_UNKNOWN: Final = SlotState.UNKNOWN


@course_rule("missed-slot", version=2, severity=Severity.INFO)
def missed_slot(at: CourseAt) -> Iterator[Episode]:
    """A planned session did not take place, and the device's records prove it.

    Cause: forgotten, unwell, away without saying so.
    Consequence: the treatment works less; one missed session is no harm.
    Action: none for one; the compliance horizon says until when a call still helps.
    Time to respond: none.
    Source: product defaults; a slot that a record can still fill is unknown, never missed.
    """
    for strand in at.account.strands:
        for judged in strand.recent:
            if judged.round.ends_at <= at.now and judged.taken.low < judged.round.due:
                yield from _missed(at, strand, judged)


def _missed(at: CourseAt, strand: Strand, judged: JudgedRound) -> Iterator[Episode]:
    slots = unfilled(judged, at.practice)
    missed = [one for one in slots if one.state is _MISSED]
    unknown = [one for one in slots if one.state is _UNKNOWN]
    if missed or unknown:
        ended = judged.round.ends_at
        yield Episode(
            onset=f"{judged.round.stint.regimen.id}:{judged.round.first}",
            began_at=ended,
            cleared_at=next((one.earliest for one in strand.uses if one.earliest >= ended), None),
            verdict=_missed_verdict(missed, unknown, judged.round.due),
            sessions=tuple(session for slot in (*missed, *unknown) for session in slot.sessions),
        )


def _missed_verdict(missed: list[Slot], unknown: list[Slot], due: int) -> Verdict:
    if not missed:
        return undetermined(f"{len(unknown)} of {due} planned sessions are unknown: {unknown[0].because}")
    return fires(
        f"{len(missed)} of {due} planned sessions missed",
        Evidence(
            measured=Quantity(len(missed) / due, Unit.FRACTION),
            uncertainty=Quantity(len(unknown) / due, Unit.FRACTION),
        ),
    )


@course_rule("partial-twice", version=2, severity=Severity.LOW)
def partial_twice(at: CourseAt) -> Iterator[Episode]:
    """Two sessions in a row gave less than the planned dose.

    Cause: stopped early, an empty battery, poor contact, a worn emitter.
    Consequence: the treatment works less than the number of sessions says.
    Action: ask why the sessions end early, and have the device's output looked at.
    Time to respond: one week.
    Source: product defaults: a slot is taken from 80 % of the planned dose; sessions that follow at once add up.
    """
    enough = at.practice.taken_fraction - NEARLY

    def is_partial(one: PlannedUse) -> bool | None:
        due = one.at_first
        if due is None or due.dose.low >= enough:
            return False
        return True if due.dose.high < enough else None

    for strand in at.account.strands:
        yield from twice(at, strand, is_partial, "Less than the planned dose, twice in a row")


@course_rule("drift", version=2, severity=Severity.MEDIUM)
def drift(at: CourseAt) -> Iterator[Episode]:
    """Sessions have become unlike this patient's own: shorter or longer, weaker or stronger, at another time of day.

    Cause: a change of habits, discomfort, a device that weakens, another person.
    Consequence: an early sign of giving up, of a fault, or of a device that is shared.
    Action: ask what has changed.
    Time to respond: one day.
    Source: product defaults: three sessions in a row away from the median of the 28 before, to one side, each held
    against what was planned for it; until one is not. What a physician changes is no drift.
    """
    for strand in at.account.strands:
        for found in drifts(at.account, strand):
            first = found.sessions[0]
            yield Episode(
                onset=f"{found.aspect}:{first.session}",
                began_at=begun_at(first),
                cleared_at=begun_at(found.ended_by) if found.ended_by else None,
                verdict=fires(_drift_words(found), Evidence()),
                sessions=tuple(one.session for one in found.sessions),
            )


def _drift_words(found: Drift) -> str:
    times = f"{len(found.sessions)} sessions in a row"
    if found.aspect is Aspect.TIME_OF_DAY:
        return f"{found.aspect.capitalize()}: {times} about {_clock(found.lately)}, usually {_clock(found.usual)}"
    if found.phase is None:
        return (
            f"{found.aspect.capitalize()}: {times} of {found.lately:.0%} of what was planned, usually {found.usual:.0%}"
        )
    planned, unit = found.phase.duration.total_seconds() / 60, "min"
    if found.aspect is Aspect.DOSE:
        planned, unit = found.phase.dose.value, found.phase.dose.unit
    lately, usual = found.lately * planned, found.usual * planned
    return f"{found.aspect.capitalize()}: {times} of {lately:.3g} {unit}, usually {usual:.3g} {unit}"


def _clock(hours: float) -> str:
    minutes = round(hours * 60) % (24 * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"
