"""Say what a course must know: excused times, the patient's skin, how devices were measured, recalled firmware."""

from typing import Annotated
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy import delete, select

from clinical.facts import Wearer
from clinical.regimen import Phototype
from monitor_api.http.deeds.orders import Reason
from monitor_api.http.deeds.rechecking import recheck, reconsider, reconsider_holders
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Unacceptable
from monitor_api.http.queries.devices import device
from monitor_api.http.queries.excuses import SeenExcuse, excuse_row, seen
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.wanted import Body, Instant, Text, Word, shown
from monitor_api.records.courses import BandOutputRow, ExcuseRow, RecalledFirmwareRow, SkinRow
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.sessions import SessionRow
from monitor_api.records.trail import ChangeKind
from monitor_api.sessions.skin import is_first, skin_answers
from vocabulary.identity import DeviceUid, PatientId
from vocabulary.light import Band


class NewExcuse(Body):
    """A time for which planned sessions are excused, and why."""

    model_config = shown(
        from_at="2026-03-09T00:00:00+01:00", until_at="2026-03-16T00:00:00+01:00", because="Travels without the device"
    )

    from_at: Instant
    until_at: Instant
    because: Annotated[Reason, Field(min_length=1)]


class Skin(Body):
    """What the patient answered; null where they were not asked or do not know."""

    model_config = shown(phototype="III", photosensitised=False)

    phototype: Phototype | None
    photosensitised: bool | None


class Output(Body):
    """What one programme puts out in one band at the skin, and how sure that is."""

    program: Annotated[int, Field(ge=0, le=255)]
    band: Band
    wavelength_nm: Annotated[int, Field(ge=380, le=1400)]
    irradiance_mw_per_cm2: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    uncertainty_fraction: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Outputs(Body):
    """All that is known of what a device puts out, and who measured it; it takes the place of what was known before.

    Besides its light, how far the figures that it gives can be off, by which what is near a limit stays undetermined:
    its dose, as a part of it, and its skin temperature. Null where nobody measured that: then they count as exact.
    """

    model_config = shown(
        outputs=[
            {
                "program": 0,
                "band": "red",
                "wavelength_nm": 633,
                "irradiance_mw_per_cm2": 32.0,
                "uncertainty_fraction": 0.15,
            }
        ],
        dose_uncertainty_fraction=0.1,
        skin_uncertainty_celsius=0.5,
        source="Integrating sphere, clinic laboratory, 2026-02-11",
    )

    outputs: Annotated[tuple[Output, ...], Field(max_length=64)]
    dose_uncertainty_fraction: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False)]
    skin_uncertainty_celsius: Annotated[float | None, Field(ge=0, le=5, allow_inf_nan=False)]
    source: Text


class Recall(Body):
    """A firmware that is not to be used any more on devices of a model, and why."""

    model_config = shown(model="Warm Wand 2", firmware="1.4.2", because="Its cut-off is late")

    model: Word
    firmware: Word
    because: Annotated[Reason, Field(min_length=1)]


def note_excuse(writing: Writing, which: PatientId, wanted: NewExcuse) -> SeenExcuse:
    """Excuse a patient for a time. Raises NotThere, Unacceptable."""
    row = patient_row(writing.session, writing.caller, which)
    if wanted.until_at <= wanted.from_at:
        raise Unacceptable("This time ends before it begins", reasons={"body.until_at": "expected after from_at"})
    excuse = ExcuseRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        patient_id=row.id,
        from_at=wanted.from_at,
        until_at=wanted.until_at,
        because=wanted.because,
        noted_by=writing.caller.id,
        noted_at=writing.now,
        withdrawn_at=None,
    )
    writing.session.add(excuse)
    _changed(writing, which, "excuse noted", excuse.id)
    return seen(excuse)


