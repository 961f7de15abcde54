"""Write a prescription that nobody has signed yet, change it, discard it, and sign it."""

from typing import Final, Literal, Self
from uuid import UUID, uuid4

from pydantic import model_validator
from sqlalchemy import func, select

from clinical.regimen.drafts import finished
from clinical.regimen.templates import TEMPLATES
from monitor_api.http.deeds.regimens import NewRegimen, NewVersion, prescribe, prescribe_anew
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.drafts import DraftBody
from monitor_api.http.errors import Conflict, Unacceptable
from monitor_api.http.etags import check_match, etag
from monitor_api.http.queries.drafts import DRAFT, SIGNED, SeenDraft, draft_row, seen_draft
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.queries.regimens import SeenRegimen
from monitor_api.http.wanted import Body, Instant, Word, shown
from monitor_api.records.drafts import RegimenDraftRow
from monitor_api.records.trail import ChangeKind
from vocabulary.devices import Modality
from vocabulary.identity import PatientId

MOST_DRAFTS: Final = 20
"""Of one patient: more than anybody keeps in view."""

_TEMPLATES: Final = {one.name: one for one in TEMPLATES}


class NewDraft(Body):
    """A draft for one patient and modality: what a template knows, or a prescription as far as it is written."""

    model_config = shown(patient_id="00000000-0000-4000-8000-000000000002", modality="led", template="led-red-infrared")

    patient_id: PatientId
    modality: Literal[Modality.LED, Modality.RF]
    template: Word | None = None
    prescription: DraftBody | None = None

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        if (self.template is None) is (self.prescription is None):
            raise ValueError("expected either a template or a prescription")
        return self


class Signing(Body):
    """From when the prescription holds; null: from now on."""

    model_config = shown(from_at="2026-03-02T21:00:00Z")

    from_at: Instant | None = None


def make_draft(writing: Writing, wanted: NewDraft) -> SeenDraft:
    """Store a draft. Raises NotThere, Unacceptable for an unknown template, Conflict when the patient has too many."""
    patient = patient_row(writing.session, writing.caller, wanted.patient_id)
    body = wanted.prescription or _begun(wanted.template or "", wanted.modality)
    _check_number(writing, PatientId(patient.id))
    row = RegimenDraftRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        patient_id=patient.id,
        modality=wanted.modality,
        template=wanted.template,
        body=body.written,
        revision=1,
        made_at=writing.now,
        made_by=writing.caller.id,
        changed_at=writing.now,
        changed_by=writing.caller.id,
    )
    writing.session.add(row)
    _tell(writing, row, "regimen drafted", template=wanted.template)
    return seen_draft(writing.session, row)


def change_draft(writing: Writing, which: UUID, wanted: DraftBody, if_match: str | None) -> SeenDraft:
    """Put a prescription into a draft; the same one changes nothing. Raises NotThere, PreconditionMissing, Stale."""
    row, seen = _unchanged(writing, which, if_match)
    if wanted == seen.prescription:
        return seen
    row.body, row.revision = wanted.written, row.revision + 1
    row.changed_at, row.changed_by = writing.now, writing.caller.id
    _tell(writing, row, "regimen draft changed", revision=row.revision)
    return seen_draft(writing.session, row)


def discard_draft(writing: Writing, which: UUID, if_match: str | None) -> SeenDraft:
    """Let a draft go; what it was is answered once more. Raises NotThere, PreconditionMissing, Stale."""
    row, seen = _unchanged(writing, which, if_match)
    _tell(writing, row, "regimen draft discarded", revision=row.revision)
    writing.session.delete(row)
    return seen


def sign_draft(writing: Writing, which: UUID, wanted: Signing, if_match: str | None) -> SeenRegimen:
    """Prescribe what a draft says, as who signs: a regimen's first version, or its next. The draft goes.

    Raises NotThere, PreconditionMissing, Stale, RegimenRefused with every reason at once, Conflict.
    """
    row, seen = _unchanged(writing, which, if_match)
    written = seen.prescription.written
    finished(written, seen.modality)
    said = written | {"from_at": wanted.from_at or writing.now}
    if seen.follows is None:
        about = {"patient_id": row.patient_id, "modality": row.modality}
        signed = prescribe(writing, NewRegimen.model_validate(said | about))
    else:
        signed = prescribe_anew(writing, seen.follows.regimen_id, NewVersion.model_validate(said), "*")
    _tell(writing, row, SIGNED, regimen=str(signed.id), version=signed.newest.version)
    writing.session.delete(row)
    return signed


def _begun(name: str, modality: Modality) -> DraftBody:
    template = _TEMPLATES.get(name)
    if template is None:
        known = ", ".join(one.name for one in TEMPLATES if one.modality is modality)
        raise Unacceptable("There is no such template", reasons={"body.template": f"expected one of {known}"})
    if template.modality is not modality:
        raise Unacceptable("The template is for another modality", reasons={"body.modality": str(template.modality)})
    return DraftBody.of(template)


def _check_number(writing: Writing, patient: PatientId) -> None:
    of_patient = (RegimenDraftRow.clinic_id == writing.caller.clinic, RegimenDraftRow.patient_id == patient)
    number = writing.session.scalar(select(func.count()).select_from(RegimenDraftRow).where(*of_patient))
    if number is not None and number >= MOST_DRAFTS:
        raise Conflict(f"This patient has {number} drafts already", remedy="Sign one, or discard one, first.")


def _unchanged(writing: Writing, which: UUID, if_match: str | None) -> tuple[RegimenDraftRow, SeenDraft]:
    row = draft_row(writing.session, writing.caller, which)
    seen = seen_draft(writing.session, row)
    check_match(if_match, etag(seen.etag_version))
    return row, seen


def _tell(writing: Writing, row: RegimenDraftRow, action: str, **detail: object) -> None:
    writing.session.flush()
    writing.leave_trail(action, (DRAFT, row.id), patient_id=str(row.patient_id), **detail)
    writing.announce(ChangeKind.DRAFT, row.id, row.patient_id)
