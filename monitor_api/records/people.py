"""Tables of clinics, the people in them, and how they prove who they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Id, Name, Table, Word


class ClinicRow(Table):
    """A tenant: a clinic, or a maker's laboratory. `zone` is an IANA time zone."""

    __tablename__ = "clinic"

    id: Mapped[Id]
    name: Mapped[Name]
    zone: Mapped[Word]


class PatientRow(Table):
    """A person who is treated at home. `reference` is the clinic's own number for them."""

    __tablename__ = "patient"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    name: Mapped[Name]
    reference: Mapped[Word]
    born: Mapped[int | None]
    zone: Mapped[Word]
    created_at: Mapped[datetime]


class UserRow(Table):
    """Somebody who can log in. A user in the role of a patient is that patient and sees nothing else."""

    __tablename__ = "user"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    login: Mapped[Name] = mapped_column(unique=True)
    name: Mapped[Name]
    role: Mapped[Word]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class LoginRow(Table):
    """A login session in a browser; only hashes of its secrets are kept."""

    __tablename__ = "login"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class TokenRow(Table):
    """A bearer token of a machine; only its hash is kept."""

    __tablename__ = "token"

    id: Mapped[Id]
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"), index=True)
    name: Mapped[Name]
    role: Mapped[Word]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IdempotencyRow(Table):
    """The answer to a POST that carried an idempotency key, to be given again to the same caller."""

    __tablename__ = "idempotency"

    caller_id: Mapped[Id]
    key: Mapped[Name] = mapped_column(primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    answer: Mapped[bytes]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_created_at", "created_at"),)
