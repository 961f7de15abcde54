"""How far a device's records prove what it did: its last contact, and what it counted by then that is not here."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from clinical.course import RecordProof
from monitor_api.records.devices import AnchorRow, DeviceRow, MarkRow
from monitor_api.records.sessions import SessionRow

LOOK_BACK: Final = timedelta(days=120)
"""How far back a record that never came leaves something open: beyond what is judged, 28 days and the first 90."""


def proof_of(session: Session, device: DeviceRow) -> RecordProof | None:
    """None before a device named its records, and for one that counts no sessions itself: silence proves nothing there.

    What a device counted before the first record that is here was before Lumenward knew it; sessions that surely were
    before LOOK_BACK are not missed any more.
    """
    named = _named(session, device)
    counted = _counted(session, device)
    if named is None or counted is None:
        return None
    newest, at = named
    first, here = counted
    if not first:
        return RecordProof(until=at, missing=newest)
    missing = 0 if newest - first + 1 <= here else sum(_holes(session, device, newest, at - LOOK_BACK))
    return RecordProof(until=at, missing=missing)


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


def _holes(session: Session, device: DeviceRow, newest: int, since: datetime) -> Iterator[int]:
    """How many records are missing between those that are here, where the later of them was not surely before."""
    of_device = (SessionRow.clinic_id == device.clinic_id, SessionRow.device_uid == device.uid, SessionRow.recorded)
    query = select(SessionRow.counter, SessionRow.started_latest).where(*of_device).order_by(SessionRow.counter)
    here = [*((counter, at) for counter, at in session.execute(query)), (newest + 1, None)]
    for (before, _), (after, started) in pairwise(here):
        if started is None or started >= since:
            yield max(0, after - before - 1)
