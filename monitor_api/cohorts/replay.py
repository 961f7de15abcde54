"""Replay: every rule over a case, by the same functions as when the facts came; with a candidate's changes, if asked.

Rules, kept here:
- Facts of a session are put together as the checker does: the regimen in force, the clinic's figures and the skin when
  it began, the rest since the one before of its kind. A session without a place in time counts as when it was first
  heard.
- What calls once while a patient goes on is settled over all of their sessions, those before the time replayed too.
- Course rules look back over weeks only, so they are asked again and again, each time of what had been heard by then.
  A finding that comes again is one finding. Those that speak of a moment alone are asked at the end of each silence.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct, structs

from clinical.adherence.phases import phase_days
from clinical.course import Course, CourseDevice, InForce, PastSession, RecordProof
from clinical.facts import DeviceFacts, RegimenVersion, Rest, SessionFacts, Told, Wearer
from clinical.figures import with_figures
from clinical.judgement import judge, judge_course
from clinical.misuse.course_rules import CourseRule, LimitsAsked, course_at
from clinical.misuse.repeats import Broken, as_repeats, broken, repeats
from clinical.misuse.rules import Rule
from clinical.misuse.table import CALLED_ONCE, COURSE_RULES, OF_NOW, RULES, SAID_IN_SESSIONS
from clinical.plan import Phase
from clinical.practice import PRACTICE, Practice, PracticeFrom, practice_at
from clinical.regimen import Limits, Regimen
from clinical.verdicts import CourseFinding, Finding, Outcome
from monitor_api.cohorts.case import Case, Kept
from monitor_api.cohorts.silences import in_silences
from monitor_api.courses.standing import worn_of
from monitor_api.sessions.context import planned
from monitor_api.sessions.skin import wearer_at
from vocabulary.devices import Modality
from vocabulary.identity import RuleId, SessionId
from vocabulary.instants import Placed
from vocabulary.quantities import Quantity

ASKED_EVERY: Final = timedelta(days=14)
"""How often course rules are asked: half of how far they look back, so that what comes late is looked at too."""

QUIET_ASKS: Final = 2
"""How often they are asked again although nothing new was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLimits:
    """Limits in the place of a regimen's own, None where those stay; `dose_fraction` is of its strongest dose."""

    duration: timedelta | None = None
    dose_fraction: float | None = None
    skin_celsius: float | None = None
    skin_grace: timedelta | None = None
    rest: timedelta | None = None
    contact_grace: timedelta | None = None

    def over(self, regimen: Regimen) -> Regimen:
        """The regimen with these limits. Raises RegimenRefused."""
        return replace(regimen, limits=self._limits(regimen))

    def _limits(self, regimen: Regimen) -> Limits:
        own, fraction = regimen.limits, self.dose_fraction
        return replace(
            own,
            duration=own.duration if self.duration is None else self.duration,
            dose=own.dose if fraction is None else _times(regimen.strongest_dose, fraction),
            skin_celsius=own.skin_celsius if self.skin_celsius is None else self.skin_celsius,
            skin_grace=own.skin_grace if self.skin_grace is None else self.skin_grace,
            rest=own.rest if self.rest is None else self.rest,
            contact_grace=own.contact_grace if self.contact_grace is None else self.contact_grace,
        )


