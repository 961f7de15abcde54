"""Patients of the records store as cases: their courses as the checker sees them, with the samples that are here.

Rules, kept here:
- One patient at a time, each as of one moment of the store: memory does not grow with how many there are.
- A session that nobody had been given the device for is nobody's, and in no case.
- The mark of somebody's facts is another one after each check of a session that is or was theirs, and after whatever
  has their course judged again. It also tells a store that was restored from a backup and went on from there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from clinical.course import Course, PastSession
from monitor_api.cohorts.case import Case, Kept
from monitor_api.cohorts.rows import Entry
from monitor_api.courses.asked import limits_of
from monitor_api.courses.due import CourseKey
from monitor_api.courses.reading import read_bare_course, read_course
from monitor_api.records.courses import CourseDueRow
from monitor_api.records.database import Database
from monitor_api.records.people import PatientRow
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.sessions.assembly import samples_of
from monitor_api.sessions.skin import skin_answers
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
    """These patients, one after the other, as they stand; `now` is civil. Who is gone meanwhile is left out."""
    return (entry.case for entry in stored_entries(database, telemetry, keys, now, known={}))


def stored_entries(
    database: Database,
    telemetry: Telemetry,
    keys: Iterable[CourseKey],
    now: datetime,
    *,
    known: Mapping[PatientId, tuple[int, str]],
) -> Iterator[Entry]:
    """These patients for a snapshot; sessions of those `known` there are read only if their mark is another one."""
    for key in keys:
        entry = None
        with suppress(NoResultFound), database.read() as session:
            entry = CaseReader(session, telemetry, key, now).entry(known.get(key.patient))
        if entry is not None:
            yield entry


class CaseReader:
    """Reads one patient as they stand at `now`, in one view of the store."""

    def __init__(self, session: Session, telemetry: Telemetry, key: CourseKey, now: datetime) -> None:
        self._session, self._telemetry, self._key, self._now = session, telemetry, key, now

    def entry(self, known: tuple[int, str] | None) -> Entry:
        """Them for a snapshot, without their sessions where it is `known` by the same mark."""
        facts = facts_mark(self._session, self._key)
        if known is not None and known[1] == facts:
            bare = self._case(read_bare_course(self._session, self._key), lambda _: False)
            return Entry(case=bare, facts=facts, before=known[0])
        return Entry(case=self.case(lambda _: True), facts=facts)

    def case(self, kept: Callable[[PastSession], bool]) -> Case:
        """Them with these of their sessions; the course has all. Raises sqlalchemy's NoResultFound if there is none."""
        return self._case(read_course(self._session, self._key), kept)

    def _case(self, course: Course, kept: Callable[[PastSession], bool]) -> Case:
        missing = _missing(self._session, self._key) if course.sessions else {}
        return Case(
            physician=_physician(self._session, self._key),
            course=course,
            kept=tuple(
                _kept(self._telemetry, self._key, past, missing[past.session]) for past in course.sessions if kept(past)
            ),
            note="",
            skin=skin_answers(self._session, self._key.patient),
            limits=tuple(limits_of(self._session, self._key, self._now)),
        )


def facts_mark(session: Session, key: CourseKey) -> str:
    """The mark of what is known of somebody."""
    generation = select(CourseDueRow.generation).where(
        CourseDueRow.clinic_id == key.clinic, CourseDueRow.patient_id == key.patient
    )
    theirs = (SessionRow.clinic_id == key.clinic, SessionRow.patient_id == key.patient)
    count, checked_at = session.execute(select(func.count(), func.max(SessionRow.checked_at)).where(*theirs)).one()
    return f"{session.scalar(generation) or 0} {count} {checked_at and checked_at.isoformat()}"


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
