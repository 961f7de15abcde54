"""What truly happens in a session: energy, heat, contact and how it ends, whoever measures it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from firmware_bridge.virtual.cohort.acts import Act
from firmware_bridge.virtual.cohort.deeds import Spell
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.products import Program
from firmware_bridge.virtual.cohort.samples import VARIANTS, Signing, Skin, Warming, skin_of
from firmware_bridge.virtual.cohort.units import DRY, GLIDING, LOOSE, STRAPPED, WORN, Touch
from vocabulary.devices import Fault, Feature, Modality
from vocabulary.readings import EndReason, Sign

OTHER_LEVELS: Final = (0.6, 0.75, 1.3)
"""Another level of the device, as a part of the one that is prescribed."""

_ROOM_TENTHS: Final = 240
"""The temperature at which a device on a table measures its own surroundings."""

_RAMP_S: Final = 4
_COOLS_PER_S: Final = 0.93
_WARMS_ON_PER_S: Final = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Heated:
    """True skin of a session that went wrong: from sample `first` to `last` it was at `celsius`, or above."""

    first: int
    last: int
    celsius: float
    skin: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A session as it truly was, `level` and `dose` too; `planned_s` is what the device was set to.

    The skin goes by `warming` unless it was `heated`.
    """

    act: Act
    program: Program
    planned_s: int
    seconds: int
    level: float
    dose: float
    signing: Signing
    warming: Warming
    heated: Heated | None
    end: EndReason
    faults: tuple[Fault, ...]
    spells: tuple[Spell, ...]

    @property
    def ended(self) -> datetime:
        """When it truly ended."""
        return self.act.began + timedelta(seconds=self.seconds)

    def in_spell(self, kind: Done) -> bool:
        """Whether it fell into such a time."""
        return any(spell.kind is kind for spell in self.spells)


