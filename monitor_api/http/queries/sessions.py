"""Sessions: the facts as the last check found them, what the rules said, and which samples are missing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from clinical.misuse.table import RULE
from clinical.verdicts import Outcome
from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import Conditions, if_given, theirs
from monitor_api.records.attention import FindingRow
from monitor_api.records.orders import GuardStopRow
from monitor_api.records.sessions import GapRow, SessionRow
from monitor_api.sessions.order import started_of
from vocabulary.devices import Modality, Zone
from vocabulary.identity import DeviceUid, FindingId, PatientId, RegimenId, RuleId, SessionId
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason
from vocabulary.severity import Severity
from vocabulary.wire.batches import OrderOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """When a session began: not before `earliest`, not after `latest`, and how that is known."""

    earliest: datetime
    latest: datetime
    known_by: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAgainst:
    """The version of the regimen that a session is held against."""

    regimen_id: RegimenId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One session, as the check at `checked_at` found it; null before the first.

    `started` is null when nothing places it in time. `recorded`: the device's own account is here; before that the
    figures are those of the samples so far. `conflict` says in words where two accounts of it differ.
    """

    id: SessionId
    device_uid: DeviceUid
    counter: int
    modality: Modality | None
    patient_id: PatientId | None
    regimen: HeldAgainst | None
    started: Started | None
    first_heard_at: datetime
    heard_at: datetime
    recorded: bool
    planned_s: float | None
    active_s: float | None
    elapsed_s: float | None
    dose: Quantity | None
    highest_skin_celsius: float | None
    end_reason: EndReason | None
    program: int | None
    zones: tuple[Zone, ...]
    samples_stored: int
    samples_missing: int
    conflict: str | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvidence:
    """What a finding rests on: what was measured, against what, how sure, and the samples that show it."""

    measured: Quantity | None
    limit: Quantity | None
    uncertainty: Quantity | None
    first_sample: int | None
    last_sample: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFinding:
    """What one rule says of a session. `title` is the rule in one sentence, `because` what it found here."""

    id: FindingId
    rule: RuleId
    rule_version: int
    title: str
    severity: Severity
    outcome: Outcome
    because: str
    evidence: SeenEvidence
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGap:
    """Samples `first` to `last` that no gateway received."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGuardStop:
    """The gateway's guard had the device stop: for which rule, why in words, when, and what came of it.

    The rule's own finding is made by the service, from the samples.
    """

    rule: RuleId
    because: str
    at: datetime
    outcome: OrderOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetail:
    """A session with what the rules say of it, worst first, its gaps, and the stops by the guard at home."""

    session: SessionSummary
    findings: tuple[SeenFinding, ...]
    gaps: tuple[SeenGap, ...]
    guard_stops: tuple[SeenGuardStop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsWanted:
    """Which sessions; None for any. They began at or after `since`, and before `until`."""

    patient: PatientId | None = None
    device: DeviceUid | None = None
    since: datetime | None = None
    until: datetime | None = None


_BEGAN = func.coalesce(SessionRow.started_earliest, SessionRow.first_heard_at)
"""When a session began; for one that nothing places, when it was first heard of."""


def sessions(session: Session, caller: Caller, which: SessionsWanted, wanted: PageWanted) -> Page[SessionSummary]:
    """Sessions, newest first; for a patient, their own."""
    query = select(SessionRow).where(*_visible(caller), *_filters(which))
    order = Order(by=(_BEGAN, SessionRow.id), newest_first=True)
    return paged(session, query, order, wanted, make=summary)


def session_detail(session: Session, caller: Caller, which: SessionId) -> SessionDetail:
    """One session with its findings and gaps. Raises NotThere."""
    row = session_row(session, caller, which)
    return SessionDetail(
        session=summary(row),
        findings=_findings(session, row),
        gaps=_gaps(session, row),
        guard_stops=tuple(_guard_stops(session, caller, [which])[which]),
    )


def session_details(session: Session, caller: Caller, which: SessionsWanted, wanted: PageWanted) -> Page[SessionDetail]:
    """Sessions with their findings and gaps, newest first."""
    found = sessions(session, caller, which, wanted)
    ids = [one.id for one in found.items]
    findings: dict[UUID, list[SeenFinding]] = defaultdict(list)
    for row in session.scalars(_found_in(caller, ids)):
        findings[row.session_id].append(_finding(row))
    gaps: dict[UUID, list[SeenGap]] = defaultdict(list)
    for gap in session.scalars(select(GapRow).where(GapRow.clinic_id == caller.clinic, GapRow.session_id.in_(ids))):
        gaps[gap.session_id].append(SeenGap(first=gap.first, last=gap.last))
    stops = _guard_stops(session, caller, ids)
    details = tuple(
        SessionDetail(
            session=one,
            findings=tuple(sorted(findings[one.id], key=_worst_first)),
            gaps=tuple(sorted(gaps[one.id], key=lambda gap: (gap.first, gap.last))),
            guard_stops=tuple(stops[one.id]),
        )
        for one in found.items
    )
    return Page(items=details, next=found.next)


def session_row(session: Session, caller: Caller, which: SessionId) -> SessionRow:
    """The row of a session that the caller may see. Raises NotThere."""
    row = session.scalar(select(SessionRow).where(SessionRow.id == which, *_visible(caller)))
    if row is None:
        raise NotThere
    return row


def summary(row: SessionRow) -> SessionSummary:
    """A session out of its row."""
    return SessionSummary(
        id=SessionId(row.id),
        device_uid=DeviceUid(row.device_uid),
        counter=row.counter,
        modality=None if row.modality is None else Modality(row.modality),
        patient_id=None if row.patient_id is None else PatientId(row.patient_id),
        regimen=_held_against(row.regimen_id, row.regimen_version),
        started=_started(started_of(row)),
        first_heard_at=row.first_heard_at,
        heard_at=row.heard_at,
        recorded=row.recorded,
        planned_s=row.planned_s,
        active_s=row.active_s,
        elapsed_s=row.elapsed_s,
        dose=_quantity(row.dose_value, row.dose_unit),
        highest_skin_celsius=row.highest_skin_celsius,
        end_reason=None if row.end_reason is None else EndReason(row.end_reason),
        program=row.program,
        zones=tuple(map(Zone, row.zones or ())),
        samples_stored=row.samples_stored,
        samples_missing=row.samples_missing,
        conflict=row.conflict,
        checked_at=row.checked_at,
    )


def _visible(caller: Caller) -> Conditions:
    return theirs(caller, SessionRow.clinic_id, SessionRow.patient_id)


def _filters(which: SessionsWanted) -> Conditions:
    return (
        *if_given(which.patient, lambda patient: SessionRow.patient_id == patient),
        *if_given(which.device, lambda device: SessionRow.device_uid == device),
        *if_given(which.since, lambda since: since <= _BEGAN),
        *if_given(which.until, lambda until: until > _BEGAN),
    )


def _held_against(regimen: UUID | None, version: int | None) -> HeldAgainst | None:
    if regimen is None or version is None:
        return None
    return HeldAgainst(regimen_id=RegimenId(regimen), version=version)


def _started(placed: Placed | None) -> Started | None:
    if placed is None:
        return None
    return Started(earliest=placed.earliest, latest=placed.latest, known_by=placed.known)


def _quantity(value: float | None, unit: str | None) -> Quantity | None:
    return None if value is None or unit is None else Quantity(value, Unit(unit))


def _findings(session: Session, row: SessionRow) -> tuple[SeenFinding, ...]:
    of_session = (FindingRow.clinic_id == row.clinic_id, FindingRow.session_id == row.id)
    found = session.scalars(select(FindingRow).where(*of_session, FindingRow.outcome != Outcome.CLEAR))
    return tuple(sorted(map(_finding, found), key=_worst_first))


def _found_in(caller: Caller, which: Sequence[SessionId]) -> Select[FindingRow]:
    of_sessions = (FindingRow.clinic_id == caller.clinic, FindingRow.session_id.in_(which))
    return select(FindingRow).where(*of_sessions, FindingRow.outcome != Outcome.CLEAR)


def _worst_first(finding: SeenFinding) -> tuple[int, RuleId]:
    return (finding.severity.rank, finding.rule)


def _finding(row: FindingRow) -> SeenFinding:
    rule = RULE.get(RuleId(row.rule))
    return SeenFinding(
        id=FindingId(row.id),
        rule=RuleId(row.rule),
        rule_version=row.rule_version,
        title=rule.title if rule else row.rule,
        severity=Severity(row.severity),
        outcome=Outcome(row.outcome),
        because=row.because,
        evidence=_evidence(row.evidence),
        found_at=row.found_at,
    )


def _evidence(body: dict[str, Any]) -> SeenEvidence:
    def quantity(name: str) -> Quantity | None:
        part = body.get(name)
        return part and Quantity(part["value"], Unit(part["unit"]))

    return SeenEvidence(
        measured=quantity("measured"),
        limit=quantity("limit"),
        uncertainty=quantity("uncertainty"),
        first_sample=body.get("first_sample"),
        last_sample=body.get("last_sample"),
    )


def _gaps(session: Session, row: SessionRow) -> tuple[SeenGap, ...]:
    of_session = (GapRow.clinic_id == row.clinic_id, GapRow.session_id == row.id)
    found = session.scalars(select(GapRow).where(*of_session).order_by(GapRow.first, GapRow.last))
    return tuple(SeenGap(first=gap.first, last=gap.last) for gap in found)


def _guard_stops(session: Session, caller: Caller, which: Sequence[SessionId]) -> dict[UUID, list[SeenGuardStop]]:
    """By session, in the order of time; where more came of one later, the last."""
    found: dict[UUID, dict[tuple[str, datetime], SeenGuardStop]] = defaultdict(dict)
    mine = (GuardStopRow.clinic_id == caller.clinic, GuardStopRow.session_id.in_(which))
    for row in session.scalars(select(GuardStopRow).where(*mine).order_by(GuardStopRow.at)):
        seen = SeenGuardStop(rule=RuleId(row.rule), because=row.because, at=row.at, outcome=OrderOutcome(row.outcome))
        known = found[row.session_id].get((row.rule, row.at))
        if known is None or known.outcome is OrderOutcome.TAKEN:
            found[row.session_id][row.rule, row.at] = seen
    return defaultdict(list, {id_: list(stops.values()) for id_, stops in found.items()})
