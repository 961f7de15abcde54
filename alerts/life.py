"""The life of an alert: a table of moves, and everything else is refused.

    nothing ──raised──▶ firing ──acknowledged──▶ acknowledged ──worsened──▶ firing

Rules, kept here:
- An alert's id is derived, so it is raised once however often its finding is evaluated.
- It grows worse, never milder, by itself; one that grows worse asks for attention anew.
- A finding whose event is over an hour old is marked as found late: it is listed, and wakes nobody.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from alerts.errors import MoveRefused
from clinical.verdicts import CourseFinding, Finding
from vocabulary.identity import AlertId, ClinicId, DeviceUid, PatientId, RuleId, SessionId, UserId, alert_id
from vocabulary.severity import Severity


class State(StrEnum):
    """Where an alert is in its life."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"


class Event(StrEnum):
    """What happens to an alert."""

    RAISED = "raised"
    WORSENED = "worsened"
    ACKNOWLEDGED = "acknowledged"


MOVES: Final = {
    (State.FIRING, Event.WORSENED): State.FIRING,
    (State.FIRING, Event.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Event.WORSENED): State.FIRING,
}

LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose alert it is: the clinic that answers it, the patient (None: the device is nobody's), device and session.

    Both are None for what is found in a patient's weeks and shows in no one session.
    """

    clinic: ClinicId
    patient: PatientId | None
    device: DeviceUid | None
    session: SessionId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who took an alert on, and when."""

    by: UserId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A finding that a person must act on. `event_at` is when it happened, None when that is not known."""

    id: AlertId
    subject: Subject
    rule: RuleId
    rule_version: int
    severity: Severity
    state: State
    because: str
    event_at: datetime | None
    raised_at: datetime
    found_late: bool
    acknowledgement: Acknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A finding that is to call somebody, as loud as `severity`."""

    subject: Subject
    finding: Finding | CourseFinding
    severity: Severity
    event_at: datetime | None

    @property
    def alert_id(self) -> AlertId:
        """The id of the alert for this finding, the same however often it is reported."""
        return alert_id(self.subject.clinic, self.finding.subject, self.finding.rule, self.finding.episode)


def raised(known: Alert | None, report: Report, now: datetime) -> Alert:
    """The alert after a report: a new one, a worse one, or the known one with what is newly known of it."""
    if known is None:
        return _new(report, now)
    if report.severity.rank > known.severity.rank:
        return replace(known, subject=report.subject)
    told = replace(
        known,
        subject=report.subject,
        because=report.finding.verdict.because,
        rule_version=report.finding.rule_version,
    )
    if report.severity.rank < known.severity.rank:
        worse = move(told, Event.WORSENED)
        return replace(worse, severity=report.severity, raised_at=now, acknowledgement=None)
    return told


def event_between(before: Alert | None, after: Alert) -> Event | None:
    """What happened to an alert that was reported; None when it only tells more, or of somebody else."""
    if before is None:
        return Event.RAISED
    return Event.WORSENED if after.severity.rank < before.severity.rank else None


def acknowledged(alert: Alert, by: UserId, now: datetime) -> Alert:
    """The alert after somebody took it on. Raises MoveRefused when somebody already has."""
    return replace(move(alert, Event.ACKNOWLEDGED), acknowledgement=Acknowledgement(by=by, at=now))


def move(alert: Alert, event: Event) -> Alert:
    """Look the move up. Raises MoveRefused."""
    try:
        return replace(alert, state=MOVES[alert.state, event])
    except KeyError:
        raise MoveRefused(alert.state, event) from None


def _new(report: Report, now: datetime) -> Alert:
    return Alert(
        id=report.alert_id,
        subject=report.subject,
        rule=report.finding.rule,
        rule_version=report.finding.rule_version,
        severity=report.severity,
        state=State.FIRING,
        because=report.finding.verdict.because,
        event_at=report.event_at,
        raised_at=now,
        found_late=report.event_at is not None and now - report.event_at > LATE,
        acknowledgement=None,
    )
