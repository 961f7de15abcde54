"""Alerts in the records store: the port of `alerts`, inside a transaction of ours."""

from datetime import datetime

from sqlalchemy.orm import Session

from alerts.life import Acknowledgement, Alert, Event, State, Subject
from monitor_api.records.attention import AlertRow
from monitor_api.records.trail import Actor, Change, ChangeKind, Deed, announce, leave_trail
from vocabulary.identity import AlertId, ClinicId, DeviceUid, PatientId, RuleId, SessionId, UserId
from vocabulary.severity import Severity


class SqlAlertStore:
    """The alerts of one transaction; what it saves leaves a trail under `actor` and is announced."""

    def __init__(self, session: Session, actor: Actor, now: datetime) -> None:
        self._session, self._actor, self._now = session, actor, now

    def alert(self, clinic: ClinicId, alert: AlertId) -> Alert | None:
        """The alert, locked until the transaction ends; None when that clinic has none of that id."""
        row = self._session.get(AlertRow, (clinic, alert), with_for_update=True)
        return None if row is None else read_alert(row)

    def save(self, alert: Alert, event: Event | None) -> None:
        """Insert or update the alert's row, with its change, and an audit row for what happened to it."""
        self._session.merge(_row(alert))
        clinic, about = alert.subject.clinic, str(alert.id)
        if event is not None:
            deed = Deed(
                clinic=clinic,
                actor=self._actor,
                action=f"alert {event}",
                subject_kind="alert",
                subject_id=about,
                detail={"rule": alert.rule, "version": alert.rule_version, "severity": alert.severity},
            )
            leave_trail(self._session, deed, self._now)
        change = Change(clinic=clinic, kind=ChangeKind.ALERT, subject_id=about, patient=alert.subject.patient)
        announce(self._session, change, self._now)


def read_alert(row: AlertRow) -> Alert:
    """An alert out of its row."""
    return Alert(
        id=AlertId(row.id),
        subject=Subject(
            clinic=ClinicId(row.clinic_id),
            patient=None if row.patient_id is None else PatientId(row.patient_id),
            device=DeviceUid(row.device_uid),
            session=SessionId(row.session_id),
        ),
        rule=RuleId(row.rule),
        rule_version=row.rule_version,
        severity=Severity(row.severity),
        state=State(row.state),
        because=row.because,
        event_at=row.event_at,
        raised_at=row.raised_at,
        found_late=row.found_late,
        acknowledgement=_acknowledgement(row),
    )


def _acknowledgement(row: AlertRow) -> Acknowledgement | None:
    if row.acknowledged_by is None or row.acknowledged_at is None:
        return None
    return Acknowledgement(by=UserId(row.acknowledged_by), at=row.acknowledged_at)


def _row(alert: Alert) -> AlertRow:
    taken = alert.acknowledgement
    return AlertRow(
        clinic_id=alert.subject.clinic,
        id=alert.id,
        patient_id=alert.subject.patient,
        device_uid=alert.subject.device,
        session_id=alert.subject.session,
        rule=alert.rule,
        rule_version=alert.rule_version,
        severity=alert.severity,
        state=alert.state,
        because=alert.because,
        event_at=alert.event_at,
        raised_at=alert.raised_at,
        found_late=alert.found_late,
        acknowledged_by=taken and taken.by,
        acknowledged_at=taken and taken.at,
    )
