"""Tables of gateways' clocks: one for each boot, held against the service's, and what sessions say by them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Big, Table, Word


class GatewayBootRow(Table):
    """A boot of a gateway: the first and last instant that it named, by its own clock, which is steady for as long.

    `lead_s`: how far an instant was ahead of the service's clock when that took it, the farthest of all.
    """

    __tablename__ = "gateway_boot"

    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    boot: Mapped[Big] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    lead_s: Mapped[float]


class GatewayClockRow(Table):
    """A gateway's clock showed `at` when the service's showed `service_at`, give or take the uncertainty."""

    __tablename__ = "gateway_clock"

    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    boot: Mapped[Big] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    service_at: Mapped[datetime]
    uncertainty_s: Mapped[float]


class LiveStartRow(Table):
    """A session began no later than `began_by`: the earliest of (received minus active time) over its samples.

    By the clock of one gateway in one boot: a row for each that received some.
    """

    __tablename__ = "live_start"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway_id: Mapped[Word] = mapped_column(primary_key=True)
    boot: Mapped[Big] = mapped_column(primary_key=True)
    began_by: Mapped[datetime]

    __table_args__ = (Index("ix_live_start_gateway_id_boot_began_by", "gateway_id", "boot", "began_by"),)
