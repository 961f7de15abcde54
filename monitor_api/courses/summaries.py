"""Keep what lists say of a patient's course, so that a list of thousands is read and not reckoned."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.adherence.account import Account, Strand
from clinical.adherence.definitions import frequency
from clinical.adherence.horizon import horizon
from clinical.adherence.states import engagement
from monitor_api.courses.due import CourseKey
from monitor_api.records.courses import CourseSummaryRow

_TIME: Final = "judged_at"


def store_summaries(session: Session, key: CourseKey, account: Account) -> bool:
    """Write a summary of each modality, and tell whether one says anything new beside its time."""
    mine = (CourseSummaryRow.clinic_id == key.clinic, CourseSummaryRow.patient_id == key.patient)
    known = {row.modality: row for row in session.scalars(select(CourseSummaryRow).where(*mine))}
    changed = False
    for strand in account.strands:
        row, values = known.pop(strand.modality, None), dict(_values(account, strand))
        changed |= row is None or any(getattr(row, name) != value for name, value in values.items() if name != _TIME)
        of_strand = {"clinic_id": key.clinic, "patient_id": key.patient, "modality": strand.modality}
        session.merge(CourseSummaryRow(**of_strand, **values))
    for row in known.values():
        session.delete(row)
    return changed or bool(known)


def _values(account: Account, strand: Strand) -> Iterator[tuple[str, Any]]:
    measure, ahead = frequency(account, strand), horizon(account, strand)
    yield "share_low", None if measure.share is None else measure.share.low
    yield "share_high", None if measure.share is None else measure.share.high
    yield "target", measure.target
    yield "engagement", engagement(account, strand)
    yield "standing", None if ahead is None else ahead.standing
    yield "misses", None if ahead is None else ahead.deciding.misses
    yield "last_day", None if ahead is None else ahead.deciding.last_day
    yield _TIME, account.now
