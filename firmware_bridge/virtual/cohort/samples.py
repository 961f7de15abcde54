"""The samples of a session, one a second: what the sensors said, and how much of it reached the store."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, pairwise
from math import exp
from random import Random
from typing import Any, Final

from msgspec import structs

from clinical.course import Between, WearSigns
from clinical.facts import Samples
from firmware_bridge.virtual.cohort.units import Touch
from vocabulary.devices import DeviceState, Feature
from vocabulary.readings import Sign

VARIANTS: Final = 32
"""How many courses of contact there are for one length: enough that no two people look alike at a glance."""

_WARM_UP_S: Final = 15.0
_SKIN: Final = 33.0
_CONTACT: Final = int(Sign.CONTACT)

Skin = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How the signs of a session come about: contact by turns, `always` all along; not `worn`: no contact at all.

    `tripped_at`: the second from which on the device says that its cut-off tripped.
    """

    seconds: int
    variant: int
    touch: Touch
    always: int
    worn: bool
    tripped_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warming:
    """Skin that warms up to a plateau; in tenths of a degree, so that many sessions share one course."""

    seconds: int
    plateau_tenths: int


@lru_cache(maxsize=8192)
def signs_of(signing: Signing) -> tuple[int, ...]:
    """The signs, a number a second."""
    if not signing.worn:
        return (signing.always,) * signing.seconds
    chance = Random(f"{signing.seconds}:{signing.variant}")  # noqa: S311 - chance that can be repeated is the point
    signs: list[int] = []
    for touching in cycle((True, False)):
        if len(signs) >= signing.seconds:
            break
        signs += [signing.always | (_CONTACT if touching else 0)] * chance.randint(*signing.touch[0 if touching else 1])
    trip = signing.seconds if signing.tripped_at is None else signing.tripped_at
    return (*signs[:trip], *(one | int(Sign.TRIP) for one in signs[trip : signing.seconds]))[: signing.seconds]


@lru_cache(maxsize=8192)
def skin_of(warming: Warming) -> Skin:
    """The temperatures, in steps of 0.05 °C."""
    rise = warming.plateau_tenths / 10 - _SKIN
    return tuple(round((_SKIN + rise * (1 - exp(-second / _WARM_UP_S))) * 20) / 20 for second in range(warming.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """What a course of temperatures comes to: thermal dose at 43 °C (Sapareto and Dewey), rise, and the highest."""

    cem43_min: float
    rise: float
    highest: float


@lru_cache(maxsize=8192)
def heat_of(warming: Warming, error: float) -> Heat:
    """Of skin that only warms up, for a sensor that is off by `error`."""
    return sum_up(tuple(celsius + error for celsius in skin_of(warming) if celsius is not None))


def sum_up(skin: tuple[float, ...]) -> Heat:
    """Of any course of temperatures."""
    return Heat(cem43_min=sum(map(_share, skin)), rise=max(skin) - skin[0], highest=round(max(skin), 2))


def _share(celsius: float) -> float:
    return float((0.5 if celsius >= 43 else 0.25) ** (43 - celsius)) / 60


def thermal_dose(heat: Heat, missing: int) -> Between:
    """With samples that are missing, each of which may have been as hot as the hottest."""
    return Between(low=heat.cem43_min, high=heat.cem43_min + missing * _share(heat.highest))


NO_SAMPLES: Final = Samples(sequence=(), state=(), signs=(), skin_celsius=(), zone=(), level=(), impedance_ohm=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """What a device put out all along, and the impedance of the skin under it."""

    level: float
    impedance_ohm: float | None


def make_samples(signs: tuple[int, ...], skin: Skin, emitted: Emitted) -> Samples:
    """All samples of a session that emits without a pause on several zones at once."""
    size = len(signs)
    return Samples(
        sequence=tuple(range(size)),
        state=(DeviceState.EMITTING,) * size,
        signs=signs,
        skin_celsius=skin,
        zone=(None,) * size,
        level=(emitted.level,) * size,
        impedance_ohm=(emitted.impedance_ohm,) * size,
    )


def without(samples: Samples, first: int, end: int) -> Samples:
    """The samples less those with numbers from `first` to before `end`, which the link lost. Numbers count from 0."""
    columns: dict[str, Any] = structs.asdict(samples)
    return structs.replace(samples, **{name: column[:first] + column[end:] for name, column in columns.items()})


def longest_seen(sequence: tuple[int, ...], first: int, end: int) -> int:
    """How many samples numbered from `first` to before `end` came without a break, at most."""
    seen = [number for number in sequence if first <= number < end]
    longest = length = min(len(seen), 1)
    for number, following in pairwise(seen):
        length = length + 1 if following == number + 1 else 1
        longest = max(longest, length)
    return longest


@lru_cache(maxsize=8192)
def _contact_fraction(signing: Signing) -> float:
    signs = signs_of(signing)
    return sum(one & _CONTACT for one in signs) / len(signs)


def wear_signs(signing: Signing, rise: float | None, features: tuple[Feature, ...], seen: float) -> WearSigns:
    """What the samples that were seen say of whether somebody wore the device; what was not seen was alike."""

    def part(feature: Feature, sign: Sign) -> float | None:
        return float(bool(signing.always & int(sign))) if seen and feature in features else None

    return WearSigns(
        contact_fraction=_contact_fraction(signing) if seen and Feature.CONTACT in features else None,
        moving_fraction=part(Feature.MOTION, Sign.MOVING),
        eye_shield_fraction=part(Feature.EYE_SHIELD, Sign.EYE_SHIELD),
        skin_rise_celsius=rise if seen else None,
        seen_fraction=seen,
    )
