"""Tables of the watch: who leads, what is due by the clock, who was there when, and who fell silent. Times are real."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Name, Serial, Table, Word


class LeaseRow(Table):
    """What only one process may do at a time: who does it, until when unless it is renewed."""

    __tablename__ = "lease"

    name: Mapped[Word] = mapped_column(primary_key=True)
    holder: Mapped[Name]
    until_at: Mapped[datetime]


class ChoreRow(Table):
    """A chore of the watch, and when it is due next."""

    __tablename__ = "chore"

    name: Mapped[Word] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]


class PresenceRow(Table):
    """A worker of a part of the service: it was there at `seen_at`, and without a break since `since_at`."""

    __tablename__ = "presence"

    part: Mapped[Word] = mapped_column(primary_key=True)
    worker: Mapped[Word] = mapped_column(primary_key=True)
    since_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SilenceRow(Table):
    """A gateway, or a part of the service, that was not heard when it should have been.

    `since_at`: when it was last heard; `found_at`: when that was noticed; `until_at`: when it was heard again, None
    while it is silent. A part of the service is no clinic's.
    """

    __tablename__ = "silence"

    id: Mapped[Serial]
    clinic_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinic.id"), index=True)
    part: Mapped[Word]
    name: Mapped[Word]
    since_at: Mapped[datetime]
    found_at: Mapped[datetime]
    until_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_silence_until_at_part_name", "until_at", "part", "name"),)
