"""Who is there: what ingest notes of itself, of the broker and of the gateways that it hears. All times are real."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from monitor_api.records.devices import GatewayRow
from monitor_api.records.upsert import upsert
from monitor_api.records.watching import PresenceRow
from vocabulary.identity import GatewayId
from vocabulary.wire.limits import HEARTBEAT

SILENT_AFTER: Final = 2 * HEARTBEAT + timedelta(seconds=5)
"""After this long without a batch a gateway is silent: two heartbeats, and what a batch waits and travels."""

PART_SILENT_AFTER: Final = timedelta(seconds=30)
"""After this long without a word a part of the service is silent; it has one three times as often."""


class Part(StrEnum):
    """What can fall silent. Of the service's own parts each is heard through those before it."""

    INGEST = "ingest"
    BROKER = "broker"
    GATEWAY = "gateway"


def note_present(session: Session, parts: Iterable[Part], worker: str, now: datetime) -> None:
    """A worker is there now; one that was away for as long as makes a silence begins anew."""
    rows = [{"part": part, "worker": worker, "since_at": now, "seen_at": now} for part in parts]
    stored = PresenceRow.__table__.c
    gone = stored.seen_at < now - PART_SILENT_AFTER
    upsert(
        session,
        PresenceRow,
        rows,
        lambda new: {"seen_at": new.seen_at, "since_at": case((gone, new.since_at), else_=stored.since_at)},
    )


def note_heard(session: Session, gateways: Iterable[GatewayId], now: datetime) -> None:
    """A batch of each of these came; by when the next is due."""
    heard = GatewayRow.id.in_(sorted(set(gateways)))
    session.execute(update(GatewayRow).where(heard).values(expected_by=now + SILENT_AFTER))
