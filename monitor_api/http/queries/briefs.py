"""Sessions in brief and proofs of their being all, read for many devices at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.queries.scope import if_given, in_clinic
from monitor_api.records.among import among
from monitor_api.records.devices import DeviceRow, MarkRow
from monitor_api.records.people import PatientRow
from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.order import started_of
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, PatientId, RegimenId, SessionId
from vocabulary.instants import Placed
from vocabulary.quantities import Quantity, Unit

Version = tuple[RegimenId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefSession:
    """A session as a list needs it; `placed` is None when nothing places it in time.

    `epoch`: of the numbering of a gateway that counts in the device's place; None where the device counts.
    """

    id: SessionId
    patient_id: PatientId | None
    device_uid: DeviceUid
    counter: int
    epoch: str | None
    modality: Modality | None
    placed: Placed | None
    recorded: bool
    heard_at: datetime
    dose: Quantity | None
    held_against: Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """When a device was last asked for its records, and the counter of the newest that it named, 0 for none."""

    device_uid: DeviceUid
    newest: int
    contact_at: datetime


_BRIEF = (
    SessionRow.id,
    SessionRow.patient_id,
    SessionRow.device_uid,
    SessionRow.counter,
    SessionRow.epoch,
    SessionRow.modality,
    SessionRow.started_earliest,
    SessionRow.started_latest,
    SessionRow.placed_by,
    SessionRow.recorded,
    SessionRow.heard_at,
    SessionRow.dose_value,
    SessionRow.dose_unit,
    SessionRow.regimen_id,
    SessionRow.regimen_version,
)


def brief_sessions(
    session: Session, caller: Caller, since: datetime, patient: PatientId | None
) -> Iterator[BriefSession]:
    """Sessions of patients, or of one, that began since an instant; those that nothing places: first heard of since.

    By patient, because that is how sessions are indexed: a clinic's history is long, and a list shows two weeks of it.
    """
    whose = (
        *in_clinic(caller, SessionRow.clinic_id),
        *in_clinic(caller, PatientRow.clinic_id),
        *if_given(patient, lambda one: SessionRow.patient_id == one),
    )
    unplaced = and_(SessionRow.started_earliest.is_(None), SessionRow.first_heard_at >= since)
    for began in (SessionRow.started_earliest >= since, unplaced):
        query = select(*_BRIEF).join(PatientRow, PatientRow.id == SessionRow.patient_id).where(*whose, began)
        yield from map(_brief, session.execute(query))


def numbered_sessions(
    session: Session, caller: Caller, which: Iterable[tuple[DeviceUid, int]]
) -> Iterator[BriefSession]:
    """The sessions of these devices and counters, whosever they were."""
    mine = select(*_BRIEF).where(*in_clinic(caller, SessionRow.clinic_id))
    return map(_brief, among(session, mine, (SessionRow.device_uid, SessionRow.counter), which))


def proofs(session: Session, caller: Caller, devices: Iterable[DeviceUid]) -> Iterator[Proof]:
    """The proofs of those of the devices that ever reported a state: the last one."""
    last_state = and_(
        MarkRow.clinic_id == DeviceRow.clinic_id,
        MarkRow.device_uid == DeviceRow.uid,
        MarkRow.at == DeviceRow.state_at,
    )
    query = select(DeviceRow.uid, MarkRow.detail, MarkRow.at).join(MarkRow, last_state)
    mine = (*in_clinic(caller, DeviceRow.clinic_id), DeviceRow.uid.in_(list(devices)))
    for uid, detail, at in session.execute(query.where(*mine)):
        yield Proof(device_uid=DeviceUid(uid), newest=detail["newest"], contact_at=at)


def _brief(row: Any) -> BriefSession:  # noqa: ANN401 - a row of `_BRIEF`
    return BriefSession(
        id=SessionId(row.id),
        patient_id=None if row.patient_id is None else PatientId(row.patient_id),
        device_uid=DeviceUid(row.device_uid),
        counter=row.counter,
        epoch=row.epoch,
        modality=None if row.modality is None else Modality(row.modality),
        placed=started_of(row),
        recorded=row.recorded,
        heard_at=row.heard_at,
        dose=None if row.dose_value is None or row.dose_unit is None else Quantity(row.dose_value, Unit(row.dose_unit)),
        held_against=_version(row.regimen_id, row.regimen_version),
    )


def _version(regimen: UUID | None, version: int | None) -> Version | None:
    return None if regimen is None or version is None else (RegimenId(regimen), version)
