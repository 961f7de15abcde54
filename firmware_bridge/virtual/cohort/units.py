"""The devices of a person: which unit, how far its figures are off, how it is worn, and what was prescribed for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from firmware_bridge.virtual.cohort.products import Product, Program, of_modality
from vocabulary.devices import Modality, Zone
from vocabulary.identity import DeviceUid, RegimenId
from vocabulary.quantities import Quantity, Unit

Touch = tuple[tuple[int, int], tuple[int, int]]

STRAPPED: Final = ((45, 240), (1, 2))
GLIDING: Final = ((15, 60), (1, 2))
WORN: Final = ((6, 14), (1, 5))
LOOSE: Final = ((8, 30), (2, 9))
DRY: Final = ((5, 8), (6, 9))
"""How long contact is held and lost, in seconds: a mask on straps, a head on gel, a worn tip,
either with somebody whom it was not set for, a head on dry skin."""

DOSE_UNITS: Final = {Modality.LED: Unit.JOULE_PER_CM2, Modality.RF: Unit.JOULE}
LEVEL_UNITS: Final = {Modality.LED: Unit.MILLIWATT_PER_CM2, Modality.RF: Unit.WATT}
PER_WEEK: Final = {Modality.LED: (3, 5), Modality.RF: (2, 3)}
HAS: Final = {(Modality.LED,): 55, (Modality.RF,): 30, (Modality.LED, Modality.RF): 15}
BOUGHT_ONE_MORE: Final = 0.01
"""The share of people who use a device of the other kind that nobody prescribed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUnit:
    """One unit: `dose_error` and `skin_error` are how far its figures truly are off, which nobody knows.

    `plateau_celsius`: how warm the skin of its owner gets with it.
    """

    uid: DeviceUid
    serial: str
    product: Product
    prescribed: bool
    dose_error: float
    skin_error: float
    plateau_celsius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescribed:
    """What was prescribed for the devices of one modality: how often, how long, how much. Limits are the clinic's.

    `weekdays` (0 is Monday) are those that were named, if any; one session a week less is due from `fewer_after` on.
    Whether a level and caps are named is said here, and what they are by the clinic.
    """

    id: RegimenId
    modality: Modality
    per_week: int
    program: Program
    zones: tuple[Zone, ...]
    dose: Quantity
    from_at: datetime
    weekdays: tuple[int, ...] = ()
    fewer_after: timedelta | None = None
    names_level: bool = False
    names_caps: bool = False


def draw_units(chance: Random, index: int) -> tuple[DeviceUnit, ...]:
    """A person's devices."""
    modalities = chance.choices(list(HAS), weights=list(HAS.values()))[0]
    units = [_unit(chance, index, number, modality) for number, modality in enumerate(modalities)]
    if len(modalities) == 1 and chance.random() < BOUGHT_ONE_MORE:
        other = Modality.RF if modalities[0] is Modality.LED else Modality.LED
        units.append(_unit(chance, index, 1, other, prescribed=False))
    return tuple(units)


def _unit(chance: Random, index: int, number: int, modality: Modality, *, prescribed: bool = True) -> DeviceUnit:
    product = chance.choice(of_modality(modality))
    return DeviceUnit(
        uid=DeviceUid(f"{0x4C57C0 + number:06x}{index:010x}"),
        serial=f"{product.model[:2].upper()}{chance.randrange(10**7):07d}",
        product=product,
        prescribed=prescribed,
        dose_error=_within(chance, product.dose_fraction),
        skin_error=_within(chance, product.skin_celsius or 0.0),
        plateau_celsius=chance.uniform(39.6, 41.2) if modality is Modality.RF else chance.uniform(34.0, 36.5),
    )


def _within(chance: Random, bound: float) -> float:
    """An error that a calibration sheet with this bound leaves: mostly small, never more."""
    return max(-bound, min(bound, chance.gauss(0, bound / 2)))


def draw_prescribed(chance: Random, unit: DeviceUnit, from_at: datetime) -> Prescribed:
    """The product's first programme, a few times a week."""
    program = unit.product.program(1)
    return Prescribed(
        id=RegimenId(UUID(int=chance.getrandbits(128), version=4)),
        modality=unit.product.modality,
        per_week=chance.randint(*PER_WEEK[unit.product.modality]),
        program=program,
        zones=unit.product.zones,
        dose=Quantity(program.dose, DOSE_UNITS[unit.product.modality]),
        from_at=from_at,
    )
