"""The figures that a clinic decides on: what counts as taken, as valid, as adherent, as silent. Never constants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from vocabulary.devices import Modality

NEARLY: Final = 1e-9
"""What quotients and sums of fractions may be off: so little more or less is as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A clinic's figures; each default is the product's. Fractions of dose are of the planned dose of one slot.

    Sessions of one device that follow each other within the merge gap are one use. `baseline` sessions make a
    patient's own median, `learned` are the fewest that do, and `drift` in a row away from it are a drift: by more than
    `drift_fraction` of duration or dose, or `drift_hours` of the day. `look_back_days`: how far rules look. After a
    silence nobody is called for another one within `steady_days`, unless it lasts `silence_again` times what a silence
    must last. Of what a patient does again and again nobody is called within `again_days` of a call, unless it is worse
    by `again_worse` of the limit. `early`: how much less than 24 hours, or 7 days, may lie between sessions of which a
    regimen allows no more within them. `reading_patience`: for how long a session that a device counted may be on its
    way before somebody is called without it. A full memory, 65,535 records of three segments, takes about 100 minutes
    at 30 ms a segment, and two hours are little of the day within which a silence is to be answered. `day_starts`: when
    a therapy day starts where the patient lives. `permit_grace` and `hold_grace`: how long limits or a permit, and a
    hold, may go unconfirmed. A use on hold is to be answered within an hour, so whoever asked for a hold must know as
    soon that it may not be one.
    """

    taken_fraction: float = 0.8
    over_fraction: float = 1.2
    partial_fraction: float = 0.2
    worn_probability: float = 0.7
    led_merge_gap: timedelta = timedelta(minutes=5)
    rf_merge_gap: timedelta = timedelta(minutes=2)
    frequency_days: int = 28
    frequency_target: float = 0.7
    dose_target: float = 0.8
    first_days: int = 90
    consecutive_days: int = 30
    consecutive_target: float = 0.7
    silence_intervals: float = 1.5
    silence_floor: timedelta = timedelta(hours=24)
    steady_days: int = 28
    silence_again: float = 3.0
    reading_patience: timedelta = timedelta(hours=2)
    again_days: int = 7
    again_worse: float = 0.25
    early: timedelta = timedelta(hours=4)
    permit_grace: timedelta = timedelta(hours=24)
    hold_grace: timedelta = timedelta(hours=1)
    baseline: int = 28
    learned: int = 7
    drift: int = 3
    drift_fraction: float = 0.3
    drift_hours: float = 3.0
    look_back_days: int = 28
    day_starts: time = time(4)

    def merge_gap(self, modality: Modality) -> timedelta:
        """Within what sessions of a modality are one use."""
        return self.rf_merge_gap if modality is Modality.RF else self.led_merge_gap


PRACTICE: Final = Practice()
"""The product's defaults, until a clinic decides otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeFrom:
    """What a clinic decided, and from when on that holds: until it decides again."""

    practice: Practice
    from_at: datetime


def practice_at(decided: Sequence[PracticeFrom], at: datetime) -> Practice:
    """The figures that held at an instant, of what a clinic decided in that order; the product's before the first."""
    for one in reversed(decided):
        if one.from_at <= at:
            return one.practice
    return PRACTICE
