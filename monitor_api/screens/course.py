"""A patient's course on a page: adherence, the target, slots by their rounds, energy by zone, what was found."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from sqlalchemy.orm import Session

from clinical.adherence.days import DAY
from clinical.adherence.horizon import Reach, Standing
from clinical.adherence.slots import SlotState
from clinical.dose.ledger import FACE
from monitor_api.http.queries.courses import (
    EnergyRow,
    PatientCourse,
    PatientEnergy,
    SeenBetween,
    SeenEpisode,
    SeenHorizon,
    SeenMeasure,
    SeenReach,
    SeenSlot,
    SeenStrand,
    patient_course,
    patient_energy,
)
from monitor_api.http.queries.excuses import SeenExcuse, excuses
from monitor_api.screens.adherence import reach_words
from monitor_api.screens.page import Page
from monitor_api.screens.words import NO_BREAK, SYMBOLS, number
from monitor_api.sessions.skin import SkinAnswers, skin_answers
from vocabulary.devices import Zone
from vocabulary.identity import PatientId
from vocabulary.quantities import Unit

NEWEST: Final = 6
"""Episodes that are shown before a reader asks for more; those that go on are always."""

_KINDS: Final = {
    Unit.JOULE_PER_CM2: "Light, band not measured",
    Unit.JOULE: "Radiofrequency",
    Unit.MINUTE: "Heat, CEM43",
}
"""What is added up where there is no band, by its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundView:
    """A round of days and its slots, those of the last day it has at `last`."""

    first: date
    last: date
    slots: tuple[SeenSlot, ...]

    @property
    def words(self) -> str:
        """Its days: 2 to 8 Mar, or the one it is."""
        if self.first == self.last:
            return f"{self.first:%-d %b}"
        same = self.first.month == self.last.month
        return f"{self.first:{'%-d' if same else '%-d %b'}} to {self.last:%-d %b}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrandView:
    """One modality; `horizon` is None when nothing is due any more."""

    strand: SeenStrand
    rounds: tuple[RoundView, ...]
    horizon: "HorizonView | None"

    @property
    def counts(self) -> str:
        """The slots of the strip in words."""
        return slot_counts(self.strand.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonView:
    """How far the target of a measure is, in words: the deciding sentence, and both ends of what is known."""

    measure: SeenMeasure
    words: str
    proven: str
    possible: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyLine:
    """Zones that took the same of one kind; all figures as they are written."""

    where: str
    what: str
    delivered: str
    worn: str
    told: str
    calibrated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseView:
    """All that the page shows of a course. `lasting` and `newest` episodes come first, `earlier` when asked for."""

    course: PatientCourse
    strands: tuple[StrandView, ...]
    energy: tuple[tuple[str, tuple[EnergyLine, ...]], ...]
    found: tuple[SeenEpisode, ...]
    earlier: tuple[SeenEpisode, ...]
    excuses: tuple[SeenExcuse, ...]
    skin: SkinAnswers | None


def course_view(page: Page, session: Session, who: PatientId) -> CourseView:
    """Read a course. Raises NotThere."""
    caller, now = page.visit.caller, page.visit.now
    course, energy = patient_course(session, caller, who, now), patient_energy(session, caller, who, now)
    found, earlier = _told(course.episodes)
    return CourseView(
        course=course,
        strands=tuple(_strand(one) for one in course.strands),
        energy=_energy(energy),
        found=found,
        earlier=earlier,
        excuses=excuses(session, caller, who).items,
        skin=next(reversed(skin_answers(session, who)), None),
    )


def rounds_of(slots: Iterable[SeenSlot]) -> tuple[RoundView, ...]:
    """Slots by the days they are of."""
    grouped = groupby(slots, key=lambda one: (one.first, one.end))
    return tuple(RoundView(first=first, last=end - DAY, slots=tuple(of)) for (first, end), of in grouped)


def slot_counts(slots: Sequence[SeenSlot]) -> str:
    """How many slots are in each state: 20 slots: 15 taken, 2 missed, 3 open."""
    counted = Counter(one.state for one in slots)
    said = ", ".join(f"{counted[state]} {state}" for state in SlotState if counted[state])
    return f"{len(slots)} slots: {said}" if said else "no slots"


def between_words(between: SeenBetween, unit: Unit) -> str:
    """An amount as the range it is known in, with its unit."""
    low, symbol = number(between.low, unit), f"{NO_BREAK}{SYMBOLS[unit]}"
    if between.high is None:
        return f"at least {low}{symbol}"
    high = number(between.high, unit)
    return f"{low}{symbol}" if low == high else f"{low} to {high}{symbol}"


def _strand(strand: SeenStrand) -> StrandView:
    return StrandView(
        strand=strand,
        rounds=rounds_of(strand.slots),
        horizon=None if strand.horizon is None else _horizon(strand.horizon, strand.measures),
    )


def _horizon(horizon: SeenHorizon, measures: Sequence[SeenMeasure]) -> HorizonView:
    proven, possible = _reach(horizon.proven), _reach(horizon.possible)
    decides = proven if horizon.standing in {Standing.REACHABLE, Standing.SECURED} else possible
    return HorizonView(
        measure=next(one for one in measures if one.definition == horizon.definition),
        words=reach_words(horizon.standing, decides),
        proven=_end_words(proven),
        possible=_end_words(possible),
    )


def _reach(seen: SeenReach) -> Reach:
    return Reach(last_day=seen.last_day, misses=seen.misses, secured=seen.secured)


def _end_words(reach: Reach) -> str:
    """One end by itself, as if it were all."""
    if reach.misses < 0:
        return reach_words(Standing.LOST, reach)
    return reach_words(Standing.SECURED if reach.secured else Standing.REACHABLE, reach)


def _told(episodes: Sequence[SeenEpisode]) -> tuple[tuple[SeenEpisode, ...], tuple[SeenEpisode, ...]]:
    lasting = [one for one in episodes if one.cleared_at is None]
    over = [one for one in episodes if one.cleared_at is not None]
    room = max(0, NEWEST - len(lasting))
    return (*lasting, *over[:room]), tuple(over[room:])


def _energy(energy: PatientEnergy) -> tuple[tuple[str, tuple[EnergyLine, ...]], ...]:
    windows = (("Last 24 hours", energy.day), ("Last 7 days", energy.week))
    return tuple((title, tuple(_lines(rows))) for title, rows in windows)


def _lines(rows: Sequence[EnergyRow]) -> Iterable[EnergyLine]:
    """One line for all zones of which the same is said."""
    zones: dict[tuple[str, ...], list[Zone]] = {}
    calibrated: dict[tuple[str, ...], bool] = {}
    for row in rows:
        figures = _figures(row)
        zones.setdefault(figures, []).append(row.zone)
        calibrated[figures] = row.calibrated
    for figures, where in zones.items():
        what, delivered, worn, told, _ = figures
        yield EnergyLine(
            where=_where(where), what=what, delivered=delivered, worn=worn, told=told, calibrated=calibrated[figures]
        )


def _figures(row: EnergyRow) -> tuple[str, ...]:
    what = _KINDS[row.unit] if row.band is None else f"Light, {row.band}"
    told = "none" if row.told is None else f"{number(row.told.value, row.told.unit)}{NO_BREAK}{SYMBOLS[row.told.unit]}"
    delivered, worn = between_words(row.delivered, row.unit), between_words(row.worn, row.unit)
    return what, delivered, worn, told, str(row.calibrated)


def _where(zones: Sequence[Zone]) -> str:
    rest = [zone for zone in zones if zone not in FACE]
    whole = set(FACE) <= set(zones)
    named = [Zone.WHOLE_FACE, *rest] if whole else list(zones)
    return ", ".join(named).capitalize()
