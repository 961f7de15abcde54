"""What is known of a patient's skin, as somebody who asked wrote it down last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.facts import Wearer
from monitor_api.records.courses import SkinRow
from vocabulary.identity import PatientId

NOBODY_ASKED: Final = Wearer(phototype=None, photosensitised=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinAnswers:
    """What a patient answered, and when they were asked."""

    wearer: Wearer
    asked_at: datetime


def skin_of(session: Session, patient: PatientId) -> SkinAnswers | None:
    """The latest answers; None before anybody asked."""
    latest = select(SkinRow).where(SkinRow.patient_id == patient).order_by(SkinRow.asked_at.desc()).limit(1)
    row = session.scalar(latest)
    if row is None:
        return None
    wearer = Wearer(phototype=row.phototype, photosensitised=row.photosensitised)
    return SkinAnswers(wearer=wearer, asked_at=row.asked_at)


def wearer_of(session: Session, patient: PatientId | None) -> Wearer:
    """The latest answers; of nobody there are none."""
    answers = None if patient is None else skin_of(session, patient)
    return NOBODY_ASKED if answers is None else answers.wearer
