"""Rules about how much."""

from clinical.facts import SessionFacts
from clinical.misuse.rules import rule
from clinical.practice import NEARLY
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Verdict, fires, undetermined
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity


@rule("over-dose", version=2, severity=Severity.MEDIUM)
def over_dose(session: SessionFacts, limits: Limits) -> Verdict:
    """The session delivered more energy than the regimen allows.

    Cause: a longer or stronger programme than prescribed, a device calibrated too high.
    Consequence: less effect (biphasic response), with RF reddening that lasts.
    Action: talk through the programme to use; look at the device's calibration.
    Time to respond: one day.
    Source: over 110 % of the dose that the phase plans unless the regimen says otherwise; tolerability of red light
    to 320 J/cm² (STARS 1 and 2).
    """
    if limits.dose is None:
        return CLEAR
    if session.dose is None:
        return undetermined("The device reported no dose", Evidence(limit=limits.dose))
    doubt = session.dose.value * (session.calibration.dose_fraction or 0)
    most = limits.dose.value * (1 + NEARLY)
    if session.dose.value + doubt <= most:
        return CLEAR
    evidence = _dose_evidence(session, session.dose, limits.dose)
    because = f"Dose {session.dose.value:.1f} {session.dose.unit}, the limit is {limits.dose.value:.1f}"
    if session.dose.value - doubt > most:
        return fires(because, evidence)
    return undetermined(f"{because}, within what the device's calibration leaves open", evidence)


@rule("under-dose", version=2, severity=Severity.INFO)
def under_dose(session: SessionFacts, _limits: Limits) -> Verdict:
    """The session delivered less energy than was planned.

    Cause: stopped early, a weaker programme, contact lost, a device that ages.
    Consequence: less effect; a session that counts in part.
    Action: none for one session; a course of them is a matter of adherence.
    Time to respond: one week.
    Source: a session counts in full from 80 % of the planned dose on (product defaults; a clinic may decide otherwise).
    """
    if session.planned is None:
        return CLEAR
    least = Quantity(session.planned.dose.value * session.practice.taken_fraction, session.planned.dose.unit)
    if session.dose is None:
        return undetermined("The device reported no dose", Evidence(limit=least))
    if not session.recorded:
        return undetermined("The session is still running")
    doubt = session.dose.value * (session.calibration.dose_fraction or 0)
    enough = least.value * (1 - NEARLY)
    if session.dose.value - doubt >= enough:
        return CLEAR
    evidence = _dose_evidence(session, session.dose, least)
    because = f"Dose {session.dose.value:.1f} {session.dose.unit}, at least {least.value:.1f} were to be given"
    if session.dose.value + doubt < enough:
        return fires(because, evidence)
    return undetermined(f"{because}, within what the device's calibration leaves open", evidence)


def _dose_evidence(session: SessionFacts, dose: Quantity, limit: Quantity) -> Evidence:
    fraction = session.calibration.dose_fraction
    doubt = None if fraction is None else Quantity(dose.value * fraction, limit.unit)
    return Evidence(measured=dose, limit=limit, uncertainty=doubt)


@rule("too-long", version=2, severity=Severity.MEDIUM)
def too_long(session: SessionFacts, limits: Limits) -> Verdict:
    """The device emitted for longer than the regimen allows.

    Cause: a longer programme than prescribed, or one run after the other without a pause.
    Consequence: more dose and more heat than planned.
    Action: talk through the programme to use.
    Time to respond: one day.
    Source: the regimen's back-up time, which caps a session whatever its dose (dose or time, whichever comes first).
    """
    if limits.duration is None:
        return CLEAR
    active_s, limit_s = session.active.total_seconds(), limits.duration.total_seconds()
    if active_s - 1 > limit_s:
        words = f"Emitted for {active_s / 60:.1f} min, the limit is {limit_s / 60:.1f}"
        return fires(words, _time_evidence(active_s, limit_s))
    if not session.recorded:
        return undetermined("The session is still running", _time_evidence(active_s, limit_s))
    return CLEAR


@rule("too-short", version=1, severity=Severity.INFO)
def too_short(session: SessionFacts, _limits: Limits) -> Verdict:
    """The device emitted for less time than was planned.

    Cause: stopped by the person, an empty battery, a fault, a shorter programme.
    Consequence: less effect; a session that counts in part.
    Action: none for one session; look at why it ended, if it happens again.
    Time to respond: one week.
    Source: a session counts in full from 80 % of the planned duration on (product defaults; a clinic may decide
    otherwise).
    """
    if session.planned is None:
        return CLEAR
    if not session.recorded:
        return undetermined("The session is still running")
    active_s, planned_s = session.active.total_seconds(), session.planned.duration.total_seconds()
    least_s = planned_s * session.practice.taken_fraction
    if active_s + 1 >= least_s:
        return CLEAR
    ended = f", and ended by: {session.told.end_reason}" if session.told else ""
    return fires(
        f"Emitted for {active_s / 60:.1f} min of {planned_s / 60:.1f}{ended}", _time_evidence(active_s, least_s)
    )


def _time_evidence(active_s: float, limit_s: float) -> Evidence:
    return Evidence(
        measured=Quantity(active_s, Unit.SECOND),
        limit=Quantity(limit_s, Unit.SECOND),
        uncertainty=Quantity(1, Unit.SECOND),
    )
