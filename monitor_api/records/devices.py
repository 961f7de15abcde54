"""Tables of gateways and devices, and of what ties a device to a patient and its ticks to the world's time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Big, Id, Name, Serial, Table, Uid, Word


class GatewayRow(Table):
    """A gateway in a home, registered with one clinic. `heard_at`: when it sealed the last batch taken.

    `expected_by`, in real time: when it is silent unless another comes before; None before the first.
    """

    __tablename__ = "gateway"

    id: Mapped[Word] = mapped_column(primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    name: Mapped[Name]
    registered_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    expected_by: Mapped[datetime | None] = mapped_column(index=True)


class GatewayKeyRow(Table):
    """A key of a gateway, wrapped under the service's own secret. A retired key opens nothing."""

    __tablename__ = "gateway_key"

    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    key_id: Mapped[Big] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class DeviceRow(Table):
    """A device as a clinic's gateways know it: what it says it is, its last state, when it was last heard.

    `said_at`: when it last said what it is; None of one that has not, or only before that was noted.
    A uid may turn up in two clinics (sold, cloned): each has its own row and its own data.
    """

    __tablename__ = "device"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), primary_key=True)
    uid: Mapped[Uid] = mapped_column(primary_key=True)
    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"))
    family: Mapped[Word | None]
    modality: Mapped[Word | None]
    model: Mapped[Word | None]
    serial: Mapped[Word | None]
    firmware: Mapped[Word | None]
    features: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    said_at: Mapped[datetime | None]
    state: Mapped[Word | None]
    lockout: Mapped[Word | None]
    faults: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    battery_percent: Mapped[int | None]
    state_at: Mapped[datetime | None]
    connected: Mapped[bool | None]
    link_at: Mapped[datetime | None]
    messages_lost: Mapped[Big | None]
    heard_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    dose_uncertainty_fraction: Mapped[float | None]
    skin_uncertainty_celsius: Mapped[float | None]
    calibration_source: Mapped[str | None]


class DeviceSerialRow(Table):
    """A serial that a device gave, and when for the first time: a device has one, and it is no other's."""

    __tablename__ = "device_serial"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_uid: Mapped[Uid] = mapped_column(primary_key=True)
    serial: Mapped[Word] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]

    __table_args__ = (ForeignKeyConstraint(["clinic_id", "device_uid"], ["device.clinic_id", "device.uid"]),)


class AssignmentRow(Table):
    """Whose a device is, from one instant until another (None: until further notice)."""

    __tablename__ = "assignment"

    id: Mapped[Id]
    clinic_id: Mapped[UUID]
    device_uid: Mapped[Uid]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "device_uid"], ["device.clinic_id", "device.uid"]),
        Index("ix_assignment_clinic_id_device_uid", "clinic_id", "device_uid"),
    )


class AnchorRow(Table):
    """A device's tick as a gateway saw it: `at` by its clock of one boot, `contact_at` by ours as then known."""

    __tablename__ = "anchor"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_uid: Mapped[Uid] = mapped_column(primary_key=True)
    timeline: Mapped[Big] = mapped_column(primary_key=True)
    tick_s: Mapped[float] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    uncertainty_s: Mapped[float]
    gateway_id: Mapped[Word]
    boot: Mapped[Big]
    contact_at: Mapped[datetime]

    __table_args__ = (Index("ix_anchor_clinic_id_device_uid_contact_at", "clinic_id", "device_uid", "contact_at"),)


class MarkRow(Table):
    """A state that a device reported: when at the earliest, `by_at` at the latest, and when the service learned of it.

    Of states that an earlier version stored these two are not known: they count as reported, and learned of, at `at`.
    """

    __tablename__ = "mark"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_uid: Mapped[Uid] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    state: Mapped[Word]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    by_at: Mapped[datetime | None]
    learned_at: Mapped[datetime | None]


class NamedRow(Table):
    """What all states say in which a device named one session as the newest that is over, 0 for none.

    `first_at`: the least of their `by_at`; `last_at`: the greatest of their `at`; `learned_at`: the least of theirs.
    """

    __tablename__ = "named"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_uid: Mapped[Uid] = mapped_column(primary_key=True)
    newest: Mapped[Big] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    learned_at: Mapped[datetime]


class BatchRow(Table):
    """The register of batches taken: each once, however often it came. `epoch` is 16 hex digits."""

    __tablename__ = "batch"

    gateway_id: Mapped[Word] = mapped_column(primary_key=True)
    epoch: Mapped[Uid] = mapped_column(primary_key=True)
    number: Mapped[Big] = mapped_column(primary_key=True)
    tag: Mapped[Uid]
    sealed_at: Mapped[datetime]


class QuarantineRow(Table):
    """Bytes that were refused, whole, with the reason. Of whole batches the oldest give way to very many newer ones.

    The same bytes on the same topic are one row, however often they came: `times`, the last one at `last_at`.
    """

    __tablename__ = "quarantine"

    id: Mapped[Serial]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    times: Mapped[int]
    clinic_id: Mapped[UUID | None] = mapped_column(index=True)
    gateway_id: Mapped[Word | None]
    topic: Mapped[str]
    part: Mapped[str]
    reason: Mapped[str]
    data: Mapped[bytes]
    received_at: Mapped[datetime]
    last_at: Mapped[datetime]
