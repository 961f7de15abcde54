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
- That sessions are missing is known since the service first learned of a state that counts them, whenever that was.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.orm import Session

from clinical.adherence.slots import COUNTLESS
from clinical.adherence.uses import EVER
from clinical.course import MissingRecords, RecordProof
from monitor_api.records.devices import DeviceRow, DeviceSerialRow, MarkRow, NamedRow
from monitor_api.records.sessions import SessionRow
from vocabulary.devices import DeviceState, Feature

LOOK_BACK: Final = timedelta(days=120)
"""How far back states are read to say when missing sessions were: beyond what is judged, 28 days and the first 90."""


class Named(NamedTuple):
    """The counter of the newest session that a device named, 0 for none: already at `by_at`, and still at `at`.

    Of one state these are the latest and the earliest instant at which it can have been reported; of several that name
    the same those of the first and of the last. `known_at`: when the service learned that there are so many sessions.
    """

    newest: int
    at: datetime
    by_at: datetime
    known_at: datetime


class Here(NamedTuple):
    """A session that was heard of: where its start lies, None when nothing places it, and when that was first.

    `known`: it has been checked, so that it counts as somebody's, and its records do not contradict each other.
    """

    earliest: datetime | None
    latest: datetime | None
    heard_at: datetime
    known: bool = True


_NOTHING: Final = Named(0, EVER, EVER, EVER)


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
    since = last.at - LOOK_BACK
    used = _used(session, device, since)
    if used is None and figures.are_plain(last):
        return RecordProof(until=last.at, missing=tuple(_beyond(last, figures.beyond_at)))
    said = _numbers(session, device, since) if used is None else _states(session, device, since)
    missing = missing_records(as_known(said), _here(session, device), used or 0)
    return RecordProof(until=last.at, missing=tuple(missing))


def as_known(said: Sequence[Named]) -> Sequence[Named]:
    """What a device named, oldest first, where each says for itself when it was learned; all then say it together.

    What names as much or more, in the same count, says of all sessions before it that they were, and by when.
    """
    found = list[Named]()
    for one in reversed(said):
        after = found[-1] if found and found[-1].newest >= one.newest else one
        by_at, known_at = min(one.by_at, after.by_at), min(one.known_at, after.known_at)
        found.append(Named(one.newest, one.at, by_at, known_at))
    return found[::-1]


def missing_records(named: Iterable[Named], here: Mapping[int, Here], used: int = 0) -> Iterator[MissingRecords]:
    """The sessions that are not known, by what a device named, oldest first, and by the counters of those here.

    `used`: those up to this one are of a count before.
    """
    counters = sorted(number for number, one in here.items() if one.known)
    before = _NOTHING
    for one in named:
        if one.newest < before.newest:
            used = max(used, before.newest)
            yield MissingRecords(count=COUNTLESS, after=before.at, before=one.by_at, known_at=one.known_at)
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
    ends = Here(earliest=None, latest=named.by_at, heard_at=named.at)
    for number, one in (*here, (named.newest + 1, ends)):
        if count := number - last - 1:
            until = min(named.by_at, one.latest or named.by_at)
            yield MissingRecords(count=count, after=min(began, until), before=until, known_at=named.known_at)
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
    """The highest number that it named, and when it last named any; None where it never did."""
    row = NamedRow
    query = select(func.max(row.newest), func.max(row.last_at), func.max(row.last_at), func.max(row.learned_at))
    said = session.execute(query.where(*_of(row, device))).one()
    return Named(*said) if any(said) else None


def _used(session: Session, device: DeviceRow, since: datetime) -> int | None:
    """Up to which number an instant may be after a fall, 0 for none; None where it never named less than before.

    Then what it named lies in the order of the numbers, and nowhere twice. Two numbers at one instant are taken for a
    fall, for nobody knows which was first; two of which nobody knows when they were are not.
    """
    told = {"clinic": device.clinic_id, "device": device.uid, "since": since}
    falls, used = session.execute(_FALLS, told).one()
    return used or 0 if falls else None


def _falls() -> Select[int, int]:
    row = NamedRow
    mine = (row.clinic_id == bindparam("clinic"), row.device_uid == bindparam("device"))
    lower_at = func.max(row.last_at).over(order_by=row.newest, rows=(None, -1)).label("lower_at")
    said = select(row.newest, row.first_at, lower_at).where(*mine).subquery().c
    used = func.max(case((said.first_at < bindparam("since"), said.newest)))
    return select(func.count(), used).where(said.lower_at >= said.first_at)


_FALLS: Final = _falls()
"""Made once, for every judgement of a course asks it."""


def _numbers(session: Session, device: DeviceRow, since: datetime) -> list[Named]:
    """What it named, in the order of the numbers, where that never fell: a later one was never named before."""
    row = NamedRow
    lately = or_(row.first_at >= since, row.last_at >= since)
    last_at = func.max(row.last_at).over(order_by=row.newest)
    query = select(row.newest, last_at, row.first_at, row.learned_at).where(*_of(row, device), lately)
    return [Named(*one) for one in session.execute(query.order_by(row.newest))]


def _states(session: Session, device: DeviceRow, since: datetime) -> list[Named]:
    """Every state that names all sessions before it, oldest first: a session that runs has no record yet.

    Where a number fell, a state by a clock that was never set tells nothing: nobody knows which count it is of.
    """
    row = MarkRow
    newest = cast(row.detail["newest"].as_string(), BigInteger)
    said = (*_of(row, device), row.state != DeviceState.EMITTING, row.at >= since)
    sure = func.coalesce(row.by_at, row.at) == row.at
    query = select(newest, row.at, row.at, func.coalesce(row.learned_at, row.at)).where(*said, sure)
    return [Named(*one) for one in session.execute(query.order_by(row.at))]


def _unnamed(session: Session, device: DeviceRow) -> RecordProof | None:
    """Of a device that has not said what it is, or named nothing yet: all may be missing. None of one never heard."""
    heard = (
        session.scalar(select(func.min(SessionRow.first_heard_at)).where(*_of(SessionRow, device))),
        session.scalar(select(func.min(DeviceSerialRow.first_at)).where(*_of(DeviceSerialRow, device))),
        session.scalar(select(func.min(NamedRow.first_at)).where(*_of(NamedRow, device))),
    )
    learned_at = session.scalar(select(func.min(NamedRow.learned_at)).where(*_of(NamedRow, device)))
    at = min((one for one in heard if one is not None), default=None)
    if at is None:
        return None
    missing = MissingRecords(count=COUNTLESS, after=EVER, before=at, known_at=learned_at or at)
    return RecordProof(until=at, missing=(missing,))


def _of(
    row: type[SessionRow | MarkRow | NamedRow | DeviceSerialRow], device: DeviceRow
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return row.clinic_id == device.clinic_id, row.device_uid == device.uid
