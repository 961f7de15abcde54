"""Contacts of gateways with a device around one session, in the service's time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.records.clocks import LiveStartRow
from monitor_api.records.devices import AnchorRow
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.sessions.boots import Sighting, see
from monitor_api.sessions.home_clocks import Stamp, boots_around
from monitor_api.sessions.placing import Bounds, Contact
from vocabulary.instants import Tick
from vocabulary.readings import SessionRecord

NEAR: Final = 64
"""Anchors before and after a tick that are looked at, for the nearest of each boot: a few come with each contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """What places a session, as in `Evidence`."""

    began_by: tuple[Sighting, ...]
    recorded: Sighting | None
    anchors: tuple[Contact, ...]
    between: Bounds


def find_contacts(
    session: Session, row: SessionRow, fetched: RecordRow | None, record: SessionRecord | None
) -> Contacts:
    """Read them. `fetched`: the record that came first, if one did; `record`: what it says."""
    mine = (LiveStartRow.clinic_id == row.clinic_id, LiveStartRow.session_id == row.id)
    live = session.scalars(select(LiveStartRow).where(*mine)).all()
    anchors = [] if record is None else list(_anchors(session, row, record))
    began: list[Stamp] = [((one.gateway_id, one.boot), one.began_by) for one in live]
    came: list[Stamp] = [((one.gateway_id, one.boot), one.received_at) for one in (fetched,) if one]
    touched: list[Stamp] = [((one.gateway_id, one.boot), one.at) for one in anchors]
    boots = boots_around(session, [*began, *came, *touched])
    sightings = {(name, at): see(boots[name], at) for name, at in (*began, *came, *touched)}
    contacts = [_contact(one, sightings[stamp]) for one, stamp in zip(anchors, touched, strict=True)]
    recorded = next((sightings[stamp] for stamp in came), None)
    return Contacts(
        began_by=tuple(sightings[stamp] for stamp in began),
        recorded=recorded,
        anchors=tuple(contacts),
        between=_between(contacts, recorded, record),
    )


def _contact(row: AnchorRow, seen: Sighting) -> Contact:
    doubt = timedelta(seconds=row.uncertainty_s)
    return Contact(
        tick=Tick(timeline=row.timeline, since_start=timedelta(seconds=row.tick_s)),
        seen=Sighting(span=seen.span.moved(timedelta(0), doubt), sure=seen.sure),
    )


def _between(contacts: Sequence[Contact], recorded: Sighting | None, record: SessionRecord | None) -> Bounds:
    """After the contacts on timelines before the record's, before those on later ones and the record's coming."""
    if record is None:
        return Bounds(not_before=None, not_after=None)
    before = [one.seen.span.earliest for one in contacts if one.tick.timeline < record.timeline]
    after = [one.seen.span.latest for one in contacts if one.tick.timeline > record.timeline]
    came = [recorded.span.latest] if recorded else []
    return Bounds(not_before=max(before, default=None), not_after=min([*after, *came], default=None))


def _anchors(session: Session, row: SessionRow, record: SessionRecord) -> Iterator[AnchorRow]:
    """The nearest of each boot before and after its start, the last on a timeline before and the first on one after."""
    timeline, tick_s = AnchorRow.timeline, AnchorRow.tick_s
    mine = select(AnchorRow).where(AnchorRow.clinic_id == row.clinic_id, AnchorRow.device_uid == row.device_uid)
    earlier, later = (timeline.desc(), tick_s.desc()), (timeline.asc(), tick_s.asc())
    yield from session.scalars(mine.where(timeline < record.timeline).order_by(*earlier).limit(1))
    yield from session.scalars(mine.where(timeline > record.timeline).order_by(*later).limit(1))
    if isinstance(record.start, Tick):
        start_s, own = record.start.since_start.total_seconds(), mine.where(timeline == record.start.timeline)
        yield from _first_of_each_boot(
            session.scalars(own.where(tick_s <= start_s).order_by(tick_s.desc()).limit(NEAR))
        )
        yield from _first_of_each_boot(session.scalars(own.where(tick_s > start_s).order_by(tick_s).limit(NEAR)))


def _first_of_each_boot(rows: Iterable[AnchorRow]) -> Iterable[AnchorRow]:
    first: dict[tuple[str, int], AnchorRow] = {}
    for row in rows:
        first.setdefault((row.gateway_id, row.boot), row)
    return first.values()
