"""The trail every write leaves: who did what, and which screens must look again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from monitor_api.records.attention import AuditRow, ChangeRow
from monitor_api.records.upsert import insert_new
from vocabulary.identity import ClinicId, PatientId, UserId


class ActorKind(StrEnum):
    """What kind of somebody acted."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind, not a secret
    INGEST = "ingest"
    CHECKER = "checker"
    DISPATCHER = "dispatcher"
    WATCH = "watch"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts; a part of the service has no id, nor has whoever uses its command line."""

    kind: ActorKind
    id: UserId | UUID | None


INGEST: Final = Actor(kind=ActorKind.INGEST, id=None)
CHECKER: Final = Actor(kind=ActorKind.CHECKER, id=None)
DISPATCHER: Final = Actor(kind=ActorKind.DISPATCHER, id=None)
WATCH: Final = Actor(kind=ActorKind.WATCH, id=None)
FOUNDER: Final = Actor(kind=ActorKind.COMMAND_LINE, id=None)


class ChangeKind(StrEnum):
    """What kind of thing changed."""

    SESSION = "session"
    ALERT = "alert"
    DEVICE = "device"
    PATIENT = "patient"
    REGIMEN = "regimen"
    DRAFT = "draft"
    PRACTICE = "practice"
    SHADOW = "shadow"
    GATEWAY = "gateway"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who did what, to what; `detail` holds what a reader of the trail would ask, never a secret."""

    clinic: ClinicId
    actor: Actor
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])


def leave_trail(session: Session, deed: Deed, at: datetime) -> None:
    """Write the audit row of a deed into its transaction."""
    session.add(
        AuditRow(
            clinic_id=deed.clinic,
            at=at,
            actor_kind=deed.actor.kind,
            actor_id=deed.actor.id,
            action=deed.action,
            subject_kind=deed.subject_kind,
            subject_id=deed.subject_id,
            detail=deed.detail,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something a screen may show has changed; `patient` is who it is about, None when nobody or not known."""

    clinic: ClinicId
    kind: ChangeKind
    subject_id: str
    patient: PatientId | None = None


def announce(session: Session, change: Change, at: datetime) -> None:
    """Put a change into the feed, in the transaction that makes it."""
    session.add(ChangeRow(**_row(change, at)))


def announce_all(session: Session, changes: Sequence[Change], at: datetime) -> None:
    """Put many changes into the feed at once."""
    insert_new(session, ChangeRow, [_row(change, at) for change in changes])


def _row(change: Change, at: datetime) -> dict[str, Any]:
    return {
        "clinic_id": change.clinic,
        "at": at,
        "kind": change.kind,
        "subject_id": change.subject_id,
        "patient_id": change.patient,
    }
