"""Summaries of courses: what lists say of a patient's adherence, as the last judgement reckoned it.

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the next judgement of each course fills it."""
    op.create_table(
        "course_summary",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("modality", sa.String(length=40), nullable=False),
        sa.Column("share_low", sa.Double(), nullable=True),
        sa.Column("share_high", sa.Double(), nullable=True),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("engagement", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=40), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_course_summary_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_course_summary_patient_id")),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", "modality", name=op.f("pk_course_summary")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("course_summary")
