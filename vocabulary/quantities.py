"""A number with its unit (UCUM)."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The units Lumenward speaks, by their UCUM codes."""

    CELSIUS = "Cel"
    JOULE = "J"
    JOULE_PER_CM2 = "J/cm2"
    MILLIWATT_PER_CM2 = "mW/cm2"
    MINUTE = "min"
    OHM = "Ohm"
    SECOND = "s"
    WATT = "W"
    FRACTION = "1"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and its unit; two quantities compare by value only when their units agree."""

    value: float
    unit: Unit
