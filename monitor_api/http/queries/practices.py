"""The figures in force in a clinic, each with where it is from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinical.adherence.days import TherapyDays
from clinical.figures import FIGURES, Figure, read_practice
from clinical.practice import PRACTICE
from monitor_api.http.callers import Caller
from monitor_api.http.queries.patients import Patient
from monitor_api.records.practices import PracticeRow, practice_of, practice_rows
from vocabulary.identity import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFigure:
    """A figure that patients are judged by: its unit (UCUM), the product's default, and the bounds of a decision.

    `decided_at` and `decided_by`: since when the clinic has it so, and who said so; null where it is the product's.
    """

    name: str
    words: str
    unit: str
    value: float
    default: float
    least: float
    most: float
    decided_at: datetime | None
    decided_by: UserId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPractice:
    """All figures of a clinic; `version` is that of its last decision, 0 before the first."""

    version: int
    figures: tuple[SeenFigure, ...]


def practice(session: Session, caller: Caller) -> SeenPractice:
    """The figures of the caller's clinic."""
    return seen_practice(practice_rows(session, caller.clinic))


def seen_practice(rows: Sequence[PracticeRow]) -> SeenPractice:
    """Figures out of every version, the first one first."""
    return SeenPractice(
        version=rows[-1].version if rows else 0, figures=tuple(_seen(figure, rows) for figure in FIGURES)
    )


def _seen(figure: Figure, rows: Sequence[PracticeRow]) -> SeenFigure:
    decided = _decided(figure, rows)
    return SeenFigure(
        name=figure.name,
        words=figure.words,
        unit=figure.unit,
        value=figure.number(read_practice(rows[-1].figures)) if decided else figure.number(PRACTICE),
        default=figure.number(PRACTICE),
        least=figure.least,
        most=figure.most,
        decided_at=None if decided is None else decided.from_at,
        decided_by=None if decided is None else UserId(decided.decided_by),
    )


def _decided(figure: Figure, rows: Sequence[PracticeRow]) -> PracticeRow | None:
    """The version since which a figure is what it is; None where it is the product's."""
    since = None
    for row in reversed(rows):
        if figure.name not in row.figures or row.figures[figure.name] != rows[-1].figures.get(figure.name):
            break
        since = row
    return since


def therapy_days(session: Session, caller: Caller, whose: Patient, now: datetime) -> TherapyDays:
    """The therapy days of a patient."""
    return TherapyDays(ZoneInfo(whose.zone), practice_of(session, caller.clinic, now).day_starts)
