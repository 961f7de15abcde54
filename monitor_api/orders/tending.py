"""What no deed brings about: devices that moved to another gateway, stops and holds whose time is over."""

from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from monitor_api.clock import Moment
from monitor_api.orders.asking import IN_FORCE
from monitor_api.orders.news import announce_device
from monitor_api.records.devices import DeviceRow
from monitor_api.records.orders import SendingRow, WishRow
from monitor_api.records.upsert import insert_new
from vocabulary.identity import ClinicId, DeviceUid


def anything_to_tend(session: Session, now: Moment) -> bool:
    """Whether `tend` would change anything."""
    return any(session.execute(one.limit(1)).first() for one in (_moved(now), _over(now), _held_over(now)))


def tend(session: Session, now: Moment) -> None:
    """Send what is wanted to where the devices are now, and end the stops and holds whose time is over."""
    moved = session.execute(_moved(now)).all()
    sendings = [{"wish_id": wish, "gateway_id": gateway, "times": 0, "due_at": now.real} for wish, gateway in moved]
    insert_new(session, SendingRow, sendings)
    for wish in session.scalars(_over(now)).all():
        wish.ended_at = now.civil
        _announce(session, wish, now)
    for wish in session.scalars(_held_over(now)).all():
        wish.hold_id = None
        _announce(session, wish, now)


def _announce(session: Session, wish: WishRow, now: Moment) -> None:
    announce_device(session, ClinicId(wish.clinic_id), DeviceUid(wish.device_uid), now.civil)


def _over(now: Moment) -> Select[WishRow]:
    """Stops whose time is over."""
    return select(WishRow).where(WishRow.ended_at.is_(None), WishRow.revision.is_(None), WishRow.until_at <= now.civil)


def _held_over(now: Moment) -> Select[WishRow]:
    """Desired states that name a hold whose time is over."""
    hold = aliased(WishRow)
    return select(WishRow).join(hold, hold.id == WishRow.hold_id).where(*IN_FORCE, hold.until_at <= now.civil)


def _moved(now: Moment) -> Select[UUID, str]:
    """Wishes that hold, and the gateways that heard their devices last, where those were never sent them."""
    sent = and_(SendingRow.wish_id == WishRow.id, SendingRow.gateway_id == DeviceRow.gateway_id)
    device = and_(DeviceRow.clinic_id == WishRow.clinic_id, DeviceRow.uid == WishRow.device_uid)
    return (
        select(WishRow.id, DeviceRow.gateway_id)
        .join(DeviceRow, device)
        .outerjoin(SendingRow, sent)
        .where(
            WishRow.ended_at.is_(None),
            SendingRow.wish_id.is_(None),
            or_(WishRow.revision.is_not(None), WishRow.until_at > now.civil),
        )
    )
