"""Courses as they should be, to be changed into examples."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import structs

from clinical.course import Between, ClockStep, Course, CourseDevice, InForce, PastSession, SerialGiven, WearSigns
from clinical.facts import Calibration
from clinical.misuse.course_rules import CourseAt, course_at
from clinical.plan import Cap, Phase, Timing
from clinical.regimen import NO_LIMITS, Regimen
from vocabulary.devices import Feature, Modality, Zone
from vocabulary.identity import DeviceUid, PatientId, RegimenId, session_id
from vocabulary.instants import Known, Placed
from vocabulary.light import Band, BandOutput
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MASK: Final = DeviceUid("4c57000000000a01")
HEAD: Final = DeviceUid("4c57000000000a02")

RED: Final = BandOutput(
    program=0, band=Band.RED, wavelength_nm=633, irradiance_mw_per_cm2=30.0, uncertainty_fraction=0.1, source="bench"
)

_PHASE: Final = Phase(
    lasts=None,
    timing=Timing(frequency=5, period=timedelta(days=7), weekdays=()),
    duration=timedelta(minutes=10),
    dose=Quantity(18.0, Unit.JOULE_PER_CM2),
)

_SIGNS: Final = WearSigns(
    contact_fraction=0.98, moving_fraction=0.3, eye_shield_fraction=None, skin_rise_celsius=6.0, seen_fraction=1.0
)


def past(counter: int, ago: timedelta, *, device: DeviceUid = HEAD, **changes: object) -> PastSession:
    """An RF session on the left cheek, so long before now; its signs of wear may be changed by name too."""
    began = NOW - ago
    signs = {name: changes.pop(name) for name in ("contact_fraction", "moving_fraction") if name in changes}
    known = PastSession(
        session=session_id(device, counter),
        device=device,
        counter=counter,
        modality=Modality.RF,
        heard_at=began,
        started=Placed(earliest=began, latest=began, known=Known.LIVE),
        recorded=True,
        regimen=None,
        program=0,
        zones=(Zone.CHEEK_LEFT,),
        planned=timedelta(minutes=4),
        active=timedelta(minutes=4),
        elapsed=timedelta(minutes=4),
        dose=Quantity(1800.0, Unit.JOULE),
        output_level=10.0,
        highest_skin_celsius=41.0,
        cem43_min=Between(low=0.1, high=0.1),
        wear=structs.replace(_SIGNS, **signs),
        end_reason=EndReason.DONE,
        faults=(),
        firmware="1.3.0",
        impedance_ohm=360.0,
    )
    return structs.replace(known, **changes)


def lit(counter: int, ago: timedelta, *, device: DeviceUid = MASK, **changes: object) -> PastSession:
    """A red session of ten minutes on the whole face."""
    given: dict[str, object] = {
        "modality": Modality.LED,
        "zones": (Zone.WHOLE_FACE,),
        "planned": timedelta(minutes=10),
        "active": timedelta(minutes=10),
        "elapsed": timedelta(minutes=10),
        "dose": Quantity(18.0, Unit.JOULE_PER_CM2),
        "output_level": 30.0,
        "highest_skin_celsius": 36.0,
        "cem43_min": None,
        "impedance_ohm": None,
    }
    return past(counter, ago, device=device, **(given | changes))


def device(uid: DeviceUid, modality: Modality, **changes: Any) -> CourseDevice:  # noqa: ANN401 - a field of CourseDevice each
    """A device of the course, calibrated to a tenth."""
    known = CourseDevice(
        uid=uid,
        modality=modality,
        model=None,
        serial="A1",
        firmware="1.3.0",
        features=(Feature.CONTACT, Feature.MOTION),
        outputs=(RED,) if modality is Modality.LED else (),
        given=(),
        proof=None,
        heard_at=NOW,
        said=None,
        recalled_firmware=(),
        calibration=Calibration(dose_fraction=0.1, skin_celsius=0.1),
        serials=given("A1"),
        clock_steps=(),
    )
    return replace(known, **changes)


def given(*serials: str) -> tuple[SerialGiven, ...]:
    """Serials that a device gave, one a day since ten days ago."""
    return tuple(
        SerialGiven(serial=serial, first_at=NOW - timedelta(days=10 - day)) for day, serial in enumerate(serials)
    )


def course(*sessions: PastSession, caps: Iterable[Cap] = (), head: CourseDevice | None = None) -> CourseAt:
    """A patient with a mask and an RF head, their sessions, and a light regimen with these caps."""
    regimen = Regimen(
        id=RegimenId(UUID(int=3)),
        version=1,
        modality=Modality.LED,
        phases=(_PHASE,),
        limits=NO_LIMITS,
        caps=tuple(caps),
    )
    known = Course(
        patient=PatientId(UUID(int=2)),
        zone="UTC",
        sessions=sessions,
        regimens=(InForce(regimen=regimen, from_at=NOW - timedelta(days=365), until_at=None),),
        holds=(),
        excuses=(),
        devices=(device(MASK, Modality.LED), head or device(HEAD, Modality.RF)),
    )
    return course_at(known, NOW, worn={})


def daily(*changes: dict[str, Any], head: CourseDevice | None = None) -> CourseAt:
    """Ten usual RF sessions, one a day at noon, and then one for each of the changes."""
    usual: dict[str, Any] = {}
    every = (usual,) * 10 + changes
    sessions = (past(number + 1, timedelta(days=len(every) - number), **one) for number, one in enumerate(every))
    return course(*sessions, head=head)


def stepped(by: timedelta, doubt: timedelta) -> CourseAt:
    """A head whose clock jumped a day ago."""
    step = ClockStep(shown_by="1:86400", at=NOW - timedelta(days=1), by=by, doubt=doubt)
    return course(head=device(HEAD, Modality.RF, clock_steps=(step,)))


def recalled(firmware: str) -> CourseDevice:
    """A head whose maker has recalled a version of its firmware."""
    return device(HEAD, Modality.RF, recalled_firmware=(firmware,))


def untold(*recalled: str) -> CourseDevice:
    """A head that gives no version of its firmware, whatever its maker has recalled."""
    return device(HEAD, Modality.RF, firmware="", recalled_firmware=recalled)
