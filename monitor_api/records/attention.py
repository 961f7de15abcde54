"""Tables of what calls for attention: findings, alerts, the trail of who did what, and the feed of changes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Id, Serial, Table, Uid, Word


class FindingRow(Table):
    """What one rule last said of one session."""

    __tablename__ = "finding"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[Id]
    session_id: Mapped[UUID]
    rule: Mapped[Word]
    rule_version: Mapped[int]
    severity: Mapped[Word]
    outcome: Mapped[Word]
    because: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    found_at: Mapped[datetime]

    __table_args__ = (Index("ix_finding_clinic_id_session_id", "clinic_id", "session_id"),)


class AlertRow(Table):
    """An alert in its present state; of no one device and session where it is about a patient's weeks."""

    __tablename__ = "alert"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    id: Mapped[Id]
    patient_id: Mapped[UUID | None]
    device_uid: Mapped[Uid | None]
    session_id: Mapped[UUID | None]
    rule: Mapped[Word]
    rule_version: Mapped[int]
    severity: Mapped[Word]
    state: Mapped[Word]
    because: Mapped[str]
    event_at: Mapped[datetime | None]
    raised_at: Mapped[datetime]
    found_late: Mapped[bool]
    acknowledged_by: Mapped[UUID | None]
    acknowledged_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_alert_clinic_id_state_raised_at", "clinic_id", "state", "raised_at"),
        Index("ix_alert_clinic_id_patient_id", "clinic_id", "patient_id"),
    )


class AuditRow(Table):
    """Who did what to what, and when. Written in the transaction of the deed."""

    __tablename__ = "audit"

    id: Mapped[Serial]
    clinic_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime]
    actor_kind: Mapped[Word]
    actor_id: Mapped[UUID | None]
    action: Mapped[Word]
    subject_kind: Mapped[Word]
    subject_id: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_audit_clinic_id_subject", "clinic_id", "subject_kind", "subject_id", "at"),)


class ChangeRow(Table):
    """Something a screen may be showing has changed: which kind of thing, and which one. An id is never used again."""

    __tablename__ = "change"

    id: Mapped[Serial]
    clinic_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[Word]
    subject_id: Mapped[str]
    patient_id: Mapped[UUID | None]

    __table_args__ = ({"sqlite_autoincrement": True},)
