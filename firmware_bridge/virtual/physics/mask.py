"""An LED mask: light that droops as it warms, skin that warms under it, and a table that does not.

Figures: skin under a mask 33 to 36 °C (domain facts 1.5: masks 30 to 41 °C skin-side); facial skin 32 to 34 °C
(2.3); calibration and droop within 3 % each, so that a dose stays well below 110 % (an assumption; makers claim
less, 1.1). Time constants are assumptions of the right order: minutes for skin, seconds for a thermistor on it.
"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final, Self

from firmware_bridge.virtual.physics.contact import STRAPPED, Contact
from firmware_bridge.virtual.physics.sensing import Handling, Sensed
from firmware_bridge.virtual.physics.thermal import SECOND, Chase, kept, noise

_SKIN_WARMS: Final = timedelta(minutes=3)
_BOARD_WARMS: Final = timedelta(seconds=90)
_THERMISTOR_ON_SKIN: Final = timedelta(seconds=8)
_THERMISTOR_IN_AIR: Final = timedelta(seconds=60)
_DROOP: Final = 0.03
_BOARD_HEATS_BY_KELVIN: Final = 3.5
"""Above the room, once a lit mask is warm: what a thermistor reads on a table."""


@dataclass(frozen=True, slots=True)
class _Passing:
    """What some time does to each temperature."""

    on_skin: Chase
    in_air: Chase
    skin_kept: float

    @classmethod
    def of(cls, lasting: timedelta) -> Self:
        return cls(
            Chase.after(lasting, _SKIN_WARMS, _THERMISTOR_ON_SKIN),
            Chase.after(lasting, _BOARD_WARMS, _THERMISTOR_IN_AIR),
            kept(lasting, _SKIN_WARMS),
        )


_A_SECOND: Final = _Passing.of(SECOND)


class MaskPhysics:
    """One mask, one face, one room, as a seed makes them."""

    def __init__(self, random: Random) -> None:
        self.handling = Handling()
        self._random = random
        self._contact = Contact(random, STRAPPED)
        self._calibration = random.uniform(0.97, 1.03)
        self._room_celsius = random.uniform(20.5, 23.5)
        self._bare_celsius = random.uniform(32.7, 33.4)
        self._warm_celsius = random.uniform(35.1, 35.8)
        self._skin_celsius = self._bare_celsius
        self._board_celsius = self._room_celsius
        self._thermistor_celsius = self._room_celsius

    @property
    def contact(self) -> bool:
        """Whether the mask is worn."""
        return self.handling.on_skin

    @property
    def skin_celsius(self) -> float:
        """What the thermistor says now."""
        return self._thermistor_celsius

    def second(self, level: float, zone: int) -> Sensed:
        """One second of light at `level` mW/cm² (the whole face at once: `zone` does not matter)."""
        del zone
        self._pass(_A_SECOND, lit=level > 0)
        warmth = (self._board_celsius - self._room_celsius) / _BOARD_HEATS_BY_KELVIN
        droop = 1 + _DROOP * (1 - warmth)
        irradiance_mw_per_cm2 = level * self._calibration * droop * (1 + noise(self._random, 0.005))
        return Sensed(
            level=irradiance_mw_per_cm2,
            dose=irradiance_mw_per_cm2 / 1000,
            skin_celsius=self._thermistor_celsius + noise(self._random, 0.05),
            impedance_ohm=None,
            contact=self._contact.second() and self.handling.on_skin,
            moving=False,
        )

    def rest(self, lasting: timedelta) -> None:
        """Cool down, on the face or off it."""
        self._pass(_Passing.of(lasting), lit=False)

    def _pass(self, time: _Passing, *, lit: bool) -> None:
        heat_celsius = self._room_celsius + _BOARD_HEATS_BY_KELVIN * lit
        if self.handling.on_skin:
            warm_celsius = self._warm_celsius if lit else self._bare_celsius
            self._skin_celsius, self._thermistor_celsius = time.on_skin.moved(
                self._skin_celsius, self._thermistor_celsius, warm_celsius
            )
            self._board_celsius = heat_celsius + (self._board_celsius - heat_celsius) * time.in_air.leader_kept
        else:
            self._board_celsius, self._thermistor_celsius = time.in_air.moved(
                self._board_celsius, self._thermistor_celsius, heat_celsius
            )
            self._skin_celsius = self._bare_celsius + (self._skin_celsius - self._bare_celsius) * time.skin_kept
