"""What of a replay calls somebody, and what is called under one ruling and not under another.

Only what calls is told: what fires loud enough, and high dangers that cannot be ruled out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from clinical.judgement import alert_severity
from clinical.verdicts import CourseFinding, Finding, Outcome
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import AS_THEY_ARE, Ruling, Window, began_at, replay
from vocabulary.identity import SessionId
from vocabulary.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A finding that calls somebody, how loud, and when what it found was or began."""

    finding: Finding | CourseFinding
    severity: Severity
    at: datetime

    @property
    def sessions(self) -> tuple[SessionId, ...]:
        """Those that show it."""
        return self.finding.sessions if isinstance(self.finding, CourseFinding) else (self.finding.session,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The calls of one patient, the latest first: those that only come afterwards, only before, and both."""

    starts: tuple[Call, ...]
    stops: tuple[Call, ...]
    stays: tuple[Call, ...]


def calls(case: Case, window: Window, ruling: Ruling = AS_THEY_ARE) -> Iterator[Call]:
    """Who is called of what was or began within a time."""
    for finding in replay(case, window, ruling):
        severity, at = alert_severity(finding), _at(finding, case)
        if severity is not None and finding.verdict.outcome is not Outcome.CLEAR and window.has(at):
            yield Call(finding=finding, severity=severity, at=at)


def compare(before: Iterable[Call], after: Iterable[Call]) -> Comparison:
    """Hold calls against each other; one that is made with another severity stops and starts."""
    was, now = ({_name(call): call for call in one} for one in (before, after))
    return Comparison(
        starts=_latest(call for name, call in now.items() if name not in was),
        stops=_latest(call for name, call in was.items() if name not in now),
        stays=_latest(call for name, call in now.items() if name in was),
    )


def _at(finding: Finding | CourseFinding, case: Case) -> datetime:
    return finding.began_at if isinstance(finding, CourseFinding) else began_at(case.past(finding.session))


def _name(call: Call) -> tuple[object, ...]:
    return call.finding.id, call.finding.rule, call.severity


def _latest(calls: Iterator[Call]) -> tuple[Call, ...]:
    return tuple(sorted(calls, key=lambda call: (call.at, str(call.finding.id)), reverse=True))
