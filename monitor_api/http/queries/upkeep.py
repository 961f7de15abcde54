"""What an operator looks after: what was refused, who did what, and how the service is."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import in_clinic
from monitor_api.records.attention import AuditRow
from monitor_api.records.devices import GatewayRow, QuarantineRow
from monitor_api.records.presence import Part
from monitor_api.records.sessions import DueRow
from monitor_api.records.trail import ActorKind
from monitor_api.records.watching import SilenceRow
from vocabulary.identity import GatewayId


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Bytes of one of the clinic's gateways that were refused: which part of what came, and why."""

    id: int
    gateway_id: GatewayId | None
    topic: str
    part: str
    reason: str
    size_bytes: int
    received_at: datetime
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineDetail:
    """What was refused, with its bytes in base64."""

    entry: Quarantined
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, and when; `actor_id` is null for the service itself."""

    id: int
    at: datetime
    actor_kind: ActorKind
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAge:
    """When a gateway was last heard; null: never."""

    id: GatewayId
    heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSilence:
    """Who is silent now: one of the clinic's gateways, or a part of the service that all are heard through.

    `since`: when it was last heard. While a part of the service is silent, nothing new is said of gateways.
    """

    part: Part
    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSizes:
    """Bytes on disk, all clinics together; null for a store that is no file of ours.

    `snapshot_as_of`: as of when the snapshot of session facts is; null where this process sees none.
    """

    records_bytes: int
    telemetry_bytes: int | None
    snapshot_as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the service is for this clinic, at `as_of`. `oldest_due_at` is null when no check waits."""

    as_of: datetime
    gateways: tuple[GatewayAge, ...]
    silent: tuple[SeenSilence, ...]
    checks_due: int
    oldest_due_at: datetime | None
    quarantined: int
    stores: StoreSizes


def quarantine(session: Session, caller: Caller, wanted: PageWanted) -> Page[Quarantined]:
    """What was refused from the clinic's gateways, newest first."""
    size = func.length(QuarantineRow.data)
    query = select(QuarantineRow, size).where(*in_clinic(caller, QuarantineRow.clinic_id))
    order = Order(by=(QuarantineRow.id,), newest_first=True)
    return paged(session, query, order, wanted, make=_quarantined)


def quarantined(session: Session, caller: Caller, which: int) -> QuarantineDetail:
    """One refusal with its bytes. Raises NotThere."""
    row = session.scalar(
        select(QuarantineRow).where(QuarantineRow.id == which, *in_clinic(caller, QuarantineRow.clinic_id))
    )
    if row is None:
        raise NotThere
    return QuarantineDetail(entry=_quarantined(row, len(row.data)), data=b64encode(row.data).decode())


def audit(session: Session, caller: Caller, subject: tuple[str, str] | None, wanted: PageWanted) -> Page[AuditEntry]:
    """The clinic's trail, newest first; of one subject if its kind and id are given."""
    query = select(AuditRow).where(*in_clinic(caller, AuditRow.clinic_id))
    if subject is not None:
        query = query.where(AuditRow.subject_kind == subject[0], AuditRow.subject_id == subject[1])
    order = Order(by=(AuditRow.id,), newest_first=True)
    return paged(session, query, order, wanted, make=_entry)


def health(session: Session, caller: Caller, sizes: StoreSizes, now: datetime) -> Health:
    """How the service is."""
    mine = (DueRow.clinic_id == caller.clinic,)
    count, oldest = session.execute(select(func.count(), func.min(DueRow.marked_at)).where(*mine)).one()
    refused = select(func.count()).select_from(QuarantineRow).where(*in_clinic(caller, QuarantineRow.clinic_id))
    ages = select(GatewayRow.id, GatewayRow.heard_at).where(*in_clinic(caller, GatewayRow.clinic_id))
    return Health(
        as_of=now,
        gateways=tuple(
            GatewayAge(id=GatewayId(id_), heard_at=heard_at)
            for id_, heard_at in session.execute(ages.order_by(GatewayRow.id))
        ),
        silent=tuple(_silent(session, caller)),
        checks_due=count,
        oldest_due_at=oldest,
        quarantined=session.scalar(refused) or 0,
        stores=sizes,
    )


def _silent(session: Session, caller: Caller) -> Iterator[SeenSilence]:
    """What is silent, the service's own parts first."""
    whose = or_(SilenceRow.clinic_id.is_(None), *in_clinic(caller, SilenceRow.clinic_id))
    query = select(SilenceRow).where(SilenceRow.until_at.is_(None), whose)
    for row in session.scalars(query.order_by(SilenceRow.clinic_id.is_not(None), SilenceRow.name)):
        yield SeenSilence(part=Part(row.part), name=row.name, since=row.since_at)


def file_bytes(path: Path) -> int:
    """The size of a SQLite file with its log."""
    parts = (path, path.with_name(f"{path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _quarantined(row: QuarantineRow, size_bytes: int) -> Quarantined:
    return Quarantined(
        id=row.id,
        gateway_id=None if row.gateway_id is None else GatewayId(row.gateway_id),
        topic=row.topic,
        part=row.part,
        reason=row.reason,
        size_bytes=size_bytes,
        received_at=row.received_at,
        times=row.times,
        last_at=row.last_at,
    )


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor_kind=ActorKind(row.actor_kind),
        actor_id=row.actor_id,
        action=row.action,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        detail=row.detail,
    )
