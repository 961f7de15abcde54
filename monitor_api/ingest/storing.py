"""Store what a group of batches says of devices, sessions and records, whatever order batches come in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, exists, func, literal, or_, select, true, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from device_drivers.errors import DriverError
from device_drivers.families import family
from monitor_api.ingest import rows
from monitor_api.ingest.group import Group, series_key
from monitor_api.ingest.hours import OurTime, not_placed
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.quarantine import keep, refused_record
from monitor_api.records.among import among, has_name, portions
from monitor_api.records.clocks import LiveStartRow
from monitor_api.records.devices import AnchorRow, DeviceRow, GatewayRow
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.records.trail import Change, ChangeKind, announce_all
from monitor_api.records.upsert import insert_new, upsert
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, GatewayId, SessionId
from vocabulary.readings import SessionRecord
from vocabulary.wire.batches import StoredRecord

CONTACT: Final = timedelta(days=1)
"""How long the records and anchors of one contact may take to come, in whatever order."""

FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def store_devices(session: Session, group: Group, now: datetime, ours: OurTime) -> None:
    """Note what devices say of themselves; what is older never replaces what is newer."""
    found = rows.device_rows(group, ours)
    upsert(session, DeviceRow, found, _newer)
    changes = [
        Change(clinic=row["clinic_id"], kind=ChangeKind.DEVICE, subject_id=row["uid"])
        for row in found
        if row["state_at"] or row["connected"] is not None or row["family"]
    ]
    announce_all(session, changes, now)
    heard = sorted((ours(said.batch, said.sealed_at), gateway) for (gateway, _), said in group.boots.items())
    latest = [{"gateway": gateway, "at": at} for gateway, at in {gateway: at for at, gateway in heard}.items()]
    if latest:
        session.connection().execute(_HEARD_LATER, latest)


_HEARD_LATER: Final = (
    update(GatewayRow)
    .where(
        GatewayRow.id == bindparam("gateway"),
        or_(GatewayRow.heard_at.is_(None), GatewayRow.heard_at < bindparam("at")),
    )
    .values(heard_at=bindparam("at"))
)


def _newer(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = DeviceRow.__table__.c
    said, heard, state, link = (_later(stored[at], new[at]) for at in ("said_at", "heard_at", "state_at", "link_at"))
    return {
        **{
            word: case((said, func.coalesce(new[word], stored[word])), else_=func.coalesce(stored[word], new[word]))
            for word in rows.SAID
        },
        **{word: case((heard, new[word]), else_=stored[word]) for word in ("heard_at", "gateway_id")},
        **{word: case((state, new[word]), else_=stored[word]) for word in rows.STATE},
        **{word: case((link, func.coalesce(new[word], stored[word])), else_=stored[word]) for word in rows.LINK},
    }


def _later(stored: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(new.is_not(None), or_(stored.is_(None), stored <= new))


def store_sessions(session: Session, group: Group, ours: OurTime) -> None:
    """Note which sessions were heard of, when last, and what their samples say of when they began."""
    upsert(session, SessionRow, rows.session_rows(group.heard, ours), _heard)
    upsert(session, LiveStartRow, rows.live_start_rows(group.heard), _earlier)


def _heard(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = SessionRow.__table__.c
    heard_at = case((stored.heard_at < new.heard_at, new.heard_at), else_=stored.heard_at)
    return {"heard_at": heard_at, "first_heard_at": _first(new)}


def _first(new: ColumnCollection[str, Any]) -> ColumnElement[Any]:
    stored = SessionRow.__table__.c
    return case((stored.first_heard_at > new.first_heard_at, new.first_heard_at), else_=stored.first_heard_at)


def _earlier(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = LiveStartRow.__table__.c
    return {"began_by": case((stored.began_by > new.began_by, new.began_by), else_=stored.began_by)}


def store_records(session: Session, batches: Iterable[Opened], now: datetime, ours: OurTime) -> set[SeriesKey]:
    """Store devices' records byte for byte, and give the sessions they are of; what no driver reads is quarantined."""
    kept: dict[tuple[SeriesKey, bytes], rows.Row] = {}
    sessions: dict[SeriesKey, rows.Row] = {}
    for batch in batches:
        for item in batch.body.records:
            read = _read(session, batch, item, now)
            if read is None:
                continue
            key = series_key(batch, item, read.counter)
            row = rows.new_session(batch, item, read.counter, ours.heard(batch)) | {"recorded": True}
            sessions[key] = min(row, sessions.get(key, row), key=_first_heard_at)
            kept[key, read.content] = _record_row(batch, item, key, read.content) | {"stored_at": now}
    upsert(session, SessionRow, list(sessions.values()), _recorded)
    insert_new(session, RecordRow, list(kept.values()))
    return set(sessions)


def _recorded(new: ColumnCollection[str, Any]) -> dict[str, Any]:
    return {"recorded": True, "first_heard_at": _first(new)}


def _read(session: Session, batch: Opened, item: StoredRecord, now: datetime) -> SessionRecord | None:
    try:
        return family(item.family).read_record(item.data)
    except DriverError as error:
        keep(session, [refused_record(batch, item, str(error))], now)
        return None


def _first_heard_at(row: rows.Row) -> datetime:
    at: datetime = row["first_heard_at"]
    return at


def _record_row(batch: Opened, item: StoredRecord, key: SeriesKey, content: bytes) -> rows.Row:
    return {
        "clinic_id": key.clinic,
        "session_id": key.session,
        "content": content,
        "family": item.family,
        "data": item.data,
        "gateway_id": batch.origin.gateway,
        "boot": batch.body.boot,
        "received_at": item.received_at,
    }


