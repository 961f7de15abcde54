"""An RF head: gel, a gliding hand, a regulator that pulses the power, and what goes wrong with each.

Figures: facial skin 32 to 34 °C, up to 40 to 41.5 °C within 30 to 60 s, then the duty cycle is regulated about a
set point below the cut-off (domain facts 2.3); 10 W into 360 Ω (DEN150005, 2.2); the cut-off itself is the
device's. Impedance of a few hundred ohms, rising as gel dries (2.3). How much a head held still heats is an
assumption: enough to pass 43.5 °C within a minute, as the regulator never pulses below its floor.
"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final, Self

from firmware_bridge.virtual.physics.contact import DRY, GLIDING, Contact
from firmware_bridge.virtual.physics.sensing import Handling, Sensed
from firmware_bridge.virtual.physics.thermal import SECOND, Chase, kept, noise

MATCHED_OHM: Final = 360.0
_SKIN_HEATS: Final = timedelta(seconds=36)
_THERMISTOR_ON_SKIN: Final = timedelta(seconds=2)
_THERMISTOR_IN_AIR: Final = timedelta(seconds=60)
_GEL_DRIES: Final = timedelta(seconds=25)
_KELVIN_PER_W_GLIDING: Final = 1.1
_KELVIN_PER_W_STILL: Final = 2.3
_SET_POINT_CELSIUS: Final = 40.6
_BAND_KELVIN: Final = 0.6
"""Full power until this far below the set point, the floor from this far above it."""
_FLOOR: Final = 0.55
_DRY_IMPEDANCE_RISE: Final = 2.2
_HOT_SPOT_KELVIN: Final = 0.6


@dataclass(frozen=True, slots=True)
class _Passing:
    """What some time does to each temperature, and to gel."""

    on_skin: Chase
    skin_kept: float
    in_air_kept: float
    gel_kept: float

    @classmethod
    def of(cls, lasting: timedelta) -> Self:
        return cls(
            Chase.after(lasting, _SKIN_HEATS, _THERMISTOR_ON_SKIN),
            kept(lasting, _SKIN_HEATS),
            kept(lasting, _THERMISTOR_IN_AIR),
            kept(lasting, _GEL_DRIES),
        )


_A_SECOND: Final = _Passing.of(SECOND)


class RfPhysics:
    """One head, one face, one room, as a seed makes them."""

    def __init__(self, random: Random) -> None:
        self.handling = Handling()
        self._random = random
        self._contact = Contact(random, GLIDING)
        self._calibration = random.uniform(0.98, 1.02)
        self._room_celsius = random.uniform(20.5, 23.5)
        self._bare_celsius = random.uniform(32.7, 33.3)
        self._wet_ohm = random.uniform(320, 400)
        self._skin_celsius = self._bare_celsius
        self._thermistor_celsius = self._room_celsius
        self._dryness = 0.0
        self._zone: int | None = None

    @property
    def contact(self) -> bool:
        """Whether the head is on the skin."""
        return self.handling.on_skin

    @property
    def skin_celsius(self) -> float:
        """What the thermistor says now."""
        return self._thermistor_celsius

    def second(self, level: float, zone: int) -> Sensed:
        """One second at a rated power of `level` W; another zone is fresh skin."""
        handling = self.handling
        if zone != self._zone:
            self._zone, self._skin_celsius = zone, self._bare_celsius
        self._contact.change(DRY if handling.gel_dry else GLIDING)
        touching = handling.on_skin and (handling.held_still or self._contact.second())
        impedance_ohm = self._impedance_ohm()
        power_w = level * self._duty() * self._calibration * _delivered(impedance_ohm) if touching else 0.0
        power_w *= 1 + noise(self._random, 0.04)
        self._pass(_A_SECOND, power_w=power_w, touching=touching)
        return Sensed(
            level=power_w,
            dose=power_w,
            skin_celsius=self._thermistor_celsius + self._hot_spot_kelvin() + noise(self._random, 0.06),
            impedance_ohm=impedance_ohm if touching else None,
            contact=touching,
            moving=touching and not handling.held_still,
        )

    def rest(self, lasting: timedelta) -> None:
        """Cool down, on the face or off it."""
        self._pass(_Passing.of(lasting), power_w=0.0, touching=self.handling.on_skin)

    def _hot_spot_kelvin(self) -> float:
        return self._dryness * _HOT_SPOT_KELVIN * self._random.random()

    def _duty(self) -> float:
        above = self._thermistor_celsius - _SET_POINT_CELSIUS
        return min(1.0, max(_FLOOR, 0.5 - above / (2 * _BAND_KELVIN)))

    def _impedance_ohm(self) -> float:
        dried = 1 + _DRY_IMPEDANCE_RISE * self._dryness
        return self._wet_ohm * dried * (1 + noise(self._random, 0.06))

    def _pass(self, time: _Passing, *, power_w: float, touching: bool) -> None:
        per_w = _KELVIN_PER_W_STILL if self.handling.held_still else _KELVIN_PER_W_GLIDING
        heated_celsius = self._bare_celsius + per_w * power_w
        if touching:
            self._skin_celsius, self._thermistor_celsius = time.on_skin.moved(
                self._skin_celsius, self._thermistor_celsius, heated_celsius
            )
        else:
            self._skin_celsius = heated_celsius + (self._skin_celsius - heated_celsius) * time.skin_kept
            above_room = self._thermistor_celsius - self._room_celsius
            self._thermistor_celsius = self._room_celsius + above_room * time.in_air_kept
        dry = float(self.handling.gel_dry)
        self._dryness = dry + (self._dryness - dry) * time.gel_kept


def _delivered(impedance_ohm: float) -> float:
    """The fraction of the rated power that a load takes from a source matched to 360 Ω."""
    return 4 * MATCHED_OHM * impedance_ohm / (MATCHED_OHM + impedance_ohm) ** 2
