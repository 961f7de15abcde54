"""Store what a group of batches says of devices, sessions and records, whatever order batches come in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from device_drivers.errors import DriverError
from device_drivers.families import family
from monitor_api.ingest import rows
from monitor_api.ingest.group import Group, series_key
from monitor_api.ingest.hours import OurTime, not_placed
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.quarantine import keep, refused_record
from monitor_api.records.among import among
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
    return {"heard_at": case((stored.heard_at < new.heard_at, new.heard_at), else_=stored.heard_at)}


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
            sessions[key] = rows.new_session(batch, item, read.counter, ours.heard(batch)) | {"recorded": True}
            kept[key, read.content] = _record_row(batch, item, key, read.content) | {"stored_at": now}
    upsert(session, SessionRow, list(sessions.values()), _recorded)
    insert_new(session, RecordRow, list(kept.values()))
    return set(sessions)


def _recorded(_new: ColumnCollection[str, Any]) -> dict[str, bool]:
    return {"recorded": True}


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
        "boot": batch.body.boot,
        "received_at": item.received_at,
    }


def touched_sessions(session: Session, batches: Sequence[Opened], ours: OurTime) -> set[SeriesKey]:
    """The recorded sessions that what this group says of their devices may place in time, or have judged otherwise.

    An anchor is nearer than those before it to what its contact brought, and what a device says of itself comes with
    its contact too: both concern the sessions heard of within a day. An anchor also concerns those that are not placed,
    where it is the first that its boot saw of a timeline, or the last of one that is over.
    """
    anchored = {
        (batch.origin.clinic, one.device): ours.about(batch, one.at) for batch in batches for one in batch.body.anchors
    }
    said = {(batch.origin.clinic, one.device): ours.heard(batch) for batch in batches for one in batch.body.devices}
    if not anchored and not said:
        return set()
    recent = SessionRow.first_heard_at >= min((*anchored.values(), *said.values())) - CONTACT
    news = list(_newly_anchored(session, batches))
    return {
        *_sessions_of(session, news, and_(SessionRow.recorded, not_placed())),
        *_sessions_of(session, anchored, and_(SessionRow.recorded, recent)),
        *_sessions_of(session, said, recent),
    }


def _newly_anchored(session: Session, batches: Iterable[Opened]) -> Iterator[tuple[ClinicId, str]]:
    """The devices of which these anchors, stored by now, say more than when their last contact was."""
    ticks: defaultdict[_Timeline, list[float]] = defaultdict(list)
    for batch in batches:
        for one in batch.body.anchors:
            seen = _Timeline(batch.origin.clinic, one.device, one.timeline, batch.origin.gateway, batch.body.boot)
            ticks[seen].append(one.tick_s)
    for seen, new in ticks.items():
        if not _continues(session, seen, new):
            yield seen.clinic, seen.device


class _Timeline(NamedTuple):
    """A timeline of a device, as one boot of a gateway saw it."""

    clinic: ClinicId
    device: str
    number: int
    gateway: GatewayId
    boot: int


def _continues(session: Session, seen: _Timeline, ticks: Sequence[float]) -> bool:
    """Whether a boot saw the timeline earlier too, and these ticks are not where the timeline ended."""
    timeline, tick_s = AnchorRow.timeline, AnchorRow.tick_s
    mine = (AnchorRow.clinic_id == seen.clinic, AnchorRow.device_uid == seen.device)
    this = timeline == seen.number
    earlier = (this, tick_s < min(ticks), AnchorRow.gateway_id == seen.gateway, AnchorRow.boot == seen.boot)
    over, later = (timeline > seen.number,), (this, tick_s > max(ticks))

    def stored(which: tuple[ColumnElement[bool], ...]) -> bool:
        return _any(session, *mine, *which)

    return stored(earlier) and (not stored(over) or stored(later))


def _any(session: Session, *which: ColumnElement[bool]) -> bool:
    latest = (AnchorRow.timeline.desc(), AnchorRow.tick_s.desc())
    return session.scalar(select(AnchorRow.tick_s).where(*which).order_by(*latest).limit(1)) is not None


def _sessions_of(
    session: Session, devices: Iterable[tuple[ClinicId, str]], which: ColumnElement[bool]
) -> Iterator[SeriesKey]:
    these = select(SessionRow.clinic_id, SessionRow.id).where(which)
    for clinic, one in among(session, these, (SessionRow.clinic_id, SessionRow.device_uid), devices):
        yield SeriesKey(clinic=ClinicId(clinic), session=SessionId(one))