def touched_sessions(session: Session, batches: Sequence[Opened], ours: OurTime) -> set[SeriesKey]:
    """The recorded sessions that what this group says of their devices may place in time, or have judged otherwise.

    An anchor is nearer than those before it to what its contact brought, and nearer than those after it to what the
    next contact brings: it concerns the sessions heard of from a day before it until a day after the next. What a
    device says of itself comes with its contact too, and holds until it says something else: it concerns those heard
    of from a day before, until a day after where something newer is known. An anchor also concerns those that are not
    placed, where it is the first that its boot saw of a timeline, or the last of one that is over.
    """
    row, anchored, said = SessionRow, _Instants(list), _Instants(list)
    for batch in batches:
        for anchor in batch.body.anchors:
            anchored[batch.origin.clinic, anchor.device].append(ours.about(batch, anchor.at))
        for one in batch.body.devices:
            said[batch.origin.clinic, one.device].append(ours.heard(batch))
    newly = among(session, _SESSION.where(row.recorded, not_placed()), _DEVICE, _newly_anchored(session, batches))
    found = (
        *newly,
        *_heard_in(session, _until_next(session, anchored), row.recorded.is_(true())),
        *_heard_in(session, _until_replaced(session, said, batches, ours)),
    )
    return {SeriesKey(clinic=ClinicId(clinic), session=SessionId(one)) for clinic, one in found}


_Device = tuple[ClinicId, str]
_Instants = defaultdict[_Device, list[datetime]]
_Span = tuple[ClinicId, str, datetime, datetime]
"""A device, and from when until when its sessions were heard of."""

_SESSION: Final = select(SessionRow.clinic_id, SessionRow.id)
_DEVICE: Final = (SessionRow.clinic_id, SessionRow.device_uid)


def _until_next(session: Session, anchored: _Instants) -> Iterator[_Span]:
    """Around the contacts of devices, to the next that is known of."""
    columns = (AnchorRow.clinic_id, AnchorRow.device_uid, AnchorRow.contact_at)
    for some in portions(columns, ((*name, max(known)) for name, known in anchored.items())):
        clinic, device, last = some.c
        later = select(func.min(AnchorRow.contact_at)).where(has_name(columns[:2], some), AnchorRow.contact_at > last)
        following = func.coalesce(later.scalar_subquery(), literal(FOREVER, AnchorRow.contact_at.type))
        for name, uid, at in session.execute(select(clinic, device, following)):
            yield name, uid, min(anchored[name, uid]) - CONTACT, at + CONTACT


def _until_replaced(session: Session, said: _Instants, batches: Iterable[Opened], ours: OurTime) -> Iterator[_Span]:
    """Around what devices, stored by now, say of themselves."""
    row, as_of = DeviceRow, dict[_Device, datetime]()
    for batch in batches:
        for one in batch.body.devices:
            device, at = (batch.origin.clinic, one.device), ours(batch, batch.body.sealed_at)
            as_of[device] = max(at, as_of.get(device, at))
    name = (row.clinic_id, row.uid)
    for clinic, uid, newest_at in among(session, select(*name, row.said_at), name, said):
        device = ClinicId(clinic), uid
        is_newest = newest_at is None or newest_at <= as_of[device]
        yield *device, min(said[device]) - CONTACT, FOREVER if is_newest else max(said[device]) + CONTACT


def _heard_in(session: Session, spans: Iterable[_Span], *which: ColumnElement[bool]) -> Iterator[Row[UUID, UUID]]:
    """The sessions of devices that were first heard of in a span of each."""
    heard_at = SessionRow.first_heard_at
    for some in portions((*_DEVICE, heard_at, heard_at), spans):
        _, _, since, until = some.c
        mine = and_(has_name(_DEVICE, some), heard_at.between(since, until))
        yield from session.execute(_SESSION.join(some, mine).where(*which))


def _newly_anchored(session: Session, batches: Iterable[Opened]) -> Iterator[_Device]:
    """The devices of which these anchors, stored by now, say more than when their last contact was.

    They do unless their boot saw the timeline earlier too, and they are not where the timeline ended.
    """
    row, ticks = AnchorRow, defaultdict[_Timeline, list[float]](list)
    for batch in batches:
        for one in batch.body.anchors:
            seen = (batch.origin.clinic, one.device, one.timeline, batch.origin.gateway, batch.body.boot)
            ticks[seen].append(one.tick_s)
    columns = (row.clinic_id, row.device_uid, row.timeline, row.gateway_id, row.boot, row.tick_s, row.tick_s)
    for some in portions(columns, ((*seen, min(new), max(new)) for seen, new in ticks.items())):
        clinic, device, timeline, _, _, first, last = some.c
        seen_before = select(row.tick_s).where(has_name(columns[:5], some), row.tick_s < first)
        nearest = seen_before.order_by(row.tick_s.desc()).limit(1).scalar_subquery()
        is_over = exists().where(has_name(columns[:2], some), row.timeline > timeline)
        went_on = exists().where(has_name(columns[:3], some), row.tick_s > last)
        for found in session.execute(select(clinic, device).where(or_(nearest.is_(None), and_(is_over, ~went_on)))):
            yield ClinicId(found[0]), found[1]


_Timeline = tuple[ClinicId, str, int, GatewayId, int]
"""A timeline of a device, as one boot of a gateway saw it."""
