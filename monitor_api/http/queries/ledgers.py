"""Which of a device's records are here, and which sessions are missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from device_drivers.families import family
from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.queries.briefs import Proof, proofs
from monitor_api.http.queries.scope import in_clinic
from monitor_api.records.devices import DeviceRow
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.sessions.ledger import Kept, MissingSessions, RecordRange, make_ledger
from monitor_api.sessions.order import ended_of, started_of
from vocabulary.identity import DeviceUid


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLedger:
    """The records of a device that are here, in ranges without a gap, and the sessions that it counted besides.

    `newest` is the last session that the device named, at `asked_at`; both are null until it was asked. What it
    counted before the first range is not known.
    """

    uid: DeviceUid
    newest: int | None
    asked_at: datetime | None
    ranges: tuple[RecordRange, ...]
    missing: tuple[MissingSessions, ...]


def ledger(session: Session, caller: Caller, uid: DeviceUid) -> DeviceLedger:
    """The ledger of one device. Raises NotThere."""
    known = select(DeviceRow.uid).where(*in_clinic(caller, DeviceRow.clinic_id), DeviceRow.uid == uid)
    if session.scalar(known) is None:
        raise NotThere
    (found,) = ledgers(session, caller, [uid])
    return found


def ledgers(session: Session, caller: Caller, devices: Iterable[DeviceUid]) -> list[DeviceLedger]:
    """The ledgers of devices of the clinic."""
    uids = list(devices)
    asked = {one.device_uid: one for one in proofs(session, caller, uids)}
    return [_ledger(session, caller, uid, asked.get(uid)) for uid in uids]


def _ledger(session: Session, caller: Caller, uid: DeviceUid, proof: Proof | None) -> DeviceLedger:
    newest, asked_at = (None, None) if proof is None else (proof.newest, proof.contact_at)
    made = make_ledger(list(_kept(session, caller, uid)), newest or 0, asked_at)
    return DeviceLedger(uid=uid, newest=newest, asked_at=asked_at, ranges=made.ranges, missing=made.missing)


def _kept(session: Session, caller: Caller, uid: DeviceUid) -> Iterable[Kept]:
    """The record of each session that came first, by epoch and counter."""
    query = (
        select(SessionRow, RecordRow.family, RecordRow.data)
        .join(RecordRow, (RecordRow.clinic_id == SessionRow.clinic_id) & (RecordRow.session_id == SessionRow.id))
        .where(*in_clinic(caller, SessionRow.clinic_id), SessionRow.device_uid == uid)
        .order_by(SessionRow.epoch.nulls_first(), SessionRow.counter, RecordRow.stored_at, RecordRow.content)
    )
    last = None
    for row, name, data in session.execute(query):
        if row.id != last:
            last = row.id
            yield Kept(family(name).read_record(data), row.epoch, started_of(row), ended_of(row))
