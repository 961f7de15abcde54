"""Serials and clocks of devices: every serial that each gave, its anchors by time, its clock in each session.

Revision: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BY_CONTACT = "ix_anchor_clinic_id_device_uid_contact_at"


def upgrade() -> None:
    """Begin with the serials that are known; the next check of each session fills its columns."""
    op.create_table(
        "device_serial",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("device_uid", sa.String(length=16), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "device_uid"],
            ["device.clinic_id", "device.uid"],
            name=op.f("fk_device_serial_clinic_id_device_uid"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "device_uid", "serial", name=op.f("pk_device_serial")),
    )
    op.execute(
        "INSERT INTO device_serial (clinic_id, device_uid, serial, first_at) "
        "SELECT clinic_id, uid, serial, first_seen_at FROM device WHERE serial <> ''"
    )
    op.create_index(op.f(_BY_CONTACT), "anchor", ["clinic_id", "device_uid", "contact_at"])
    op.add_column("session_sum", sa.Column("clock_ahead_s", sa.Double(), nullable=True))
    op.add_column("session_sum", sa.Column("clock_doubt_s", sa.Double(), nullable=True))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("session_sum", "clock_doubt_s")
    op.drop_column("session_sum", "clock_ahead_s")
    op.drop_index(op.f(_BY_CONTACT), "anchor")
    op.drop_table("device_serial")
