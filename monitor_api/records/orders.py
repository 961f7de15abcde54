"""Tables of the way down: what is wanted, what was sent, what came of it; and what gateways did by themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor_api.records.columns import Big, Id, Table, Uid, Word


class WishRow(Table):
    """What somebody asked of a device: to stop, or to be in another state than before.

    A stop is good until `until_at` and has no revision. Every other wish is the whole state that is wanted from then
    on, as one `revision` of it: held by the wish `hold_id` (itself for a hold, none once that is over), guarded by a
    version of a regimen, until `limits_until` by the phase that ran, with a permit or without one. The highest revision
    is the desired state; `ended_at` is set on the others, and on a stop that is over.
    """

    __tablename__ = "wish"

    id: Mapped[Id]
    clinic_id: Mapped[UUID]
    device_uid: Mapped[Uid]
    kind: Mapped[Word]
    revision: Mapped[Big | None]
    hold_id: Mapped[UUID | None]
    regimen_id: Mapped[UUID | None]
    regimen_version: Mapped[int | None]
    limits_until: Mapped[datetime | None]
    permit: Mapped[bytes | None]
    reason: Mapped[str]
    actor_kind: Mapped[Word]
    actor_id: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "device_uid"], ["device.clinic_id", "device.uid"]),
        UniqueConstraint("clinic_id", "device_uid", "revision"),
        Index("ix_wish_ended_at_device", "ended_at", "clinic_id", "device_uid"),
        Index("ix_wish_clinic_id_device_uid_asked_at", "clinic_id", "device_uid", "asked_at"),
    )


class SendingRow(Table):
    """A wish on its way to a gateway. `due_at`, in real time: when it goes next, None once it need not go again.

    `number` is that of the order that went last; `taken_at` is when its gateway had the wish, as it says.
    """

    __tablename__ = "sending"

    wish_id: Mapped[UUID] = mapped_column(ForeignKey("wish.id"), primary_key=True)
    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    times: Mapped[int]
    number: Mapped[Big | None]
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)

    __table_args__ = (Index("ix_sending_gateway_id", "gateway_id"),)


class OrderLineRow(Table):
    """The way to a gateway: the highest order number that was given out, and its birth that was heard last.

    `born_at` is real time.
    """

    __tablename__ = "order_line"

    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    number: Mapped[Big]
    boot: Mapped[Big | None]
    born_at: Mapped[datetime | None]


class OrderReportRow(Table):
    """What a gateway says came of a wish; of each kind of outcome the first that was heard."""

    __tablename__ = "order_report"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    wish_id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway_id: Mapped[Word] = mapped_column(primary_key=True)
    outcome: Mapped[Word] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[str]


class GuardStopRow(Table):
    """A gateway's local guard had a device stop in a session: for which rule, in its words, and what came of it.

    `shown_at` is what the gateway's clock showed, by which a stop is known again; `at` the same in the service's time.
    """

    __tablename__ = "guard_stop"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[Word] = mapped_column(primary_key=True)
    shown_at: Mapped[datetime] = mapped_column(primary_key=True)
    outcome: Mapped[Word] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    device_uid: Mapped[Uid]
    gateway_id: Mapped[Word]
    because: Mapped[str]


class IncidentRow(Table):
    """Something that went wrong with a gateway itself, from `at` until `until_at`; `shown_at` as in `GuardStopRow`."""

    __tablename__ = "incident"

    gateway_id: Mapped[Word] = mapped_column(ForeignKey("gateway.id"), primary_key=True)
    kind: Mapped[Word] = mapped_column(primary_key=True)
    shown_at: Mapped[datetime] = mapped_column(primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinic.id"))
    at: Mapped[datetime]
    until_at: Mapped[datetime]
    detail: Mapped[str]

    __table_args__ = (Index("ix_incident_clinic_id_at", "clinic_id", "at"),)
