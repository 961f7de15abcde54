"""Tables of shadows: candidates that are held beside what holds now, and what they would have called."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from monitor_api.records.columns import Id, Name, Table
from vocabulary.identity import ClinicId

LASTS: Final = timedelta(days=90)
"""How long a candidate is in the shadow at most."""


class ShadowRow(Table):
    """A candidate of a clinic, in the shadow from `from_at` until it is ended, at `until_at` at the latest.

    `candidate` as it was asked for. `ended_by`: None for one that runs, or ended because its time was over.
    """

    __tablename__ = "shadow"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    because: Mapped[Name]
    candidate: Mapped[dict[str, Any]] = mapped_column(JSON)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    started_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]


class ShadowPatientRow(Table):
    """What a shadow would have called of one patient as of `judged_at`, beside what was called.

    `mark`: of the facts that this is from. `problem`: why the candidate cannot be tried on them; None where it can.
    `calls`: the counts by rule, and the newest calls of either side.
    """

    __tablename__ = "shadow_patient"

    shadow_id: Mapped[UUID] = mapped_column(ForeignKey("shadow.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    mark: Mapped[str]
    judged_at: Mapped[datetime]
    problem: Mapped[str | None]
    sessions: Mapped[int]
    calls: Mapped[dict[str, Any]] = mapped_column(JSON)


def shadow_rows(session: Session, clinic: ClinicId) -> list[ShadowRow]:
    """The shadows of a clinic, the newest first."""
    mine = select(ShadowRow).where(ShadowRow.clinic_id == clinic)
    return list(session.scalars(mine.order_by(ShadowRow.from_at.desc(), ShadowRow.id)))
