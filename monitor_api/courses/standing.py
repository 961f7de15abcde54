"""A patient's course as of now, with what its rules ask besides: wear, and whether devices have their limits."""

from datetime import datetime

from msgspec import structs
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.adherence.worn import Worn
from clinical.course import Course, PastSession
from clinical.dose.worn import worn_part, worn_probability
from clinical.misuse.course_rules import CourseAt, course_at
from clinical.misuse.table import SAID_IN_SESSIONS
from clinical.practice import Practice, practice_at
from clinical.verdicts import Outcome
from monitor_api.courses.asked import limits_of
from monitor_api.courses.due import CourseKey
from monitor_api.courses.reading import read_course
from monitor_api.records.attention import FindingRow
from monitor_api.records.sessions import SessionRow
from vocabulary.identity import RuleId, SessionId


def stand(session: Session, key: CourseKey, now: datetime) -> CourseAt:
    """What is known of one patient now. Raises sqlalchemy's NoResultFound when there is no such patient."""
    course = read_course(session, key)
    worn = worn_of(course, practice_at(course.practices, now))
    at = course_at(course, now, worn=worn, limits=tuple(limits_of(session, key, now)))
    return structs.replace(at, said=_said(session, key))


def worn_of(course: Course, practice: Practice) -> dict[SessionId, Worn]:
    """How sure the wear of each session is; one that says nothing of it is left out."""
    return {one.session: worn for one in course.sessions if (worn := _worn(one, practice)) is not None}


def _worn(session: PastSession, practice: Practice) -> Worn | None:
    probability = worn_probability(session.wear)
    if probability is None:
        return None
    part = worn_part(session.wear, probability, practice.worn_probability)
    return Worn(probability=probability, dose_fraction=part)


def _said(session: Session, key: CourseKey) -> frozenset[tuple[SessionId, RuleId]]:
    """What was found in each session for itself that a rule over weeks may say too."""
    query = (
        select(FindingRow.session_id, FindingRow.rule)
        .join(SessionRow, (SessionRow.clinic_id == FindingRow.clinic_id) & (SessionRow.id == FindingRow.session_id))
        .where(SessionRow.clinic_id == key.clinic, SessionRow.patient_id == key.patient)
        .where(FindingRow.rule.in_(SAID_IN_SESSIONS), FindingRow.outcome == Outcome.FIRES)
    )
    return frozenset((SessionId(one), RuleId(rule)) for one, rule in session.execute(query))
