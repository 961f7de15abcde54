"""Sessions, regimens, and what calls for attention.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
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


def _audit_table() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_clinic_id"), "audit", ["clinic_id"], unique=False)
    op.create_index(
        "ix_audit_clinic_id_subject", "audit", ["clinic_id", "subject_kind", "subject_id", "at"], unique=False
    )


def _change_table() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_change_at"), "change", ["at"], unique=False)
    op.create_index(op.f("ix_change_clinic_id"), "change", ["clinic_id"], unique=False)


def _due_table() -> None:
    op.create_table(
        "due",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=40), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", name=op.f("pk_due")),
    )
    op.create_index(op.f("ix_due_marked_at"), "due", ["marked_at"], unique=False)


def _finding_table() -> None:
    op.create_table(
        "finding",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_clinic_id_session_id", "finding", ["clinic_id", "session_id"], unique=False)


def _gap_table() -> None:
    op.create_table(
        "gap",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "first", "last", name=op.f("pk_gap")),
    )


def _record_table() -> None:
    op.create_table(
        "record",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(length=32), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "content", name=op.f("pk_record")),
    )


def _alert_table() -> None:
    op.create_table(
        "alert",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_late", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_alert_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_clinic_id_patient_id", "alert", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_alert_clinic_id_state_raised_at", "alert", ["clinic_id", "state", "raised_at"], unique=False)


def _session_table() -> None:
    op.create_table(
        "session",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("first_heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("live_start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modality", sa.String(length=40), nullable=True),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("regimen_id", sa.Uuid(), nullable=True),
        sa.Column("regimen_version", sa.Integer(), nullable=True),
        sa.Column("started_earliest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_latest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("placed_by", sa.String(length=40), nullable=True),
        sa.Column("elapsed_s", sa.Double(), nullable=True),
        sa.Column("active_s", sa.Double(), nullable=True),
        sa.Column("planned_s", sa.Double(), nullable=True),
        sa.Column("dose_value", sa.Double(), nullable=True),
        sa.Column("dose_unit", sa.String(length=40), nullable=True),
        sa.Column("highest_skin_celsius", sa.Double(), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("program", sa.Integer(), nullable=True),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("samples_stored", sa.Integer(), nullable=False),
        sa.Column("samples_missing", sa.Integer(), nullable=False),
        sa.Column("conflict", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_session_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_session")),
    )
    op.create_index(
        "ix_session_clinic_id_device_uid_counter", "session", ["clinic_id", "device_uid", "counter"], unique=False
    )
    op.create_index(
        "ix_session_clinic_id_patient_id_started_earliest",
        "session",
        ["clinic_id", "patient_id", "started_earliest"],
        unique=False,
    )


def _regimen_table() -> None:
    op.create_table(
        "regimen",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("modality", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_regimen_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_regimen_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regimen")),
    )
    op.create_index(op.f("ix_regimen_clinic_id"), "regimen", ["clinic_id"], unique=False)
    op.create_index(op.f("ix_regimen_patient_id"), "regimen", ["patient_id"], unique=False)


def _regimen_version_table() -> None:
    op.create_table(
        "regimen_version",
        sa.Column("regimen_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prescriber_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["regimen_id"], ["regimen.id"], name=op.f("fk_regimen_version_regimen_id")),
        sa.PrimaryKeyConstraint("regimen_id", "version", name=op.f("pk_regimen_version")),
    )


_TABLES = (
    _audit_table,
    _change_table,
    _due_table,
    _finding_table,
    _gap_table,
    _record_table,
    _alert_table,
    _session_table,
    _regimen_table,
    _regimen_version_table,
)
