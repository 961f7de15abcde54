"""The times for which planned sessions are excused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.queries.scope import theirs
from monitor_api.records.courses import ExcuseRow
from vocabulary.identity import PatientId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenExcuse:
    """A time for which planned sessions are excused; `withdrawn_at` is null while it counts."""

    id: UUID
    patient_id: PatientId
    from_at: datetime
    until_at: datetime
    because: str
    noted_by: UserId
    noted_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuses:
    """All of one patient, the latest first."""

    items: tuple[SeenExcuse, ...]


def excuses(session: Session, caller: Caller, which: PatientId) -> Excuses:
    """Those of one patient. Raises NotThere."""
    row = patient_row(session, caller, which)
    return Excuses(items=tuple(_of(session, PatientId(row.id))))


def excuse_row(session: Session, caller: Caller, which: UUID) -> ExcuseRow:
    """The row of an excuse that the caller may see. Raises NotThere."""
    visible = theirs(caller, ExcuseRow.clinic_id, ExcuseRow.patient_id)
    row = session.scalar(select(ExcuseRow).where(ExcuseRow.id == which, *visible))
    if row is None:
        raise NotThere
    return row


def seen(row: ExcuseRow) -> SeenExcuse:
    """An excuse out of its row."""
    return SeenExcuse(
        id=row.id,
        patient_id=PatientId(row.patient_id),
        from_at=row.from_at,
        until_at=row.until_at,
        because=row.because,
        noted_by=UserId(row.noted_by),
        noted_at=row.noted_at,
        withdrawn_at=row.withdrawn_at,
    )


def _of(session: Session, patient: PatientId) -> Iterator[SeenExcuse]:
    query = select(ExcuseRow).where(ExcuseRow.patient_id == patient).order_by(ExcuseRow.from_at.desc(), ExcuseRow.id)
    return map(seen, session.scalars(query))
