"""What a prescription would have called for one patient, before anybody signs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from clinical.adherence.uses import Use
from clinical.course import PastSession
from clinical.misuse.table import RULE
from clinical.regimen import Regimen
from monitor_api.cohorts.calls import Call
from monitor_api.cohorts.last_session import LastSession, last_session, last_use
from monitor_api.cohorts.preview import preview
from monitor_api.cohorts.replay import Window, began_at
from monitor_api.cohorts.stored import CaseReader
from monitor_api.courses.due import CourseKey
from monitor_api.http.callers import Caller
from monitor_api.http.prescriptions import EXAMPLE, PrescriptionBody
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.wanted import shown
from monitor_api.telemetry.port import Telemetry
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RegimenId, RuleId, SessionId
from vocabulary.severity import Severity

LOOKS_BACK: Final = timedelta(days=90)
NEWEST: Final = 100
"""Calls of each kind that are listed; all are counted."""

_NOBODYS: Final = RegimenId(UUID(int=0))
"""What is tried has no id yet."""


class TriedRegimen(PrescriptionBody):
    """A prescription that nobody has signed."""

    model_config = shown(**EXAMPLE, modality="led")

    modality: Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCall:
    """What would have called, or did: the rule, how loud, when, which sessions show it, and why."""

    rule: RuleId
    rule_version: int
    title: str
    severity: Severity
    at: datetime
    sessions: tuple[SessionId, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCalls:
    """How many there are, and the newest of them."""

    count: int
    newest: tuple[SeenCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenPreview:
    """The calls from `from_at` to `as_of` of a patient under a prescription, beside those under what held then.

    `would_start`: made by it alone; `would_stop`: made by what held alone; `would_stay`: by both. `sessions` are those
    of its modality that were held against it.
    """

    patient_id: PatientId
    modality: Modality
    from_at: datetime
    as_of: datetime
    sessions: int
    would_start: SeenCalls
    would_stop: SeenCalls
    would_stay: SeenCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is looked into, by whom, and when."""

    session: Session
    telemetry: Telemetry
    caller: Caller
    now: datetime


def regimen_preview(stored: Stored, which: PatientId, wanted: TriedRegimen) -> RegimenPreview:
    """Try a prescription on a patient's last weeks. Raises NotThere, RegimenRefused."""
    patient = PatientId(patient_row(stored.session, stored.caller, which).id)
    regimen = Regimen.of(wanted.prescription(wanted.modality), _NOBODYS, 1)
    window = Window(from_at=stored.now - LOOKS_BACK, until_at=stored.now)
    reader = CaseReader(stored.session, stored.telemetry, CourseKey(stored.caller.clinic, patient), stored.now)
    case = reader.case(lambda past: window.has(began_at(past)))
    found = preview(case, regimen, window)
    return RegimenPreview(
        patient_id=patient,
        modality=wanted.modality,
        from_at=window.from_at,
        as_of=window.until_at,
        sessions=sum(1 for one in case.kept if one.past.modality is wanted.modality),
        would_start=_seen(found.starts),
        would_stop=_seen(found.stops),
        would_stay=_seen(found.stays),
    )


def last_under(stored: Stored, which: PatientId, wanted: TriedRegimen) -> LastSession | None:
    """A patient's last session as it would have counted; None before there is one. Raises NotThere, RegimenRefused."""
    patient = PatientId(patient_row(stored.session, stored.caller, which).id)
    regimen = Regimen.of(wanted.prescription(wanted.modality), _NOBODYS, 1)
    reader = CaseReader(stored.session, stored.telemetry, CourseKey(stored.caller.clinic, patient), stored.now)
    use = last_use(reader.case(lambda _: False).course, wanted.modality, stored.now)
    return None if use is None else last_session(reader.case(_one_of(use)), use, regimen, stored.now)


def _one_of(use: Use) -> Callable[[PastSession], bool]:
    return lambda past: past.session in use.ids


def _seen(calls: Sequence[Call]) -> SeenCalls:
    return SeenCalls(count=len(calls), newest=tuple(_call(one) for one in calls[:NEWEST]))


def _call(call: Call) -> SeenCall:
    finding = call.finding
    return SeenCall(
        rule=finding.rule,
        rule_version=finding.rule_version,
        title=RULE[finding.rule].title,
        severity=call.severity,
        at=call.at,
        sessions=call.sessions,
        because=finding.because,
    )