def withdraw_excuse(writing: Writing, which: UUID) -> SeenExcuse:
    """Let an excuse count no more; done twice, it changes nothing. Raises NotThere."""
    excuse = excuse_row(writing.session, writing.caller, which)
    if excuse.withdrawn_at is None:
        excuse.withdrawn_at = writing.now
        _changed(writing, PatientId(excuse.patient_id), "excuse withdrawn", excuse.id)
    return seen(excuse)


def note_skin(writing: Writing, which: PatientId, wanted: Skin) -> Skin:
    """Write down what a patient answered; the sessions that it tells of are checked again. Raises NotThere."""
    row = patient_row(writing.session, writing.caller, which)
    wearer = Wearer(phototype=wanted.phototype, photosensitised=wanted.photosensitised)
    since = None if is_first(skin_answers(writing.session, which), wearer) else writing.now
    writing.session.merge(
        SkinRow(
            clinic_id=writing.caller.clinic,
            patient_id=row.id,
            asked_at=writing.now,
            asked_by=writing.caller.id,
            phototype=wanted.phototype,
            photosensitised=wanted.photosensitised,
        )
    )
    _changed(writing, which, "skin noted", row.id)
    recheck(writing, SessionRow.patient_id == row.id, since)
    return wanted


def put_outputs(writing: Writing, uid: DeviceUid, wanted: Outputs) -> Outputs:
    """Say what a device puts out, and how sure that is; all its sessions are checked again.

    Raises NotThere, Unacceptable.
    """
    found = device(writing.session, writing.caller, uid, writing.now)
    if len({(one.program, one.band) for one in wanted.outputs}) < len(wanted.outputs):
        raise Unacceptable("A band stands twice in one programme", reasons={"body.outputs": "expected each band once"})
    mine = (BandOutputRow.clinic_id == writing.caller.clinic, BandOutputRow.device_uid == uid)
    writing.session.execute(delete(BandOutputRow).where(*mine))
    row = writing.session.get_one(DeviceRow, (writing.caller.clinic, uid))
    row.dose_uncertainty_fraction = wanted.dose_uncertainty_fraction
    row.skin_uncertainty_celsius = wanted.skin_uncertainty_celsius
    row.calibration_source = wanted.source
    writing.session.add_all(
        BandOutputRow(clinic_id=writing.caller.clinic, device_uid=uid, source=wanted.source, **one.model_dump())
        for one in wanted.outputs
    )
    whose = found.assignment.patient_id if found.assignment else None
    reconsider_holders(writing, AssignmentRow.device_uid == uid)
    recheck(writing, SessionRow.device_uid == uid, None)
    writing.leave_trail("device calibrated", ("device", uid), **wanted.model_dump(mode="json"))
    writing.announce(ChangeKind.DEVICE, uid, whose)
    return wanted


def recall_firmware(writing: Writing, wanted: Recall) -> Recall:
    """Recall a firmware; done again, its reason is replaced. Whoever has or had such a device is judged anew."""
    clinic = writing.caller.clinic
    writing.session.merge(
        RecalledFirmwareRow(
            clinic_id=clinic,
            model=wanted.model,
            firmware=wanted.firmware,
            because=wanted.because,
            noted_by=writing.caller.id,
            noted_at=writing.now,
        )
    )
    of_model = select(DeviceRow.uid).where(DeviceRow.clinic_id == clinic, DeviceRow.model == wanted.model)
    reconsidered = reconsider_holders(writing, AssignmentRow.device_uid.in_(of_model))
    about = ("firmware", f"{wanted.model} {wanted.firmware}")
    writing.leave_trail("firmware recalled", about, because=wanted.because, reconsidered=reconsidered)
    return wanted


def _changed(writing: Writing, patient: PatientId, action: str, subject: UUID) -> None:
    reconsider(writing, patient)
    writing.leave_trail(action, (action.partition(" ")[0], subject), patient_id=str(patient))
    writing.announce(ChangeKind.PATIENT, patient, patient)
