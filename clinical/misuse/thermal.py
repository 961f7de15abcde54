"""Rules about thermal dose: how much heat a zone took, counted in minutes at 43 °C."""

from collections.abc import Callable
from datetime import timedelta
from math import inf, isfinite
from typing import Final

from clinical.course import Between
from clinical.dose.cem43 import Doubt, ThermalDose, equivalent, thermal_doses
from clinical.facts import SAMPLE, SessionFacts
from clinical.misuse.rules import rule
from clinical.plan import Cem43Levels
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Verdict, fires, undetermined
from vocabulary.devices import Feature
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

_SKIN_SENSOR: Final = Feature.SKIN_TEMPERATURE  # looked up once, for all of this is asked of every session


@rule("thermal-dose-noted", version=1, severity=Severity.INFO)
def thermal_dose_noted(session: SessionFacts, _limits: Limits) -> Verdict:
    """A zone took more heat than it usually does.

    Cause: a long session near the cut-off, a warm room, little gel.
    Consequence: reddening that is gone within the hour.
    Action: none; it is worth a look if it comes again.
    Time to respond: one week.
    Source: CEM43 after Sapareto and Dewey 1984; 1 min, as 4 min at 42 °C give, a proposal that a physician owns.
    """
    return _reaches(session, lambda levels: (levels.info_min, levels.warn_min))


@rule("thermal-dose-raised", version=1, severity=Severity.LOW)
def thermal_dose_raised(session: SessionFacts, _limits: Limits) -> Verdict:
    """A zone took twice the heat that a session near the cut-off gives.

    Cause: a tip held still, two sessions in one, a cut-off that is set high.
    Consequence: reddening that may last for hours.
    Action: show how to move the tip; look at the device's sensor.
    Time to respond: one week.
    Source: CEM43 after Sapareto and Dewey 1984; 2 min, a proposal that a physician owns.
    """
    return _reaches(session, lambda levels: (levels.warn_min, levels.alert_min))


@rule("thermal-dose-high", version=1, severity=Severity.MEDIUM)
def thermal_dose_high(session: SessionFacts, _limits: Limits) -> Verdict:
    """A zone took so much heat that the skin may be harmed for days.

    Cause: a tip held still above 43 °C, a cut-off that failed.
    Consequence: swelling, blisters in skin that is thin or poorly supplied.
    Action: ask about the skin; lower the level, or hold the treatment.
    Time to respond: one day.
    Source: CEM43 after Sapareto and Dewey 1984; 5 min, a proposal that a physician owns.
    """
    return _reaches(session, lambda levels: (levels.alert_min, levels.stop_min))


@rule("thermal-dose-harmful", version=1, severity=Severity.HIGH)
def thermal_dose_harmful(session: SessionFacts, _limits: Limits) -> Verdict:
    """A zone took heat that burns.

    Cause: a cut-off that failed, with a tip that did not move.
    Consequence: a burn; of repeated exposure almost nothing is known.
    Action: stop, hold the treatment, look at the skin today.
    Time to respond: one hour.
    Source: CEM43 after Sapareto and Dewey 1984; 15 min, a proposal that a physician owns.
    """
    return _reaches(session, lambda levels: (levels.stop_min, inf))


def _reaches(session: SessionFacts, step: Callable[[Cem43Levels], tuple[float, float]]) -> Verdict:
    """Whether the zone that took most reached a level and not the next, where another rule speaks."""
    levels = session.planned.cem43 if session.planned else None
    if levels is None or _SKIN_SENSOR not in session.features:
        return CLEAR
    level, following = step(levels)
    if _at_most(session) < level:
        return CLEAR
    doses = thermal_doses(session.samples, _doubt(session))
    if not doses:
        words = f"How long the skin was how hot is not known; {level:g} min at 43 °C cannot be ruled out"
        return undetermined(words, Evidence(limit=Quantity(level, Unit.MINUTE)))
    worst = max(doses, key=lambda dose: (dose.cem43_min.low, dose.cem43_min.high))
    low, high = worst.cem43_min.low, max(dose.cem43_min.high for dose in doses)
    if level <= low < following:
        return fires(_words(session, worst, low, level), _evidence(Between(low=low, high=high), level))
    if low < level <= high:
        return undetermined(_left_open(low, high, level), _evidence(Between(low=low, high=high), level))
    return CLEAR


def _doubt(session: SessionFacts) -> Doubt:
    return Doubt(
        missing=session.missing,
        highest_celsius=session.highest_skin_celsius if session.recorded else None,
        sensor_celsius=session.calibration.skin_celsius or 0.0,
    )


def _at_most(session: SessionFacts) -> float:
    """All of the session at its highest temperature: more minutes at 43 °C it cannot have been."""
    highest, error = session.highest_skin_celsius, session.calibration.skin_celsius or 0.0
    if not session.recorded or highest is None:
        return inf
    samples = len(session.samples.sequence) + session.missing
    return equivalent(highest + error, samples * SAMPLE / timedelta(minutes=1))


def _evidence(dose: Between, level: float) -> Evidence:
    """The middle, give or take half the width; the lower end alone where nothing bounds the upper."""
    bounded = isfinite(dose.high)
    return Evidence(
        measured=Quantity((dose.low + dose.high) / 2 if bounded else dose.low, Unit.MINUTE),
        limit=Quantity(level, Unit.MINUTE),
        uncertainty=Quantity((dose.high - dose.low) / 2, Unit.MINUTE) if bounded else None,
    )


def _words(session: SessionFacts, dose: ThermalDose, minutes: float, level: float) -> str:
    told = session.told.zones if session.told else ()
    zone = dose.zone or (told[0] if len(told) == 1 else None)
    where = f" on {zone}" if zone else ""
    return f"Heat{where} worth {minutes:.1f} min at 43 °C, the level is {level:g}"


def _left_open(low: float, high: float, level: float) -> str:
    most = f"up to {high:.1f}" if isfinite(high) else "more"
    return f"Heat worth {low:.1f} min at 43 °C, and {most} in what was not seen; the level is {level:g}"
