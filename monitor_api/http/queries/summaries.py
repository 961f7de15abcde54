"""Summaries of courses as the checker keeps them: adherence and how far the target is, with their age."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.adherence.horizon import Reach, Standing, salvage_rank
from clinical.adherence.states import Engagement
from clinical.course import Between
from monitor_api.http.callers import Caller
from monitor_api.http.queries.scope import if_given, theirs
from monitor_api.records.courses import CourseSummaryRow
from vocabulary.devices import Modality
from vocabulary.identity import PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Where a target stands, and the end of the horizon that decides it."""

    standing: Standing
    reach: Reach

    @property
    def salvage(self) -> tuple[int, date, int]:
        """Sorts those first whom a call helps most."""
        return salvage_rank(self.standing, self.reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSummary:
    """One modality of a patient's course as of `judged_at`; `share` is None when nothing was due."""

    patient: PatientId
    modality: Modality
    share: Between | None
    target: float
    engagement: Engagement
    ahead: Ahead | None
    judged_at: datetime


def summaries(session: Session, caller: Caller, who: PatientId | None) -> Iterator[SeenSummary]:
    """Those of all patients, or of one."""
    query = (
        select(CourseSummaryRow)
        .where(
            *theirs(caller, CourseSummaryRow.clinic_id, CourseSummaryRow.patient_id),
            *if_given(who, lambda one: CourseSummaryRow.patient_id == one),
        )
        .order_by(CourseSummaryRow.patient_id, CourseSummaryRow.modality)
    )
    return map(_seen, session.scalars(query))


def _seen(row: CourseSummaryRow) -> SeenSummary:
    low, high = row.share_low, row.share_high
    return SeenSummary(
        patient=PatientId(row.patient_id),
        modality=Modality(row.modality),
        share=None if low is None or high is None else Between(low=low, high=high),
        target=row.target,
        engagement=Engagement(row.engagement),
        ahead=_ahead(row),
        judged_at=row.judged_at,
    )


def _ahead(row: CourseSummaryRow) -> Ahead | None:
    if row.standing is None or row.misses is None:
        return None
    standing = Standing(row.standing)
    reach = Reach(last_day=row.last_day, misses=row.misses, secured=standing is Standing.SECURED)
    return Ahead(standing=standing, reach=reach)
