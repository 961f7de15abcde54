"""Tables of sessions: what is known of each, the devices' own records, and what must be checked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Big, Id, Table, Uid, Word


class SessionRow(Table):
    """A session: whose, when and how much, as the last check found it from samples and record.

    `placed_by` says how its start is known; None: nothing places it. `active_s`, dose and heat are those of the
    record where it is here, else those of the samples so far. `samples_missing` counts what is known to be missing.
    `epoch`: of a gateway's numbering, where the device counts no sessions itself; None where it does.
    """

    __tablename__ = "session"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    id: Mapped[Id]
    device_uid: Mapped[Uid]
    counter: Mapped[Big]
    epoch: Mapped[Uid | None]
    gateway_id: Mapped[Word]
    first_heard_at: Mapped[datetime]
    heard_at: Mapped[datetime]
    modality: Mapped[Word | None]
    recorded: Mapped[bool]
    patient_id: Mapped[UUID | None]
    regimen_id: Mapped[UUID | None]
    regimen_version: Mapped[int | None]
    started_earliest: Mapped[datetime | None]
    started_latest: Mapped[datetime | None]
    placed_by: Mapped[Word | None]
    elapsed_s: Mapped[float | None]
    active_s: Mapped[float | None]
    planned_s: Mapped[float | None]
    dose_value: Mapped[float | None]
    dose_unit: Mapped[Word | None]
    highest_skin_celsius: Mapped[float | None]
    end_reason: Mapped[Word | None]
    program: Mapped[int | None]
    zones: Mapped[list[str]] = mapped_column(JSON, default=list)
    samples_stored: Mapped[int]
    samples_missing: Mapped[int]
    conflict: Mapped[str | None]
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_session_clinic_id_patient_id_started_earliest", "clinic_id", "patient_id", "started_earliest"),
        Index("ix_session_clinic_id_device_uid_counter", "clinic_id", "device_uid", "counter"),
    )


class RecordRow(Table):
    """A device's record of a session, byte for byte. Two contents under one session are a conflict; both are kept.

    `received_at`: by the gateway's clock of one boot.
    """

    __tablename__ = "record"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    family: Mapped[Word]
    data: Mapped[bytes]
    gateway_id: Mapped[Word]
    boot: Mapped[Big]
    received_at: Mapped[datetime]
    stored_at: Mapped[datetime]

    __table_args__ = (Index("ix_record_gateway_id_boot_received_at", "gateway_id", "boot", "received_at"),)


class GapRow(Table):
    """Samples, by number, that a device produced and no gateway received."""

    __tablename__ = "gap"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    first: Mapped[Big] = mapped_column(primary_key=True)
    last: Mapped[Big] = mapped_column(primary_key=True)


class DueRow(Table):
    """A session that must be checked. `generation` rises with each new fact, so none is lost to a check under way."""

    __tablename__ = "due"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    marked_at: Mapped[datetime] = mapped_column(index=True)
    generation: Mapped[int]
    claimed_by: Mapped[Word | None]
    claimed_until: Mapped[datetime | None]


class RegimenRow(Table):
    """A prescription for one patient and modality; what it says is in its versions."""

    __tablename__ = "regimen"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    modality: Mapped[Word]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RegimenVersionRow(Table):
    """One version of a regimen, in force from `from_at` until the next version or the regimen's end.

    It never changes: `signature` is the prescriber's, with the clinic's key `key_id`; None before there were any.
    """

    __tablename__ = "regimen_version"

    regimen_id: Mapped[UUID] = mapped_column(ForeignKey("regimen.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    from_at: Mapped[datetime]
    prescriber_id: Mapped[UUID]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    signed_at: Mapped[datetime | None]
    key_id: Mapped[Uid | None]
    signature: Mapped[bytes | None]


class RegimenStepRow(Table):
    """A step that somebody took with a regimen: paused, held, resumed, stopped. Rows are added, never changed.

    `device_holds`: the wishes by which a step held devices, so that resuming lifts those and no others.
    """

    __tablename__ = "regimen_step"

    id: Mapped[Id]
    clinic_id: Mapped[UUID]
    regimen_id: Mapped[UUID] = mapped_column(ForeignKey("regimen.id"))
    step: Mapped[Word]
    at: Mapped[datetime]
    actor_id: Mapped[UUID]
    because: Mapped[str]
    device_holds: Mapped[list[str]] = mapped_column(JSON, default=list)

    __table_args__ = (Index("ix_regimen_step_regimen_id_at", "regimen_id", "at"),)
