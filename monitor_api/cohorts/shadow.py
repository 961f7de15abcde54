"""What a candidate would have called of one patient since it is in the shadow, beside what was called.

Rules, kept here:
- Both sides come of the same replay of the same facts: they differ by the candidate alone, and not by when who looked.
- What was or began before it was in the shadow is of neither side. Sessions of the four weeks before are replayed too,
  for what a patient goes on with calls once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from clinical.course import PastSession
from monitor_api.cohorts.calls import Call, calls, compare
from monitor_api.cohorts.candidate import Candidate
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Window, began_at
from vocabulary.identity import RuleId, SessionId
from vocabulary.severity import Severity

NEWEST: Final = 20
"""Calls of one patient and side that are kept in words; all are counted."""

_BEFORE: Final = timedelta(weeks=4)


class ShadowCall(Struct, frozen=True, kw_only=True):
    """What only one side calls: the rule, how loud, when, which sessions show it, and why."""

    rule: RuleId
    rule_version: int
    severity: Severity
    at: datetime
    sessions: tuple[SessionId, ...]
    because: str


class RuleCalls(Struct, frozen=True, kw_only=True):
    """How many calls of a rule with one severity only the candidate makes, only what holds, and both."""

    rule: RuleId
    severity: Severity
    starts: int
    stops: int
    stays: int


class ShadowCalls(Struct, frozen=True, kw_only=True):
    """All of one patient: counts by rule and severity, and the newest calls that only one side makes."""

    rules: tuple[RuleCalls, ...]
    starts: tuple[ShadowCall, ...]
    stops: tuple[ShadowCall, ...]


NOTHING: Final = ShadowCalls(rules=(), starts=(), stops=())
"""Of somebody on whom a candidate cannot be tried."""


def is_needed(window: Window, past: PastSession) -> bool:
    """Whether a session has to be in the case that is held beside another ruling."""
    return window.from_at - _BEFORE <= began_at(past) <= window.until_at


def in_shadow(case: Case, candidate: Candidate, window: Window) -> ShadowCalls:
    """Hold a candidate beside what holds, over the time that it is in the shadow.

    Raises RegimenRefused where one of the patient's regimens cannot have its limits.
    """
    found = compare(calls(case, window), calls(case, window, candidate.ruling(case.course.patient)))
    counted = _counted(found.starts, found.stops, found.stays)
    return ShadowCalls(rules=tuple(counted), starts=_told(found.starts), stops=_told(found.stops))


def _counted(*sides: Iterable[Call]) -> Iterable[RuleCalls]:
    starts, stops, stays = (Counter((call.finding.rule, call.severity) for call in side) for side in sides)
    for rule, severity in sorted({*starts, *stops, *stays}):
        key = rule, severity
        yield RuleCalls(rule=rule, severity=severity, starts=starts[key], stops=stops[key], stays=stays[key])


def _told(side: Sequence[Call]) -> tuple[ShadowCall, ...]:
    return tuple(
        ShadowCall(
            rule=call.finding.rule,
            rule_version=call.finding.rule_version,
            severity=call.severity,
            at=call.at,
            sessions=call.sessions,
            because=call.finding.because,
        )
        for call in side[:NEWEST]
    )
