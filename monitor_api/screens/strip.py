"""A fortnight at a glance: one cell a therapy day, and what is not known is not said to be nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import pairwise
from math import ceil
from typing import Final

from clinical.adherence.days import DaySpan, TherapyDays
from vocabulary.devices import Modality
from vocabulary.instants import Placed

EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first session of any device."""

STEPS: Final = 5
"""Shades of a dose, each a fifth of the prescribed one."""


class Kind(StrEnum):
    """What is known of a day."""

    DOSE = "dose"
    OVER = "over"
    UNMEASURED = "used"
    NONE = "none"
    UNKNOWN = "unknown"
    RUNNING = "running"
    BEFORE = "before"


_IDLE: Final = frozenset({Kind.NONE, Kind.UNKNOWN, Kind.BEFORE})


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Use:
    """A session: its dose as a fraction of the prescribed one, and that of the limit; None where none can be said."""

    placed: Placed
    modality: Modality | None
    fraction: float | None
    limit_fraction: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One day. `step` is 1 to 5 for a dose, 0 for everything else; `fraction` of the prescribed dose, if known."""

    day: date
    kind: Kind
    step: int
    fraction: float | None


def quiet_spans(sessions: Mapping[int, Placed | None], newest: int, contact_at: datetime) -> tuple[Span, ...]:
    """When a device surely was not used: between two sessions whose counters follow each other, both placed.

    `newest` is the counter of the newest record that the device named at `contact_at`.
    """
    edges: dict[int, tuple[datetime, datetime] | None] = {0: (EVER, EVER)}
    if newest >= max(sessions, default=0):
        edges[newest + 1] = (contact_at, contact_at)
    edges |= {number: (placed.earliest, placed.latest) if placed else None for number, placed in sessions.items()}
    return tuple(
        Span(before[1], after[0])
        for (number, before), (following, after) in pairwise(sorted(edges.items()))
        if following == number + 1 and before and after
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a strip is drawn from: the sessions of somebody, and of each of their devices since when it is theirs.

    `quiet` holds the quiet spans of each device.
    """

    uses: tuple[Use, ...]
    quiet: tuple[tuple[Span, ...], ...]
    theirs_since: datetime
    days: TherapyDays


def strip(days: Sequence[DaySpan], record: Record) -> tuple[Cell, ...]:
    """A cell for each day, oldest first; the last day is the one that is running."""
    used: dict[date, list[Use]] = defaultdict(list)
    for use in record.uses:
        first, last = record.days.of_either(use.placed.earliest, use.placed.latest)
        if first == last:
            used[first].append(use)
    *before, today = [_dosed(span.day, used[span.day]) or _idle(span, record) for span in days]
    return (*before, today if today.kind not in _IDLE else Cell(today.day, Kind.RUNNING, 0, None))


def _idle(span: DaySpan, record: Record) -> Cell:
    """A day without a session that is known to be of it."""
    return Cell(span.day, _idle_kind(span, record), 0, None)


def _idle_kind(span: DaySpan, record: Record) -> Kind:
    if span.end <= record.theirs_since:
        return Kind.BEFORE
    proven = [any(one.start <= span.start and span.end <= one.end for one in spans) for spans in record.quiet]
    return Kind.NONE if proven and all(proven) else Kind.UNKNOWN


def _dosed(day: date, uses: Sequence[Use]) -> Cell | None:
    """A day with sessions: the doses of one modality add up, and so they are held against the limit of one session."""
    if not uses:
        return None
    doses: dict[Modality | None, float] = defaultdict(float)
    for use in uses:
        if use.fraction is None:
            return Cell(day, Kind.UNMEASURED, 0, None)
        doses[use.modality] += use.fraction
    dose = max(doses.values())
    if any(use.limit_fraction is not None and doses[use.modality] > use.limit_fraction for use in uses):
        return Cell(day, Kind.OVER, 0, dose)
    return Cell(day, Kind.DOSE, min(STEPS, max(1, ceil(dose * STEPS))), dose)
