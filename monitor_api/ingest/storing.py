"""Store what a group of batches says of devices, sessions and records, whatever order batches come in."""

from collections.abc import Iterable, Sequence
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
from vocabulary.instants import Known
from vocabulary.readings import SessionRecord
from vocabulary.wire.batches import StoredRecord

CONTACT: Final = timedelta(days=1)
"""How long the records and anchors of one contact may take to come, in whatever order."""

_WORDS = ("family", "modality", "model", "serial", "firmware", "features", "connected")
_STATE = ("state", "lockout", "faults", "battery_percent", "state_at")


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
    later = and_(new.state_at.is_not(None), or_(stored.state_at.is_(None), stored.state_at <= new.state_at))
    return {
        "heard_at": case((stored.heard_at < new.heard_at, new.heard_at), else_=stored.heard_at),
        "gateway_id": case((stored.heard_at < new.heard_at, new.gateway_id), else_=stored.gateway_id),
        **{word: func.coalesce(new[word], stored[word]) for word in _WORDS},
        **{word: case((later, new[word]), else_=stored[word]) for word in _STATE},
    }


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
            key = rows.series_key(batch, item.device, read.counter)
            sessions[key] = rows.new_session(batch, item.device, read.counter)
            kept[key, read.content] = _record_row(batch, item, key, read.content) | {"stored_at": now}
    insert_new(session, SessionRow, list(sessions.values()))
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


def anchored_sessions(session: Session, batches: Iterable[Opened]) -> set[SeriesKey]:
    """The recorded sessions whose place in time an anchor of this group may give, or narrow.

    An anchor is nearer than those before it to what its contact brought: sessions heard of within a day of it.
    """
    anchors = [(batch.origin.clinic, anchor) for batch in batches for anchor in batch.body.anchors]
    if not anchors:
        return set()
    anchored = {(clinic, anchor.device) for clinic, anchor in anchors}
    recent = SessionRow.first_heard_at >= min(anchor.at for _, anchor in anchors) - CONTACT
    query = select(SessionRow.clinic_id, SessionRow.id).where(
        tuple_(SessionRow.clinic_id, SessionRow.device_uid).in_(anchored),
        SessionRow.recorded,
        or_(SessionRow.placed_by.is_(None), and_(SessionRow.placed_by == Known.ANCHOR, recent)),
    )
    found = session.execute(query)
    return {SeriesKey(clinic=ClinicId(clinic), session=SessionId(one)) for clinic, one in found}
