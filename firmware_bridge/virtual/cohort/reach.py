"""What reaches the store of a session: figures with the errors of their sensors, samples less what was lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from clinical.course import PastSession
from clinical.facts import RegimenVersion, Samples
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.lives import Lived
from firmware_bridge.virtual.cohort.samples import (
    NO_SAMPLES,
    Emitted,
    Heat,
    Skin,
    heat_of,
    make_samples,
    signs_of,
    skin_of,
    sum_up,
    thermal_dose,
    wear_signs,
    without,
)
from firmware_bridge.virtual.cohort.units import DOSE_UNITS, Prescribed
from vocabulary.devices import Fault, Feature
from vocabulary.identity import session_id
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity

SEEN_LIVE: Final = 0.85
"""The part of sessions during which the gateway was in range (assumed)."""

LINK_GAP: Final = 0.08
RECORD_LOST: Final = 0.004
NEVER_HEARD_OF: Final = 0.002
"""Parts of sessions: with a hole in the live samples; whose record is never read; of which nothing ever arrives."""

CONTROLS: Final = 16
"""One ordinary session in so many keeps its samples."""

TOLD_BY_SAMPLES: Final = frozenset(
    {
        Done.OVERHEATED_HEAD,
        Done.WENT_ON_AFTER_TRIP,
        Done.ON_THE_TABLE,
        Done.DRY_GEL,
        Done.NO_EYE_SHIELD,
        Done.BORROWED,
        Done.OTHER_LEVEL,
    }
)

_SENSOR_NOISE: Final = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One session as far as the store has it: its summary, its samples, and how many are missing."""

    past: PastSession
    samples: Samples
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """How a session came to the store: as it happened or later, with its record or without."""

    live: bool
    recorded: bool
    heard_at: datetime
    started: Placed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the account of a session needs besides what happened in it."""

    counter: int
    prescribed: Prescribed | None
    firmware: str

    @property
    def regimen(self) -> RegimenVersion | None:
        """The version in force."""
        return RegimenVersion(id=self.prescribed.id, version=1) if self.prescribed else None


def pass_on(chance: Random, lived: Lived, gateway_back_at: datetime | None) -> Passage | None:
    """How a session reaches the store; None: it never does. `gateway_back_at`: of a gateway that was away."""
    if chance.random() < NEVER_HEARD_OF:
        return None
    live = gateway_back_at is None and chance.random() < SEEN_LIVE
    began = lived.act.began
    late = lived.ended + timedelta(hours=chance.uniform(0.1, 30)) if gateway_back_at is None else gateway_back_at
    return Passage(
        live=live,
        recorded=not live or chance.random() >= RECORD_LOST,
        heard_at=began + timedelta(seconds=chance.uniform(0.5, 3)) if live else max(late, lived.ended),
        started=_started(chance, lived, live=live),
    )


def _started(chance: Random, lived: Lived, *, live: bool) -> Placed | None:
    """Where the store places its start: the truth lies within, unless somebody set the device's clock."""
    began = lived.act.began
    if live:
        return _around(chance, began, timedelta(seconds=1), Known.LIVE)
    if lived.in_spell(Done.CLOCK_LOST):
        wide = timedelta(hours=chance.uniform(2, 20))
        return _around(chance, began, wide, Known.BRACKET) if chance.random() < 0.5 else None
    if lived.in_spell(Done.CLOCK_TAMPERED):
        return _around(chance, began + tampered_by(lived), timedelta(seconds=2), Known.DEVICE)
    return _around(chance, began, timedelta(seconds=chance.uniform(1, 40)), Known.ANCHOR)


def tampered_by(lived: Lived) -> timedelta:
    """How far the clock was put back; one figure for the whole time."""
    spell = next(spell for spell in lived.spells if spell.kind is Done.CLOCK_TAMPERED)
    return -timedelta(minutes=round(600 + 1e3 * (spell.first % 1)))


def _around(chance: Random, instant: datetime, doubt: timedelta, known: Known) -> Placed:
    earliest = instant - doubt * chance.uniform(0, 2)
    return Placed(earliest=earliest, latest=earliest + 2 * doubt, known=known)


