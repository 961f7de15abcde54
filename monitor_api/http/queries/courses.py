"""A patient's course as callers see it: adherence with its doubt, how far the target is, slots, findings, energy."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import isinf
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.adherence.account import Account, Strand
from clinical.adherence.definitions import Adherence, adherence
from clinical.adherence.horizon import Horizon, Reach, Standing, horizon
from clinical.adherence.slots import SlotState, slots_of
from clinical.adherence.states import Engagement, engagement
from clinical.course import Between, in_order
from clinical.dose.ledger import Given, Row, ledger
from clinical.misuse.table import RULE
from clinical.practice import Practice
from clinical.verdicts import Outcome
from monitor_api.courses.due import CourseKey
from monitor_api.courses.reading import read_course
from monitor_api.courses.standing import stand
from monitor_api.http.callers import Caller
from monitor_api.http.queries.patients import patient_row
from monitor_api.records.courses import CourseDueRow, CourseFindingRow
from vocabulary.devices import Modality, Zone
from vocabulary.identity import FindingId, PatientId, RuleId, SessionId
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

EPISODES: Final = 100
"""Of a patient, the most that are listed: those that go on before the others, then the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBetween:
    """A figure that lies between two values; `high` is null where nothing bounds it."""

    low: float
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMeasure:
    """One measure of adherence, by its definition's id and version.

    `share` is null when nothing was due, `met` while what is not known decides. `coverage` is the part of the due slots
    whose records are proven. It looks at rounds that ended from `first` until before `end`.
    """

    definition: str
    version: int
    title: str
    words: str
    share: SeenBetween | None
    target: float
    met: bool | None
    coverage: float | None
    due: int
    excused: int
    first: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReach:
    """How far a target is: the last day on which it can be met, and how many slots may still be missed."""

    last_day: date | None
    misses: int
    secured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHorizon:
    """The target of one measure: by what is proven, and if all that can still arrive were taken."""

    definition: str
    standing: Standing
    proven: SeenReach
    possible: SeenReach


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSlot:
    """A planned slot of the round of days from `first` until before `end`, the sessions that speak for it, and why."""

    first: date
    end: date
    state: SlotState
    sessions: tuple[SessionId, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStrand:
    """One modality of a course; slots are those of the last 28 therapy days, oldest first."""

    modality: Modality
    engagement: Engagement
    measures: tuple[SeenMeasure, ...]
    horizon: SeenHorizon | None
    slots: tuple[SeenSlot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEpisode:
    """What a rule found in the patient's weeks: since when, and until when, null while it lasts."""

    id: FindingId
    rule: RuleId
    rule_version: int
    title: str
    severity: Severity
    outcome: Outcome
    because: str
    sessions: tuple[SessionId, ...]
    began_at: datetime
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCourse:
    """A patient's course as of `as_of`; findings are as of `judged_at`, null before the first judgement."""

    patient_id: PatientId
    zone: str
    today: date
    as_of: datetime
    judged_at: datetime | None
    strands: tuple[SeenStrand, ...]
    episodes: tuple[SeenEpisode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRow:
    """One zone and band over one window: delivered, worn, and what the devices themselves say.

    `band` is null for light that nobody has measured, for radiofrequency and for heat. `calibrated`: somebody measured
    what the figures rest on.
    """

    zone: Zone
    band: Band | None
    unit: Unit
    delivered: SeenBetween
    worn: SeenBetween
    told: Quantity | None
    calibrated: bool
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEnergy:
    """The energy ledger of a patient: the day and the week up to `as_of`, both rolling, of all devices together."""

    patient_id: PatientId
    as_of: datetime
    day: tuple[EnergyRow, ...]
    week: tuple[EnergyRow, ...]


def patient_course(session: Session, caller: Caller, which: PatientId, now: datetime) -> PatientCourse:
    """The course of one patient. Raises NotThere."""
    key = _key(session, caller, which)
    at = stand(session, key, now)
    due = session.get(CourseDueRow, key)
    return PatientCourse(
        patient_id=which,
        zone=at.course.zone,
        today=at.account.today,
        as_of=now,
        judged_at=due.judged_at if due else None,
        strands=tuple(_strand(at.account, one) for one in at.account.strands),
        episodes=tuple(_episodes(session, key)),
    )


def patient_energy(session: Session, caller: Caller, which: PatientId, now: datetime) -> PatientEnergy:
    """The energy ledger of one patient. Raises NotThere."""
    found = ledger(Given(in_order(read_course(session, _key(session, caller, which))), now))
    day, week = (tuple(_energy(row) for row in rows) for rows in (found.day, found.week))
    return PatientEnergy(patient_id=which, as_of=now, day=day, week=week)


def _key(session: Session, caller: Caller, which: PatientId) -> CourseKey:
    row = patient_row(session, caller, which)
    return CourseKey(caller.clinic, PatientId(row.id))


def _strand(account: Account, strand: Strand) -> SeenStrand:
    ahead = horizon(account, strand)
    return SeenStrand(
        modality=strand.modality,
        engagement=engagement(account, strand),
        measures=tuple(_measure(one, account.practice) for one in adherence(account, strand)),
        horizon=None if ahead is None else _horizon(ahead),
        slots=tuple(
            SeenSlot(
                first=judged.round.first,
                end=judged.round.end,
                state=slot.state,
                sessions=slot.sessions,
                because=slot.because,
            )
            for judged in strand.recent
            for slot in slots_of(judged, account.now, account.practice)
        ),
    )


def _measure(one: Adherence, practice: Practice) -> SeenMeasure:
    return SeenMeasure(
        definition=one.definition.id,
        version=one.definition.version,
        title=one.definition.title,
        words=one.definition.told(practice),
        share=None if one.share is None else _between(one.share),
        target=one.target,
        met=one.is_met,
        coverage=one.coverage,
        due=one.due,
        excused=one.excused,
        first=one.first,
        end=one.end,
    )


def _horizon(one: Horizon) -> SeenHorizon:
    return SeenHorizon(
        definition=one.definition.id,
        standing=one.standing,
        proven=_reach(one.proven),
        possible=_reach(one.possible),
    )


def _reach(one: Reach) -> SeenReach:
    return SeenReach(last_day=one.last_day, misses=one.misses, secured=one.secured)


def _episodes(session: Session, key: CourseKey) -> Iterable[SeenEpisode]:
    mine = (CourseFindingRow.clinic_id == key.clinic, CourseFindingRow.patient_id == key.patient)
    found = select(CourseFindingRow).where(*mine, CourseFindingRow.outcome != Outcome.CLEAR)
    in_turn = (CourseFindingRow.cleared_at.is_not(None), CourseFindingRow.began_at.desc(), CourseFindingRow.id)
    for row in session.scalars(found.order_by(*in_turn).limit(EPISODES)):
        rule = RULE.get(RuleId(row.rule))
        yield SeenEpisode(
            id=FindingId(row.id),
            rule=RuleId(row.rule),
            rule_version=row.rule_version,
            title=rule.title if rule else row.rule,
            severity=Severity(row.severity),
            outcome=Outcome(row.outcome),
            because=row.because,
            sessions=tuple(SessionId(UUID(one)) for one in row.sessions),
            began_at=row.began_at,
            cleared_at=row.cleared_at,
        )


def _energy(row: Row) -> EnergyRow:
    return EnergyRow(
        zone=row.account.zone,
        band=row.account.band,
        unit=row.account.unit,
        delivered=_between(row.delivered),
        worn=_between(row.worn),
        told=row.told,
        calibrated=row.calibrated,
        sessions=row.sessions,
    )


def _between(one: Between) -> SeenBetween:
    return SeenBetween(low=one.low, high=None if isinf(one.high) else one.high)
