"""One simulated patient with a mask and an RF device over years: everything that a course is judged from."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from clinical.adherence.worn import UNJUDGED, Worn
from clinical.course import (
    Between,
    Course,
    CourseDevice,
    InForce,
    Interval,
    PastSession,
    RecordProof,
    SerialGiven,
    WearSigns,
)
from clinical.dose.worn import worn_part, worn_probability
from clinical.plan import Cap, Phase, Timing
from clinical.practice import PRACTICE
from clinical.regimen import NO_LIMITS, Prescription, Regimen
from vocabulary.devices import Feature, Modality, Zone
from vocabulary.identity import DeviceUid, GatewayId, PatientId, RegimenId, SessionId, session_id
from vocabulary.instants import Known, Placed
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

NOW: Final = datetime(2026, 6, 1, 19, tzinfo=UTC)
EVENING: Final = time(18, 30)
PER_YEAR: Final = 250
"""Sessions, two of seven of them with the RF device."""

MASK: Final = DeviceUid("00000000000000aa")
HEAD: Final = DeviceUid("00000000000000bb")

_YEAR: Final = timedelta(days=365)
_DAY: Final = timedelta(days=1)
_FULL: Final = timedelta(minutes=10)
_DOSES: Final = {
    Modality.LED: Quantity(18.0, Unit.JOULE_PER_CM2),
    Modality.RF: Quantity(1800.0, Unit.JOULE),
}
_ZONES: Final = {Modality.LED: (Zone.WHOLE_FACE,), Modality.RF: (Zone.CHEEK_LEFT, Zone.CHEEK_RIGHT)}
_WEEKLY: Final = {Modality.LED: 4, Modality.RF: 2}
_NANOMETRES: Final = {Band.RED: 630, Band.NEAR_INFRARED: 850}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a patient's sessions differ from one another: around the clock or not, and the spread of what is sensed."""

    around_the_clock: bool
    contact: float
    moving: float
    ohm: float


STEADY: Final = Habits(around_the_clock=False, contact=0.006, moving=0.006, ohm=9.0)
"""As most people of the cohort: in the evening, and the sensors spread as the medians of theirs."""

RESTLESS: Final = Habits(around_the_clock=True, contact=0.06, moving=0.06, ohm=24.0)
"""As nobody is: hardly any session is like those before, so that what looks for habits has most to do."""


def make_course(years: float, seed: int, habits: Habits = STEADY) -> Course:
    """A course whose last session has just ended, some doses low."""
    chance = Random(seed)  # noqa: S311 - the same people every time
    count, start = max(1, round(PER_YEAR * years)), NOW - _YEAR * years
    return Course(
        patient=PatientId(UUID(int=seed + 1)),
        zone="Europe/Zurich",
        sessions=tuple(
            _session(number, start + (NOW - start) * ((number + 1) / count), habits, chance) for number in range(count)
        ),
        regimens=tuple(_in_force(modality, start) for modality in _DOSES),
        holds=(),
        excuses=(),
        devices=(_device(MASK, Modality.LED, start), _device(HEAD, Modality.RF, start)),
    )


def worn_in(course: Course) -> dict[SessionId, Worn]:
    """What is known of the wear of each session."""
    return {
        one.session: Worn(probability=worn, dose_fraction=worn_part(one.wear, worn, PRACTICE.worn_probability))
        if (worn := worn_probability(one.wear))
        else UNJUDGED
        for one in course.sessions
    }


def _session(number: int, about: datetime, habits: Habits, chance: Random) -> PastSession:
    if not habits.around_the_clock:
        about = about.replace(hour=EVENING.hour, minute=EVENING.minute)
    modality = Modality.RF if number % 7 in {2, 5} else Modality.LED
    uid, counter = (HEAD if modality is Modality.RF else MASK), number + 1
    at, share = about - timedelta(minutes=abs(chance.gauss(0, 45))), chance.choice([1.0, 1.0, 1.0, 1.0, 0.9, 0.5])
    dose, light = _DOSES[modality], modality is Modality.LED
    return PastSession(
        session=session_id(uid, counter),
        device=uid,
        counter=counter,
        modality=modality,
        heard_at=at,
        started=Placed(earliest=at, latest=at + timedelta(seconds=2), known=Known.ANCHOR),
        recorded=True,
        regimen=None,
        program=1,
        zones=_ZONES[modality],
        planned=_FULL,
        active=_FULL * share,
        elapsed=_FULL * share,
        dose=Quantity(dose.value * share, dose.unit),
        output_level=30 + chance.random(),
        highest_skin_celsius=38.0 + chance.random(),
        cem43_min=None if light else Between(low=0.1, high=0.12),
        wear=WearSigns(
            contact_fraction=min(1.0, chance.gauss(0.9, habits.contact)),
            moving_fraction=max(0.0, chance.gauss(0.1, habits.moving)),
            eye_shield_fraction=None,
            skin_rise_celsius=3.0,
            seen_fraction=1.0,
        ),
        end_reason=EndReason.DONE,
        faults=(),
        firmware="1.0.0",
        impedance_ohm=None if light else chance.gauss(240, habits.ohm),
        gateway=GatewayId("home"),
    )


def _in_force(modality: Modality, start: datetime) -> InForce:
    dose = _DOSES[modality]
    timing = Timing(frequency=_WEEKLY[modality], period=timedelta(days=7), weekdays=())
    prescription = Prescription(
        modality=modality,
        phases=(Phase(lasts=None, timing=timing, duration=_FULL, dose=dose),),
        limits=NO_LIMITS,
        caps=tuple(
            Cap(window=window, dose=Quantity(dose.value * times, dose.unit), band=None, zone=None)
            for window, times in ((_DAY, 2.5), (7 * _DAY, 9.0))
        ),
    )
    number = list(_DOSES).index(modality) + 1
    return InForce(regimen=Regimen.of(prescription, RegimenId(UUID(int=number)), 1), from_at=start, until_at=None)


def _device(uid: DeviceUid, modality: Modality, start: datetime) -> CourseDevice:
    outputs = tuple(
        BandOutput(
            program=1,
            band=band,
            wavelength_nm=nanometres,
            irradiance_mw_per_cm2=15.0,
            uncertainty_fraction=0.1,
            source="a bench",
        )
        for band, nanometres in _NANOMETRES.items()
    )
    return CourseDevice(
        uid=uid,
        modality=modality,
        model="Bench",
        serial="1",
        firmware="1.0.0",
        features=(Feature.CONTACT, Feature.MOTION),
        outputs=outputs if modality is Modality.LED else (),
        given=(Interval(from_at=start - _DAY, until_at=None),),
        proof=RecordProof(until=NOW, missing=()),
        heard_at=NOW,
        said=None,
        recalled_firmware=(),
        serials=(SerialGiven(serial="1", first_at=start - _DAY),),
        clock_steps=(),
    )