def reach(chance: Random, lived: Lived, passage: Passage, context: Context) -> Reached:
    """The store's account of a session that reaches it."""
    unit, product = lived.act.unit, lived.act.unit.product
    skin = _measured(chance, lived)
    heat = _heat(lived, skin)
    hole = _hole(chance, lived, passage)
    missing = hole[1] - hole[0]
    seen = 1 - missing / lived.seconds
    past = PastSession(
        session=session_id(unit.uid, context.counter),
        device=unit.uid,
        counter=context.counter,
        modality=product.modality,
        heard_at=passage.heard_at,
        started=passage.started,
        recorded=passage.recorded,
        regimen=context.regimen,
        program=lived.program.number if passage.recorded else None,
        zones=product.zones if passage.recorded else (),
        planned=timedelta(seconds=lived.planned_s) if passage.recorded else None,
        active=timedelta(seconds=lived.seconds),
        elapsed=timedelta(seconds=lived.seconds),
        dose=Quantity(round(lived.dose * (1 + unit.dose_error), 2), DOSE_UNITS[product.modality]),
        output_level=_level(chance, lived),
        highest_skin_celsius=heat.highest if heat else None,
        cem43_min=thermal_dose(heat, missing) if heat and seen else None,
        wear=wear_signs(lived.signing, heat.rise if heat else None, product.features, seen),
        end_reason=lived.end if passage.recorded else None,
        faults=_faults(lived) if passage.recorded else (),
        firmware=context.firmware if passage.recorded else None,
        impedance_ohm=_impedance(lived) if passage.live else None,
    )
    kept = _keeps_samples(lived, context) and passage.live
    samples = without(_all_samples(lived, skin), *hole) if kept else NO_SAMPLES
    return Reached(past=past, samples=samples, missing=missing if kept or not passage.live else 0)


def _keeps_samples(lived: Lived, context: Context) -> bool:
    """A snapshot has summaries of all sessions, and the samples of those with a story and of some to compare."""
    told = lived.act.deed in TOLD_BY_SAMPLES or lived.in_spell(Done.WORN_TIP)
    return told or context.counter % CONTROLS == 1


def _measured(chance: Random, lived: Lived) -> Skin | None:
    """Skin that was heated, as its sensor says it: off by what its calibration leaves, and with noise."""
    if lived.heated is None:
        return None
    error = lived.act.unit.skin_error
    return tuple(round(celsius + error + chance.gauss(0, _SENSOR_NOISE), 2) for celsius in lived.heated.skin)


def _heat(lived: Lived, measured: Skin | None) -> Heat | None:
    if Feature.SKIN_TEMPERATURE not in lived.act.unit.product.features:
        return None
    if measured is None:
        return heat_of(lived.warming, _error(lived))
    return sum_up(tuple(celsius for celsius in measured if celsius is not None))


def _error(lived: Lived) -> float:
    """In steps of 0.05 °C, as sensors count."""
    return round(lived.act.unit.skin_error * 20) / 20


def _hole(chance: Random, lived: Lived, passage: Passage) -> tuple[int, int]:
    """The samples that never came: from the first to before the last number; all of them if nobody followed live."""
    if not passage.live:
        return 0, lived.seconds
    if chance.random() >= LINK_GAP:
        return 0, 0
    first = chance.randrange(max(lived.seconds - 10, 1))
    return first, max(first, min(lived.seconds - 1, first + chance.randint(3, 60)))


def _all_samples(lived: Lived, measured: Skin | None) -> Samples:
    signs = signs_of(lived.signing)
    if measured is None and Feature.SKIN_TEMPERATURE in lived.act.unit.product.features:
        error = _error(lived)
        measured = tuple(None if one is None else round(one + error, 2) for one in skin_of(lived.warming))
    level = round(lived.level * (1 + lived.act.unit.dose_error), 1)
    emitted = Emitted(level=level, impedance_ohm=_impedance(lived))
    return make_samples(signs, (None,) * lived.seconds if measured is None else measured, emitted)


def _impedance(lived: Lived) -> float | None:
    """High where gel has dried or the tip is worn; NEWA was validated on 360 Ohm."""
    if Feature.IMPEDANCE not in lived.act.unit.product.features:
        return None
    dry = lived.act.deed is Done.DRY_GEL or lived.in_spell(Done.WORN_TIP)
    other_skin = 140.0 if lived.act.deed is Done.BORROWED else 0.0
    return 780.0 if dry else 330.0 + lived.signing.variant + other_skin


def _level(chance: Random, lived: Lived) -> float:
    return round(lived.level * (1 + lived.act.unit.dose_error) * chance.gauss(1, 0.004), 2)


def _faults(lived: Lived) -> tuple[Fault, ...]:
    return (*lived.faults, Fault.CLOCK_LOST) if lived.in_spell(Done.CLOCK_LOST) else lived.faults
