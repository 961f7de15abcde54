"""How far a device's records prove what it did: its last contact, and what it counted by then that is not here."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from clinical.course import RecordProof
from monitor_api.records.devices import AnchorRow, DeviceRow, MarkRow
from monitor_api.records.sessions import SessionRow


def proof_of(session: Session, device: DeviceRow) -> RecordProof | None:
    """None before a device named its records, and for one that counts no sessions itself: silence proves nothing there.

    What a device counted before the first record that is here was before Lumenward knew it.
    """
    named = _named(session, device)
    counted = _counted(session, device)
    if named is None or counted is None:
        return None
    newest, at = named
    first, here = counted
    return RecordProof(until=at, missing=max(0, newest - first + 1 - here) if first else newest)


def _named(session: Session, device: DeviceRow) -> tuple[int, datetime] | None:
    """The newest session that the device named, and when it was last asked."""
    contact = (
        select(AnchorRow.contact_at)
        .where(AnchorRow.clinic_id == device.clinic_id, AnchorRow.device_uid == device.uid)
        .order_by(AnchorRow.timeline.desc(), AnchorRow.tick_s.desc())
        .limit(1)
        .scalar_subquery()
    )
    said = and_(MarkRow.clinic_id == device.clinic_id, MarkRow.device_uid == device.uid, MarkRow.at == device.state_at)
    found = session.execute(select(MarkRow.detail, MarkRow.at, contact).where(said)).one_or_none()
    if found is None:
        return None
    detail, at, contact_at = found
    return detail["newest"], max(at, contact_at or at)


def _counted(session: Session, device: DeviceRow) -> tuple[int, int] | None:
    """The first record that is here and how many are; None where it is a gateway that counts."""
    of_device = (SessionRow.clinic_id == device.clinic_id, SessionRow.device_uid == device.uid)
    query = select(func.min(SessionRow.counter), func.count(), func.count(SessionRow.epoch)).where(
        *of_device, SessionRow.recorded
    )
    first, here, by_gateway = session.execute(query).one()
    return None if by_gateway else (first or 0, here)
