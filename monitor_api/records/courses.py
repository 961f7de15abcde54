"""Tables of patients' courses: what each session comes to, what was found in weeks, and what must be judged when."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Id, Table, Uid, Word


class SessionSumRow(Table):
    """What the samples of one session come to, as the last check reckoned it: all that weeks are judged by.

    `level` is the median of irradiance (mW/cm²) or power (W) while it emitted. CEM43 is None where no
    temperature came, its upper end also where nothing bounds it. A fraction is None where the device lacks the sensor.
    `clock_ahead_s`: how far the device's own clock was ahead of when a gateway saw it begin, give or take the doubt;
    None where nobody saw it, or the device has no such clock.
    """

    __tablename__ = "session_sum"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    level: Mapped[float | None]
    impedance_ohm: Mapped[float | None]
    cem43_low_min: Mapped[float | None]
    cem43_high_min: Mapped[float | None]
    contact_fraction: Mapped[float | None]
    moving_fraction: Mapped[float | None]
    eye_shield_fraction: Mapped[float | None]
    skin_rise_celsius: Mapped[float | None]
    seen_fraction: Mapped[float]
    faults: Mapped[list[str]] = mapped_column(JSON)
    firmware: Mapped[Word | None]
    clock_ahead_s: Mapped[float | None]
    clock_doubt_s: Mapped[float | None]


class CourseFindingRow(Table):
    """What one rule found in a patient's weeks: an episode, from its onset until it cleared."""

    __tablename__ = "course_finding"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[Id]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    rule: Mapped[Word]
    rule_version: Mapped[int]
    severity: Mapped[Word]
    episode: Mapped[str]
    outcome: Mapped[Word]
    because: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    sessions: Mapped[list[str]] = mapped_column(JSON)
    began_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    found_at: Mapped[datetime]

    __table_args__ = (Index("ix_course_finding_clinic_id_patient_id_began_at", "clinic_id", "patient_id", "began_at"),)


class CourseDueRow(Table):
    """When a patient's course must be judged next, by the civil clock: at once after a new fact, else as time passes.

    `generation` rises with each new fact. A claim is in real time.
    """

    __tablename__ = "course_due"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
    generation: Mapped[int]
    claimed_by: Mapped[Word | None]
    claimed_until: Mapped[datetime | None]
    judged_at: Mapped[datetime | None]


class CourseSummaryRow(Table):
    """What lists say of one modality of a patient's course, as the last judgement reckoned it.

    `share_low` and `share_high` are None when nothing was due; `standing`, `misses` and `last_day` are those of the
    horizon's deciding end, the first two None where there is no horizon.
    """

    __tablename__ = "course_summary"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    modality: Mapped[Word] = mapped_column(primary_key=True)
    share_low: Mapped[float | None]
    share_high: Mapped[float | None]
    target: Mapped[float]
    engagement: Mapped[Word]
    standing: Mapped[Word | None]
    misses: Mapped[int | None]
    last_day: Mapped[date | None]
    judged_at: Mapped[datetime]


class ExcuseRow(Table):
    """A time for which a patient's planned sessions are excused, and why; withdrawn at `withdrawn_at`."""

    __tablename__ = "excuse"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    because: Mapped[str]
    noted_by: Mapped[UUID]
    noted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class BandOutputRow(Table):
    """What one programme of a device puts out in one band, as somebody measured it."""

    __tablename__ = "band_output"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_uid: Mapped[Uid] = mapped_column(primary_key=True)
    program: Mapped[int] = mapped_column(primary_key=True)
    band: Mapped[Word] = mapped_column(primary_key=True)
    wavelength_nm: Mapped[int]
    irradiance_mw_per_cm2: Mapped[float]
    uncertainty_fraction: Mapped[float]
    source: Mapped[str]

    __table_args__ = (ForeignKeyConstraint(["clinic_id", "device_uid"], ["device.clinic_id", "device.uid"]),)


class RecalledFirmwareRow(Table):
    """A firmware that is not to be used any more on devices of a model, and in whose words."""

    __tablename__ = "recalled_firmware"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    model: Mapped[Word] = mapped_column(primary_key=True)
    firmware: Mapped[Word] = mapped_column(primary_key=True)
    because: Mapped[str]
    noted_by: Mapped[UUID]
    noted_at: Mapped[datetime]


class SkinRow(Table):
    """What is known of a patient's skin as of `asked_at`; None where it was not answered. Answers are never changed."""

    __tablename__ = "skin"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(primary_key=True)
    asked_by: Mapped[UUID]
    phototype: Mapped[Word | None]
    photosensitised: Mapped[bool | None]
