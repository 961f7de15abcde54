"""What gateways say of time: what is stored of their clocks, and their instants in ours as far as that is known now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, union
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.ingest.group import Group
from monitor_api.ingest.opening import Opened, Origin
from monitor_api.records.among import has_name, portions
from monitor_api.records.clocks import GatewayBootRow, GatewayClockRow, LiveStartRow
from monitor_api.records.devices import AnchorRow, DeviceRow
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.records.upsert import insert_new, upsert
from monitor_api.sessions.boots import Boot, ahead_of, see
from monitor_api.sessions.home_clocks import BootName, latest_boots
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, GatewayId, SessionId
from vocabulary.instants import Known

_RIGHT: Final = timedelta(0)

LAST_BOOT: Final = 2**32 - 1
"""The highest number that a boot can have."""


@dataclass(frozen=True, slots=True)
class OurTime:
    """Batches' instants in the service's time, never later than now: for what is shown and compared, not for places."""

    boots: Mapping[BootName, Boot]
    ahead: Mapping[BootName, timedelta | None]
    now: datetime

    def __call__(self, batch: Opened, at: datetime) -> datetime:
        """An instant of a batch; of a wrong clock the earliest that is possible."""
        return self._read(batch, at) or min(self.now, see(self.boots[batch.boot], at).span.earliest)

    def about(self, batch: Opened, at: datetime) -> datetime:
        """An instant of a batch; of a wrong clock now, for that is when we heard of it."""
        return self._read(batch, at) or self.now

    def _read(self, batch: Opened, at: datetime) -> datetime | None:
        """An instant of a batch; None of a wrong clock."""
        ahead = self.ahead.get(batch.boot, _RIGHT)
        return None if ahead is None else min(self.now, at + ahead)

    def heard(self, batch: Opened) -> datetime:
        """When what a batch says was heard: not when it was sealed, for that may be by the clock of a later boot."""
        return self.about(batch, batch.named[1]) if batch.named else self.now


def store_clocks(session: Session, group: Group, now: datetime) -> None:
    """Note what the boots of a group named as instants, and how their clocks compared with ours."""
    upsert(session, GatewayBootRow, _boot_rows(group, now), _wider)
    insert_new(session, GatewayClockRow, _clock_rows(group.telling))


def our_time(session: Session, group: Group, now: datetime) -> OurTime:
    """How to read the instants of a group, whose clocks are stored."""
    boots = latest_boots(session, group.boots)
    return OurTime(boots, {name: ahead_of(boot) for name, boot in boots.items()}, now)


def retimed_sessions(session: Session, batches: Sequence[Opened]) -> set[SeriesKey]:
    """The sessions that new comparisons place otherwise: what their boots saw since the comparison before.

    The first comparison of a boot bounds the boots around it too, so it concerns what those saw that were never
    compared, and all sessions of the gateway's devices that are not placed, or only between two contacts.
    """
    origins = {batch.origin.gateway: batch.origin for batch in batches}
    found, known = set[SeriesKey](), list[tuple[ClinicId, str, int, datetime]]()
    for gateway, boot, before, *around in _compared(session, batches):
        origin = origins[gateway]
        if before is not None:
            known.append((origin.clinic, gateway, boot, before))
            continue
        these = union(*_seen_in(origin, *around), _anchored_in(origin, *around), _unsure(origin))
        found |= {SeriesKey(clinic=origin.clinic, session=SessionId(one)) for one in session.scalars(these)}
    return found | set(_seen_since(session, known))


def _compared(
    session: Session, batches: Iterable[Opened]
) -> Iterator[tuple[GatewayId, int, datetime | None, int, int]]:
    """The boots with new comparisons, stored by now: when each was compared before, and the first and last around it.

    Those are the boots after the last before it that was compared, and before the next that was.
    """
    row = GatewayClockRow
    name = (row.gateway_id, row.boot, row.at)
    told = ((batch.origin.gateway, clock.boot, clock.at) for batch in batches for clock in batch.body.clocks)
    for some in portions(name, told):
        gateway, boot, at = some.c
        before = select(func.max(row.at)).where(has_name(name[:2], some), row.at < at).scalar_subquery()
        earlier = select(func.max(row.boot)).where(has_name(name[:1], some), row.boot < boot).scalar_subquery()
        later = select(func.min(row.boot)).where(has_name(name[:1], some), row.boot > boot).scalar_subquery()
        around = func.coalesce(earlier, -1) + 1, func.coalesce(later, LAST_BOOT + 1) - 1
        yield from session.execute(select(gateway, boot, before, *around))


def _seen_since(session: Session, known: Sequence[tuple[ClinicId, str, int, datetime]]) -> Iterator[SeriesKey]:
    """The sessions of which boots received samples or the record since an instant by their clocks."""
    for row, at in ((LiveStartRow, LiveStartRow.began_by), (RecordRow, RecordRow.received_at)):
        name = (row.clinic_id, row.gateway_id, row.boot)
        for some in portions((*name, at), known):
            seen = and_(has_name(name, some), at >= some.c[3])
            for clinic, one in session.execute(select(row.clinic_id, row.session_id).join(some, seen)):
                yield SeriesKey(clinic=ClinicId(clinic), session=SessionId(one))


def _seen_in(origin: Origin, first: int, last: int) -> Iterator[Select[UUID]]:
    """The sessions of which boots received samples or the record."""
    for row in (LiveStartRow, RecordRow):
        mine = (row.clinic_id == origin.clinic, row.gateway_id == origin.gateway)
        yield select(row.session_id).where(*mine, row.boot.between(first, last))


def _anchored_in(origin: Origin, first: int, last: int) -> Select[UUID]:
    """The sessions that anchors of boots may have placed: those checked since the first of these came."""
    clinic, gateway = origin.clinic, origin.gateway
    anchors = (
        select(AnchorRow.device_uid, func.min(AnchorRow.contact_at).label("since"))
        .where(AnchorRow.clinic_id == clinic, AnchorRow.gateway_id == gateway, AnchorRow.boot.between(first, last))
        .group_by(AnchorRow.device_uid)
        .subquery()
    )
    placed_since = and_(SessionRow.device_uid == anchors.c.device_uid, SessionRow.checked_at >= anchors.c.since)
    return select(SessionRow.id).join(anchors, placed_since).where(SessionRow.clinic_id == clinic, SessionRow.recorded)


def _unsure(origin: Origin) -> Select[UUID]:
    clinic, gateway = origin.clinic, origin.gateway
    devices = select(DeviceRow.uid).where(DeviceRow.clinic_id == clinic, DeviceRow.gateway_id == gateway)
    return select(SessionRow.id).where(SessionRow.clinic_id == clinic, SessionRow.device_uid.in_(devices), not_placed())


def not_placed() -> ColumnElement[bool]:
    """Sessions whose place in time is not known, or only between two contacts."""
    return or_(SessionRow.placed_by.is_(None), SessionRow.placed_by == Known.BRACKET)


def _boot_rows(group: Group, now: datetime) -> list[dict[str, Any]]:
    """A row for each boot that a batch names instants of; when it was sealed may be by the clock of a later one."""
    named = defaultdict[BootName, list[datetime]](list)
    for name, said in group.boots.items():
        named[name] += said.named or ()
    for batch in group.telling:
        for clock in batch.body.clocks:
            named[batch.origin.gateway, clock.boot].append(clock.at)
    return [
        {
            "gateway_id": gateway,
            "boot": boot,
            "first_at": min(found),
            "last_at": max(found),
            "lead_s": (max(found) - now).total_seconds(),
        }
        for (gateway, boot), found in named.items()
        if found
    ]


def _wider(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = GatewayBootRow.__table__.c
    return {
        "first_at": case((stored.first_at > new.first_at, new.first_at), else_=stored.first_at),
        "last_at": case((stored.last_at < new.last_at, new.last_at), else_=stored.last_at),
        "lead_s": case((stored.lead_s < new.lead_s, new.lead_s), else_=stored.lead_s),
    }


def _clock_rows(batches: Iterable[Opened]) -> list[dict[str, Any]]:
    return [
        {
            "gateway_id": batch.origin.gateway,
            "boot": clock.boot,
            "at": clock.at,
            "service_at": clock.service_at,
            "uncertainty_s": clock.uncertainty_s,
        }
        for batch in batches
        for clock in batch.body.clocks
    ]
