"""Patients of the records store as cases: their courses as the checker sees them, with the samples that are here.

Rules, kept here:
- One patient at a time, each as of one moment of the store: memory does not grow with how many there are.
- A session that nobody had been given the device for is nobody's, and in no case.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.course import PastSession
from monitor_api.cohorts.case import Case, Kept
from monitor_api.courses.due import CourseKey
from monitor_api.courses.reading import read_course
from monitor_api.courses.standing import limits_of
from monitor_api.records.database import Database
from monitor_api.records.people import PatientRow
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.sessions.assembly import samples_of
from monitor_api.sessions.skin import wearer_of
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, PatientId


def stored_people(database: Database) -> tuple[CourseKey, ...]:
    """Everybody, in one order."""
    with database.read() as session:
        found = session.execute(
            select(PatientRow.clinic_id, PatientRow.id).order_by(PatientRow.clinic_id, PatientRow.id)
        )
        return tuple(CourseKey(ClinicId(clinic), PatientId(patient)) for clinic, patient in found)


def stored_cases(database: Database, telemetry: Telemetry, keys: Iterable[CourseKey], now: datetime) -> Iterator[Case]:
    """These patients, one after the other, as they stand; `now` is civil."""
    for key in keys:
        with database.read() as session:
            yield _case(session, telemetry, key, now)


def _case(session: Session, telemetry: Telemetry, key: CourseKey, now: datetime) -> Case:
    course = read_course(session, key)
    missing = _missing(session, key)
    return Case(
        physician=_physician(session, key),
        course=course,
        kept=tuple(_kept(telemetry, key, past, missing[past.session]) for past in course.sessions),
        note="",
        wearer=wearer_of(session, key.patient),
        limits=tuple(limits_of(session, key, now)),
    )


def _kept(telemetry: Telemetry, key: CourseKey, past: PastSession, missing: int) -> Kept:
    series = telemetry.series(SeriesKey(clinic=key.clinic, session=past.session))
    return Kept(past=past, samples=samples_of(series, past.modality), missing=missing)


def _missing(session: Session, key: CourseKey) -> dict[object, int]:
    query = select(SessionRow.id, SessionRow.samples_missing).where(
        SessionRow.clinic_id == key.clinic, SessionRow.patient_id == key.patient
    )
    return {one: missing or 0 for one, missing in session.execute(query)}


def _physician(session: Session, key: CourseKey) -> str:
    """Who prescribed for them last; nobody has, where nothing is prescribed."""
    last = session.scalar(
        select(RegimenVersionRow.prescriber_id)
        .join(RegimenRow, RegimenRow.id == RegimenVersionRow.regimen_id)
        .where(RegimenRow.clinic_id == key.clinic, RegimenRow.patient_id == key.patient)
        .order_by(RegimenVersionRow.from_at.desc(), RegimenVersionRow.version.desc())
        .limit(1)
    )
    return "" if last is None else str(last)
