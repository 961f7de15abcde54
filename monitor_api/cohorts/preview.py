"""What a prescription would have called over the last weeks, had it been in the place of what held then.

Rules, kept here:
- It stands where each version of its modality stood, from and until the same days, so that its phases count as theirs
  did. Where none was in force it stands from the first day on. Its last phase goes on: these days are not its own.
"""

from dataclasses import replace

from clinical.adherence.phases import phase_days
from clinical.course import Course, InForce
from clinical.regimen import Regimen
from monitor_api.cohorts.calls import Comparison, calls, compare
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Window


def preview(case: Case, regimen: Regimen, window: Window) -> Comparison:
    """Hold a patient's last weeks against a regimen that is not in force."""
    return compare(calls(case, window), calls(under(case, regimen, window), window))


def under(case: Case, regimen: Regimen, window: Window) -> Case:
    """The case as though the regimen had been in force in the window."""
    goes_on = replace(regimen, phases=(*regimen.phases[:-1], replace(regimen.phases[-1], lasts=None)))
    gone = [one for one in case.course.regimens if _is_replaced(case.course, one, regimen, window)]
    new = [_instead(one, goes_on) for one in gone] or [InForce(regimen=goes_on, from_at=window.from_at, until_at=None)]
    stay = [one for one in case.course.regimens if one not in gone]
    return replace(case, course=replace(case.course, regimens=(*stay, *new)))


def _is_replaced(course: Course, one: InForce, regimen: Regimen, window: Window) -> bool:
    ended = any(at and at <= window.from_at for at in (one.until_at, phase_days(course, one, window.from_at).over_at))
    return one.regimen.modality is regimen.modality and one.from_at < window.until_at and not ended


def _instead(one: InForce, regimen: Regimen) -> InForce:
    """Under the name of the version whose place it takes: sessions say which one they were held against."""
    return replace(one, regimen=replace(regimen, id=one.regimen.id, version=one.regimen.version))
