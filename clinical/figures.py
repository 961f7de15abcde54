"""The figures of a practice as numbers: what each means, and within which bounds a clinic may decide on it.

Rules, kept here:
- Bounds keep every rule meaningful: a day away counts, a target can be reached, what is judged is looked back to.
- What is looked back to in all, with the days after a silence, lies within the days for which it is known when
  missing records were.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any, Final

from clinical.errors import PracticeRefused
from clinical.practice import PRACTICE, Practice

_SPANS: Final = {"min": timedelta(minutes=1), "h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its field of a practice, what it is, its unit (UCUM), the least and the most that it may be."""

    field: str
    words: str
    unit: str
    least: float
    most: float

    @property
    def name(self) -> str:
        """Its name where it is a number: with the unit of a span, or of a time of day."""
        match getattr(PRACTICE, self.field):
            case timedelta():
                return f"{self.field}_{self.unit}"
            case time():
                return f"{self.field}_hour"
            case _:
                return self.field

    @property
    def whole(self) -> bool:
        """Whether it is counted."""
        return isinstance(getattr(PRACTICE, self.field), int | time)

    @property
    def expected(self) -> str:
        """What it may be, in words."""
        kind = "whole number" if self.whole else "number"
        return f"expected a {kind} from {self.least:g} to {self.most:g}"

    def number(self, practice: Practice) -> float:
        """As it is in a practice."""
        match getattr(practice, self.field):
            case timedelta() as span:
                return span / _SPANS[self.unit]
            case time() as at:
                return float(at.hour)
            case number:
                return float(number)

    def value(self, number: float) -> timedelta | time | float:
        """As its field has it."""
        match getattr(PRACTICE, self.field):
            case timedelta():
                return _SPANS[self.unit] * number
            case time():
                return time(int(number))
            case int():
                return int(number)
            case _:
                return float(number)

    def allows(self, wanted: object) -> bool:
        """Whether a clinic may decide so."""
        if isinstance(wanted, bool) or not isinstance(wanted, int | float):
            return False
        return self.least <= wanted <= self.most and (not self.whole or wanted == int(wanted))


FIGURES: Final = (
    Figure("taken_fraction", "Of the planned dose: a slot is taken, and a session counts in full, from", "1", 0.5, 1),
    Figure("over_fraction", "Of the planned dose: a slot is more than taken above", "1", 1, 2),
    Figure("partial_fraction", "Of the planned dose: a slot is taken in part from", "1", 0, 0.5),
    Figure("worn_probability", "A session counts as worn from this probability on", "1", 0.5, 0.99),
    Figure("led_merge_gap", "Light sessions this close to each other are one use", "min", 0, 60),
    Figure("rf_merge_gap", "RF sessions this close to each other are one use", "min", 0, 60),
    Figure("frequency_days", "Adherence A and B look at the last days", "d", 7, 60),
    Figure("frequency_target", "Adherence A is reached from this share of slots on", "1", 0.1, 1),
    Figure("dose_target", "Adherence B is reached from this share of the dose on", "1", 0.1, 1),
    Figure("first_days", "Adherence C looks at the first days of a treatment", "d", 28, 110),
    Figure("consecutive_days", "Adherence C is reached within so many days in a row", "d", 7, 60),
    Figure("consecutive_target", "Adherence C is reached from this share of their slots on", "1", 0.1, 1),
    Figure("silence_intervals", "A silence begins after so many times the usual time between sessions", "1", 1, 10),
    Figure("silence_floor", "and not before", "h", 6, 336),
    Figure("steady_days", "Nobody is called for another silence within days of one", "d", 0, 56),
    Figure("silence_again", "unless it lasts so many times what a silence must last", "1", 1, 10),
    Figure("reading_patience", "A session that a device counted may be on its way for", "h", 0.25, 24),
    Figure("again_days", "Nobody is called within days of a call for what a patient does again", "d", 0, 60),
    Figure("again_worse", "unless it is worse by this part of the limit", "1", 0, 2),
    Figure("early", "Sessions may come before 24 hours, or 7 days, are over by", "h", 0, 12),
    Figure("permit_grace", "A device may be without its limits for", "h", 1, 168),
    Figure("hold_grace", "A device may go without its hold for", "h", 0.25, 24),
    Figure("baseline", "The last sessions that make a patient's own median", "{sessions}", 7, 90),
    Figure("learned", "The fewest that do", "{sessions}", 3, 28),
    Figure("drift", "Sessions in a row away from it that are a drift", "{sessions}", 2, 10),
    Figure("drift_fraction", "Away from it is a duration or dose by more than this part", "1", 0.05, 1),
    Figure("drift_hours", "Away from it is a time of day by more than", "h", 0.5, 11.5),
    Figure("look_back_days", "Rules over weeks look back to the last days", "d", 28, 60),
    Figure("day_starts", "A therapy day starts at this hour where the patient lives", "h", 0, 11),
)
"""Every figure, in the order in which it is shown; units as UCUM has them."""

FIGURE: Final = {one.name: one for one in FIGURES}
"""Figures by their names."""

_AT_MOST: Final = {"consecutive_days": "first_days", "learned": "baseline"}
"""Figures that are at most as large as another."""


def decide(wanted: Mapping[str, object]) -> Practice:
    """The practice in which these figures are as wanted and the others the product's. Raises PracticeRefused."""
    refused = {
        name: _refusal(name) for name, one in wanted.items() if name not in FIGURE or not FIGURE[name].allows(one)
    }
    practice = read_practice({name: one for name, one in wanted.items() if name not in refused})
    refused |= {name: words for name, words in _contradictions(practice) if not refused.keys() & {name, _AT_MOST[name]}}
    if refused:
        raise PracticeRefused(refused)
    return practice


def _refusal(name: str) -> str:
    return FIGURE[name].expected if name in FIGURE else f"expected one of {', '.join(sorted(FIGURE))}"


def _contradictions(practice: Practice) -> Iterator[tuple[str, str]]:
    for name, other in _AT_MOST.items():
        most = FIGURE[other].number(practice)
        if FIGURE[name].number(practice) > most:
            yield name, f"expected at most {other}, which is {most:g}"


def read_practice(figures: Mapping[str, Any]) -> Practice:
    """The practice in which these figures differ from the product's; what no version has any more is left out."""
    return with_figures(PRACTICE, figures)


def with_figures(practice: Practice, figures: Mapping[str, Any]) -> Practice:
    """A practice with these figures in the place of its own."""
    known: dict[str, Any] = {
        FIGURE[name].field: FIGURE[name].value(number) for name, number in figures.items() if name in FIGURE
    }
    return replace(practice, **known)


def differing(practice: Practice) -> dict[str, float]:
    """The figures that are not the product's."""
    return {one.name: number for one in FIGURES if (number := one.number(practice)) != one.number(PRACTICE)}
