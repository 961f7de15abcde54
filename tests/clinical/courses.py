"""Courses made by hand for tests of what is planned and done."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from clinical.course import (
    Between,
    Course,
    CourseDevice,
    Excuse,
    Hold,
    InForce,
    Interval,
    MissingRecords,
    PastSession,
    RecordProof,
    WearSigns,
)
from clinical.plan import Cap, Phase, Timing, Weekday
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, PatientId, RegimenId, session_id
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

DEVICE = DeviceUid("00000000000000aa")
REGIMEN = RegimenId(UUID(int=3))
PLANNED_DOSE = 10.0
EVER = datetime(2000, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SIGNS = WearSigns(
    contact_fraction=None, moving_fraction=None, eye_shield_fraction=None, skin_rise_celsius=None, seen_fraction=1.0
)


@dataclass(frozen=True)
class Written:
    """A version of a regimen that says just what its phases say."""

    phases: tuple[Phase, ...]
    version: int = 1
    modality: Modality = Modality.LED
    id: RegimenId = REGIMEN
    caps: tuple[Cap, ...] = ()
    most_per_day: int | None = None
    most_per_week: int | None = None


def phase(frequency=3, days=7, weekdays=(), lasts=None):
    weekdays = tuple(Weekday(day) for day in weekdays)
    timing = Timing(
        frequency=len(weekdays) if weekdays else frequency,
        period=timedelta(days=7 if weekdays else days),
        weekdays=weekdays,
    )
    dose = Quantity(PLANNED_DOSE, Unit.JOULE_PER_CM2)
    return Phase(lasts=lasts, timing=timing, duration=timedelta(minutes=10), dose=dose)


def written(*phases, from_at, until_at=None, version=1, **says):
    return InForce(regimen=Written(phases, version, **says), from_at=from_at, until_at=until_at)


def done(counter, at: datetime | None, *, share=1.0, late=timedelta(0), **changes):
    """A session of `share` of the planned dose that began at `at`, or at most `late` after it."""
    started = Placed(earliest=at, latest=at + late, known=Known.ANCHOR) if at else None
    figures = {
        "session": session_id(changes.get("device", DEVICE), counter),
        "device": DEVICE,
        "counter": counter,
        "modality": Modality.LED,
        "heard_at": at + late if at else None,
        "started": started,
        "recorded": True,
        "regimen": None,
        "program": 1,
        "zones": (),
        "planned": timedelta(minutes=10),
        "active": timedelta(minutes=10) * share,
        "elapsed": timedelta(minutes=10),
        "dose": Quantity(PLANNED_DOSE * share, Unit.JOULE_PER_CM2),
        "output_level": None,
        "highest_skin_celsius": None,
        "cem43_min": None,
        "wear": SIGNS,
        "end_reason": EndReason.DONE,
        "faults": (),
        "firmware": "1.0.0",
    }
    return PastSession(**(figures | changes))


def device(given_at, *, proven=None, missing=0, uid=DEVICE, returned_at=None, heard_at=None):
    return CourseDevice(
        uid=uid,
        modality=Modality.LED,
        model=None,
        serial=None,
        firmware=None,
        features=(),
        outputs=(),
        given=(Interval(from_at=given_at, until_at=returned_at),),
        proof=RecordProof(until=proven, missing=lost(missing, EVER, proven)) if proven else None,
        heard_at=heard_at,
        said=None,
        recalled_firmware=(),
    )


def lost(count, after, before, known_at=None):
    """Sessions that were counted between two instants, and of which nothing is here."""
    missing = MissingRecords(count=count, after=after, before=before, known_at=known_at or before)
    return (missing,) if count else ()


def course(regimens, sessions=(), devices=(), zone="Europe/Zurich", **changes):
    figures = {
        "patient": PatientId(UUID(int=7)),
        "zone": zone,
        "sessions": tuple(sessions),
        "regimens": tuple(regimens),
        "holds": (),
        "excuses": (),
        "devices": tuple(devices),
    }
    return Course(**(figures | changes))


def excuse(from_at, until_at, because="on holiday", modality=None):
    return Excuse(during=Interval(from_at=from_at, until_at=until_at), modality=modality, because=because)


def held(from_at, until_at, modality=None, *, stopped=False):
    return Hold(during=Interval(from_at=from_at, until_at=until_at), modality=modality, stopped=stopped)


def exactly(value):
    return Between(low=value, high=value)
