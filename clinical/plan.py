"""How often, how long and how much: the phases of a prescription, and the caps over days and weeks."""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from vocabulary.devices import Zone
from vocabulary.light import Band
from vocabulary.quantities import Quantity


class Weekday(IntEnum):
    """A day of the week, as Python and ISO 8601 order them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When sessions are due, in the terms of FHIR's Timing.repeat.

    `frequency` sessions in every `period` of whole days, counted from the first therapy day of the phase; with
    `weekdays` one session on each of those days, and then `frequency` is their number and `period` a week.
    """

    frequency: int
    period: timedelta
    weekdays: tuple[Weekday, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of a regimen with one timing, duration and dose; `lasts` is whole weeks, None: open, the last."""

    lasts: timedelta | None
    timing: Timing
    duration: timedelta
    dose: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """No more than `dose` within any `window`, rolling; in one band and zone, None for each of them apart."""

    window: timedelta
    dose: Quantity
    band: Band | None
    zone: Zone | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How strong a session is to be, mW/cm² with LED and W with RF, both ends within."""

    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cem43Levels:
    """Thermal dose of a zone within a session, in minutes at 43 °C, from which each word is said.

    A proposal that a physician owns: 1, 2, 5 and 15 (domain facts 5.1).
    """

    info_min: float
    warn_min: float
    alert_min: float
    stop_min: float
