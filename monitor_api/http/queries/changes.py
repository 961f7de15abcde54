"""The feed of changes as it is stored."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.policy import SEEN_WITH, Role
from monitor_api.records.attention import ChangeRow
from vocabulary.identity import ClinicId, PatientId

AT_ONCE: Final = 1000
"""Changes that a reader catches up with; one who is further behind looks at everything again instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenChange:
    """Something changed: which kind of thing, which one, and whose."""

    id: int
    clinic: ClinicId
    kind: str
    subject_id: str
    patient: PatientId | None
    at: datetime


def concerns(change: SeenChange, caller: Caller) -> bool:
    """Whether the caller is told: it is their clinic's, of a kind they may see, and for a patient about them.

    A kind that a newer version writes is nobody's to see here.
    """
    theirs = caller.role is not Role.PATIENT or change.patient == caller.patient
    return change.clinic == caller.clinic and SEEN_WITH.get(change.kind) in caller.permissions and theirs


def newest_change(session: Session) -> int:
    """The highest id in the feed, 0 when it is empty."""
    return session.scalar(select(func.max(ChangeRow.id))) or 0


def changes_since(session: Session, top: int, missing: Collection[int]) -> list[SeenChange]:
    """Changes of all clinics above an id or among some ids, oldest first, at most `AT_ONCE`."""
    wanted = ChangeRow.id > top
    rows = session.scalars(
        select(ChangeRow)
        .where(or_(wanted, ChangeRow.id.in_(missing)) if missing else wanted)
        .order_by(ChangeRow.id)
        .limit(AT_ONCE)
    )
    return [_change(row) for row in rows]


def backlog(session: Session, caller: Caller, after: int) -> list[SeenChange] | None:
    """What the caller missed since an id; None when that is too much, or too long ago to tell."""
    oldest, newest = session.execute(select(func.min(ChangeRow.id), func.max(ChangeRow.id))).one()
    if not (oldest or 1) - 1 <= after <= (newest or 0):
        return None
    rows = session.scalars(
        select(ChangeRow)
        .where(ChangeRow.clinic_id == caller.clinic, ChangeRow.id > after)
        .order_by(ChangeRow.id)
        .limit(AT_ONCE + 1)
    ).all()
    if len(rows) > AT_ONCE:
        return None
    return [change for change in map(_change, rows) if concerns(change, caller)]


def _change(row: ChangeRow) -> SeenChange:
    return SeenChange(
        id=row.id,
        clinic=ClinicId(row.clinic_id),
        kind=row.kind,
        subject_id=row.subject_id,
        patient=None if row.patient_id is None else PatientId(row.patient_id),
        at=row.at,
    )
