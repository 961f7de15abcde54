"""Alerts: what calls for a person, what the rule says to do, and who took it on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from alerts.life import State
from clinical.misuse.table import RULE
from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import Conditions, if_given, theirs
from monitor_api.records.attention import AlertRow
from monitor_api.records.people import UserRow
from vocabulary.identity import AlertId, DeviceUid, PatientId, RuleId, SessionId, UserId
from vocabulary.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAcknowledgement:
    """Who took an alert on, and when."""

    by: UserId
    name: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAlert:
    """An alert in its present state. `title` is the rule in a sentence, `explanation` all that it tells a physician.

    Device and session are null for what was found in a patient's weeks and shows in no one session.
    `event_at` is when it happened, null when that is not known; `found_late` when that was long before `raised_at`.
    """

    id: AlertId
    patient_id: PatientId | None
    device_uid: DeviceUid | None
    session_id: SessionId | None
    rule: RuleId
    rule_version: int
    title: str
    explanation: tuple[str, ...]
    severity: Severity
    state: State
    because: str
    event_at: datetime | None
    raised_at: datetime
    found_late: bool
    acknowledgement: SeenAcknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsWanted:
    """Which alerts; None for any."""

    state: State | None = None
    severity: Severity | None = None
    patient: PatientId | None = None
    session: SessionId | None = None


def alerts(session: Session, caller: Caller, which: AlertsWanted, wanted: PageWanted) -> Page[SeenAlert]:
    """Alerts, newest first."""
    query = _query(caller).where(*_filters(which))
    order = Order(by=(AlertRow.raised_at, AlertRow.id), newest_first=True)
    return paged(session, query, order, wanted, make=_seen)


def alert(session: Session, caller: Caller, which: AlertId) -> SeenAlert:
    """One alert. Raises NotThere."""
    found = session.execute(_query(caller).where(AlertRow.id == which)).one_or_none()
    if found is None:
        raise NotThere
    return _seen(*found)


def _query(caller: Caller) -> Select[AlertRow, str]:
    return (
        select(AlertRow, UserRow.name)
        .outerjoin(UserRow, UserRow.id == AlertRow.acknowledged_by)
        .where(*theirs(caller, AlertRow.clinic_id, AlertRow.patient_id))
    )


def _filters(which: AlertsWanted) -> Conditions:
    return (
        *if_given(which.state, lambda state: AlertRow.state == state),
        *if_given(which.severity, lambda severity: AlertRow.severity == severity),
        *if_given(which.patient, lambda patient: AlertRow.patient_id == patient),
        *if_given(which.session, lambda session: AlertRow.session_id == session),
    )


def _seen(row: AlertRow, name: str | None) -> SeenAlert:
    rule = RULE.get(RuleId(row.rule))
    return SeenAlert(
        id=AlertId(row.id),
        patient_id=None if row.patient_id is None else PatientId(row.patient_id),
        device_uid=None if row.device_uid is None else DeviceUid(row.device_uid),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        rule=RuleId(row.rule),
        rule_version=row.rule_version,
        title=rule.title if rule else row.rule,
        explanation=rule.explanation if rule else (),
        severity=Severity(row.severity),
        state=State(row.state),
        because=row.because,
        event_at=row.event_at,
        raised_at=row.raised_at,
        found_late=row.found_late,
        acknowledgement=_acknowledgement(row, name),
    )


def _acknowledgement(row: AlertRow, name: str | None) -> SeenAcknowledgement | None:
    if row.acknowledged_by is None or row.acknowledged_at is None:
        return None
    return SeenAcknowledgement(by=UserId(row.acknowledged_by), name=name, at=row.acknowledged_at)
