"""The course checker: judges a patient's weeks when a new fact or the clock says so, and commits all of it at once.

Rules, kept here:
- A course is judged from what is stored, never from memory, and once the sessions that are due have been checked:
  what a rule says of weeks rests on what was found in each session.
- Findings, alerts, their trail, the summary and the next time to look are one transaction; every id is derived.
- What a rule no longer says is clear from now on, not gone. What was only open and called nobody is not listed then.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import ScalarResult, or_, select
from sqlalchemy.orm import Session

from alerts.desk import report
from alerts.life import Report, Subject
from clinical.course import Course, PastSession
from clinical.judgement import alert_severity, judge_course
from clinical.misuse.course_rules import CourseAt
from clinical.verdicts import CourseFinding, Outcome
from monitor_api.clock import Clocks
from monitor_api.courses.due import (
    PAUSE,
    CourseClaim,
    CourseKey,
    any_course_due,
    claim_courses,
    give_courses_back,
    put_course_off,
    release_course,
    waits_for_sessions,
)
from monitor_api.courses.standing import stand
from monitor_api.courses.summaries import store_summaries
from monitor_api.errors import ClaimLost, StoreUnavailable
from monitor_api.records.alert_store import SqlAlertStore
from monitor_api.records.attention import AlertRow
from monitor_api.records.courses import CourseFindingRow
from monitor_api.records.database import Database
from monitor_api.records.trail import CHECKER, Change, ChangeKind, announce
from vocabulary.identity import AlertId, RuleId, SessionId, alert_id

AT_ONCE: Final = 1
"""Courses claimed together: no more, since sessions that are due meanwhile wait for them."""

LOOK_AGAIN: Final = timedelta(minutes=30)
"""How long a course is left alone at most when nothing new is known: as exactly as missed days need."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A course as of an instant, and what was found."""

    key: CourseKey
    course: Course
    findings: tuple[CourseFinding, ...]
    at: datetime


class CourseChecker:
    """One worker of any number; `name` tells them apart."""

    def __init__(self, database: Database, clocks: Clocks, name: str) -> None:
        self._database, self._clocks, self._name = database, clocks, name

    def check_due(self) -> int:
        """Judge what is due now, and give how many courses that were. Raises StoreUnavailable."""
        claims = self._claim()
        for number, claim in enumerate(claims):
            try:
                self.check(claim)
            except StoreUnavailable:
                self._give_back(claims[number:])
                raise
            except ClaimLost as lost:
                _log.warning("%s", lost)
            except Exception:  # noqa: BLE001 - a course that cannot be judged must not keep the others from it
                _log.exception("the course of patient %s cannot be judged", claim.key.patient)
        return len(claims)

    def check(self, claim: CourseClaim) -> None:
        """Judge one course from what is stored, and commit what follows from it. Raises ClaimLost."""
        now = self._clocks.civil()
        with self._database.read() as session:
            at = None if waits_for_sessions(session, claim.key, now) else stand(session, claim.key, now)
        if at is None:
            self._put_off(claim)
            return
        judged = _Judged(key=claim.key, course=at.course, findings=judge_course(at), at=now)
        with self._database.write() as session:
            release_course(session, claim, self._name, judged_at=now, next_at=_next_look(at))
            if any([_store(session, judged), store_summaries(session, claim.key, at.account)]):
                patient = claim.key.patient
                change = Change(
                    clinic=claim.key.clinic, kind=ChangeKind.PATIENT, subject_id=str(patient), patient=patient
                )
                announce(session, change, now)
            alerts = SqlAlertStore(session, CHECKER, now)
            for news in _reports(judged):
                report(alerts, news, now)

    def _put_off(self, claim: CourseClaim) -> None:
        with self._database.write() as session:
            put_course_off(session, claim, self._name, self._clocks.wall() + PAUSE)

    def _claim(self) -> list[CourseClaim]:
        now = self._clocks.moment()
        with self._database.read() as session:
            if not any_course_due(session, now):
                return []
        with self._database.write() as session:
            return claim_courses(session, self._name, now, AT_ONCE)

    def _give_back(self, claims: Sequence[CourseClaim]) -> None:
        with suppress(StoreUnavailable), self._database.write() as session:
            give_courses_back(session, claims, self._name)


