"""What is known of one patient over time: sessions, prescriptions, devices and proof, before any judgement."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import lt
from typing import Final, Self

from msgspec import Struct

from clinical.facts import UNMEASURED, Calibration, RegimenVersion
from clinical.practice import PracticeFrom
from clinical.regimen import Regimen
from vocabulary.devices import DeviceState, Fault, Feature, Modality, Zone
from vocabulary.identity import DeviceUid, GatewayId, PatientId, SessionId
from vocabulary.instants import Placed
from vocabulary.light import BandOutput
from vocabulary.quantities import Quantity
from vocabulary.readings import EndReason

SHARP: Final = timedelta(days=1)
"""A start that is known within this has its place among others."""


class Between(Struct, frozen=True, kw_only=True, gc=False):
    """A figure that is known to lie between two values, both within."""

    low: float
    high: float


class WearSigns(Struct, frozen=True, kw_only=True):
    """What a session's samples say of whether somebody wore the device; None where it has no such sensor.

    Fractions are of the emitting samples that arrived; `seen_fraction` is the part of the samples that arrived.
    """

    contact_fraction: float | None
    moving_fraction: float | None
    eye_shield_fraction: float | None
    skin_rise_celsius: float | None
    seen_fraction: float


class PastSession(Struct, frozen=True, kw_only=True):
    """One session of a course, summed up: everything that a judgement of weeks needs, and no samples.

    `started` is None when nothing places it; `heard_at` is when a gateway first heard of it. `recorded`: the device's
    own account is here. `dose` is the device's own figure; `cem43_min` is reckoned from the samples, its width what
    they leave open; None without a temperature. `output_level` is the median of irradiance or power while it emitted,
    `impedance_ohm` the mean under an RF head. `firmware` is empty where the record says none. `gateway`: the one that
    heard it first.
    """

    session: SessionId
    device: DeviceUid
    counter: int
    modality: Modality
    heard_at: datetime
    started: Placed | None
    recorded: bool
    regimen: RegimenVersion | None
    program: int | None
    zones: tuple[Zone, ...]
    planned: timedelta | None
    active: timedelta
    elapsed: timedelta
    dose: Quantity | None
    output_level: float | None
    highest_skin_celsius: float | None
    cem43_min: Between | None
    wear: WearSigns
    end_reason: EndReason | None
    faults: tuple[Fault, ...]
    firmware: str | None
    impedance_ohm: float | None = None
    gateway: GatewayId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A version of a regimen and when it held: from `from_at` until before `until_at`, None while it still does."""

    regimen: Regimen
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From `from_at` until before `until_at`, None while it lasts."""

    from_at: datetime
    until_at: datetime | None

    def within(self, other: Self) -> Self | None:
        """The part of it that is in another one; None where there is none."""
        from_at = max(self.from_at, other.from_at)
        until_at = min((at for at in (self.until_at, other.until_at) if at is not None), default=None)
        return replace(self, from_at=from_at, until_at=until_at) if until_at is None or from_at < until_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A time in which no session is to run: of one modality, or with any device where that is None.

    `stopped`: the treatment was over for good, until another was prescribed.
    """

    during: Interval
    modality: Modality | None
    stopped: bool = False

    @property
    def word(self) -> str:
        """What the treatment was."""
        return "stopped" if self.stopped else "on hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """A time for which planned sessions are excused, of one modality or, where that is None, of all; in whose words."""

    during: Interval
    modality: Modality | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRecords:
    """Sessions that a device counted and of which nothing is here: how many, and between which instants they were.

    `known_at`: when the service learned of them; whether their records are on their way or lost, only time tells.
    """

    count: int
    after: datetime
    before: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProof:
    """What is known of all sessions of a device until an instant: they are here, but for those that are `missing`."""

    until: datetime
    missing: tuple[MissingRecords, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialGiven:
    """A serial that a device gave, and when for the first time."""

    serial: str
    first_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The device's own clock was found to have jumped by `by` against a gateway's, `doubt` more or less.

    `shown_by`: the fact that showed it, a tick or a session; unlike `at`, what comes later never changes it.
    """

    shown_by: str
    at: datetime
    by: timedelta
    doubt: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseDevice:
    """A device that the patient has or had: what it says it is, what it puts out, and what is known of its records.

    `outputs`: of each programme, by band, as calibrated; empty where nobody has measured it. `proof` is None before
    the first contact, and of a device that counts no sessions. `heard_at` is the last word of any kind, `said` the last
    state it reported. `serials`: every one that this uid has given, as they came. `clock_steps` is None where no
    gateway could hold its clock against its own.
    """

    uid: DeviceUid
    modality: Modality
    model: str | None
    serial: str | None
    firmware: str | None
    features: tuple[Feature, ...]
    outputs: tuple[BandOutput, ...]
    given: tuple[Interval, ...]
    proof: RecordProof | None
    heard_at: datetime | None
    said: DeviceState | None
    recalled_firmware: tuple[str, ...]
    calibration: Calibration = UNMEASURED
    serials: tuple[SerialGiven, ...] = ()
    clock_steps: tuple[ClockStep, ...] | None = None

    def missing(self, from_at: datetime, until_at: datetime) -> tuple[MissingRecords, ...]:
        """What is missing of it that may have been theirs between two instants, as far as its proof says."""
        if self.proof is None or not self.proof.missing:
            return ()
        theirs = [(max(from_at, one.from_at), min(until_at, one.until_at or until_at)) for one in self.given]
        return tuple(
            one
            for one in self.proof.missing
            if any(one.after < last and first < one.before for first, last in theirs if first < last)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All of one patient: sessions in the order of their start, prescriptions, holds, excuses and devices.

    `zone` is an IANA name. What is missing here is not known, never "did not happen": see `RecordProof`. `practices`:
    what their clinic decided, in that order.
    """

    patient: PatientId
    zone: str
    sessions: tuple[PastSession, ...]
    regimens: tuple[InForce, ...]
    holds: tuple[Hold, ...]
    excuses: tuple[Excuse, ...]
    devices: tuple[CourseDevice, ...]
    practices: tuple[PracticeFrom, ...] = ()


class OrderedCourse(Struct, frozen=True, kw_only=True):
    """A course with each session once, by the earliest start or when it was heard of: these are in `begun`.

    `vague` are the sessions whose start is not known within a day, in the same order.
    """

    course: Course
    begun: list[datetime]
    vague: tuple[PastSession, ...]

    def after(self, at: datetime) -> list[PastSession]:
        """The sessions that may have begun after an instant, in their order."""
        place = bisect_right(self.begun, at - SHARP)
        early = [one for one in self.vague if begun_at(one) <= at - SHARP]
        return [one for one in (*early, *self.course.sessions[place:]) if _latest(one) > at]


def in_order(course: Course) -> OrderedCourse:
    """Put a course in order, however its sessions came."""
    begun = _begun(course)
    if not all(map(lt, begun, begun[1:])):
        once = {one.session: one for one in course.sessions}
        course = replace(course, sessions=tuple(sorted(once.values(), key=lambda one: (begun_at(one), one.session))))
        begun = _begun(course)
    vague = [one for one in course.sessions if (at := one.started) is None or at.latest - at.earliest > SHARP]
    return OrderedCourse(course=course, begun=begun, vague=tuple(vague))


def _begun(course: Course) -> list[datetime]:
    """As `begun_at` of each, without a call for each."""
    return [started.earliest if (started := one.started) else one.heard_at for one in course.sessions]


def _latest(session: PastSession) -> datetime:
    return started.latest if (started := session.started) else session.heard_at


def begun_at(session: PastSession) -> datetime:
    """The earliest start of a session, or when it was heard of where nothing places it."""
    return started.earliest if (started := session.started) else session.heard_at
