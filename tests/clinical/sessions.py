"""Sessions made by hand for tests of the rules."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

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
from clinical.practice import PRACTICE
from clinical.regimen import Limits
from vocabulary.devices import DeviceState, Feature, Modality, Zone
from vocabulary.identity import RegimenId, SessionId
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason, Sign

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

LIMITS = Limits(
    duration=timedelta(minutes=5),
    dose=Quantity(2400.0, Unit.JOULE),
    skin_celsius=42.5,
    skin_grace=timedelta(seconds=2),
    rest=timedelta(hours=24),
    contact_grace=timedelta(seconds=15),
)


def samples(skin=(40.0,) * 240, contact=None, sequence=None, state=DeviceState.EMITTING):
    size = len(skin)
    touching = contact or (True,) * size
    return Samples(
        sequence=tuple(sequence or range(size)),
        state=(state,) * size,
        signs=tuple(int(Sign.CONTACT) if touch else 0 for touch in touching),
        skin_celsius=tuple(skin),
        zone=(Zone.CHEEK_LEFT,) * size,
        level=(10.0,) * size,
        impedance_ohm=(None,) * size,
    )


def session(**changes) -> SessionFacts:
    """An RF session as it should be, but for what is changed."""
    facts = SessionFacts(
        session=SessionId(UUID(int=9)),
        modality=Modality.RF,
        features=(Feature.CONTACT, Feature.SKIN_TEMPERATURE),
        regimen=RegimenVersion(id=RegimenId(UUID(int=3)), version=1),
        recorded=True,
        started=Placed(earliest=NOON, latest=NOON, known=Known.LIVE),
        active=timedelta(minutes=4),
        dose=Quantity(1800.0, Unit.JOULE),
        highest_skin_celsius=40.0,
        samples=samples(),
        missing=0,
        rest=None,
        calibration=Calibration(dose_fraction=0.1, skin_celsius=0.1),
        told=Told(program=0, zones=(Zone.CHEEK_LEFT,), firmware="1.0.0.0", faults=(), end_reason=EndReason.DONE),
        planned=Planned(
            dose=Quantity(1800.0, Unit.JOULE),
            duration=timedelta(minutes=4),
            programs=(),
            zones=(),
            level=None,
            cem43=None,
            phototypes=(),
        ),
        wearer=Wearer(phototype=None, photosensitised=None),
        device=DeviceFacts(outputs=()),
        practice=PRACTICE,
    )
    return replace(facts, **changes)


def rested(shortest: timedelta, longest: timedelta | None = None) -> Rest:
    return Rest(shortest=shortest, longest=longest or shortest)


def heated(*skin: float, lost: int = 0, recorded: bool = True) -> SessionFacts:
    """A session whose skin temperatures are these; the device's record agrees with them unless samples are lost."""
    return session(samples=samples(skin), highest_skin_celsius=max(skin), missing=lost, recorded=recorded)


def contact(*touching: bool, **changes) -> SessionFacts:
    return session(samples=samples((40.0,) * len(touching), contact=touching), **changes)
