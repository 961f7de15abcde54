"""Rules about silence: of the patient, of a device, and of limits that nobody confirms."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from clinical.adherence.account import Strand
from clinical.adherence.rounds import Stint
from clinical.adherence.uses import Use
from clinical.course import CourseDevice
from clinical.misuse.course_rules import CourseAt, Episode, course_rule
from clinical.verdicts import Evidence, Verdict, fires, undetermined
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity


@course_rule("clinical-silence", version=1, severity=Severity.MEDIUM)
def clinical_silence(at: CourseAt) -> Iterator[Episode]:
    """No session has come for much longer than planned.

    Cause: given up, unwell, away; or a home whose gateway and device nobody hears.
    Consequence: the treatment stops working, and nobody knows why.
    Action: call. The sentence says whether the records prove that there was no session.
    Time to respond: one day.
    Source: product defaults: 1.5 times the planned interval, never under 24 hours; days away do not count.
    """
    for strand in at.account.strands:
        stint = at.account.plan.stint_on(at.account.today, strand.modality)
        if stint and not at.account.plan.is_away(at.account.today):
            yield from _silence(at, strand, _allowed(at, stint))


def _allowed(at: CourseAt, stint: Stint) -> timedelta:
    return max(at.practice.silence_floor, at.practice.silence_intervals * stint.interval)


def _silence(at: CourseAt, strand: Strand, allowed: timedelta) -> Iterator[Episode]:
    earliest, latest, onset, last = _last_sign(at, strand)
    if at.now < earliest + allowed:
        return
    until = strand.proven_until(at.now)
    proven = "its records prove it" if until and until >= earliest + allowed else "and no records either"
    words = f"No session for {_words(at.now - latest)}, {proven}"
    yield Episode(
        onset=onset,
        began_at=earliest + allowed,
        cleared_at=None,
        verdict=_said(words, at.now - latest, at.now - earliest, allowed),
        sessions=last.ids if last else (),
    )


def _last_sign(at: CourseAt, strand: Strand) -> tuple[datetime, datetime, str, Use | None]:
    """When silence began, at the earliest and at the latest; what came last, as an onset and as a use."""
    plan = at.account.plan
    breaks = [strand.first, *(one.end for one in plan.away if one.end <= at.account.today)]
    begun = plan.days.start(max(breaks))
    uses = strand.uses or _older(at, strand)
    last = max(uses, key=lambda use: (use.latest, use.earliest), default=None)
    if last is None or last.latest < begun:
        return begun, begun, f"{strand.modality}:{max(breaks)}", None
    earliest = max([begun, *(use.earliest for use in uses)])
    return earliest, last.latest, f"{strand.modality}:{last.sessions[0].session}", last


def _older(at: CourseAt, strand: Strand) -> tuple[Use, ...]:
    last = strand.sessions.latest(1)
    if not last or last[0].started is None:
        return ()
    return strand.sessions.uses(last[0].started.earliest, at.now, at.practice)


def _said(words: str, shortest: timedelta, longest: timedelta, allowed: timedelta) -> Verdict:
    middle = shortest + (longest - shortest) / 2
    evidence = Evidence(
        measured=_minutes(middle), limit=_minutes(allowed), uncertainty=_minutes((longest - shortest) / 2)
    )
    if shortest >= allowed:
        return fires(words, evidence)
    return undetermined(f"{words}: when the last one began is not known well enough", evidence)


@course_rule("technical-silence", version=1, severity=Severity.LOW)
def technical_silence(at: CourseAt) -> Iterator[Episode]:
    """A device that is a patient's has not been heard for longer than two sessions lie apart.

    Cause: an empty battery, a gateway that is off, a device taken elsewhere.
    Consequence: whether it is used is not known; slots stay unknown.
    Action: for the operator: look at the gateway, have the device charged.
    Time to respond: one week.
    Source: product defaults: stale relative to the regimen, 1.5 times the planned interval, never under 24 hours.
    """
    for strand in at.account.strands:
        if stint := at.account.plan.stint_on(at.account.today, strand.modality):
            for device in strand.devices:
                yield from _unheard(at, device, _allowed(at, stint))


def _unheard(at: CourseAt, device: CourseDevice, allowed: timedelta) -> Iterator[Episode]:
    given = [
        one.from_at for one in device.given if one.from_at <= at.now and not (one.until_at and one.until_at <= at.now)
    ]
    if not given:
        return
    since = max(device.heard_at or given[-1], given[-1])
    if at.now - since >= allowed:
        evidence = Evidence(measured=_minutes(at.now - since), limit=_minutes(allowed))
        yield Episode(
            onset=f"{device.uid}:{since.isoformat()}",
            began_at=since + allowed,
            cleared_at=None,
            verdict=fires(f"Not a word from the device for {_words(at.now - since)}", evidence),
            sessions=(),
        )


@course_rule("limits-unconfirmed", version=1, severity=Severity.MEDIUM)
def limits_unconfirmed(at: CourseAt) -> Iterator[Episode]:
    """A device has not confirmed the limits or the permit of the regimen.

    Cause: a device out of reach, a gateway that is off, a device that refuses what it was sent.
    Consequence: it may be used by an older regimen, or by none.
    Action: look at the device's page for how far the order has come; call if the change was for safety.
    Time to respond: one day.
    Source: product, signed permits: delivered, acknowledged and in force are separate facts.
    """
    grace = at.practice.permit_grace
    for one in at.limits:
        open_for = (one.reported_at or at.now) - one.asked_at
        if open_for >= grace:
            evidence = Evidence(measured=_minutes(open_for), limit=_minutes(grace))
            yield Episode(
                onset=f"{one.device}:{one.asked_at.isoformat()}",
                began_at=one.asked_at + grace,
                cleared_at=one.reported_at,
                verdict=fires(f"Limits not confirmed for {_words(open_for)}", evidence),
                sessions=(),
            )


def _minutes(span: timedelta) -> Quantity:
    return Quantity(span / timedelta(minutes=1), Unit.MINUTE)


def _words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h"
