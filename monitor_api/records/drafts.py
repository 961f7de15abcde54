"""The table of drafts: prescriptions that nobody has signed yet."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Id, Table, Word


class RegimenDraftRow(Table):
    """A prescription in the making; `body` is its written form, null where something is missing.

    `revision` rises with every change. Signing makes a version of the regimen, and the draft goes.
    """

    __tablename__ = "regimen_draft"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    modality: Mapped[Word]
    template: Mapped[Word | None]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[UUID]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]

    __table_args__ = (Index("ix_regimen_draft_patient_id_made_at", "patient_id", "made_at"),)
