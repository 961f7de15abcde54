"""The table of practices: what clinics decided, each version kept as it was."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinical.figures import read_practice
from clinical.practice import Practice, PracticeFrom, practice_at
from monitor_api.records.columns import Table
from vocabulary.identity import ClinicId


class PracticeRow(Table):
    """What a clinic decided on its figures, when and who did; it holds until the next version.

    `figures` are those that differ from the product's, by name. A row is never changed.
    """

    __tablename__ = "practice"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    from_at: Mapped[datetime]
    decided_by: Mapped[UUID]


def practice_rows(session: Session, clinic: ClinicId) -> list[PracticeRow]:
    """Every version, the first one first."""
    mine = PracticeRow.clinic_id == clinic
    return list(session.scalars(select(PracticeRow).where(mine).order_by(PracticeRow.version)))


def practices_of(session: Session, clinic: ClinicId) -> tuple[PracticeFrom, ...]:
    """What a clinic decided, in that order."""
    rows = practice_rows(session, clinic)
    return tuple([PracticeFrom(practice=read_practice(row.figures), from_at=row.from_at) for row in rows])


def practice_of(session: Session, clinic: ClinicId, at: datetime) -> Practice:
    """The figures of a clinic at an instant."""
    return practice_at(practices_of(session, clinic), at)
