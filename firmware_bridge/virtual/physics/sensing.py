"""What a device's sensors say, and what may happen to it: the face physics shows to a device."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sensed:
    """One second as the sensors saw it.

    `level` is what was delivered, on average (mW/cm² or W), `dose` what that second added (J/cm² or J).
    """

    level: float
    dose: float
    skin_celsius: float
    impedance_ohm: float | None
    contact: bool
    moving: bool


@dataclass(slots=True, kw_only=True)
class Handling:
    """How people, and wear, treat a device; nothing else changes it."""

    on_skin: bool = False
    gel_dry: bool = False
    held_still: bool = False


class Physics(Protocol):
    """A device against skin, or not.

    Only `second` draws on chance, so a session is the same however the time before it is cut into rests.
    """

    handling: Handling

    @property
    def contact(self) -> bool:
        """Whether the electrodes, or the mask, touch skin now."""
        ...

    @property
    def skin_celsius(self) -> float:
        """What the thermistor says now, without its noise."""
        ...

    def second(self, level: float, zone: int) -> Sensed:
        """One second of a session; a level of 0 is a pause."""
        ...

    def rest(self, lasting: timedelta) -> None:
        """Any time without emission."""
        ...
