"""Who leads the watch, what it does when, who was there, and who fell silent.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and note of each gateway by when it is expected to be heard."""
    with op.batch_alter_table("gateway") as gateway:
        gateway.add_column(sa.Column("expected_by", sa.DateTime(timezone=True), nullable=True))
        gateway.create_index(op.f("ix_gateway_expected_by"), ["expected_by"], unique=False)
    for table in _TABLES:
        table()


def downgrade() -> None:
    """Drop the tables and the column."""
    for table in reversed(_TABLES):
        op.drop_table(table.__name__.removeprefix("_").removesuffix("_table"))
    with op.batch_alter_table("gateway") as gateway:
        gateway.drop_index(op.f("ix_gateway_expected_by"))
        gateway.drop_column("expected_by")


def _lease_table() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _chore_table() -> None:
    op.create_table(
        "chore",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chore")),
    )


def _presence_table() -> None:
    op.create_table(
        "presence",
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("worker", sa.String(length=40), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", "worker", name=op.f("pk_presence")),
    )


def _silence_table() -> None:
    op.create_table(
        "silence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=True),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_silence_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
    )
    op.create_index(op.f("ix_silence_clinic_id"), "silence", ["clinic_id"], unique=False)
    op.create_index("ix_silence_until_at_part_name", "silence", ["until_at", "part", "name"], unique=False)


_TABLES = (_lease_table, _chore_table, _presence_table, _silence_table)
