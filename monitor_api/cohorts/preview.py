"""What a prescription would have called over the last weeks, had it been in the place of what held then.

Rules, kept here:
- It stands where each version of its modality stood, from and until the same days, so that its phases count as theirs
  did. Where none was in force it stands from the first day on. Its last phase goes on: these days are not its own.
- Only what calls somebody is told: what fires loud enough, and high dangers that cannot be ruled out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from clinical.adherence.phases import phase_days
from clinical.course import Course, InForce
from clinical.judgement import alert_severity
from clinical.regimen import Regimen
from clinical.verdicts import CourseFinding, Finding, Outcome
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Window, began_at, replay
from vocabulary.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A finding that calls somebody, how loud, and when what it found was or began."""

    finding: Finding | CourseFinding
    severity: Severity
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The calls of one patient, the latest first: those that only the prescription makes, only what held, and both."""

    starts: tuple[Call, ...]
    stops: tuple[Call, ...]
    stays: tuple[Call, ...]


def preview(case: Case, regimen: Regimen, window: Window) -> Preview:
    """Hold a patient's last weeks against a regimen that is not in force."""
    before = {_name(call): call for call in _calls(case, window)}
    after = {_name(call): call for call in _calls(under(case, regimen, window), window)}
    return Preview(
        starts=_latest(call for name, call in after.items() if name not in before),
        stops=_latest(call for name, call in before.items() if name not in after),
        stays=_latest(call for name, call in after.items() if name in before),
    )


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


def _calls(case: Case, window: Window) -> Iterator[Call]:
    for finding in replay(case, window):
        severity, at = alert_severity(finding), _at(finding, case)
        if severity is not None and finding.verdict.outcome is not Outcome.CLEAR and window.has(at):
            yield Call(finding=finding, severity=severity, at=at)


def _at(finding: Finding | CourseFinding, case: Case) -> datetime:
    return finding.began_at if isinstance(finding, CourseFinding) else began_at(case.past(finding.session))


def _name(call: Call) -> tuple[object, ...]:
    return call.finding.id, call.finding.rule, call.severity


def _latest(calls: Iterator[Call]) -> tuple[Call, ...]:
    return tuple(sorted(calls, key=lambda call: (call.at, str(call.finding.id)), reverse=True))
