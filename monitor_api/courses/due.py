"""Which courses must be judged, and when: data, written in the transaction of whatever makes a judgement necessary."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, case, or_, select, tuple_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.clock import Moment
from monitor_api.errors import ClaimLost
from monitor_api.records.claimed import hand_back
from monitor_api.records.courses import CourseDueRow
from monitor_api.records.sessions import DueRow, SessionRow
from monitor_api.records.upsert import upsert
from monitor_api.sessions.due import LEASE
from vocabulary.identity import ClinicId, PatientId

_NAME: Final = tuple_(CourseDueRow.clinic_id, CourseDueRow.patient_id)

REST: Final = timedelta(minutes=1)
"""How long more of a session that is known to run may wait to be judged with its weeks: it comes every second."""


PATIENCE: Final = timedelta(minutes=10)
"""How long a course waits for the check of a session, also where that waits for a worker that died."""

PAUSE: Final = timedelta(seconds=0.25)
"""How long a course that waits is left alone, in real time."""


class CourseKey(NamedTuple):
    """Whose course, in which clinic."""

    clinic: ClinicId
    patient: PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseClaim:
    """A judgement that one worker has taken on, as of one generation of its facts."""

    key: CourseKey
    generation: int


def mark_course_due(session: Session, keys: Iterable[CourseKey], at: datetime) -> None:
    """Have these courses judged at an instant of the civil clock, or sooner where they are due sooner."""
    rows = [
        {"clinic_id": key.clinic, "patient_id": key.patient, "due_at": at, "generation": 1} for key in sorted(set(keys))
    ]
    upsert(session, CourseDueRow, rows, _sooner)


def _sooner(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = CourseDueRow.__table__.c
    return {
        "generation": stored.generation + 1,
        "due_at": case((stored.due_at > new.due_at, new.due_at), else_=stored.due_at),
    }


def claim_courses(session: Session, worker: str, now: Moment, most: int) -> list[CourseClaim]:
    """Take on up to `most` judgements, those that are due longest first."""
    chosen = (
        select(CourseDueRow.clinic_id, CourseDueRow.patient_id)
        .where(_free(now))
        .order_by(CourseDueRow.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("chosen")  # a subquery might be run again for each row, and choose others each time
    )
    taken = session.execute(
        update(CourseDueRow)
        .where(_NAME.in_(select(chosen.c.clinic_id, chosen.c.patient_id)))
        .values(claimed_by=worker, claimed_until=now.real + LEASE)
        .returning(CourseDueRow.clinic_id, CourseDueRow.patient_id, CourseDueRow.generation)
    )
    return [
        CourseClaim(key=CourseKey(ClinicId(clinic), PatientId(patient)), generation=generation)
        for clinic, patient, generation in taken
    ]


def any_course_due(session: Session, now: Moment) -> bool:
    """Whether a claim would get anything."""
    return session.scalar(select(CourseDueRow.patient_id).where(_free(now)).limit(1)) is not None


def release_course(
    session: Session, claim: CourseClaim, worker: str, *, judged_at: datetime, next_at: datetime
) -> None:
    """End a judgement, in the transaction of its result: due again at `next_at`, sooner if facts came meanwhile.

    Raises ClaimLost when another worker has taken it over: what was concluded is older than what that one sees.
    """
    row = _claimed(session, claim, worker)
    row.claimed_by = row.claimed_until = None
    row.judged_at = judged_at
    if row.generation == claim.generation:
        row.due_at = next_at


def waits_for_sessions(session: Session, key: CourseKey, now: datetime) -> bool:
    """Whether a session of this patient is to be checked first: what was found in it may be no longer so.

    Nobody waits for one that has been due for longer than `PATIENCE`: it cannot be checked.
    """
    of_patient = (SessionRow.clinic_id == key.clinic, SessionRow.patient_id == key.patient)
    same = (SessionRow.clinic_id == DueRow.clinic_id) & (SessionRow.id == DueRow.session_id)
    due = select(DueRow.session_id).join(SessionRow, same).where(*of_patient, DueRow.marked_at > now - PATIENCE)
    return session.scalar(due.limit(1)) is not None


def put_course_off(session: Session, claim: CourseClaim, worker: str, until: datetime) -> None:
    """Leave a judgement due as it is, for anybody from an instant of real time on. Raises ClaimLost."""
    row = _claimed(session, claim, worker)
    row.claimed_by, row.claimed_until = None, until


def give_courses_back(session: Session, claims: Iterable[CourseClaim], worker: str) -> None:
    """Let others take these judgements at once."""
    hand_back(session, CourseDueRow, [claim.key for claim in claims], worker)


def _claimed(session: Session, claim: CourseClaim, worker: str) -> CourseDueRow:
    row = session.get(CourseDueRow, claim.key, with_for_update=True)
    if row is None or row.claimed_by != worker:
        raise ClaimLost(str(claim.key.patient))
    return row


def _free(now: Moment) -> ColumnElement[bool]:
    unclaimed = or_(CourseDueRow.claimed_until.is_(None), CourseDueRow.claimed_until < now.real)
    return and_(CourseDueRow.due_at <= now.civil, unclaimed)
