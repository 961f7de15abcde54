"""The shadows of a clinic: each candidate, and what it would have called beside what was called."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinical.figures import differing
from clinical.misuse.table import RULE
from monitor_api.cohorts.candidate import AskedCandidate
from monitor_api.cohorts.shadow import ShadowCall, ShadowCalls
from monitor_api.errors import CandidateRefused
from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.queries.previews import SeenCall
from monitor_api.http.queries.scope import in_clinic
from monitor_api.records.people import ClinicRow, PatientRow
from monitor_api.records.practices import practice_of
from monitor_api.records.shadows import ShadowPatientRow, ShadowRow, shadow_rows
from vocabulary.identity import ClinicId, PatientId, RuleId, UserId
from vocabulary.severity import Severity

NEWEST: Final = 100
"""Calls of either side that are listed; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenShadow:
    """A candidate in the shadow from `from_at` until `ended_at`, at `until_at` at the latest.

    `ended_by` is null while it runs, and where its time was over. `problem`: why nobody can be judged by it since the
    clinic decided otherwise; null where that can be.
    """

    id: UUID
    because: str
    candidate: AskedCandidate
    from_at: datetime
    until_at: datetime
    started_by: UserId
    ended_at: datetime | None
    ended_by: UserId | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """The shadows of a clinic, the newest first."""

    items: tuple[SeenShadow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRule:
    """Calls of a rule with one severity: made by the candidate alone, by what holds alone, by both."""

    rule: RuleId
    title: str
    severity: Severity
    would_start: int
    would_stop: int
    would_stay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCall:
    """A call of one side, and of whom."""

    patient_id: PatientId
    call: SeenCall


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTried:
    """Patients one of whose regimens cannot have the candidate's limits, and why not."""

    because: str
    patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDetail:
    """What a candidate would have called of `patients`, beside what was; `sessions` of them are since it began.

    Each patient is as of their last judgement, the oldest of which was at `oldest_judged_at`, null before the first;
    `waiting` were not judged yet. On those that are `not_tried` it cannot be, and they are not in the other figures.
    The newest calls of at most 20 a patient and 100 in all are listed.
    """

    shadow: SeenShadow
    patients: int
    waiting: int
    not_tried: tuple[NotTried, ...]
    oldest_judged_at: datetime | None
    sessions: int
    rules: tuple[ShadowRule, ...]
    would_start: tuple[PatientCall, ...]
    would_stop: tuple[PatientCall, ...]


def shadows(session: Session, caller: Caller, now: datetime) -> Shadows:
    """Those of the caller's clinic."""
    decided = differing(practice_of(session, caller.clinic, now))
    rows = shadow_rows(session, caller.clinic)
    return Shadows(items=tuple(_seen(row, decided) for row in rows))


def shadow(session: Session, caller: Caller, which: UUID, now: datetime) -> ShadowDetail:
    """One of them. Raises NotThere."""
    return shadow_detail(session, shadow_row(session, caller, which), now)


def shadow_row(session: Session, caller: Caller, which: UUID) -> ShadowRow:
    """The row of a shadow that the caller may see. Raises NotThere."""
    mine = in_clinic(caller, ShadowRow.clinic_id)
    row = session.scalar(select(ShadowRow).where(ShadowRow.id == which, *mine))
    if row is None:
        raise NotThere
    return row


def shadow_detail(session: Session, row: ShadowRow, now: datetime) -> ShadowDetail:
    """All that is kept of a shadow."""
    judged = session.scalars(select(ShadowPatientRow).where(ShadowPatientRow.shadow_id == row.id)).all()
    found = [(PatientId(one.patient_id), msgspec.convert(one.calls, ShadowCalls)) for one in judged]
    refused = Counter(one.problem for one in judged if one.problem is not None)
    people = select(func.count()).select_from(PatientRow).where(PatientRow.clinic_id == row.clinic_id)
    return ShadowDetail(
        shadow=seen_shadow(session, row, now),
        patients=len(judged) - sum(refused.values()),
        not_tried=tuple(NotTried(because=because, patients=count) for because, count in sorted(refused.items())),
        waiting=(session.scalar(people) or 0) - len(judged),
        oldest_judged_at=min((one.judged_at for one in judged), default=None),
        sessions=sum(one.sessions for one in judged),
        rules=tuple(_rules(calls for _, calls in found)),
        would_start=_newest([(patient, call) for patient, calls in found for call in calls.starts]),
        would_stop=_newest([(patient, call) for patient, calls in found for call in calls.stops]),
    )


def all_shadows(session: Session, now: datetime) -> list[tuple[str, ShadowDetail]]:
    """Those of every clinic, by its name: for whoever runs the service."""
    return [
        (clinic.name, shadow_detail(session, row, now))
        for clinic in session.scalars(select(ClinicRow).order_by(ClinicRow.name))
        for row in shadow_rows(session, ClinicId(clinic.id))
    ]


def seen_shadow(session: Session, row: ShadowRow, now: datetime) -> SeenShadow:
    """A shadow out of its row."""
    return _seen(row, differing(practice_of(session, ClinicId(row.clinic_id), now)))


def _seen(row: ShadowRow, decided: dict[str, float]) -> SeenShadow:
    candidate = AskedCandidate.model_validate(row.candidate)
    return SeenShadow(
        id=row.id,
        because=row.because,
        candidate=candidate,
        from_at=row.from_at,
        until_at=row.until_at,
        started_by=UserId(row.started_by),
        ended_at=row.ended_at,
        ended_by=None if row.ended_by is None else UserId(row.ended_by),
        problem=None if row.ended_at else _problem(candidate, decided),
    )


def _problem(candidate: AskedCandidate, decided: dict[str, float]) -> str | None:
    try:
        candidate.candidate(decided)
    except CandidateRefused as refused:
        return str(refused)
    return None


def _rules(found: Iterable[ShadowCalls]) -> Iterator[ShadowRule]:
    """Added up, what only one side calls first, the loudest first."""
    counts: Counter[tuple[RuleId, Severity, str]] = Counter()
    for one in (rule for calls in found for rule in calls.rules):
        for side in ("starts", "stops", "stays"):
            counts[one.rule, one.severity, side] += getattr(one, side)
    names = sorted({(rule, severity) for rule, severity, _ in counts})
    rules = [
        ShadowRule(
            rule=rule,
            title=RULE[rule].title if rule in RULE else rule,
            severity=severity,
            would_start=counts[rule, severity, "starts"],
            would_stop=counts[rule, severity, "stops"],
            would_stay=counts[rule, severity, "stays"],
        )
        for rule, severity in names
    ]
    yield from sorted(rules, key=lambda one: (not (one.would_start or one.would_stop), one.severity.rank, one.rule))


def _newest(side: Sequence[tuple[PatientId, ShadowCall]]) -> tuple[PatientCall, ...]:
    latest = sorted(side, key=lambda one: (one[1].at, str(one[0])), reverse=True)[:NEWEST]
    return tuple(PatientCall(patient_id=patient, call=_call(call)) for patient, call in latest)


def _call(call: ShadowCall) -> SeenCall:
    return SeenCall(
        rule=call.rule,
        rule_version=call.rule_version,
        title=RULE[call.rule].title if call.rule in RULE else call.rule,
        severity=call.severity,
        at=call.at,
        sessions=call.sessions,
        because=call.because,
    )
