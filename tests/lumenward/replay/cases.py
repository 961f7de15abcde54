"""Cases made by hand for tests of the replay: one RF session, one label, one finding."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import structs

from clinical.course import Course, CourseDevice, Hold, InForce, Interval, PastSession, WearSigns
from clinical.facts import Calibration, Samples
from clinical.plan import Phase, Timing
from clinical.regimen import STANDING_LIMITS, Regimen
from clinical.verdicts import NOTHING, CourseFinding, Finding, Outcome, Verdict
from firmware_bridge.virtual.cohort.labels import Done, Label
from monitor_api.cohorts.case import Case, Kept
from monitor_api.cohorts.replay import Judged
from monitor_api.sessions.skin import NOBODY_ASKED, SkinAnswers
from vocabulary.devices import Feature, Modality, Zone
from vocabulary.identity import DeviceUid, PatientId, RegimenId, RuleId, session_id
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason
from vocabulary.severity import Severity

UID = DeviceUid("4c57000000000001")
SESSION = session_id(UID, 1)
NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NO_SAMPLES = Samples(sequence=(), state=(), signs=(), skin_celsius=(), zone=(), level=(), impedance_ohm=())


def past(counter=1, started=NOON, doubt=SECOND, **changes):
    one = PastSession(
        session=session_id(UID, counter),
        device=UID,
        counter=counter,
        modality=Modality.RF,
        heard_at=started,
        started=Placed(earliest=started - doubt, latest=started + doubt, known=Known.LIVE),
        recorded=True,
        regimen=None,
        program=1,
        zones=(Zone.CHEEK_LEFT,),
        planned=timedelta(minutes=8),
        active=timedelta(minutes=8),
        elapsed=timedelta(minutes=8),
        dose=Quantity(3600.0, Unit.JOULE),
        output_level=7.5,
        highest_skin_celsius=40.0,
        cem43_min=None,
        wear=WearSigns(
            contact_fraction=None,
            moving_fraction=None,
            eye_shield_fraction=None,
            skin_rise_celsius=None,
            seen_fraction=0.0,
        ),
        end_reason=EndReason.DONE,
        faults=(),
        firmware="1.0",
    )
    return structs.replace(one, **changes)


def regimen(weekdays=(), written=(), **limits):
    weekly = Timing(frequency=len(weekdays) or 3, period=timedelta(weeks=1), weekdays=weekdays)
    dose = Quantity(3600.0, Unit.JOULE)
    return Regimen(
        id=RegimenId(UUID(int=3)),
        version=1,
        modality=Modality.RF,
        phases=(Phase(lasts=None, timing=weekly, duration=timedelta(minutes=8), dose=dose),),
        limits=replace(STANDING_LIMITS[Modality.RF], **({"rest": 20 * HOUR} | limits)),
        **dict(written),
    )


def case(*sessions, hold=None, held=None, note="[]", device=(), wearer=NOBODY_ASKED, **prescribed):
    head = CourseDevice(
        uid=UID,
        modality=Modality.RF,
        model="Head",
        serial="A1",
        firmware="1.0",
        features=(Feature.CONTACT, Feature.SKIN_TEMPERATURE),
        outputs=(),
        given=(Interval(from_at=NOON - 30 * DAY, until_at=None),),
        proof=None,
        heard_at=NOON,
        said=None,
        recalled_firmware=(),
        calibration=Calibration(dose_fraction=0.1, skin_celsius=0.3),
    )
    kept = tuple(Kept(past=one, samples=NO_SAMPLES, missing=0) for one in sessions)
    course = Course(
        patient=PatientId(UUID(int=5)),
        zone="Europe/Zurich",
        sessions=sessions,
        regimens=(InForce(regimen=regimen(**prescribed), from_at=NOON - 30 * DAY, until_at=None),),
        holds=() if hold is None else (Hold(during=hold, modality=held),),
        excuses=(),
        devices=(replace(head, **dict(device)),),
    )
    return Case(
        physician="practice",
        course=course,
        kept=kept,
        note=note,
        skin=(SkinAnswers(wearer=wearer, asked_at=NOON - 30 * DAY),),
    )


def label(kind, value=None, **changes):
    one = Label(
        kind=Done(kind),
        modality=Modality.RF,
        session=SESSION,
        device=UID,
        at=NOON,
        until=NOON + 8 * timedelta(minutes=1),
        value=value,
        lasted=None,
        seen=None,
        recorded=True,
    )
    return replace(one, **changes)


def hot(celsius, lasted_s, seen_s):
    value = Quantity(celsius, Unit.CELSIUS)
    return label("overheated head", value, lasted=lasted_s * SECOND, seen=seen_s * SECOND)


def said(rule, outcome=Outcome.FIRES, severity=Severity.HIGH, session=SESSION):
    verdict = Verdict(outcome=outcome, because="so it is", evidence=NOTHING)
    finding = Finding(
        rule=RuleId(rule),
        rule_version=1,
        severity=severity,
        session=session,
        episode=str(session),
        verdict=verdict,
    )
    return Judged(sessions=(finding,), course=())


def said_of_course(rule, began, cleared=None, *sessions):
    finding = CourseFinding(
        rule=RuleId(rule),
        rule_version=1,
        severity=Severity.LOW,
        patient=PatientId(UUID(int=5)),
        episode="it",
        began_at=began,
        cleared_at=cleared,
        sessions=sessions,
        verdict=Verdict(outcome=Outcome.FIRES, because="so it is", evidence=NOTHING),
    )
    return Judged(sessions=(), course=(finding,))


NOTHING_SAID = Judged(sessions=(), course=())
