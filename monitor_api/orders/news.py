"""Tell whoever looks that something is otherwise with a device: the clinic, and whose it is."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from monitor_api.records.devices import AssignmentRow
from monitor_api.records.trail import Change, ChangeKind, announce
from vocabulary.identity import ClinicId, DeviceUid, PatientId


def announce_device(session: Session, clinic: ClinicId, device: DeviceUid, now: datetime) -> None:
    """Put a change of a device into the feed, in the transaction that makes it."""
    patient = _whose(session, clinic, device, now)
    announce(session, Change(clinic=clinic, kind=ChangeKind.DEVICE, subject_id=device, patient=patient), now)


def _whose(session: Session, clinic: ClinicId, device: DeviceUid, now: datetime) -> PatientId | None:
    """Who has the device now."""
    found = session.scalar(
        select(AssignmentRow.patient_id)
        .where(
            AssignmentRow.clinic_id == clinic,
            AssignmentRow.device_uid == device,
            AssignmentRow.from_at <= now,
            or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > now),
        )
        .order_by(AssignmentRow.from_at.desc())
        .limit(1)
    )
    return None if found is None else PatientId(found)
