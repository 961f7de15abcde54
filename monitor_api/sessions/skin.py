"""What is known of a patient's skin, as somebody who asked wrote it down last."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.facts import Wearer
from monitor_api.records.courses import SkinRow
from vocabulary.identity import PatientId

NOBODY_ASKED: Final = Wearer(phototype=None, photosensitised=None)


def wearer_of(session: Session, patient: PatientId | None) -> Wearer:
    """The latest answers; of nobody there are none."""
    if patient is None:
        return NOBODY_ASKED
    latest = select(SkinRow).where(SkinRow.patient_id == patient).order_by(SkinRow.asked_at.desc()).limit(1)
    row = session.scalar(latest)
    return NOBODY_ASKED if row is None else Wearer(phototype=row.phototype, photosensitised=row.photosensitised)
