"""Prescribe: a regimen's first version, the next one, and its end."""

from typing import Final, Literal
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, exists, select

from clinical.regimen import Regimen
from clinical.regimen.life import Step, move
from monitor_api.http.deeds.orders import Treated, follow_prescription, hold_devices, lift_holds
from monitor_api.http.deeds.rechecking import recheck, reconsider
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Conflict
from monitor_api.http.etags import check_match, etag
from monitor_api.http.prescriptions import EXAMPLE, PrescriptionBody
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.queries.regimens import Looking, SeenRegimen, SeenVersion, detail_of, regimen_row
from monitor_api.http.wanted import Body, Instant, Text, shown
from monitor_api.records.regimens import step_rows, write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenStepRow, RegimenVersionRow, SessionRow
from monitor_api.records.trail import ChangeKind
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RegimenId

_FROM: Final = "2026-03-02T18:00:00Z"


class NewVersion(PrescriptionBody):
    """What is prescribed from `from_at` on."""

    model_config = shown(**EXAMPLE, from_at=_FROM)

    from_at: Instant


class NewRegimen(NewVersion):
    """A prescription for one patient and modality."""

    model_config = shown(**EXAMPLE, from_at=_FROM, patient_id="00000000-0000-4000-8000-000000000002", modality="led")

    patient_id: PatientId
    modality: Modality


class NewStep(Body):
    """A step with a treatment: `paused` by the patient's leave, `held` for safety, `resumed`, `stopped` for good."""

    model_config = shown(step="held", because="A blister on the left cheek; see her first")

    step: Literal[Step.PAUSED, Step.HELD, Step.RESUMED, Step.STOPPED]
    because: Text


def prescribe(writing: Writing, wanted: NewRegimen) -> SeenRegimen:
    """Write a regimen's first version. Raises NotThere, RegimenRefused, Conflict when one is in force already."""
    patient = patient_row(writing.session, writing.caller, wanted.patient_id)
    _check_only_one(writing, wanted)
    row = RegimenRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        patient_id=patient.id,
        modality=wanted.modality,
        created_at=writing.now,
        ended_at=None,
    )
    writing.session.add(row)
    writing.session.flush()
    return _add_version(writing, row, wanted, 1)


def prescribe_anew(writing: Writing, which: RegimenId, wanted: NewVersion, if_match: str | None) -> SeenRegimen:
    """Write a regimen's next version. Raises NotThere, PreconditionMissing, Stale, RegimenRefused, Conflict."""
    row = regimen_row(writing.session, writing.caller, which)
    newest = _check_unchanged(_looking(writing), row, if_match)
    if wanted.from_at < newest.from_at:
        raise Conflict(
            f"The version in force begins later, at {newest.from_at.isoformat()}",
            remedy="Let the new version begin then, or after.",
        )
    return _add_version(writing, row, wanted, newest.version + 1)


def end_regimen(writing: Writing, which: RegimenId, if_match: str | None) -> SeenRegimen:
    """End a regimen now. Raises NotThere, PreconditionMissing, Stale, Conflict."""
    row = regimen_row(writing.session, writing.caller, which)
    looking = _looking(writing)
    _check_unchanged(looking, row, if_match)
    row.ended_at = writing.now
    follow_prescription(writing, PatientId(row.patient_id))
    reconsider(writing, PatientId(row.patient_id))
    recheck(writing, _touched(row), writing.now)
    writing.leave_trail("regimen ended", ("regimen", row.id), patient_id=str(row.patient_id))
    writing.announce(ChangeKind.REGIMEN, row.id, row.patient_id)
    return detail_of(looking, row).regimen


