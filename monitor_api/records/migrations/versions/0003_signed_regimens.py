"""Signatures of regimens, and the steps of their lives.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the signature's columns and the table of steps."""
    for column in (
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("regimen_version", column)
    op.create_table(
        "regimen_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("regimen_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("device_holds", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["regimen_id"], ["regimen.id"], name=op.f("fk_regimen_step_regimen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regimen_step")),
    )
    op.create_index("ix_regimen_step_regimen_id_at", "regimen_step", ["regimen_id", "at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("regimen_step")
    for column in ("signature", "key_id", "signed_at"):
        op.drop_column("regimen_version", column)
