"""What a group says of a device that weeks are judged by: who it is, how its clock ran, how far it is, if it obeys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.courses.due import CourseKey
from monitor_api.ingest.hours import OurTime
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.rows import Row
from monitor_api.records.among import among, has_name, portions
from monitor_api.records.devices import AssignmentRow, DeviceSerialRow, MarkRow
from monitor_api.records.upsert import upsert
from monitor_api.sessions.device_clocks import jumped
from vocabulary.devices import DeviceState
from vocabulary.identity import ClinicId, PatientId

BEFORE: Final = 2
"""Anchors before those that just came that are looked at: the one before, and one of another gateway."""

_Name = tuple[ClinicId, str]
"""A device of a clinic."""


def news_for_courses(session: Session, batches: Sequence[Opened], ours: OurTime) -> set[CourseKey]:
    """Note every serial that devices give; gives the courses of those who have, or had, a device that says news.

    A new serial is news, and so are ticks that do not fit those before, the first state that a device reports, as it
    says how many sessions there are, and what came of an order. What workers that write at once, or batches in another
    order, keep this from seeing is seen when the course is judged next, for that reads what is stored.
    """
    answered = {(batch.origin.clinic, one.device) for batch in batches for one in batch.body.orders}
    marked = _first_marked(session, batches, ours)
    news = {*_new_serials(session, batches, ours), *_jumped(session, batches), *marked, *answered}
    return set(_courses_of(session, news))


def _new_serials(session: Session, batches: Iterable[Opened], ours: OurTime) -> Iterator[_Name]:
    rows: dict[tuple[ClinicId, str, str], Row] = {}
    for batch in batches:
        for one in batch.body.devices:
            if one.serial:
                key, at = (batch.origin.clinic, one.device, one.serial), ours.heard(batch)
                first_at = min(at, rows[key]["first_at"]) if key in rows else at
                rows[key] = {"clinic_id": key[0], "device_uid": key[1], "serial": key[2], "first_at": first_at}
    name = (DeviceSerialRow.clinic_id, DeviceSerialRow.device_uid, DeviceSerialRow.serial)
    known = {tuple(one) for one in among(session, select(*name), name, rows)}
    upsert(session, DeviceSerialRow, list(rows.values()), _earlier)
    return (key[:2] for key in rows if key not in known)


def _earlier(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = DeviceSerialRow.__table__.c
    return {"first_at": case((stored.first_at > new.first_at, new.first_at), else_=stored.first_at)}


def _jumped(session: Session, batches: Iterable[Opened]) -> Iterator[_Name]:
    counts = Counter((batch.origin.clinic, one.device) for batch in batches for one in batch.body.anchors)
    return jumped(session, {name: count + BEFORE for name, count in counts.items()})


def _first_marked(session: Session, batches: Iterable[Opened], ours: OurTime) -> Iterator[_Name]:
    """The devices of which these states, stored by now, are the first that name sessions: while it emits, none does."""
    first: dict[_Name, datetime] = {}
    for batch in batches:
        for one in batch.body.marks:
            if one.state != DeviceState.EMITTING:
                name, at = (batch.origin.clinic, one.device), ours(batch, one.at)
                first[name] = min(at, first.get(name, at))
    columns = (MarkRow.clinic_id, MarkRow.device_uid, MarkRow.at)
    for some in portions(columns, ((*name, at) for name, at in first.items())):
        clinic, device, since = some.c
        stored = select(func.min(MarkRow.at)).where(has_name(columns[:2], some), MarkRow.state != DeviceState.EMITTING)
        for found in session.execute(select(clinic, device).where(since <= stored.scalar_subquery())):
            yield ClinicId(found[0]), found[1]


def _courses_of(session: Session, devices: Iterable[_Name]) -> Iterator[CourseKey]:
    row = AssignmentRow
    theirs = select(row.clinic_id, row.patient_id)
    for clinic, patient in among(session, theirs, (row.clinic_id, row.device_uid), devices):
        yield CourseKey(ClinicId(clinic), PatientId(patient))
