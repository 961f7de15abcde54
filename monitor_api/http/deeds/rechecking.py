"""Have sessions and courses judged again that a change touches."""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true

from monitor_api.courses.due import CourseKey, mark_course_due
from monitor_api.http.deeds.writing import Writing
from monitor_api.records.devices import AssignmentRow
from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.due import mark_due
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import PatientId, SessionId


def recheck(writing: Writing, which: ColumnElement[bool], since: datetime | None) -> int:
    """Mark the clinic's sessions that may have begun at `since` or later, None: whenever, as due; gives how many."""
    clinic = writing.caller.clinic
    began = or_(true() if since is None else SessionRow.started_latest >= since, SessionRow.started_latest.is_(None))
    found = writing.session.scalars(select(SessionRow.id).where(SessionRow.clinic_id == clinic, which, began))
    keys = [SeriesKey(clinic=clinic, session=SessionId(one)) for one in found]
    mark_due(writing.session, keys, writing.now)
    return len(keys)


def reconsider(writing: Writing, *patients: PatientId) -> None:
    """Have the courses of these patients judged again at once."""
    clinic = writing.caller.clinic
    mark_course_due(writing.session, (CourseKey(clinic, patient) for patient in patients), writing.now)


def reconsider_holders(writing: Writing, which: ColumnElement[bool]) -> int:
    """The same for whoever has, or had, one of these devices by the clinic's assignments; gives how many."""
    given = select(AssignmentRow.patient_id).where(AssignmentRow.clinic_id == writing.caller.clinic, which).distinct()
    patients = [PatientId(one) for one in writing.session.scalars(given)]
    reconsider(writing, *patients)
    return len(patients)
