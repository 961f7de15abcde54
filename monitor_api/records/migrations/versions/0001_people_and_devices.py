"""Clinics, people, gateways and devices.

Revision: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, those that others point to first."""
    for table in _TABLES:
        table()


def downgrade() -> None:
    """Drop the tables."""
    for table in reversed(_TABLES):
        op.drop_table(table.__name__.removeprefix("_").removesuffix("_table"))


def _anchor_table() -> None:
    op.create_table(
        "anchor",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("timeline", sa.BigInteger(), nullable=False),
        sa.Column("tick_s", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uncertainty_s", sa.Double(), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("contact_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "device_uid", "timeline", "tick_s", "at", name=op.f("pk_anchor")),
    )


def _batch_table() -> None:
    op.create_table(
        "batch",
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=16), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", "epoch", "number", name=op.f("pk_batch")),
    )


def _clinic_table() -> None:
    op.create_table(
        "clinic",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )


def _idempotency_table() -> None:
    op.create_table(
        "idempotency",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)


def _mark_table() -> None:
    op.create_table(
        "mark",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "device_uid", "at", name=op.f("pk_mark")),
    )


def _quarantine_table() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=True),
        sa.Column("gateway_id", sa.String(length=40), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("digest", name=op.f("uq_quarantine_digest")),
    )
    op.create_index(op.f("ix_quarantine_clinic_id"), "quarantine", ["clinic_id"], unique=False)


def _gateway_table() -> None:
    op.create_table(
        "gateway",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_gateway_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway")),
    )
    op.create_index(op.f("ix_gateway_clinic_id"), "gateway", ["clinic_id"], unique=False)


def _patient_table() -> None:
    op.create_table(
        "patient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("born", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_patient_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
    )
    op.create_index(op.f("ix_patient_clinic_id"), "patient", ["clinic_id"], unique=False)


def _token_table() -> None:
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_token_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_token_token_hash")),
    )
    op.create_index(op.f("ix_token_clinic_id"), "token", ["clinic_id"], unique=False)


def _device_table() -> None:
    op.create_table(
        "device",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=True),
        sa.Column("modality", sa.String(length=40), nullable=True),
        sa.Column("model", sa.String(length=40), nullable=True),
        sa.Column("serial", sa.String(length=40), nullable=True),
        sa.Column("firmware", sa.String(length=40), nullable=True),
        sa.Column("features", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=True),
        sa.Column("lockout", sa.String(length=40), nullable=True),
        sa.Column("faults", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("battery_percent", sa.Integer(), nullable=True),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=True),
        sa.Column("link_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("messages_lost", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dose_uncertainty_fraction", sa.Double(), nullable=True),
        sa.Column("skin_uncertainty_celsius", sa.Double(), nullable=True),
        sa.Column("calibration_source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_device_clinic_id")),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_device_gateway_id")),
        sa.PrimaryKeyConstraint("clinic_id", "uid", name=op.f("pk_device")),
    )


def _gateway_key_table() -> None:
    op.create_table(
        "gateway_key",
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_gateway_key_gateway_id")),
        sa.PrimaryKeyConstraint("gateway_id", "key_id", name=op.f("pk_gateway_key")),
    )


def _user_table() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_user_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_user_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("login", name=op.f("uq_user_login")),
    )
    op.create_index(op.f("ix_user_clinic_id"), "user", ["clinic_id"], unique=False)


def _assignment_table() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "device_uid"],
            ["device.clinic_id", "device.uid"],
            name=op.f("fk_assignment_clinic_id_device_uid"),
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_assignment_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_clinic_id_device_uid", "assignment", ["clinic_id", "device_uid"], unique=False)
    op.create_index(op.f("ix_assignment_patient_id"), "assignment", ["patient_id"], unique=False)


def _login_table() -> None:
    op.create_table(
        "login",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_login_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login")),
    )
    op.create_index(op.f("ix_login_user_id"), "login", ["user_id"], unique=False)


_TABLES = (
    _anchor_table,
    _batch_table,
    _clinic_table,
    _idempotency_table,
    _mark_table,
    _quarantine_table,
    _gateway_table,
    _patient_table,
    _token_table,
    _device_table,
    _gateway_key_table,
    _user_table,
    _assignment_table,
    _login_table,
)
