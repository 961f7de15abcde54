"""What is known of a patient's skin as of a session, out of what those who asked wrote down.

Rules, kept here:
- An answer describes the patient from when it was given until the next one, for a drug is begun and ended.
- For the time before anybody answered a question the first answer to it is the best that is known.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.facts import Wearer
from monitor_api.records.courses import SkinRow
from vocabulary.identity import PatientId

NOBODY_ASKED: Final = Wearer(phototype=None, photosensitised=None)

_ASKED_AT: Final = attrgetter("asked_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinAnswers:
    """What a patient answered, and when they were asked."""

    wearer: Wearer
    asked_at: datetime


def skin_answers(session: Session, patient: PatientId) -> tuple[SkinAnswers, ...]:
    """All answers, oldest first."""
    rows = session.scalars(select(SkinRow).where(SkinRow.patient_id == patient).order_by(SkinRow.asked_at))
    return tuple(
        SkinAnswers(
            wearer=Wearer(phototype=row.phototype, photosensitised=row.photosensitised),
            asked_at=row.asked_at,
        )
        for row in rows
    )


def wearer_at(answers: Sequence[SkinAnswers], at: datetime) -> Wearer:
    """What is known of their skin at an instant, by answers that are given oldest first."""
    if len(answers) < 2:
        return answers[0].wearer if answers else NOBODY_ASKED
    last = bisect_right(answers, at, key=_ASKED_AT) - 1
    return Wearer(
        phototype=answers[max(last, _first(answers, _phototype))].wearer.phototype,
        photosensitised=answers[max(last, _first(answers, _photosensitised))].wearer.photosensitised,
    )


def is_first(answers: Iterable[SkinAnswers], wearer: Wearer) -> bool:
    """Whether what a patient answers now is the first answer to any question, so that it tells of the time before too.

    `answers` are those that were given before.
    """
    known = [one.wearer for one in answers]
    return any(
        question(wearer) is not None and all(question(one) is None for one in known)
        for question in (_phototype, _photosensitised)
    )


def _phototype(wearer: Wearer) -> object:
    return wearer.phototype


def _photosensitised(wearer: Wearer) -> object:
    return wearer.photosensitised


def _first(answers: Sequence[SkinAnswers], question: Callable[[Wearer], object]) -> int:
    """Which of some answers was the first to a question; the first of them where none is."""
    return next((place for place, one in enumerate(answers) if question(one.wearer) is not None), 0)
