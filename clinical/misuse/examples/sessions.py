"""Sessions as they should be, to be changed into examples."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import structs

from clinical.facts import (
    Calibration,
    DeviceFacts,
    Planned,
    RegimenVersion,
    Rest,
    Samples,
    SessionFacts,
    Told,
    Wearer,
)
from clinical.misuse.examples.kinds import OfSession
from clinical.plan import Cem43Levels, Level
from clinical.practice import PRACTICE
from clinical.regimen import Limits
from vocabulary.devices import DeviceState, Feature, Modality, Zone
from vocabulary.identity import RegimenId, SessionId
from vocabulary.instants import Known, Placed
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason, Sign

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)

LIMITS: Final = Limits(
    duration=5 * MINUTE,
    dose=Quantity(2400.0, Unit.JOULE),
    skin_celsius=42.5,
    skin_grace=timedelta(seconds=2),
    rest=24 * HOUR,
    contact_grace=timedelta(seconds=15),
)

EXACT: Final = Calibration(dose_fraction=0.0, skin_celsius=0.0)

TOLD: Final = Told(program=0, zones=(Zone.CHEEK_LEFT,), firmware="1.3.0", faults=(), end_reason=EndReason.DONE)

PLANNED: Final = Planned(
    dose=Quantity(1800.0, Unit.JOULE),
    duration=4 * MINUTE,
    programs=(0,),
    zones=(Zone.CHEEK_LEFT,),
    level=Level(lowest=8.0, highest=12.0),
    cem43=Cem43Levels(info_min=1.0, warn_min=2.0, alert_min=5.0, stop_min=15.0),
    phototypes=("I", "II", "III", "IV"),
)

RED: Final = BandOutput(
    program=0, band=Band.RED, wavelength_nm=633, irradiance_mw_per_cm2=30.0, uncertainty_fraction=0.1, source="bench"
)
BLUE: Final = replace(RED, band=Band.BLUE, wavelength_nm=415)


def samples(skin: tuple[float | None, ...] = (40.0,) * 240, signs: tuple[int, ...] | None = None) -> Samples:
    """Samples of an RF session on one cheek that these skin temperatures are of."""
    size = len(skin)
    return Samples(
        sequence=tuple(range(size)),
        state=(DeviceState.EMITTING,) * size,
        signs=(int(Sign.CONTACT),) * size if signs is None else signs,
        skin_celsius=skin,
        zone=(Zone.CHEEK_LEFT,) * size,
        level=(10.0,) * size,
        impedance_ohm=(360.0,) * size,
    )


def session(**changes: object) -> OfSession:
    """An RF session as it should be, but for the fields that are changed."""
    facts = SessionFacts(
        session=SessionId(UUID(int=9)),
        modality=Modality.RF,
        features=(Feature.CONTACT, Feature.SKIN_TEMPERATURE, Feature.IMPEDANCE),
        regimen=RegimenVersion(id=RegimenId(UUID(int=3)), version=1),
        recorded=True,
        started=Placed(earliest=NOON, latest=NOON, known=Known.LIVE),
        active=4 * MINUTE,
        dose=Quantity(1900.0, Unit.JOULE),
        highest_skin_celsius=40.0,
        samples=samples(),
        missing=0,
        rest=None,
        calibration=Calibration(dose_fraction=0.1, skin_celsius=0.1),
        told=TOLD,
        planned=PLANNED,
        wearer=Wearer(phototype="III", photosensitised=False),
        device=DeviceFacts(outputs=()),
        practice=PRACTICE,
    )
    return OfSession(session=structs.replace(facts, **changes), limits=LIMITS)


def joules(value: float, **changes: object) -> OfSession:
    """A session of that energy."""
    return session(dose=Quantity(value, Unit.JOULE), **changes)


def heated(*skin: float | None, exact: bool = False, **changes: object) -> OfSession:
    """A session with these skin temperatures, one a second; the record agrees."""
    calibration = EXACT if exact else Calibration(dose_fraction=0.1, skin_celsius=0.1)
    highest = max((one for one in skin if one is not None), default=None)
    given = {"samples": samples(skin), "highest_skin_celsius": highest, "calibration": calibration}
    return session(**(given | changes))


def unseen(highest: float) -> OfSession:
    """A session of four minutes of which one was seen, at 40 °C, and whose record says how hot it became."""
    return heated(*[40.0] * 60, missing=180, highest_skin_celsius=highest)


def touched(contact: int, apart: int, **changes: object) -> OfSession:
    """A session with contact for so many samples, and without for so many."""
    signs = (int(Sign.CONTACT),) * contact + (0,) * apart
    return session(samples=samples((40.0,) * (contact + apart), signs), **changes)


def tripped(*after: float) -> OfSession:
    """A session whose cut-off trips in its tenth second, and what the device put out in those that follow, W."""
    signs = (int(Sign.CONTACT),) * 9 + (int(Sign.CONTACT | Sign.TRIP),) + (int(Sign.CONTACT),) * len(after)
    taken = samples((42.0,) * (10 + len(after)), signs)
    return session(samples=structs.replace(taken, level=(10.0,) * 10 + after), highest_skin_celsius=42.0)


def masked(shield: int, bare: int, **changes: object) -> OfSession:
    """A session of a blue mask with its eye shield on for so many samples, and off for so many."""
    signs = (int(Sign.CONTACT | Sign.EYE_SHIELD),) * shield + (int(Sign.CONTACT),) * bare
    given = {
        "modality": Modality.LED,
        "features": (Feature.CONTACT, Feature.EYE_SHIELD),
        "samples": samples((33.0,) * (shield + bare), signs),
        "device": DeviceFacts(outputs=(BLUE,)),
        "planned": None,
        "dose": None,
    }
    return session(**(given | changes))


def rested(shortest: timedelta, longest: timedelta | None = None) -> OfSession:
    """A session so long after the one before."""
    return session(rest=Rest(shortest=shortest, longest=longest or shortest))
