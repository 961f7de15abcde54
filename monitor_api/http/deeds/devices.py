"""Say whose a device is."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict
from uuid import UUID, uuid4

from sqlalchemy import or_, select

from monitor_api.http.deeds.orders import follow_assignment
from monitor_api.http.deeds.rechecking import recheck, reconsider
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.queries.devices import Device, device
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.wanted import Body, Instant, shown
from monitor_api.records.devices import AssignmentRow
from monitor_api.records.sessions import SessionRow
from monitor_api.records.trail import ChangeKind
from vocabulary.identity import DeviceUid, PatientId


class NewAssignment(Body):
    """Whose a device is from an instant on; null: nobody's."""

    model_config = shown(patient_id="00000000-0000-4000-8000-000000000002", from_at="2026-03-02T18:00:00Z")

    patient_id: PatientId | None
    from_at: Instant


class _Before(TypedDict):
    """An assignment as it was, for the trail."""

    patient_id: str
    from_at: str
    until_at: str | None


def assign_device(writing: Writing, uid: DeviceUid, wanted: NewAssignment) -> Device:
    """Give a device to a patient, or take it back, from an instant on. Raises NotThere.

    What held before ends there; what was to begin later never does. Its sessions since then are checked again.
    """
    present = device(writing.session, writing.caller, uid, writing.now)
    if wanted.patient_id is not None:
        patient_row(writing.session, writing.caller, wanted.patient_id)
    before = _ended(writing, uid, wanted.from_at)
    if wanted.patient_id is not None:
        writing.session.add(_row(writing, uid, wanted.patient_id, wanted.from_at))
    follow_assignment(writing, uid)
    reconsider(writing, *_patients(wanted, before))
    rechecked = recheck(writing, SessionRow.device_uid == uid, wanted.from_at)
    writing.leave_trail(
        "device assigned" if wanted.patient_id else "device taken back",
        ("device", uid),
        patient_id=_text(wanted.patient_id),
        from_at=wanted.from_at.isoformat(),
        before=before,
        rechecked=rechecked,
    )
    writing.announce(ChangeKind.DEVICE, uid, wanted.patient_id)
    if present.assignment and present.assignment.patient_id != wanted.patient_id:
        writing.announce(ChangeKind.DEVICE, uid, present.assignment.patient_id)
    writing.session.flush()
    return device(writing.session, writing.caller, uid, writing.now)


def _patients(wanted: NewAssignment, before: Iterable[_Before]) -> set[PatientId]:
    """Whose it was since then, or was to be, and whose it will be."""
    ended = {PatientId(UUID(one["patient_id"])) for one in before}
    return ended if wanted.patient_id is None else ended | {wanted.patient_id}


def _ended(writing: Writing, uid: DeviceUid, at: datetime) -> list[_Before]:
    """End every assignment at an instant, and give them as they were; nothing is deleted."""
    rows = writing.session.scalars(
        select(AssignmentRow).where(
            AssignmentRow.clinic_id == writing.caller.clinic,
            AssignmentRow.device_uid == uid,
            or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > at),
            or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > AssignmentRow.from_at),
        )
    ).all()
    before = [
        _Before(
            patient_id=str(row.patient_id),
            from_at=row.from_at.isoformat(),
            until_at=row.until_at.isoformat() if row.until_at else None,
        )
        for row in rows
    ]
    for row in rows:
        row.until_at = max(at, row.from_at)
    return before


def _row(writing: Writing, uid: DeviceUid, patient: PatientId, from_at: datetime) -> AssignmentRow:
    return AssignmentRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        device_uid=uid,
        patient_id=patient,
        from_at=from_at,
        until_at=None,
    )


def _text(patient: PatientId | None) -> str | None:
    return None if patient is None else str(patient)