def _next_look(at: CourseAt) -> datetime:
    """When the clock alone may change what was found: also at the end of each wait, for records or for limits."""
    missing = (one for device in at.course.devices if device.proof for one in device.proof.missing)
    waits = [one.known_at + at.practice.reading_patience for one in missing]
    waits += [one.asked_at + one.grace(at.practice) for one in at.limits if one.reported_at is None]
    return min([at.now + LOOK_AGAIN, *(end for end in waits if end > at.now)])


def _store(session: Session, judged: _Judged) -> bool:
    """Write what each rule says, and tell whether anything is new; what none says any more is clear from now on."""
    known = {row.id: row for row in _open_or_said(session, judged)}
    changed = False
    for finding in judged.findings:
        row = known.pop(finding.id, None)
        if row is None:
            session.add(_new_row(judged, finding))
            changed = True
        else:
            changed |= _update(row, _values(finding), judged.at)
    return _clear(session, judged, known.values()) or changed


def _open_or_said(session: Session, judged: _Judged) -> ScalarResult[CourseFindingRow]:
    """What is stored and may change now: not all that the patient ever had."""
    row = CourseFindingRow
    said = row.id.in_([one.id for one in judged.findings])
    may_change = or_(row.cleared_at.is_(None), row.outcome == Outcome.UNDETERMINED, said)
    mine = (row.clinic_id == judged.key.clinic, row.patient_id == judged.key.patient)
    return session.scalars(select(row).where(*mine, may_change))


def _clear(session: Session, judged: _Judged, unsaid: Collection[CourseFindingRow]) -> bool:
    """Clear what no rule says any more, and tell whether that is new."""
    called = _called(session, judged.key, [row for row in unsaid if row.outcome == Outcome.UNDETERMINED])
    changed = False
    for row in unsaid:
        if row.cleared_at is None:
            row.cleared_at, changed = judged.at, True
        if row.outcome == Outcome.UNDETERMINED and row.id not in called:
            row.outcome, changed = Outcome.CLEAR, True
    return changed


def _called(session: Session, key: CourseKey, findings: Collection[CourseFindingRow]) -> set[UUID]:
    """Those of some findings of a patient for which there is an alert: it leads to them."""
    if not findings:
        return set()
    by_alert = {alert_id(key.clinic, key.patient, RuleId(row.rule), row.episode): row.id for row in findings}
    raised = select(AlertRow.id).where(AlertRow.clinic_id == key.clinic, AlertRow.id.in_(by_alert))
    return {by_alert[AlertId(one)] for one in session.scalars(raised)}


def _new_row(judged: _Judged, finding: CourseFinding) -> CourseFindingRow:
    return CourseFindingRow(
        clinic_id=judged.key.clinic,
        id=finding.id,
        patient_id=judged.key.patient,
        found_at=judged.at,
        **_values(finding),
    )


def _update(row: CourseFindingRow, values: Mapping[str, Any], now: datetime) -> bool:
    if all(getattr(row, column) == value for column, value in values.items()):
        return False
    for column, value in values.items():
        setattr(row, column, value)
    row.found_at = now
    return True


def _values(finding: CourseFinding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "severity": finding.severity,
        "episode": finding.episode,
        "outcome": finding.verdict.outcome,
        "because": finding.because,
        "evidence": to_builtins(finding.verdict.evidence),
        "sessions": [str(one) for one in finding.sessions],
        "began_at": finding.began_at,
        "cleared_at": finding.cleared_at,
    }


def _reports(judged: _Judged) -> list[Report]:
    """The findings that are to call somebody: those that go on, or were never seen while they did."""
    sessions = {one.session: one for one in judged.course.sessions}
    return [
        Report(
            subject=_subject(judged, finding, sessions), finding=finding, severity=severity, event_at=finding.began_at
        )
        for finding in judged.findings
        if (severity := alert_severity(finding)) is not None and finding.verdict.outcome is not Outcome.CLEAR
    ]


def _subject(judged: _Judged, finding: CourseFinding, sessions: Mapping[SessionId, PastSession]) -> Subject:
    """Whose it is, and the last session that shows it."""
    last = next((sessions[one] for one in reversed(finding.sessions) if one in sessions), None)
    return Subject(
        clinic=judged.key.clinic,
        patient=judged.key.patient,
        device=None if last is None else last.device,
        session=None if last is None else last.session,
    )
