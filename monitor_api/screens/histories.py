"""What is known of each patient's days, out of the facts of a clinic."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinical.adherence.days import TherapyDays
from monitor_api.http.callers import Caller
from monitor_api.http.queries.alerts import SeenAlert
from monitor_api.http.queries.briefs import BriefSession, Proof, Version
from monitor_api.http.queries.devices import Device
from monitor_api.http.queries.patients import Patient
from monitor_api.http.queries.summaries import SeenSummary
from monitor_api.http.queries.triage import FactsWanted, Prescribed, TriageFacts, triage_facts
from monitor_api.screens.strip import Record, Span, Use, quiet_spans
from vocabulary.devices import Feature, Modality
from vocabulary.identity import DeviceUid, PatientId

DAYS: Final = 14
"""Therapy days of a strip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A patient with everything that is theirs. `heard_at`: when session data last came, None when never.

    `held`: those of their devices on which no session is to run.
    """

    patient: Patient
    days: TherapyDays
    devices: tuple[Device, ...]
    held: frozenset[DeviceUid]
    alerts: tuple[SeenAlert, ...]
    sessions: tuple[BriefSession, ...]
    in_force: tuple[Prescribed, ...]
    summaries: tuple[SeenSummary, ...]
    heard_at: datetime | None
    record: Record

    @property
    def zone(self) -> ZoneInfo:
        """Where they live."""
        return self.days.zone

    def feels_skin(self, modality: Modality) -> bool:
        """Whether a device of theirs measures skin, or may: each that has not said what it can do."""
        theirs = [one.features for one in self.devices if one.modality is modality]
        return not theirs or any(one is None or Feature.SKIN_TEMPERATURE in one for one in theirs)


def wanted(now: datetime, patient: PatientId | None) -> FactsWanted:
    """Facts with all sessions that a strip shows, of all patients or of one."""
    return FactsWanted(now=now, since=now - timedelta(days=DAYS + 2), patient=patient)


def history_of(session: Session, caller: Caller, patient: PatientId, now: datetime) -> History:
    """That of one patient. Raises NotThere."""
    return histories(triage_facts(session, caller, wanted(now, patient)), now)[0]


def histories(facts: TriageFacts, now: datetime) -> list[History]:
    """One for each patient, in the order of the facts."""
    sorted_out = _Sorted(facts)
    return [sorted_out.history(one, now) for one in facts.patients]


class _Sorted:
    """The facts by whose they are."""

    def __init__(self, facts: TriageFacts) -> None:
        self._heard, self._held, self._practice = facts.heard, facts.held, facts.practice
        self._proofs = {one.device_uid: one for one in facts.proofs}
        self._versions: dict[Version, Prescribed] = {
            (one.regimen.id, one.regimen.version): one for one in facts.prescribed
        }
        self._devices: dict[PatientId, list[Device]] = defaultdict(list)
        self._alerts: dict[PatientId, list[SeenAlert]] = defaultdict(list)
        self._prescribed: dict[PatientId, list[Prescribed]] = defaultdict(list)
        self._sessions: dict[PatientId, list[BriefSession]] = defaultdict(list)
        self._of_device: dict[DeviceUid, list[BriefSession]] = defaultdict(list)
        self._summaries: dict[PatientId, list[SeenSummary]] = defaultdict(list)
        self._sort(facts)

    def _sort(self, facts: TriageFacts) -> None:
        for device in facts.devices:
            if device.assignment:
                self._devices[device.assignment.patient_id].append(device)
        for alert in facts.alerts:
            if alert.patient_id:
                self._alerts[alert.patient_id].append(alert)
        for one in facts.prescribed:
            self._prescribed[one.patient_id].append(one)
        for summary in facts.summaries:
            self._summaries[summary.patient].append(summary)
        for session in facts.sessions:
            self._of_device[session.device_uid].append(session)
            if session.patient_id:
                self._sessions[session.patient_id].append(session)

    def history(self, patient: Patient, now: datetime) -> History:
        days = TherapyDays(ZoneInfo(patient.zone), self._practice.day_starts)
        owned, sessions = self._devices[patient.id], self._sessions[patient.id]
        return History(
            patient=patient,
            days=days,
            devices=tuple(owned),
            held=self._held & {one.uid for one in owned},
            alerts=tuple(self._alerts[patient.id]),
            sessions=tuple(sessions),
            in_force=in_force(self._prescribed[patient.id], now),
            summaries=tuple(self._summaries[patient.id]),
            heard_at=self._heard.get(patient.id),
            record=Record(
                uses=tuple(use for one in sessions if (use := _use(one, self._versions))),
                quiet=tuple(_quiet(self._proofs.get(one.uid), self._of_device[one.uid]) for one in owned),
                theirs_since=_theirs_since(owned, patient),
                days=days,
            ),
        )


def in_force(prescribed: Sequence[Prescribed], now: datetime) -> tuple[Prescribed, ...]:
    """The newest version of each regimen that has begun and not ended; `prescribed` is in the order of beginning."""
    begun = {one.regimen.id: one for one in prescribed if one.from_at <= now}
    return tuple(one for one in begun.values() if one.ended_at is None or one.ended_at > now)


def _use(session: BriefSession, versions: Mapping[Version, Prescribed]) -> Use | None:
    """A session as a strip shows it; None when nothing places it."""
    if session.placed is None:
        return None
    held = session.held_against and versions.get(session.held_against)
    wanted = held.dose_at(session.placed.at) if held else None
    if not held or wanted is None or session.dose is None or session.dose.unit is not wanted.unit:
        return Use(session.placed, session.modality, None, None)
    limit = held.limits_at(session.placed.at).dose
    limit_fraction = limit.value / wanted.value if limit else None
    return Use(session.placed, session.modality, session.dose.value / wanted.value, limit_fraction)


def _quiet(proof: Proof | None, sessions: Sequence[BriefSession]) -> tuple[Span, ...]:
    """Those that a device proves. A gateway that counts in its place counts what it saw, which proves nothing."""
    if proof is None or any(one.epoch for one in sessions):
        return ()
    return quiet_spans({one.counter: one.placed for one in sessions}, proof.newest, proof.contact_at)


def _theirs_since(devices: Sequence[Device], patient: Patient) -> datetime:
    return min((one.assignment.from_at for one in devices if one.assignment), default=patient.created_at)
