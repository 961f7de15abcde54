"""What a group says of a device that weeks are judged by: who it is, how its clock ran, how far it is, if it obeys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.courses.due import CourseKey
from monitor_api.ingest.hours import OurTime
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.rows import Row
from monitor_api.records.devices import AssignmentRow, DeviceSerialRow, MarkRow
from monitor_api.records.upsert import upsert
from monitor_api.sessions.device_clocks import tick_jumps
from vocabulary.identity import ClinicId, PatientId

BEFORE: Final = 2
"""Anchors before those that just came that are looked at: the one before, and one of another gateway."""

AT_ONCE: Final = 300
"""Serials or devices looked up in one statement, up to three parameters each: a store takes only so many."""

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
    return set(_courses_of(session, sorted(news)))


def _new_serials(session: Session, batches: Iterable[Opened], ours: OurTime) -> Iterator[_Name]:
    rows: dict[tuple[ClinicId, str, str], Row] = {}
    for batch in batches:
        for one in batch.body.devices:
            if one.serial:
                key, at = (batch.origin.clinic, one.device, one.serial), ours.heard(batch)
                first_at = min(at, rows[key]["first_at"]) if key in rows else at
                rows[key] = {"clinic_id": key[0], "device_uid": key[1], "serial": key[2], "first_at": first_at}
    known = _known(session, list(rows))
    upsert(session, DeviceSerialRow, list(rows.values()), _earlier)
    return ((clinic, device) for clinic, device, serial in rows if (clinic, device, serial) not in known)


def _known(session: Session, keys: Sequence[tuple[ClinicId, str, str]]) -> set[tuple[ClinicId, str, str]]:
    key = (DeviceSerialRow.clinic_id, DeviceSerialRow.device_uid, DeviceSerialRow.serial)
    return {
        (ClinicId(clinic), device, serial)
        for start in range(0, len(keys), AT_ONCE)
        for clinic, device, serial in session.execute(
            select(*key).where(tuple_(*key).in_(keys[start : start + AT_ONCE]))
        )
    }


def _earlier(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = DeviceSerialRow.__table__.c
    return {"first_at": case((stored.first_at > new.first_at, new.first_at), else_=stored.first_at)}


def _jumped(session: Session, batches: Iterable[Opened]) -> Iterator[_Name]:
    counts = Counter((batch.origin.clinic, one.device) for batch in batches for one in batch.body.anchors)
    return (name for name, count in counts.items() if tick_jumps(session, *name, count + BEFORE))


def _first_marked(session: Session, batches: Iterable[Opened], ours: OurTime) -> Iterator[_Name]:
    first: dict[_Name, datetime] = {}
    for batch in batches:
        for one in batch.body.marks:
            name, at = (batch.origin.clinic, one.device), ours(batch, one.at)
            first[name] = min(at, first.get(name, at))
    for (clinic, device), at in first.items():
        before = (MarkRow.clinic_id == clinic, MarkRow.device_uid == device, MarkRow.at < at)
        if session.scalar(select(MarkRow.at).where(*before).limit(1)) is None:
            yield clinic, device


def _courses_of(session: Session, devices: Sequence[_Name]) -> Iterator[CourseKey]:
    for start in range(0, len(devices), AT_ONCE):
        some = tuple_(AssignmentRow.clinic_id, AssignmentRow.device_uid).in_(devices[start : start + AT_ONCE])
        for clinic, patient in session.execute(select(AssignmentRow.clinic_id, AssignmentRow.patient_id).where(some)):
            yield CourseKey(ClinicId(clinic), PatientId(patient))
