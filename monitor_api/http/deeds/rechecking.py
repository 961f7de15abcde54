"""Have sessions and courses judged again that a change touches."""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from monitor_api.courses.due import CourseKey, mark_course_due
from monitor_api.http.deeds.writing import Writing
from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.due import mark_due
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import PatientId, SessionId


def recheck(writing: Writing, which: ColumnElement[bool], since: datetime) -> int:
    """Mark the clinic's sessions that may have begun at `since` or later as due; gives how many."""
    clinic = writing.caller.clinic
    began = or_(SessionRow.started_latest.is_(None), SessionRow.started_latest >= since)
    found = writing.session.scalars(select(SessionRow.id).where(SessionRow.clinic_id == clinic, which, began))
    keys = [SeriesKey(clinic=clinic, session=SessionId(one)) for one in found]
    mark_due(writing.session, keys, writing.now)
    return len(keys)


def reconsider(writing: Writing, *patients: PatientId) -> None:
    """Have the courses of these patients judged again at once."""
    clinic = writing.caller.clinic
    mark_course_due(writing.session, (CourseKey(clinic, patient) for patient in patients), writing.now)
