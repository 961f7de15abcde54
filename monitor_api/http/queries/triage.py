"""What a triage list is made of, read for all patients of a clinic in a few statements."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.life import State
from clinical.adherence.days import TherapyDays
from clinical.adherence.phases import PhaseDays
from clinical.plan import Phase
from clinical.practice import Practice
from clinical.regimen import Limits, Regimen
from monitor_api.http.callers import Caller
from monitor_api.http.paging import PageWanted
from monitor_api.http.queries.alerts import AlertsWanted, SeenAlert, alerts
from monitor_api.http.queries.briefs import BriefSession, Proof, brief_sessions, numbered_sessions, proofs
from monitor_api.http.queries.devices import Device, devices
from monitor_api.http.queries.orders import held_devices
from monitor_api.http.queries.patients import Patient, patient, patients
from monitor_api.http.queries.scope import if_given, theirs
from monitor_api.http.queries.summaries import SeenSummary, summaries
from monitor_api.records.attention import ChangeRow
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import practice_of
from monitor_api.records.regimens import read_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from vocabulary.identity import DeviceUid, PatientId
from vocabulary.quantities import Quantity

EVERY: Final = PageWanted(cursor=None, limit=10_000)
"""As many as a list is drawn up from at once."""

TAKEN_ON: Final = timedelta(days=7)
"""How long an alert that somebody took on stays on the list; nothing closes one yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescribed:
    """A version of a regimen, when it came into force, when its regimen ended, and the days where its patient lives."""

    patient_id: PatientId
    regimen: Regimen
    from_at: datetime
    ended_at: datetime | None
    days: TherapyDays

    @property
    def phases(self) -> PhaseDays:
        """Its phases by therapy days."""
        return PhaseDays(self.regimen.phases, self.from_at, self.days)

    def phase_at(self, at: datetime) -> Phase | None:
        """The phase that runs at an instant; None before the first and after the last."""
        return self.phases.at(at)

    def dose_at(self, at: datetime) -> Quantity:
        """What a session at an instant was to deliver."""
        return self.phases.near(at).dose

    def limits_at(self, at: datetime) -> Limits:
        """What a session at an instant is held to."""
        return self.regimen.held_to(self.dose_at(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageFacts:
    """What is known of all patients, or of one.

    `sessions` are those since an instant, and of each device the one before them. `heard`: when session data of a
    patient last came; who never sent any is not there. `held` names devices of the whole clinic, and `practice` has its
    figures.
    """

    patients: tuple[Patient, ...]
    devices: tuple[Device, ...]
    alerts: tuple[SeenAlert, ...]
    sessions: tuple[BriefSession, ...]
    proofs: tuple[Proof, ...]
    prescribed: tuple[Prescribed, ...]
    held: frozenset[DeviceUid]
    summaries: tuple[SeenSummary, ...]
    heard: dict[PatientId, datetime]
    practice: Practice


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWanted:
    """Facts as of `now`, with sessions that began at or after `since`; of one patient if one is given."""

    now: datetime
    since: datetime
    patient: PatientId | None


def triage_facts(session: Session, caller: Caller, wanted: FactsWanted) -> TriageFacts:
    """The facts of a clinic, or of one of its patients. Raises NotThere."""
    who = wanted.patient
    of_whom = patients(session, caller, EVERY).items if who is None else (patient(session, caller, who),)
    owned = devices(session, caller, EVERY, wanted.now, patient=who).items
    proven = tuple(proofs(session, caller, (one.uid for one in owned)))
    found = tuple(brief_sessions(session, caller, wanted.since, who))
    return TriageFacts(
        patients=of_whom,
        devices=owned,
        alerts=tuple(_open_alerts(session, caller, wanted)),
        sessions=(*found, *numbered_sessions(session, caller, _before(found, proven))),
        proofs=proven,
        prescribed=tuple(prescribed(session, caller, who, wanted.now)),
        held=held_devices(session, caller, wanted.now),
        summaries=tuple(summaries(session, caller, who)),
        heard=_heard(session, caller, who),
        practice=practice_of(session, caller.clinic, wanted.now),
    )


def newest_change_of(session: Session, caller: Caller) -> int:
    """The id of the clinic's newest change, 0 before the first."""
    mine = theirs(caller, ChangeRow.clinic_id, ChangeRow.patient_id)
    return session.scalar(select(func.max(ChangeRow.id)).where(*mine)) or 0


def _open_alerts(session: Session, caller: Caller, wanted: FactsWanted) -> Iterator[SeenAlert]:
    for state in State:
        for one in alerts(session, caller, AlertsWanted(state=state, patient=wanted.patient), EVERY).items:
            taken = one.acknowledgement
            if taken is None or taken.at > wanted.now - TAKEN_ON:
                yield one


def _before(found: Sequence[BriefSession], proven: Sequence[Proof]) -> Iterable[tuple[DeviceUid, int]]:
    """Of each device the session before its first one in `found`; its newest when it has none there."""
    first = {one.device_uid: one.newest + 1 for one in proven}
    for one in found:
        first[one.device_uid] = min(one.counter, first.get(one.device_uid, one.counter))
    return ((uid, counter - 1) for uid, counter in first.items() if counter > 1)


def prescribed(session: Session, caller: Caller, who: PatientId | None, now: datetime) -> Iterator[Prescribed]:
    """Every version of every regimen, in the order in which they came into force; of one patient if one is given."""
    starts = practice_of(session, caller.clinic, now).day_starts
    query = (
        select(RegimenRow, RegimenVersionRow, PatientRow.zone)
        .join(RegimenVersionRow, RegimenVersionRow.regimen_id == RegimenRow.id)
        .join(PatientRow, PatientRow.id == RegimenRow.patient_id)
        .where(
            *theirs(caller, RegimenRow.clinic_id, RegimenRow.patient_id),
            *if_given(who, lambda one: RegimenRow.patient_id == one),
        )
        .order_by(RegimenVersionRow.from_at, RegimenVersionRow.version)
    )
    for row, version, zone in session.execute(query):
        yield Prescribed(
            patient_id=PatientId(row.patient_id),
            regimen=read_regimen(version, row.modality),
            from_at=version.from_at,
            ended_at=row.ended_at,
            days=TherapyDays(ZoneInfo(zone), starts),
        )


def _heard(session: Session, caller: Caller, who: PatientId | None) -> dict[PatientId, datetime]:
    """When data of each patient's latest session came."""
    newest = (
        select(SessionRow.heard_at)
        .where(SessionRow.clinic_id == PatientRow.clinic_id, SessionRow.patient_id == PatientRow.id)
        .order_by(SessionRow.started_earliest.desc().nulls_last())
        .limit(1)
        .scalar_subquery()
    )
    query = select(PatientRow.id, newest).where(
        *theirs(caller, PatientRow.clinic_id, PatientRow.id),
        *if_given(who, lambda one: PatientRow.id == one),
        newest.is_not(None),
    )
    return {PatientId(id_): at for id_, at in session.execute(query)}
