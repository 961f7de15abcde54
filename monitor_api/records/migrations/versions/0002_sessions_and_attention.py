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


def _guard_stop_table() -> None:
    op.create_table(
        "guard_stop",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "rule", "shown_at", "outcome", name=op.f("pk_guard_stop")),
    )


def _live_start_table() -> None:
    op.create_table(
        "live_start",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("began_by", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "gateway_id", "boot", name=op.f("pk_live_start")),
    )
    op.create_index(
        "ix_live_start_gateway_id_boot_began_by", "live_start", ["gateway_id", "boot", "began_by"], unique=False
    )


def _order_report_table() -> None:
    op.create_table(
        "order_report",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "wish_id", "gateway_id", "outcome", name=op.f("pk_order_report")),
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
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "content", name=op.f("pk_record")),
    )
    op.create_index(
        "ix_record_gateway_id_boot_received_at", "record", ["gateway_id", "boot", "received_at"], unique=False
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
        sa.Column("epoch", sa.String(length=16), nullable=True),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("first_heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
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


def _gateway_boot_table() -> None:
    op.create_table(
        "gateway_boot",
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_gateway_boot_gateway_id")),
        sa.PrimaryKeyConstraint("gateway_id", "boot", name=op.f("pk_gateway_boot")),
    )


def _gateway_clock_table() -> None:
    op.create_table(
        "gateway_clock",
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uncertainty_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_gateway_clock_gateway_id")),
        sa.PrimaryKeyConstraint("gateway_id", "boot", "at", name=op.f("pk_gateway_clock")),
    )


def _incident_table() -> None:
    op.create_table(
        "incident",
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_incident_clinic_id")),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_incident_gateway_id")),
        sa.PrimaryKeyConstraint("gateway_id", "kind", "shown_at", name=op.f("pk_incident")),
    )
    op.create_index("ix_incident_clinic_id_at", "incident", ["clinic_id", "at"], unique=False)


def _order_line_table() -> None:
    op.create_table(
        "order_line",
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("born_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_order_line_gateway_id")),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_order_line")),
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


def _wish_table() -> None:
    op.create_table(
        "wish",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("regimen_id", sa.Uuid(), nullable=True),
        sa.Column("regimen_version", sa.Integer(), nullable=True),
        sa.Column("permit", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "device_uid"], ["device.clinic_id", "device.uid"], name=op.f("fk_wish_clinic_id_device_uid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sa.UniqueConstraint("clinic_id", "device_uid", "revision", name=op.f("uq_wish_clinic_id_device_uid_revision")),
    )
    op.create_index(
        "ix_wish_clinic_id_device_uid_asked_at", "wish", ["clinic_id", "device_uid", "asked_at"], unique=False
    )
    op.create_index("ix_wish_ended_at_device", "wish", ["ended_at", "clinic_id", "device_uid"], unique=False)


def _sending_table() -> None:
    op.create_table(
        "sending",
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("gateway_id", sa.String(length=40), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("fk_sending_gateway_id")),
        sa.ForeignKeyConstraint(["wish_id"], ["wish.id"], name=op.f("fk_sending_wish_id")),
        sa.PrimaryKeyConstraint("wish_id", "gateway_id", name=op.f("pk_sending")),
    )
    op.create_index(op.f("ix_sending_due_at"), "sending", ["due_at"], unique=False)
    op.create_index("ix_sending_gateway_id", "sending", ["gateway_id"], unique=False)


_TABLES = (
    _audit_table,
    _change_table,
    _due_table,
    _finding_table,
    _gap_table,
    _guard_stop_table,
    _live_start_table,
    _order_report_table,
    _record_table,
    _alert_table,
    _session_table,
    _gateway_boot_table,
    _gateway_clock_table,
    _incident_table,
    _order_line_table,
    _regimen_table,
    _regimen_version_table,
    _wish_table,
    _sending_table,
)