def live(chance: Random, act: Act, day: float, spells: tuple[Spell, ...]) -> Lived:
    """One session; `day` and `spells` are those in which it falls."""
    program = act.unit.product.program(2 if act.deed is Done.WRONG_PROGRAM else 1)
    course, heated = _course(chance, act.deed, program), None
    warming = Warming(seconds=course.seconds, plateau_tenths=_plateau(act))
    if act.deed is Done.OVERHEATED_HEAD:
        heated = _overheated(chance, skin_of(warming))
    elif act.deed is Done.WENT_ON_AFTER_TRIP:
        heated = _went_on(chance, skin_of(warming))
    level = program.level * _drift(day, spells) * (chance.choice(OTHER_LEVELS) if act.deed is Done.OTHER_LEVEL else 1)
    seconds = len(heated.skin) if heated else course.seconds
    signing = _signing(chance, act, seconds, spells)
    tripped = heated is not None and act.deed is Done.WENT_ON_AFTER_TRIP
    return Lived(
        act=act,
        program=program,
        planned_s=course.planned_s,
        seconds=seconds,
        level=level,
        dose=level * seconds / (1000 if program.lights else 1),
        signing=replace(signing, tripped_at=heated.first) if heated and tripped else signing,
        warming=warming,
        heated=heated,
        end=course.end,
        faults=course.faults,
        spells=spells,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """How long a session truly ran, and why it ended."""

    planned_s: int
    seconds: int
    end: EndReason
    faults: tuple[Fault, ...]


def _course(chance: Random, deed: Done | None, program: Program) -> _Course:
    planned = program.seconds
    if deed is Done.OVER_LONG:
        longer = min(2300, round(planned * chance.uniform(1.12, 2.2)))
        return _Course(planned_s=longer, seconds=longer, end=EndReason.DONE, faults=())
    if deed is Done.POWER_LOST:
        part = round(planned * chance.uniform(0.1, 0.95))
        return _Course(planned_s=planned, seconds=part, end=EndReason.POWER_LOST, faults=(Fault.BATTERY,))
    if deed is Done.WENT_ON_AFTER_TRIP:
        faults = (Fault.OVER_TEMPERATURE,)
        return _Course(planned_s=planned, seconds=planned, end=EndReason.OVER_TEMPERATURE, faults=faults)
    if deed is None and chance.random() < 0.07:
        part = round(planned * chance.uniform(0.3, 0.98))
        return _Course(planned_s=planned, seconds=part, end=EndReason.USER, faults=())
    return _Course(planned_s=planned, seconds=planned, end=EndReason.DONE, faults=())


def _plateau(act: Act) -> int:
    """In tenths of a degree; another person's skin gets less or more warm with the same device."""
    if act.deed is Done.ON_THE_TABLE:
        return _ROOM_TENTHS
    warmer = 0.0
    if act.deed is Done.BORROWED:
        warmer = 0.8 if act.unit.product.modality is Modality.LED else -0.8
    return round((act.unit.plateau_celsius + warmer) * 10)


def _overheated(chance: Random, skin: Skin) -> Heated:
    """A head that is held still: up to a peak within seconds, there for a while, and back when it moves on."""
    peak, stays = chance.uniform(42.0, 45.5), chance.randint(1, 20)
    first = chance.randint(45, len(skin) - stays - 30)
    before, ramp = _ramp(skin, first, peak)
    cooling = (before[-1] + (peak - before[-1]) * _COOLS_PER_S**step for step in range(1, len(skin) - first - stays))
    heated = (*before, *ramp, *((peak,) * (stays + 1)), *cooling)
    return Heated(first=first, last=first + stays, celsius=peak, skin=heated)


def _went_on(chance: Random, skin: Skin) -> Heated:
    """A cut-off that trips and does not cut off: energy goes on for seconds, and the skin gets warmer meanwhile."""
    first, peak, goes_on = chance.randint(45, len(skin) - 40), chance.uniform(42.0, 42.6), chance.randint(3, 15)
    before, ramp = _ramp(skin, first, peak)
    heated = (*before, *ramp, *(peak + _WARMS_ON_PER_S * second for second in range(goes_on + 1)))
    return Heated(first=first, last=first + goes_on, celsius=peak, skin=heated)


def _ramp(skin: Skin, first: int, peak: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The skin until it is heated, and on its way to the peak, which it reaches with sample `first`."""
    before = tuple(celsius for celsius in skin[: first - _RAMP_S + 1] if celsius is not None)
    return before, tuple(before[-1] + (peak - before[-1]) * step / _RAMP_S for step in range(1, _RAMP_S))


def _drift(day: float, spells: tuple[Spell, ...]) -> float:
    """Output over what it was: it creeps up by weeks from the day on which it began to."""
    begun = [spell.first for spell in spells if spell.kind is Done.OUTPUT_DRIFT]
    return min(1.5, 1 + 0.006 * (day - begun[0])) if begun else 1.0


def _signing(chance: Random, act: Act, seconds: int, spells: tuple[Spell, ...]) -> Signing:
    features = act.unit.product.features
    worn = act.deed is not Done.ON_THE_TABLE
    shielded = Feature.EYE_SHIELD in features and act.deed is not Done.NO_EYE_SHIELD
    always = (int(Sign.EYE_SHIELD) if shielded else 0) | (
        int(Sign.MOVING) if worn and Feature.MOTION in features else 0
    )
    variant = chance.randrange(VARIANTS)
    return Signing(
        seconds=seconds, variant=variant, touch=_touch(act, spells), always=always, worn=worn, tripped_at=None
    )


def _touch(act: Act, spells: tuple[Spell, ...]) -> Touch:
    if act.deed is Done.DRY_GEL:
        return DRY
    if act.deed is Done.BORROWED:
        return LOOSE
    if any(spell.kind is Done.WORN_TIP for spell in spells):
        return WORN
    return GLIDING if act.unit.product.modality is Modality.RF else STRAPPED
