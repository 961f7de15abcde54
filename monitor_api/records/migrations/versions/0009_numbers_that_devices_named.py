"""Numbers that devices named: of each the first and the last state that did, and when the service learned of it.

Revision: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with what the states say that are stored, as of when the devices reported them."""
    op.add_column("mark", sa.Column("by_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mark", sa.Column("learned_at", sa.DateTime(timezone=True), nullable=True))
    named = op.create_table(
        "named",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "device_uid", "newest", name=op.f("pk_named")),
    )
    words = ("clinic_id", "device_uid", "at", "state")
    mark = sa.table("mark", *map(sa.column, words), sa.column("detail", sa.JSON())).c
    newest = sa.cast(mark.detail["newest"].as_string(), sa.BigInteger)
    device, first, last = (mark.clinic_id, mark.device_uid), sa.func.min(mark.at), sa.func.max(mark.at)
    stored = sa.select(*device, newest, first, last, first).where(mark.state != "emitting").group_by(*device, newest)
    op.execute(named.insert().from_select(named.c.keys(), stored))


def downgrade() -> None:
    """Forget them."""
    op.drop_table("named")
    op.drop_column("mark", "learned_at")
    op.drop_column("mark", "by_at")
