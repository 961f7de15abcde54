"""Who read a patient's data: the source of the patient's own view of that."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.records.attention import AuditRow
from monitor_api.records.database import Database
from monitor_api.records.trail import Deed, leave_trail
from vocabulary.identity import PatientId

ONCE_IN: Final = timedelta(hours=1)
READ: Final = "read"


def note_access(database: Database, caller: Caller, patient: PatientId, now: datetime) -> None:
    """Leave a trail of the caller's reading, unless it left one within the hour."""
    with database.read() as session:
        if _noted(session, caller, patient, now):
            return
    with database.write() as session:
        if not _noted(session, caller, patient, now):
            deed = Deed(
                clinic=caller.clinic,
                actor=caller.actor,
                action=READ,
                subject_kind="patient",
                subject_id=str(patient),
            )
            leave_trail(session, deed, now)


def _noted(session: Session, caller: Caller, patient: PatientId, now: datetime) -> bool:
    noted = exists().where(
        AuditRow.clinic_id == caller.clinic,
        AuditRow.subject_kind == "patient",
        AuditRow.subject_id == str(patient),
        AuditRow.at > now - ONCE_IN,
        AuditRow.action == READ,
        AuditRow.actor_id == caller.id,
    )
    return bool(session.scalar(select(noted)))
