"""Rules about silence: of the patient, of a device, and of limits that nobody confirms."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import accumulate
from typing import Final

from msgspec import Struct

from clinical.adherence.account import Strand
from clinical.adherence.rounds import Stint
from clinical.adherence.uses import Use
from clinical.course import CourseDevice
from clinical.misuse.course_rules import CourseAt, Episode, course_rule
from clinical.verdicts import Evidence, Verdict, fires, undetermined
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

_LATELY: Final = timedelta(days=1)
"""How near to the end of a silence its proof must reach to be one of all of it: silence is told in days."""

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_IN_MINUTES: Final = Unit.MINUTE


@course_rule("clinical-silence", version=4, severity=Severity.MEDIUM)
def clinical_silence(at: CourseAt) -> Iterator[Episode]:
    """No session has come for much longer than planned.

    Cause: given up, unwell, away; or a home whose gateway and device nobody hears.
    Consequence: the treatment stops working, and nobody knows why.
    Action: call. The sentence says whether, and how far, the records prove that there was no session.
    Time to respond: one day.
    Source: product defaults: 1.5 times the planned interval, never under 24 hours; days away do not count. While the
    records of a device are still on their way nobody is called, for two hours at most. Somebody who comes and goes is
    called about once: a silence within 28 days of another only counts anew when it lasts three times as long as it
    must. All are proposals that a physician owns.
    """
    for strand in at.account.strands:
        since, earlier = at.now - timedelta(days=at.practice.look_back_days), _past(at, strand)
        recent = (pause for pause in earlier if pause.until > since and not _is_read(at, pause))
        told = [pause for pause in earlier if not pause.waits]
        yield from (_silence(at, strand, pause, told) for pause in (*recent, *_present(at, strand)))


class _Pause(Struct, frozen=True, kw_only=True):
    """No session from between `earliest` and `latest` on until `until`; `back` is the use that ended it.

    `missed_since`: since when sessions are known that a device counted, that may have been in it, and that are not
    here. `waits`: when it ended, or now, that was not long enough to say that they will not come.
    """

    earliest: datetime
    latest: datetime
    until: datetime
    begins: date
    before: Use | None
    back: Use | None
    allowed: timedelta
    missed_since: datetime | None
    waits: bool


class _Before(Struct, frozen=True):
    """Of the uses before a pause the one that may have begun last, and the one whose earliest start is the latest."""

    last: Use
    newest: Use


def shortest_silence(at: CourseAt, modality: Modality) -> timedelta:
    """What a silence must last at least for anything to be said of it, whatever is planned at the time."""
    stints = [one for one in at.account.plan.stints if one.modality is modality]
    return min((_allowed(at, one) for one in stints), default=timedelta.max)


def _allowed(at: CourseAt, stint: Stint) -> timedelta:
    return max(at.practice.silence_floor, at.practice.silence_intervals * stint.interval)


def _present(at: CourseAt, strand: Strand) -> Iterator[_Pause]:
    """The pause that goes on, if it may have for too long."""
    uses = strand.uses or _older(at, strand)
    pause = _pause(at, strand, _Before(reduce(_later, uses), uses[-1]) if uses else None, None)
    if pause and pause.until >= pause.earliest + pause.allowed:
        yield pause


def _past(at: CourseAt, strand: Strand) -> list[_Pause]:
    """The pauses that surely lasted for too long and are over, as far back as one of the look-back asks for."""
    since = at.now - timedelta(days=at.practice.look_back_days + at.practice.steady_days)
    uses = [use for use in strand.lately.uses if use.latest >= since and use.earliest < at.now]
    shortest = shortest_silence(at, strand.modality)
    found: list[_Pause] = []
    before = _before(at, strand, uses[0]) if uses else None
    for back, last in zip(uses, accumulate(uses, _later), strict=True):
        if before is None or back.earliest - before.newest.latest >= shortest:
            pause = _pause(at, strand, before, back)
            if pause and pause.until >= pause.latest + pause.allowed:
                found.append(pause)
        before = _Before(last, back)
    return found


def _later(one: Use, other: Use) -> Use:
    """Which of two uses may have begun later than the other."""
    return other if (one.latest, one.earliest) < (other.latest, other.earliest) else one


def _pause(at: CourseAt, strand: Strand, uses: _Before | None, back: Use | None) -> _Pause | None:
    """The pause after some uses or a last day away, until another use or now; None where nothing is planned then."""
    plan, until = at.account.plan, back.earliest if back else at.now
    today = plan.days.of(until)
    stint = plan.stint_on(today, strand.modality)
    if stint is None or plan.is_away(today, strand.modality):
        return None
    begins = max([strand.first, *(one.end for one in plan.away[strand.modality] if one.end <= today)])
    begun = plan.days.start(begins)
    before = uses.last if uses and uses.last.latest >= begun else None
    earliest = max(begun, uses.newest.earliest) if uses else begun
    doubtful = [device for device in strand.devices if device.proof and device.proof.missing]
    missed = [one.known_at for device in doubtful for one in device.missing(earliest, until)]
    return _Pause(
        earliest=earliest,
        latest=before.latest if before else begun,
        until=until,
        begins=begins,
        before=before,
        back=back,
        allowed=_allowed(at, stint),
        missed_since=min(missed, default=None),
        waits=bool(missed) and until - min(missed) < at.practice.reading_patience,
    )


def _silence(at: CourseAt, strand: Strand, pause: _Pause, earlier: Sequence[_Pause]) -> Episode:
    shortest = pause.until - pause.latest
    told = _told(at, pause, earlier)
    return Episode(
        onset=f"{strand.modality}:{pause.before.sessions[0].session if pause.before else pause.begins}",
        began_at=pause.earliest + pause.allowed,
        cleared_at=pause.back.earliest if pause.back else None,
        verdict=_said(_proof_words(at, strand, pause), shortest, pause.until - pause.earliest, pause),
        sessions=pause.before.ids if pause.before else (),
        said_by=clinical_silence.id if told else None,
    )


def _proof_words(at: CourseAt, strand: Strand, pause: _Pause) -> str:
    """What is known besides of a pause: whether records prove it, and how far."""
    if pause.missed_since is not None:
        return "but records are still on their way" if _is_read(at, pause) else "and not all of its records are here"
    until = strand.proven_until(pause.until, pause.earliest)
    if until is None or until < pause.earliest + pause.allowed:
        return "and no records either"
    if pause.until - until < _LATELY:
        return "its records prove it"
    return f"its records prove the first {_words(until - pause.latest)}"


def _is_read(at: CourseAt, pause: _Pause) -> bool:
    """Whether what may fill a pause may still be on its way now."""
    return pause.missed_since is not None and at.now - pause.missed_since < at.practice.reading_patience


def _told(at: CourseAt, pause: _Pause, earlier: Sequence[_Pause]) -> bool:
    """Whether a silence shortly before was called about, and this one is no longer than such are."""
    steady = timedelta(days=at.practice.steady_days)
    before = any(one.until <= pause.earliest and pause.earliest - one.until < steady for one in earlier)
    return before and pause.until - pause.latest < at.practice.silence_again * pause.allowed


def _older(at: CourseAt, strand: Strand) -> tuple[Use, ...]:
    last = strand.sessions.latest(1)
    if not last or last[0].started is None:
        return ()
    return strand.sessions.uses(last[0].started.earliest, at.now, at.practice)


def _before(at: CourseAt, strand: Strand, back: Use) -> _Before | None:
    """The last use before another, however long ago."""
    last = strand.sessions.last_before(back.earliest)
    uses = strand.sessions.uses(last.started.earliest, back.earliest, at.practice) if last and last.started else ()
    return _Before(reduce(_later, uses), uses[-1]) if uses else None


def _said(proof: str, shortest: timedelta, longest: timedelta, pause: _Pause) -> Verdict:
    middle = shortest + (longest - shortest) / 2
    evidence = Evidence(
        measured=_minutes(middle), limit=_minutes(pause.allowed), uncertainty=_minutes((longest - shortest) / 2)
    )
    words, over = f"No session for {_words(shortest)}", " until one came again" if pause.back else ""
    if shortest < pause.allowed:
        words = f"{words} to {_words(longest)}{over}: when the last one began is not known well enough"
        return undetermined(words, evidence)
    words = f"{words}{over}, {proof}"
    return undetermined(words, evidence) if pause.waits else fires(words, evidence)


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


@course_rule("limits-unconfirmed", version=2, severity=Severity.MEDIUM)
def limits_unconfirmed(at: CourseAt) -> Iterator[Episode]:
    """A hold, or the limits or the permit of the regimen, is not confirmed where the device is.

    Cause: a device out of reach, a gateway that is off, a device or a gateway that refuses what it was sent.
    Consequence: it may be used while it is to be on hold, or by an older regimen, or by none.
    Action: look at the device's page for how far the order has come; call at once if it was for safety, as a hold is.
    Time to respond: one day; of a hold, one hour.
    Source: product, signed permits: delivered, acknowledged and in force are separate facts. Limits are confirmed when
    the gateway has them, a permit and a hold when it says that the device obeys. A hold has an hour, as has whoever
    must answer a use on hold.
    """
    for one in at.limits:
        grace, open_for = one.grace(at.practice), (one.reported_at or at.now) - one.asked_at
        if open_for >= grace:
            evidence = Evidence(measured=_minutes(open_for), limit=_minutes(grace))
            which, part = ("Hold", "hold:") if one.is_hold else ("Limits", "")
            yield Episode(
                onset=f"{one.device}:{part}{one.asked_at.isoformat()}",
                began_at=one.asked_at + grace,
                cleared_at=one.reported_at,
                verdict=fires(f"{which} not confirmed for {_words(open_for)}", evidence),
                sessions=(),
            )


def _minutes(span: timedelta) -> Quantity:
    return Quantity(span / _MINUTE, _IN_MINUTES)


def _words(span: timedelta) -> str:
    hours = span / _HOUR
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h"
