"""How a regimen is written into its version's row, and read back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.adherence.days import TherapyDays
from clinical.adherence.phases import PhaseDays
from clinical.course import Interval
from clinical.plan import Phase, Timing
from clinical.regimen import Prescription, Regimen
from clinical.regimen.life import Step
from clinical.regimen.written import Written, read, read_limits, read_quantity, write
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import practice_of
from monitor_api.records.sessions import RegimenRow, RegimenStepRow, RegimenVersionRow
from vocabulary.devices import Modality
from vocabulary.identity import ClinicId, RegimenId


def write_regimen(regimen: Prescription) -> Written:
    """The body of the row; the regimen's id, version and modality are columns."""
    return write(regimen)


def read_regimen(row: RegimenVersionRow, modality: str) -> Regimen:
    """The regimen that `write_regimen` wrote; `modality` is that of its RegimenRow."""
    return Regimen.of(read_prescription(row.body, modality), RegimenId(row.regimen_id), row.version)


def read_prescription(body: Written, modality: str) -> Prescription:
    """What is prescribed, also out of a body from before there were phases."""
    return read(body, Modality(modality)) if "phases" in body else _read_flat(body, Modality(modality))


def _read_flat(body: Written, modality: Modality) -> Prescription:
    """Bodies that say one frequency, duration and dose are of one open phase."""
    weekly = Timing(frequency=body["sessions_per_week"], period=timedelta(days=7), weekdays=())
    phase = Phase(
        lasts=None,
        timing=weekly,
        duration=timedelta(seconds=body["duration_s"]),
        dose=read_quantity(body["dose"]),
    )
    return Prescription(modality=modality, phases=(phase,), limits=read_limits(body["limits"]))


def phase_days(
    session: Session, patient: UUID, version: RegimenVersionRow, prescribed: Prescription, *, now: datetime
) -> PhaseDays:
    """The phases of a patient's version, in therapy days where they live, as the clinic had decided by an instant."""
    whose = session.get_one(PatientRow, patient)
    starts = practice_of(session, ClinicId(whose.clinic_id), now).day_starts
    return PhaseDays(prescribed.phases, version.from_at, TherapyDays(ZoneInfo(whose.zone), starts))


def came_into_force(row: RegimenVersionRow) -> datetime:
    """When a version did: not before it was signed, also where sessions of before are held against it."""
    return row.from_at if row.signed_at is None else max(row.from_at, row.signed_at)


def step_rows(session: Session, row: RegimenRow) -> list[RegimenStepRow]:
    """The steps that were taken with a regimen, oldest first."""
    of_regimen = select(RegimenStepRow).where(RegimenStepRow.regimen_id == row.id)
    return list(session.scalars(of_regimen.order_by(RegimenStepRow.at)))


def interruptions(steps: Sequence[RegimenStepRow], kind: Step) -> tuple[Interval, ...]:
    """From each step of this kind to the next step of any, the oldest first: holds of the treatment, or pauses."""
    ends = [*(one.at for one in steps[1:]), None][: len(steps)]
    return tuple(
        Interval(from_at=one.at, until_at=until) for one, until in zip(steps, ends, strict=True) if one.step == kind
    )
