"""A device counts its sessions one after the other: what that says of when each of them was."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import Session

from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.placing import Bounds
from monitor_api.sessions.spans import Span
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, SessionId
from vocabulary.instants import Known, Placed

AT_ONCE: Final = 64
"""Sessions without a place that are looked at on either side of one: as many as a device keeps unacknowledged."""


def started_of(row: SessionRow) -> Placed | None:
    """When a session began, by its row; None when that has no place in time."""
    return placed_between(row.started_earliest, row.started_latest, row.placed_by)


def placed_between(earliest: datetime | None, latest: datetime | None, by: str | None) -> Placed | None:
    """An instant by what a row keeps of it."""
    if earliest is None or latest is None or by is None:
        return None
    return Placed(earliest=earliest, latest=latest, known=Known(by))


def ended_of(row: SessionRow) -> Placed | None:
    """When a session ended, by its row; None when that has no place in time."""
    started = started_of(row)
    return started and started.later(timedelta(seconds=row.elapsed_s or 0))


def bounds_by_counter(session: Session, row: SessionRow) -> Bounds:
    """It began after the session before it had ended, and ended before the one after it began: the nearest placed."""
    before, after = (_nearest_placed(session, row, later=later) for later in (False, True))
    ended = None if before is None else ended_of(before)
    began = None if after is None else started_of(after)
    return Bounds(
        not_before=None if ended is None else ended.earliest,
        not_after=None if began is None else began.latest,
    )


def room_of(row: SessionRow) -> Span | None:
    """From when a session may have begun to when it may have ended; None when it has no place in time."""
    started, ended = started_of(row), ended_of(row)
    return None if started is None or ended is None else Span(earliest=started.earliest, latest=ended.latest)


def moved_with(session: Session, row: SessionRow, before: Span | None, *, starts: bool) -> set[SeriesKey]:
    """The sessions that a session's new place says something of: on either side, up to the first that has one.

    `before`: the room that it had. What that one bounded must be looked at again, also where there is no place now.
    `starts`: whether its start is another; where only its end is, that says nothing of the sessions before it.
    """
    rooms = [room for room in (before, room_of(row)) if room is not None]
    if not rooms:
        return set()
    sides = (False, True) if starts else (True,)
    near = (one for later in sides for one in _up_to_a_place(session, row, rooms, later=later))
    return {SeriesKey(clinic=ClinicId(one.clinic_id), session=SessionId(one.id)) for one in near}


def _up_to_a_place(session: Session, row: SessionRow, rooms: Iterable[Span], *, later: bool) -> Iterator[SessionRow]:
    """The nearest session with a place, if it touches one of these rooms, and those between without one."""
    placed = _nearest_placed(session, row, later=later)
    lost = _counted(row, later=later).where(SessionRow.started_earliest.is_(None))
    if placed is not None:
        counter = SessionRow.counter
        lost = lost.where(counter < placed.counter if later else counter > placed.counter)
        if any(_touches(placed, room, later=later) for room in rooms):
            yield placed
    yield from session.scalars(lost.limit(AT_ONCE))


def _touches(row: SessionRow, room: Span, *, later: bool) -> bool:
    """Whether a session may have been at the same time as an earlier or later one, or was bounded not to be."""
    own = room_of(row)
    return own is not None and (room.latest >= own.earliest if later else own.latest >= room.earliest)


def _nearest_placed(session: Session, row: SessionRow, *, later: bool) -> SessionRow | None:
    return session.scalar(_counted(row, later=later).where(SessionRow.started_earliest.is_not(None)).limit(1))


def _counted(row: SessionRow, *, later: bool) -> Select[SessionRow]:
    """The sessions before or after one, the nearest first; none where it is a gateway that counts."""
    counter = SessionRow.counter
    by_device = (literal(row.epoch is None), SessionRow.epoch.is_(None))
    of_device = (SessionRow.clinic_id == row.clinic_id, SessionRow.device_uid == row.device_uid)
    side, nearest = (counter > row.counter, counter.asc()) if later else (counter < row.counter, counter.desc())
    return select(SessionRow).where(*by_device, *of_device, side).order_by(nearest)
