"""Limits at home follow the phase of a regimen: until when those that were told are right.

Revision: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Have the limits of every regimen told once more: those before were of its strongest phase."""
    op.add_column("wish", sa.Column("limits_until", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE wish SET limits_until = asked_at WHERE ended_at IS NULL AND regimen_version IS NOT NULL")


def downgrade() -> None:
    """Forget it."""
    op.drop_column("wish", "limits_until")
