"""Store what a group of batches says of devices, sessions and records, whatever order batches come in."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from device_drivers.errors import DriverError
from device_drivers.families import family
from monitor_api.ingest import rows
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.quarantine import keep, refused_record
from monitor_api.records.devices import DeviceRow, GatewayRow
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.records.trail import Change, ChangeKind, announce
from monitor_api.records.upsert import insert_new, upsert
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, SessionId
from vocabulary.readings import SessionRecord
from vocabulary.wire.batches import StoredRecord

CONTACT: Final = timedelta(days=1)
"""How long the records and anchors of one contact may take to come, in whatever order."""

AT_ONCE: Final = 500
"""Devices looked up in one statement: a store takes only so many parameters."""


def store_devices(session: Session, batches: Sequence[Opened], now: datetime) -> None:
    """Note what devices say of themselves; an older state never replaces a newer one."""
    found = rows.device_rows(batches)
    upsert(session, DeviceRow, found, _newer)
    for row in found:
        if row["state_at"] or row["connected"] is not None or row["family"]:
            announce(session, Change(clinic=row["clinic_id"], kind=ChangeKind.DEVICE, subject_id=row["uid"]), now)
    heard = {batch.origin.gateway: batch.body.sealed_at for batch in sorted(batches, key=_sealed_at)}
    for gateway, at in heard.items():
        earlier = or_(GatewayRow.heard_at.is_(None), GatewayRow.heard_at < at)
        session.execute(update(GatewayRow).where(GatewayRow.id == gateway, earlier).values(heard_at=at))


def _sealed_at(batch: Opened) -> datetime:
    return batch.body.sealed_at


def _newer(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = DeviceRow.__table__.c
    heard, state, link = (_later(stored[at], new[at]) for at in ("heard_at", "state_at", "link_at"))
    return {
        **{word: func.coalesce(new[word], stored[word]) for word in rows.SAID},
        **{word: case((heard, new[word]), else_=stored[word]) for word in ("heard_at", "gateway_id")},
        **{word: case((state, new[word]), else_=stored[word]) for word in rows.STATE},
        **{word: case((link, new[word]), else_=stored[word]) for word in rows.LINK},
    }


def _later(stored: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(new.is_not(None), or_(stored.is_(None), stored <= new))


def store_sessions(session: Session, batches: Iterable[Opened]) -> None:
    """Note which sessions were heard of, and when last."""
    upsert(session, SessionRow, rows.session_rows(batches), _heard)


def _heard(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = SessionRow.__table__.c
    earlier = or_(stored.live_start_at.is_(None), stored.live_start_at > new.live_start_at)
    return {
        "heard_at": case((stored.heard_at < new.heard_at, new.heard_at), else_=stored.heard_at),
        "live_start_at": case((earlier, new.live_start_at), else_=stored.live_start_at),
    }


def store_records(session: Session, batches: Iterable[Opened], now: datetime) -> set[SeriesKey]:
    """Store devices' records byte for byte, and give the sessions they are of; what no driver reads is quarantined."""
    kept: dict[tuple[SeriesKey, bytes], rows.Row] = {}
    sessions: dict[SeriesKey, rows.Row] = {}
    for batch in batches:
        for item in batch.body.records:
            read = _read(session, batch, item, now)
            if read is None:
                continue
            key = rows.series_key(batch, item, read.counter)
            sessions[key] = rows.new_session(batch, item, read.counter) | {"recorded": True}
            kept[key, read.content] = _record_row(batch, item, key, read.content) | {"stored_at": now}
    upsert(session, SessionRow, list(sessions.values()), lambda _: {"recorded": True})
    insert_new(session, RecordRow, list(kept.values()))
    return set(sessions)


def _read(session: Session, batch: Opened, item: StoredRecord, now: datetime) -> SessionRecord | None:
    try:
        return family(item.family).read_record(item.data)
    except DriverError as error:
        keep(session, [refused_record(batch, item, str(error))], now)
        return None


def _record_row(batch: Opened, item: StoredRecord, key: SeriesKey, content: bytes) -> rows.Row:
    return {
        "clinic_id": key.clinic,
        "session_id": key.session,
        "content": content,
        "family": item.family,
        "data": item.data,
        "gateway_id": batch.origin.gateway,
        "received_at": item.received_at,
    }


def touched_sessions(session: Session, batches: Sequence[Opened]) -> set[SeriesKey]:
    """The recorded sessions that what this group says of their devices may place in time, or have judged otherwise.

    An anchor is nearer than those before it to what its contact brought, and what a device says of itself comes with
    its contact too: both concern the sessions heard of within a day, and an anchor also those that nothing places.
    """
    anchored = {(batch.origin.clinic, one.device): one.at for batch in batches for one in batch.body.anchors}
    said = {(batch.origin.clinic, one.device): batch.body.sealed_at for batch in batches for one in batch.body.devices}
    if not anchored and not said:
        return set()
    recent = SessionRow.first_heard_at >= min((*anchored.values(), *said.values())) - CONTACT
    placed_since = and_(SessionRow.recorded, or_(SessionRow.placed_by.is_(None), recent))
    return {*_sessions_of(session, list(anchored), placed_since), *_sessions_of(session, list(said), recent)}


def _sessions_of(
    session: Session, devices: Sequence[tuple[ClinicId, str]], which: ColumnElement[bool]
) -> Iterator[SeriesKey]:
    for start in range(0, len(devices), AT_ONCE):
        some = tuple_(SessionRow.clinic_id, SessionRow.device_uid).in_(devices[start : start + AT_ONCE])
        for clinic, one in session.execute(select(SessionRow.clinic_id, SessionRow.id).where(some, which)):
            yield SeriesKey(clinic=ClinicId(clinic), session=SessionId(one))
