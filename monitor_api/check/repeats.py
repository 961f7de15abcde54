"""What calls once while a patient goes on: a session's findings are settled beside those of their other sessions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from clinical.misuse.repeats import Broken, as_repeats, beyond, broken, repeats
from clinical.misuse.table import CALLED_ONCE
from clinical.practice import practice_at
from clinical.verdicts import Evidence, Outcome
from monitor_api.check.results import Conclusion
from monitor_api.records.attention import FindingRow
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import practices_of
from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.order import placed_between
from monitor_api.telemetry.series import SeriesKey
from vocabulary.devices import Modality
from vocabulary.identity import ClinicId, PatientId, RuleId, SessionId
from vocabulary.quantities import Quantity, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Whose a session is, and what of it calls once while they go on: as it is stored, or as it is now found."""

    patient: PatientId | None
    broken: tuple[Broken, ...]


def stored_habits(session: Session, row: SessionRow) -> Habits:
    """As it is stored."""
    clinic = ClinicId(row.clinic_id)
    patient = None if row.patient_id is None else PatientId(row.patient_id)
    return Habits(patient=patient, broken=tuple(_stored(session, clinic, SessionRow.id == row.id)))


def settle(session: Session, conclusion: Conclusion, before: Habits) -> tuple[Conclusion, set[SeriesKey]]:
    """The conclusion with its repeats, and the sessions that are now to be called for, or no longer.

    Whoever settles a session of a patient waits for whoever settles another. Nobody's sessions have no repeats: nobody
    knows that one person goes on.
    """
    after = _concluded(conclusion)
    if not before.broken and not after.broken:
        return conclusion, set()
    touched: set[SessionId] = set()
    for patient in sorted({one.patient for one in (before, after) if one.patient is not None}):
        _wait_for_others(session, patient)
        others = _others(session, conclusion, patient)
        was = repeats([*others, *(before.broken if before.patient == patient else ())])
        now = repeats([*others, *(after.broken if after.patient == patient else ())])
        touched |= {key[0] for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
        if after.patient == patient:
            conclusion = replace(conclusion, findings=as_repeats(conclusion.findings, conclusion.began_at, now))
    key = conclusion.evidence.key
    return conclusion, {SeriesKey(clinic=key.clinic, session=one) for one in touched - {key.session}}


def _concluded(conclusion: Conclusion) -> Habits:
    modality = conclusion.account.modality
    found = broken(
        conclusion.findings,
        modality,
        conclusion.began_at,
        practice=conclusion.context.practice,
        rules=CALLED_ONCE,
    )
    return Habits(patient=conclusion.context.patient, broken=tuple(found))


def _wait_for_others(session: Session, patient: PatientId) -> None:
    session.execute(select(PatientRow.id).where(PatientRow.id == patient).with_for_update(key_share=True))


def _others(session: Session, conclusion: Conclusion, patient: PatientId) -> list[Broken]:
    """What is stored of a patient's other sessions."""
    key = conclusion.evidence.key
    theirs = (SessionRow.patient_id == patient, SessionRow.id != key.session)
    return list(_stored(session, key.clinic, *theirs))


def _stored(session: Session, clinic: ClinicId, *which: ColumnElement[bool]) -> Iterator[Broken]:
    """Columns and no rows: what calls depends on all that came before, so all of it is read each time."""
    row = SessionRow
    began = (row.started_earliest, row.started_latest, row.placed_by, row.first_heard_at)
    query = (
        select(row.id, row.modality, FindingRow.rule, FindingRow.evidence, *began)
        .join(FindingRow, (FindingRow.clinic_id == row.clinic_id) & (FindingRow.session_id == row.id))
        .where(row.clinic_id == clinic, *which)
        .where(FindingRow.rule.in_(CALLED_ONCE), FindingRow.outcome == Outcome.FIRES)
    )
    found = session.execute(query).all()
    decided = practices_of(session, clinic) if found else ()
    for id_, modality, rule, evidence, earliest, latest, placed_by, first_heard_at in found:
        started = placed_between(earliest, latest, placed_by)
        at = started.at if started else first_heard_at
        yield Broken(
            session=SessionId(id_),
            rule=RuleId(rule),
            modality=Modality(modality or Modality.LED),
            at=at,
            beyond=beyond(_evidence(evidence)),
            practice=practice_at(decided, at),
        )


def _evidence(body: dict[str, Any]) -> Evidence:
    def quantity(name: str) -> Quantity | None:
        part = body.get(name)
        return part and Quantity(part["value"], Unit(part["unit"]))

    return Evidence(measured=quantity("measured"), limit=quantity("limit"))
