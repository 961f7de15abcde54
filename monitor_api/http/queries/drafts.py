"""Drafts of regimens, what is in the way of signing each, and what each would change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.regimen.changes import FieldChange, written_changes
from clinical.regimen.drafts import reasons_to_wait
from clinical.regimen.written import Written, write
from monitor_api.http.callers import Caller
from monitor_api.http.drafts import DraftBody
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import Conditions, if_given, theirs
from monitor_api.records.attention import AuditRow
from monitor_api.records.drafts import RegimenDraftRow
from monitor_api.records.regimens import read_prescription
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RegimenId, UserId

DRAFT: Final = "regimen draft"
SIGNED: Final = "regimen draft signed"
"""What the trail calls a draft, and that it was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The version that a draft would follow: the newest of the patient's regimen for the same modality."""

    regimen_id: RegimenId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDraft:
    """A prescription that nobody has signed yet.

    `reasons` is what is in the way of signing, by field: what is missing, and what contradicts itself. `follows` is
    null where signing begins a regimen, and `changes` is what it would change of the version it follows. `template`
    is where it began.
    """

    id: UUID
    patient_id: PatientId
    modality: Modality
    template: str | None
    prescription: DraftBody
    reasons: dict[str, str]
    follows: Followed | None
    changes: tuple[FieldChange, ...]
    revision: int
    made_at: datetime
    made_by: UserId
    changed_at: datetime
    changed_by: UserId

    @property
    def etag_version(self) -> str:
        """What another change would change, also one of what it follows: the difference is what a signer has read."""
        after = "" if self.follows is None else f"-{self.follows.regimen_id.hex[:8]}-{self.follows.version}"
        return f"{self.revision}{after}"


def drafts(session: Session, caller: Caller, patient: PatientId | None, wanted: PageWanted) -> Page[SeenDraft]:
    """Drafts, newest first; of one patient if one is given."""
    query = select(RegimenDraftRow).where(
        *_visible(caller), *if_given(patient, lambda one: RegimenDraftRow.patient_id == one)
    )
    order = Order(by=(RegimenDraftRow.made_at, RegimenDraftRow.id), newest_first=True)
    return paged(session, query, order, wanted, make=lambda row: seen_draft(session, row))


def draft(session: Session, caller: Caller, which: UUID) -> SeenDraft:
    """One draft. Raises NotThere."""
    return seen_draft(session, draft_row(session, caller, which))


def draft_row(session: Session, caller: Caller, which: UUID) -> RegimenDraftRow:
    """The row of a draft that the caller may see. Raises NotThere."""
    row = session.scalar(select(RegimenDraftRow).where(RegimenDraftRow.id == which, *_visible(caller)))
    if row is None:
        raise NotThere
    return row


def signed_as(session: Session, caller: Caller, which: UUID) -> RegimenId:
    """The regimen that a draft of the caller's clinic became when it was signed. Raises NotThere where it was not."""
    about = (AuditRow.subject_kind == DRAFT, AuditRow.subject_id == str(which), AuditRow.action == SIGNED)
    detail = session.scalar(select(AuditRow.detail).where(AuditRow.clinic_id == caller.clinic, *about).limit(1))
    if detail is None:
        raise NotThere
    return RegimenId(UUID(detail["regimen"]))


def seen_draft(session: Session, row: RegimenDraftRow) -> SeenDraft:
    """A draft out of its row."""
    modality, newest = Modality(row.modality), _newest(session, row)
    prescription = DraftBody.model_validate(row.body)
    return SeenDraft(
        id=row.id,
        patient_id=PatientId(row.patient_id),
        modality=modality,
        template=row.template,
        prescription=prescription,
        reasons=reasons_to_wait(prescription.written, modality),
        follows=_followed(newest),
        changes=_changes(newest, prescription.written, modality),
        revision=row.revision,
        made_at=row.made_at,
        made_by=UserId(row.made_by),
        changed_at=row.changed_at,
        changed_by=UserId(row.changed_by),
    )


def _followed(newest: RegimenVersionRow | None) -> Followed | None:
    return None if newest is None else Followed(regimen_id=RegimenId(newest.regimen_id), version=newest.version)


def _newest(session: Session, row: RegimenDraftRow) -> RegimenVersionRow | None:
    theirs_now = (
        RegimenRow.clinic_id == row.clinic_id,
        RegimenRow.patient_id == row.patient_id,
        RegimenRow.modality == row.modality,
        RegimenRow.ended_at.is_(None),
    )
    versions = select(RegimenVersionRow).join(RegimenRow, RegimenRow.id == RegimenVersionRow.regimen_id)
    return session.scalar(versions.where(*theirs_now).order_by(RegimenVersionRow.version.desc()).limit(1))


def _changes(newest: RegimenVersionRow | None, written: Written, modality: Modality) -> tuple[FieldChange, ...]:
    if newest is None:
        return ()
    return written_changes(write(read_prescription(newest.body, modality)), written)


def _visible(caller: Caller) -> Conditions:
    return theirs(caller, RegimenDraftRow.clinic_id, RegimenDraftRow.patient_id)