def take_step(writing: Writing, which: RegimenId, wanted: NewStep, if_match: str | None) -> SeenRegimen:
    """Pause, hold, resume or stop a treatment. Raises NotThere, PreconditionMissing, Stale, Conflict, StepRefused.

    Holding and stopping hold the patient's devices of its modality too; resuming lifts those holds, and no others.
    """
    row = regimen_row(writing.session, writing.caller, which)
    looking = _looking(writing)
    _check_unchanged(looking, row, if_match)
    stage, step = detail_of(looking, row).regimen.stage, wanted.step
    move(stage, step)
    held = _with_devices(writing, row, wanted)
    if step is Step.STOPPED:
        row.ended_at = writing.now
        follow_prescription(writing, PatientId(row.patient_id))
    writing.session.add(
        RegimenStepRow(
            id=uuid4(),
            clinic_id=writing.caller.clinic,
            regimen_id=row.id,
            step=step.name.lower(),
            at=writing.now,
            actor_id=writing.caller.id,
            because=wanted.because,
            device_holds=[str(one) for one in held],
        )
    )
    writing.session.flush()
    reconsider(writing, PatientId(row.patient_id))
    recheck(writing, _touched(row), writing.now)
    writing.leave_trail(
        f"regimen {step.name.lower()}", ("regimen", row.id), patient_id=str(row.patient_id), because=wanted.because
    )
    writing.announce(ChangeKind.REGIMEN, row.id, row.patient_id)
    return detail_of(looking, row).regimen


def _with_devices(writing: Writing, row: RegimenRow, wanted: NewStep) -> list[UUID]:
    """What a step asks of the patient's devices; gives the holds that it asked for."""
    of = Treated(patient=PatientId(row.patient_id), modality=Modality(row.modality))
    if wanted.step in {Step.HELD, Step.STOPPED}:
        return hold_devices(writing, of, wanted.because)
    if wanted.step is Step.RESUMED:
        ours = {UUID(one) for taken in step_rows(writing.session, row) for one in taken.device_holds}
        lift_holds(writing, of, ours, wanted.because)
    return []


def _looking(writing: Writing) -> Looking:
    return Looking(session=writing.session, caller=writing.caller, signatures=writing.signatures, now=writing.now)


def _check_only_one(writing: Writing, wanted: NewRegimen) -> None:
    in_force = exists().where(
        RegimenRow.clinic_id == writing.caller.clinic,
        RegimenRow.patient_id == wanted.patient_id,
        RegimenRow.modality == wanted.modality,
        RegimenRow.ended_at.is_(None),
    )
    if writing.session.scalar(select(in_force)):
        raise Conflict(
            f"This patient has a regimen for {wanted.modality} already",
            remedy="Write its next version, or end it first.",
        )


def _check_unchanged(looking: Looking, row: RegimenRow, if_match: str | None) -> SeenVersion:
    seen = detail_of(looking, row).regimen
    check_match(if_match, etag(seen.etag_version))
    if row.ended_at is not None:
        raise Conflict("This regimen has ended", remedy="Prescribe a new one.")
    return seen.newest


def _add_version(writing: Writing, row: RegimenRow, wanted: NewVersion, version: int) -> SeenRegimen:
    regimen = Regimen.of(wanted.prescription(Modality(row.modality)), RegimenId(row.id), version)
    written = RegimenVersionRow(
        regimen_id=row.id,
        version=version,
        from_at=wanted.from_at,
        prescriber_id=writing.caller.id,
        body=write_regimen(regimen),
        signed_at=writing.now,
    )
    signature = writing.signatures.sign(writing.caller.clinic, row, written)
    written.key_id, written.signature = signature.key_id, signature.data
    writing.session.add(written)
    writing.session.flush()
    follow_prescription(writing, PatientId(row.patient_id))
    reconsider(writing, PatientId(row.patient_id))
    recheck(writing, _touched(row), wanted.from_at)
    writing.leave_trail(
        "regimen prescribed",
        ("regimen", row.id),
        patient_id=str(row.patient_id),
        version=version,
        body=written.body,
        key=signature.key_id,
    )
    writing.announce(ChangeKind.REGIMEN, row.id, row.patient_id)
    return detail_of(_looking(writing), row).regimen


def _touched(row: RegimenRow) -> ColumnElement[bool]:
    return and_(SessionRow.patient_id == row.patient_id, SessionRow.modality == row.modality)
