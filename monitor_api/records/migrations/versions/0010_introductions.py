"""When each device last said what it is, so that an older introduction replaces no newer one.

Revision: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it open: the next introduction of each device says it."""
    op.add_column("device", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("device", "said_at")