def _times(dose: Quantity, fraction: float) -> Quantity:
    return Quantity(dose.value * fraction, dose.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The rules that a replay asks, and what it puts in the place of what held.

    `limits` of the regimens, by modality; `figures` of the clinic, by name, whenever it decided on others.
    """

    rules: tuple[Rule, ...]
    course_rules: tuple[CourseRule, ...]
    limits: Mapping[Modality, OtherLimits]
    figures: Mapping[str, float] = field(default_factory=dict[str, float])

    def without(self, names: frozenset[RuleId]) -> "Ruling":
        """The same less some rules."""
        return replace(
            self,
            rules=tuple(rule for rule in self.rules if rule.id not in names),
            course_rules=tuple(rule for rule in self.course_rules if rule.id not in names),
        )

    def decided(self, case: Case) -> Case:
        """The case as though its clinic had always had these figures."""
        if not self.figures:
            return case
        since = (PracticeFrom(practice=PRACTICE, from_at=_ALWAYS), *case.course.practices)
        practices = tuple(replace(one, practice=with_figures(one.practice, self.figures)) for one in since)
        return replace(case, course=replace(case.course, practices=practices))


_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

AS_THEY_ARE: Final = Ruling(rules=RULES, course_rules=COURSE_RULES, limits={})
"""What holds now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that is replayed."""

    from_at: datetime
    until_at: datetime

    def has(self, at: datetime) -> bool:
        """Whether an instant is in it."""
        return self.from_at <= at <= self.until_at

    def week(self, at: datetime) -> int:
        """Which week of it an instant is in, the first being 0."""
        return (at - self.from_at) // timedelta(weeks=1)

    def asks(self) -> Iterator[datetime]:
        """When course rules are asked, as often as makes the last time the end of it."""
        times = -((self.from_at - self.until_at) // ASKED_EVERY)
        return (self.until_at - ASKED_EVERY * left for left in reversed(range(max(1, times))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a replay finds in one case."""

    sessions: tuple[Finding, ...]
    course: tuple[CourseFinding, ...]

    def __iter__(self) -> Iterator[Finding | CourseFinding]:
        yield from self.sessions
        yield from self.course


def replay(case: Case, window: Window, ruling: Ruling = AS_THEY_ARE) -> Judged:
    """All findings of a case of what began within a time."""
    case = ruling.decided(case)
    found = tuple(_session_findings(case, window, ruling))
    return Judged(sessions=found, course=_course_findings(case, window, ruling, found) if ruling.course_rules else ())


def _session_findings(case: Case, window: Window, ruling: Ruling) -> Iterator[Finding]:
    """What is found in the sessions of the window, with what was called for before it."""
    said_once = tuple(rule for rule in ruling.rules if rule.id in CALLED_ONCE)
    judged = [
        (past, judge(facts, regimen, ruling.rules if window.has(began_at(past)) else said_once))
        for facts, regimen in session_facts(case, ruling)
        for past in (case.past(facts.session),)
    ]
    again = repeats(one for past, found in judged for one in _broken(case, past, found))
    for past, found in judged:
        if window.has(began_at(past)):
            yield from as_repeats(found, began_at(past), again)


def _broken(case: Case, past: PastSession, found: Iterable[Finding]) -> Iterator[Broken]:
    at = began_at(past)
    practice = practice_at(case.course.practices, at)
    return broken(found, past.modality, at, practice=practice, rules=CALLED_ONCE)


def _course_findings(
    case: Case, window: Window, ruling: Ruling, in_sessions: Iterable[Finding]
) -> tuple[CourseFinding, ...]:
    """Of each episode what was said of it last."""
    regimens = tuple(_held_to(one, ruling) for one in case.course.regimens)
    course = replace(case.course, regimens=regimens)
    said, asks = _said(in_sessions), tuple(_asks(course, window))
    decided = {now: practice_at(course.practices, now) for now in asks}
    worn = {practice: worn_of(course, practice) for practice in set(decided.values())}
    found: dict[tuple[RuleId, str], CourseFinding] = {}
    over_weeks = tuple(rule for rule in ruling.course_rules if rule.id not in OF_NOW)
    of_now = tuple(rule for rule in ruling.course_rules if rule.id in OF_NOW)
    for now in asks:
        at = course_at(as_of(course, now), now, worn=worn[decided[now]], limits=tuple(_limits(case, now)))
        for finding in judge_course(structs.replace(at, said=said), over_weeks):
            found[finding.rule, finding.episode] = finding
        if now == window.until_at and of_now:
            for finding in in_silences(at, window.from_at, of_now):
                found[finding.rule, finding.episode] = finding
    return tuple(found.values())


def _limits(case: Case, now: datetime) -> Iterator[LimitsAsked]:
    """The limits that had been asked for by an instant; one that was confirmed later was open then."""
    for one in case.limits:
        if one.asked_at <= now:
            confirmed = one.reported_at is not None and one.reported_at <= now
            yield one if confirmed else replace(one, reported_at=None)


def _said(in_sessions: Iterable[Finding]) -> frozenset[tuple[SessionId, RuleId]]:
    """What was found in each session for itself that a rule over weeks may say too."""
    return frozenset(
        (one.session, one.rule)
        for one in in_sessions
        if one.rule in SAID_IN_SESSIONS and one.verdict.outcome is Outcome.FIRES
    )


def _asks(course: Course, window: Window) -> Iterator[datetime]:
    """When the rules are asked of one course: less often once its silence has been told, for that is one episode."""
    before = quiet = 0
    for now in window.asks():
        heard = sum(1 for past in course.sessions if past.heard_at <= now)
        quiet = quiet + 1 if heard == before else 0
        before = heard
        if quiet <= QUIET_ASKS or now == window.until_at:
            yield now


def as_of(course: Course, now: datetime) -> Course:
    """A course as it was known at an instant; of a device's records as much as its sessions tell."""
    sessions = tuple(past for past in course.sessions if past.heard_at <= now)
    if len(sessions) == len(course.sessions):
        return course
    return replace(course, sessions=sessions, devices=tuple(_device_as_of(one, sessions) for one in course.devices))


def _device_as_of(device: CourseDevice, sessions: tuple[PastSession, ...]) -> CourseDevice:
    heard = [past.heard_at for past in sessions if past.device == device.uid]
    read = [past.heard_at for past in sessions if past.device == device.uid and past.recorded]
    proof = _proof_as_of(device.proof, max(read)) if device.proof and read else None
    return replace(device, heard_at=max(heard, default=None), proof=proof)


def _proof_as_of(proof: RecordProof, at: datetime) -> RecordProof:
    """What was missing by then, as if the service had learned of it as soon as the homes had: so sessions count too."""
    missing = (replace(one, known_at=min(one.known_at, at)) for one in proof.missing if one.before <= at)
    return RecordProof(until=at, missing=tuple(missing))


def session_facts(case: Case, ruling: Ruling = AS_THEY_ARE) -> Iterator[tuple[SessionFacts, Regimen | None]]:
    """What the rules are asked about, for each session of a case, with the regimen that it is held against."""
    devices = {device.uid: device for device in case.course.devices}
    rests = _rests(case.course)
    for one in case.kept:
        began = began_at(one.past)
        running = _running_at(case.course, one.past)
        held_to, phase = (_held_to(running[0], ruling), running[1]) if running else (None, None)
        regimen = held_to.regimen if held_to else None
        context = _Context(
            wearer=wearer_at(case.skin, began),
            device=devices[one.past.device],
            regimen=regimen,
            phase=phase,
            ran_out=None if held_to else _ran_out(case.course, one.past),
            rest=rests.get(one.past.session),
            practice=practice_at(case.course.practices, began),
        )
        yield _facts(one, context), regimen


def began_at(past: PastSession) -> datetime:
    """When a session began; one without a place in time counts as when it was first heard."""
    return past.started.at if past.started else past.heard_at


def in_force_at(course: Course, past: PastSession, ruling: Ruling = AS_THEY_ARE) -> InForce | None:
    """The version of a session's modality that was in force when it began, and not past its last phase."""
    running = _running_at(course, past)
    return _held_to(running[0], ruling) if running else None


def _running_at(course: Course, past: PastSession) -> tuple[InForce, Phase] | None:
    """The version, and its phase that ran."""
    latest, began = _latest_at(course, past), began_at(past)
    phase = phase_days(course, latest, began).at(began) if latest else None
    return (latest, phase) if latest and phase else None


def limits_at(course: Course, past: PastSession) -> Limits | None:
    """What a session was held to by the regimen that was in force when it began."""
    version = in_force_at(course, past)
    if version is None:
        return None
    began = began_at(past)
    return version.regimen.held_to(phase_days(course, version, began).near(began).dose)


def _ran_out(course: Course, past: PastSession) -> date | None:
    """The last day of a version that a session came too late for."""
    latest = _latest_at(course, past)
    return None if latest is None else phase_days(course, latest, began_at(past)).last_day


def _latest_at(course: Course, past: PastSession) -> InForce | None:
    at = began_at(past)
    held = [
        one
        for one in course.regimens
        if one.regimen.modality is past.modality and one.from_at <= at and (one.until_at is None or at < one.until_at)
    ]
    return max(held, key=lambda one: (one.from_at, one.regimen.version), default=None)


def _held_to(version: InForce, ruling: Ruling) -> InForce:
    regimen = _with_limits(version.regimen, ruling)
    return version if regimen is version.regimen else replace(version, regimen=regimen)


@lru_cache(maxsize=4096)
def _changed(regimen: Regimen, limits: OtherLimits) -> Regimen:
    return limits.over(regimen)


def _with_limits(regimen: Regimen, ruling: Ruling) -> Regimen:
    other = ruling.limits.get(regimen.modality)
    return regimen if other is None else _changed(regimen, other)


def _rests(course: Course) -> Mapping[SessionId, Rest]:
    """The rest before each session that has a place in time and another of its modality before it."""
    rests: dict[SessionId, Rest] = {}
    for modality in Modality:
        placed = [(past.started, past) for past in course.sessions if past.started and past.modality is modality]
        placed.sort(key=lambda one: one[0].earliest)
        starts = [started.earliest for started, _ in placed]
        for started, past in placed:
            before = bisect_left(starts, started.earliest) - 1
            if before >= 0:
                rests[past.session] = _rest(started, placed[before][1])
    return rests


def _rest(started: Placed, before: PastSession) -> Rest:
    ended = (before.started or started).later(before.elapsed)
    return Rest(shortest=started.earliest - ended.latest, longest=started.latest - ended.earliest)


class _Context(Struct, frozen=True, kw_only=True):
    """What a session is judged with besides its own facts."""

    wearer: Wearer
    device: CourseDevice
    regimen: Regimen | None
    phase: Phase | None
    ran_out: date | None
    rest: Rest | None
    practice: Practice


def _facts(one: Kept, context: _Context) -> SessionFacts:
    past, device, regimen = one.past, context.device, context.regimen
    return SessionFacts(
        session=past.session,
        modality=past.modality,
        features=device.features,
        regimen=RegimenVersion(id=regimen.id, version=regimen.version) if regimen else None,
        recorded=past.recorded,
        started=past.started,
        active=past.active,
        dose=past.dose,
        highest_skin_celsius=past.highest_skin_celsius,
        samples=one.samples,
        missing=one.missing,
        rest=context.rest,
        calibration=device.calibration,
        told=_told(past),
        planned=planned(regimen, context.phase) if regimen and context.phase else None,
        wearer=context.wearer,
        device=DeviceFacts(outputs=device.outputs),
        practice=context.practice,
        ran_out=context.ran_out,
    )


def _told(past: PastSession) -> Told | None:
    if not past.recorded or past.program is None or past.firmware is None or past.end_reason is None:
        return None
    return Told(
        program=past.program,
        zones=past.zones,
        firmware=past.firmware,
        faults=past.faults,
        end_reason=past.end_reason,
    )
