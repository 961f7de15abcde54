"""What follows from a check, as rows: the session as it now stands, its findings, and whom they call."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import to_builtins
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.life import Report, Subject
from clinical.facts import SAMPLE
from clinical.judgement import alert_severity
from clinical.verdicts import CLEAR, Finding
from monitor_api.records.attention import FindingRow
from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.assembly import Account
from monitor_api.sessions.context import Context, neighbours
from monitor_api.sessions.evidence import Evidence
from monitor_api.sessions.order import moved_with, room_of
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import PatientId, SessionId


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A check's input and outcome."""

    evidence: Evidence
    account: Account
    context: Context
    findings: tuple[Finding, ...]

    @property
    def began_at(self) -> datetime:
        """When the session began; one without a place in time counts as when it was first heard."""
        return self.account.started.at if self.account.started else self.evidence.first_heard_at


@dataclass(frozen=True, slots=True)
class _Start:
    """Whose a session is, and when it began."""

    patient: PatientId | None
    modality: str | None
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose a session is and when it was, as its row says: on this rests the rest of the one after it."""

    start: _Start
    elapsed_s: float | None


def store_session(session: Session, conclusion: Conclusion, now: datetime) -> set[SeriesKey]:
    """Write the session's row, and give the sessions that it says something new of.

    Those are the next from where it was and is, for their rest, and its neighbours by counter, for their place.
    """
    evidence = conclusion.evidence
    row = session.get_one(SessionRow, (evidence.key.clinic, evidence.key.session), with_for_update=True)
    before, room = _place(row), room_of(row)
    for column, value in (_summary(conclusion) | {"checked_at": now}).items():
        setattr(row, column, value)
    after = _place(row)
    if before == after:
        return set()
    following = {one for start in {before.start, after.start} for one in _following(session, evidence, start)}
    return following | moved_with(session, row, room, starts=before.start != after.start)


def _place(row: SessionRow) -> _Place:
    patient = None if row.patient_id is None else PatientId(row.patient_id)
    return _Place(_Start(patient, row.modality, row.started_earliest, row.started_latest), row.elapsed_s)


def _following(session: Session, evidence: Evidence, start: _Start) -> set[SeriesKey]:
    """The session that begins after a start: its rest depends on when that one ended."""
    if start.earliest is None:
        return set()
    found = session.scalar(
        select(SessionRow.id)
        .where(*neighbours(evidence, start.patient, start.modality), SessionRow.started_earliest > start.earliest)
        .order_by(SessionRow.started_earliest)
        .limit(1)
    )
    return set() if found is None else {SeriesKey(clinic=evidence.key.clinic, session=SessionId(found))}


def _summary(conclusion: Conclusion) -> dict[str, Any]:
    account, context = conclusion.account, conclusion.context
    record, started, dose = account.record, account.started, account.dose
    return {
        "modality": account.modality,
        "recorded": record is not None,
        "patient_id": context.patient,
        "regimen_id": context.regimen and context.regimen.id,
        "regimen_version": context.regimen and context.regimen.version,
        "started_earliest": started and started.earliest,
        "started_latest": started and started.latest,
        "placed_by": started and started.known,
        "elapsed_s": account.elapsed.total_seconds(),
        "active_s": account.active.total_seconds(),
        "planned_s": record and record.planned.total_seconds(),
        "dose_value": dose and dose.value,
        "dose_unit": dose and dose.unit,
        "highest_skin_celsius": account.highest_skin_celsius,
        "end_reason": record and record.end_reason,
        "program": record and record.program,
        "zones": list(record.zones) if record else [],
        "samples_stored": len(account.samples.sequence),
        "samples_missing": account.missing,
        "conflict": account.conflict,
    }


def store_findings(session: Session, conclusion: Conclusion, now: datetime) -> None:
    """Write what each rule says; one that said something before and no longer does is clear now, not gone."""
    key = conclusion.evidence.key
    of_session = (FindingRow.clinic_id == key.clinic, FindingRow.session_id == key.session)
    known = {row.id: row for row in session.scalars(select(FindingRow).where(*of_session))}
    for finding in conclusion.findings:
        values = _finding(finding)
        row = known.pop(finding.id, None)
        if row is None:
            session.add(FindingRow(clinic_id=key.clinic, id=finding.id, session_id=key.session, found_at=now, **values))
        elif any(getattr(row, column) != value for column, value in values.items()):
            for column, value in values.items():
                setattr(row, column, value)
            row.found_at = now
    for row in known.values():
        row.outcome, row.because, row.evidence = CLEAR.outcome, CLEAR.because, to_builtins(CLEAR.evidence)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "severity": finding.severity,
        "outcome": finding.verdict.outcome,
        "because": finding.because,
        "evidence": to_builtins(finding.verdict.evidence),
    }


def reports(conclusion: Conclusion) -> Iterator[Report]:
    """The findings that are to call somebody."""
    evidence = conclusion.evidence
    subject = Subject(
        clinic=evidence.key.clinic,
        patient=conclusion.context.patient,
        device=evidence.device.uid,
        session=evidence.key.session,
    )
    for finding in conclusion.findings:
        severity = alert_severity(finding)
        if severity is not None:
            event_at = _event_at(conclusion.account, finding)
            yield Report(subject=subject, finding=finding, severity=severity, event_at=event_at)


def _event_at(account: Account, finding: Finding) -> datetime | None:
    """When what was found began: at its first sample, else when the session did."""
    if account.started is None:
        return None
    first = finding.verdict.evidence.first_sample
    offset = timedelta(0) if first is None else (first + 1) * SAMPLE
    return account.started.at + offset
