"""Courses: what sessions come to, what is found in weeks, excuses, calibrations by band, recalled firmware.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; an alert may be of no one session."""
    for table in _TABLES:
        table()
    _alert_columns(nullable=True)


def downgrade() -> None:
    """Drop the tables, and the alerts that are of no one session: there is no place for them before."""
    op.execute(sa.text("DELETE FROM alert WHERE session_id IS NULL OR device_uid IS NULL"))
    _alert_columns(nullable=False)
    for table in reversed(_TABLES):
        op.drop_table(table.__name__.removeprefix("_").removesuffix("_table"))


def _alert_columns(*, nullable: bool) -> None:
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("device_uid", existing_type=sa.String(length=16), nullable=nullable)
        alert.alter_column("session_id", existing_type=sa.Uuid(), nullable=nullable)


def _session_sum_table() -> None:
    op.create_table(
        "session_sum",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Double(), nullable=True),
        sa.Column("impedance_ohm", sa.Double(), nullable=True),
        sa.Column("cem43_low_min", sa.Double(), nullable=True),
        sa.Column("cem43_high_min", sa.Double(), nullable=True),
        sa.Column("contact_fraction", sa.Double(), nullable=True),
        sa.Column("moving_fraction", sa.Double(), nullable=True),
        sa.Column("eye_shield_fraction", sa.Double(), nullable=True),
        sa.Column("skin_rise_celsius", sa.Double(), nullable=True),
        sa.Column("seen_fraction", sa.Double(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("firmware", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", name=op.f("pk_session_sum")),
    )


def _course_finding_table() -> None:
    op.create_table(
        "course_finding",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("sessions", sa.JSON(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_course_finding_patient_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_course_finding")),
    )
    op.create_index(
        "ix_course_finding_clinic_id_patient_id_began_at", "course_finding", ["clinic_id", "patient_id", "began_at"]
    )


def _course_due_table() -> None:
    op.create_table(
        "course_due",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=40), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_course_due_patient_id")),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", name=op.f("pk_course_due")),
    )
    op.create_index(op.f("ix_course_due_due_at"), "course_due", ["due_at"])
    # Every patient is looked at once: what the weeks before say was never asked.
    op.execute(
        sa.text(
            "INSERT INTO course_due (clinic_id, patient_id, due_at, generation)"
            " SELECT clinic_id, id, created_at, 1 FROM patient"
        )
    )


def _excuse_table() -> None:
    op.create_table(
        "excuse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_excuse_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_excuse_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excuse")),
    )
    op.create_index(op.f("ix_excuse_patient_id"), "excuse", ["patient_id"])


def _band_output_table() -> None:
    op.create_table(
        "band_output",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("program", sa.Integer(), nullable=False),
        sa.Column("band", sa.String(length=40), nullable=False),
        sa.Column("wavelength_nm", sa.Integer(), nullable=False),
        sa.Column("irradiance_mw_per_cm2", sa.Double(), nullable=False),
        sa.Column("uncertainty_fraction", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "device_uid"],
            ["device.clinic_id", "device.uid"],
            name=op.f("fk_band_output_clinic_id_device_uid"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "device_uid", "program", "band", name=op.f("pk_band_output")),
    )


def _recalled_firmware_table() -> None:
    op.create_table(
        "recalled_firmware",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("firmware", sa.String(length=40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_recalled_firmware_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "model", "firmware", name=op.f("pk_recalled_firmware")),
    )


def _skin_table() -> None:
    op.create_table(
        "skin",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("phototype", sa.String(length=40), nullable=True),
        sa.Column("photosensitised", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_skin_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_skin_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", "asked_at", name=op.f("pk_skin")),
    )


_TABLES = (
    _session_sum_table,
    _course_finding_table,
    _course_due_table,
    _excuse_table,
    _band_output_table,
    _recalled_firmware_table,
    _skin_table,
)
