"""Whose session it is, what was prescribed for it, and which session came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from clinical.facts import Planned, RegimenVersion, Rest, SessionFacts, Told, Wearer
from clinical.plan import Phase
from clinical.practice import Practice
from clinical.regimen import Regimen
from monitor_api.records.devices import AssignmentRow
from monitor_api.records.practices import practice_of
from monitor_api.records.regimens import phase_days, read_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.sessions.assembly import Account
from monitor_api.sessions.evidence import Evidence
from monitor_api.sessions.order import ended_of
from monitor_api.sessions.skin import skin_answers, wearer_at
from vocabulary.identity import PatientId
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a session is held against; `patient` is None for a device that nobody had been given.

    `phase` is the regimen's that ran then. Once the last of them is over there is no regimen, and `ran_out` is its day.
    """

    patient: PatientId | None
    regimen: Regimen | None
    phase: Phase | None
    ran_out: date | None
    rest: Rest | None
    wearer: Wearer
    practice: Practice


def find_context(session: Session, evidence: Evidence, account: Account) -> Context:
    """Look up what held when the session began; a session without a place in time counts as when it was first heard."""
    at = account.started.at if account.started else evidence.first_heard_at
    patient = _patient(session, evidence, at)
    regimen, phase, ran_out = _prescribed(session, patient, account, at) if patient else _NOTHING
    return Context(
        patient=patient,
        regimen=regimen,
        phase=phase,
        ran_out=ran_out,
        rest=_rest(session, evidence, patient, account) if account.started else None,
        wearer=wearer_at(skin_answers(session, patient) if patient else (), at),
        practice=practice_of(session, evidence.key.clinic, at),
    )


_Prescribed = tuple[Regimen | None, Phase | None, date | None]
_NOTHING: Final[_Prescribed] = None, None, None


def _prescribed(session: Session, patient: PatientId, account: Account, at: datetime) -> _Prescribed:
    """The regimen of an instant and its phase; without them, the last day of one whose phases are over."""
    version = _version(session, patient, account, at)
    if version is None:
        return _NOTHING
    regimen = read_regimen(version, account.modality)
    days = phase_days(session, patient, version, regimen, now=at)
    phase = days.at(at)
    return (None, None, days.last_day) if phase is None else (regimen, phase, None)


def facts(evidence: Evidence, account: Account, context: Context) -> SessionFacts:
    """What the rules are asked about."""
    regimen = context.regimen
    return SessionFacts(
        session=evidence.key.session,
        modality=account.modality,
        features=evidence.device.features,
        regimen=RegimenVersion(id=regimen.id, version=regimen.version) if regimen else None,
        recorded=account.record is not None,
        started=account.started,
        active=account.active,
        dose=account.dose,
        highest_skin_celsius=account.highest_skin_celsius,
        samples=account.samples,
        missing=account.missing,
        rest=context.rest,
        calibration=evidence.device.calibration,
        told=_told(account.record) if account.record else None,
        planned=planned(regimen, context.phase) if regimen and context.phase else None,
        wearer=context.wearer,
        device=evidence.device.known,
        ran_out=context.ran_out,
        practice=context.practice,
    )


def _told(record: SessionRecord) -> Told:
    return Told(
        program=record.program,
        zones=record.zones,
        firmware=record.firmware,
        faults=record.faults,
        end_reason=record.end_reason,
    )


def planned(regimen: Regimen, phase: Phase) -> Planned:
    """What a session was to be. The light of its programmes is what a regimen reckons with, and no level to keep."""
    return Planned(
        dose=phase.dose,
        duration=phase.duration,
        programs=tuple(programme.number for programme in regimen.programmes),
        zones=regimen.zones,
        level=regimen.level,
        cem43=regimen.cem43,
        phototypes=regimen.phototypes.allowed if regimen.phototypes else (),
    )


def _patient(session: Session, evidence: Evidence, at: datetime) -> PatientId | None:
    given = session.scalar(
        select(AssignmentRow.patient_id)
        .where(
            AssignmentRow.clinic_id == evidence.key.clinic,
            AssignmentRow.device_uid == evidence.device.uid,
            AssignmentRow.from_at <= at,
            or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > at),
        )
        .order_by(AssignmentRow.from_at.desc())
        .limit(1)
    )
    return None if given is None else PatientId(given)


def _version(session: Session, patient: PatientId, account: Account, at: datetime) -> RegimenVersionRow | None:
    return session.scalar(
        select(RegimenVersionRow)
        .join(RegimenRow, RegimenRow.id == RegimenVersionRow.regimen_id)
        .where(
            RegimenRow.patient_id == patient,
            RegimenRow.modality == account.modality,
            or_(RegimenRow.ended_at.is_(None), RegimenRow.ended_at > at),
            RegimenVersionRow.from_at <= at,
        )
        .order_by(RegimenVersionRow.from_at.desc(), RegimenVersionRow.version.desc())
        .limit(1)
    )


def neighbours(evidence: Evidence, patient: PatientId | None, modality: str | None) -> Sequence[ColumnElement[bool]]:
    """The other sessions of one patient and modality; of one device where there is no patient."""
    whose = SessionRow.patient_id == patient if patient else SessionRow.device_uid == evidence.device.uid
    return (
        SessionRow.clinic_id == evidence.key.clinic,
        whose,
        SessionRow.modality == modality,
        SessionRow.id != evidence.key.session,
        SessionRow.started_earliest.is_not(None),
    )


def _rest(session: Session, evidence: Evidence, patient: PatientId | None, account: Account) -> Rest | None:
    started = account.started
    if started is None:
        return None
    before = session.scalar(
        select(SessionRow)
        .where(*neighbours(evidence, patient, account.modality), SessionRow.started_earliest < started.earliest)
        .order_by(SessionRow.started_earliest.desc())
        .limit(1)
    )
    ended = None if before is None else ended_of(before)
    if before is None or ended is None:
        return None
    return Rest(
        shortest=started.earliest - ended.latest,
        longest=started.latest - ended.earliest,
    )
