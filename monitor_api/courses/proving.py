"""How far a device's records prove what it did: up to when it was asked, and which sessions are missing until then.

Rules, kept here:
- A state that a device reported names the newest session that is over. So between two of them lie just the sessions
  from the one number to the other; that each of those is here is what is proven, and nothing else is.
- Before the first state lie those from 1 on, however old: where they are not here, nothing is known of that time.
- A number that falls begins another count. What was between is not known, and numbers that the count before had are
  no sessions of this one; nor is one whose records contradict each other.
- A session whose record has come is known once it is checked: until then it is nobody's, and has no place in time.
- Sessions beyond the newest that was named say that the state which names them is on its way. So does all that a
  device says before it has said what it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from clinical.adherence.slots import COUNTLESS
from clinical.adherence.uses import EVER
from clinical.course import MissingRecords, RecordProof
from monitor_api.records.devices import DeviceRow, DeviceSerialRow, MarkRow
from monitor_api.records.sessions import SessionRow
from vocabulary.devices import DeviceState, Feature

LOOK_BACK: Final = timedelta(days=120)
"""How far back states are read to say when missing sessions were: beyond what is judged, 28 days and the first 90."""


class Named(NamedTuple):
    """The counter of the newest session that a device named, 0 for none, and when."""

    newest: int
    at: datetime


class Here(NamedTuple):
    """A session that was heard of: where its start lies, None when nothing places it, and when that was first.

    `known`: it has been checked, so that it counts as somebody's, and its records do not contradict each other.
    """

    earliest: datetime | None
    latest: datetime | None
    heard_at: datetime
    known: bool = True


_NOTHING: Final = Named(0, EVER)


def proof_of(session: Session, device: DeviceRow) -> RecordProof | None:
    """None before the first contact, and of a device that counts no sessions itself: its silence proves nothing."""
    if device.features is not None and Feature.RECORDS not in device.features:
        return None
    last = None if device.features is None else _last_named(session, device)
    figures = _figures(session, device, last or _NOTHING)
    if figures.by_gateway:
        return None
    if last is None:
        return _unnamed(session, device)
    if figures.are_plain(last):
        return RecordProof(until=last.at, missing=tuple(_beyond(last, figures.beyond_at)))
    missing = missing_records(_named(session, device, last.at - LOOK_BACK), _here(session, device))
    return RecordProof(until=last.at, missing=tuple(missing))


def missing_records(named: Iterable[Named], here: Mapping[int, Here]) -> Iterator[MissingRecords]:
    """The sessions that are not known, by what a device named, oldest first, and by the counters of those here."""
    counters = sorted(number for number, one in here.items() if one.known)
    before, used = _NOTHING, 0
    for one in named:
        if one.newest < before.newest:
            used = max(used, before.newest)
            yield MissingRecords(count=COUNTLESS, after=before.at, before=one.at, known_at=one.at)
        else:
            first = max(before.newest, used)
            among = counters[bisect_right(counters, first) : bisect_right(counters, one.newest)]
            yield from _holes(before, one, [(number, here[number]) for number in among])
        before = one
    later = (one.heard_at for number, one in here.items() if number > before.newest)
    yield from _beyond(before, min((at for at in later if at > before.at), default=None))


def _beyond(named: Named, heard_at: datetime | None) -> Iterator[MissingRecords]:
    """What is missing where a session beyond the last that was named was heard of."""
    if heard_at is not None:
        yield MissingRecords(count=COUNTLESS, after=named.at, before=heard_at, known_at=heard_at)


def _holes(before: Named, named: Named, here: Sequence[tuple[int, Here]]) -> Iterator[MissingRecords]:
    """What is missing of the sessions that a device counted from one state to another."""
    last, began = before.newest, before.at
    ends = Here(earliest=None, latest=named.at, heard_at=named.at)
    for number, one in (*here, (named.newest + 1, ends)):
        if count := number - last - 1:
            until = min(named.at, one.latest or named.at)
            yield MissingRecords(count=count, after=min(began, until), before=until, known_at=named.at)
        last, began = number, max(before.at, one.earliest or before.at)


class _Figures(NamedTuple):
    """Of a device's sessions that were heard of: how many of those named are checked, and what asks for a closer look.

    `earlier`: those beyond all that was named, from before that was. `beyond_at`: when such were first heard of.
    """

    checked: int
    by_gateway: int
    conflicts: int
    earlier: int
    beyond_at: datetime | None

    def are_plain(self, last: Named) -> bool:
        """Whether they are the sessions from 1 to the last that was named, and nothing is doubtful."""
        return self.checked == last.newest and not self.conflicts and not self.earlier


def _figures(session: Session, device: DeviceRow, last: Named) -> _Figures:
    row, beyond = SessionRow, SessionRow.counter > last.newest
    figures = (
        func.count(case((~beyond, row.checked_at))),
        func.count(row.epoch),
        func.count(row.conflict),
        func.count(case((and_(beyond, row.first_heard_at <= last.at), 1))),
        func.min(case((beyond, row.first_heard_at))),
    )
    return _Figures(*session.execute(select(*figures).where(*_of(row, device))).one())


def _here(session: Session, device: DeviceRow) -> dict[int, Here]:
    row = SessionRow
    known = and_(row.checked_at.is_not(None), row.conflict.is_(None))
    query = select(row.counter, row.started_earliest, row.started_latest, row.first_heard_at, known)
    found = session.execute(query.where(*_of(row, device)))
    return {counter: Here(earliest, latest, at, is_known) for counter, earliest, latest, at, is_known in found}


def _last_named(session: Session, device: DeviceRow) -> Named | None:
    """What it named last; None where it never did."""
    query = select(MarkRow.detail, MarkRow.at).where(*_naming(device)).order_by(MarkRow.at.desc()).limit(1)
    said = session.execute(query).one_or_none()
    return None if said is None else Named(said[0]["newest"], said[1])


def _named(session: Session, device: DeviceRow, since: datetime) -> Iterator[Named]:
    """What it named since an instant, oldest first: of states that name the same the first and the last."""
    newest, in_order = cast(MarkRow.detail["newest"].as_string(), BigInteger), MarkRow.at
    before, after = (beside(newest).over(order_by=in_order) for beside in (func.lag, func.lead))
    said = (
        select(newest.label("newest"), in_order.label("at"), before.label("before"), after.label("after"))
        .where(*_naming(device), in_order >= since)
        .subquery()
    )
    is_first = func.coalesce(said.c.before, -1) != said.c.newest
    is_last = func.coalesce(said.c.after, -1) != said.c.newest
    query = select(said.c.newest, said.c.at).where(or_(is_first, is_last)).order_by(said.c.at)
    return (Named(newest, at) for newest, at in session.execute(query))


def _naming(device: DeviceRow) -> tuple[ColumnElement[bool], ...]:
    """The states that name all sessions before them: a session that runs has no record yet, and so is not named."""
    return (*_of(MarkRow, device), MarkRow.state != DeviceState.EMITTING)


def _unnamed(session: Session, device: DeviceRow) -> RecordProof | None:
    """Of a device that was heard and has named nothing yet: all may be missing. None of one that was never heard."""
    heard = (
        session.scalar(select(func.min(SessionRow.first_heard_at)).where(*_of(SessionRow, device))),
        session.scalar(select(func.min(DeviceSerialRow.first_at)).where(*_of(DeviceSerialRow, device))),
    )
    at = min((one for one in heard if one is not None), default=None)
    if at is None:
        return None
    missing = MissingRecords(count=COUNTLESS, after=EVER, before=at, known_at=at)
    return RecordProof(until=at, missing=(missing,))


def _of(
    row: type[SessionRow | MarkRow | DeviceSerialRow], device: DeviceRow
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return row.clinic_id == device.clinic_id, row.device_uid == device.uid
