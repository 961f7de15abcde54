"""Keep what is refused: its bytes and the reason, to be seen by a person."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.ingest.opening import Opened, Refused
from monitor_api.records.devices import QuarantineRow
from monitor_api.records.upsert import upsert
from vocabulary.wire.batches import StoredRecord

Entry = dict[str, Any]


def keep(session: Session, entries: Iterable[Entry], now: datetime) -> None:
    """Keep what was refused; bytes that came before are counted: a gateway which repeats itself fills nothing."""
    once: dict[bytes, Entry] = {}
    for entry in entries:
        digest = sha256(entry["topic"].encode() + b"\0" + entry["data"]).digest()
        kept = once.setdefault(digest, entry | {"digest": digest, "times": 0, "received_at": now, "last_at": now})
        kept["times"] += 1
    upsert(session, QuarantineRow, list(once.values()), _again, key=("digest",))


def _again(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    return {"times": QuarantineRow.times + new["times"], "last_at": new["last_at"]}


def refused_batch(refused: Refused) -> Entry:
    """A whole batch that was refused."""
    return {
        "clinic_id": refused.clinic,
        "gateway_id": refused.gateway,
        "topic": refused.arrival.topic,
        "part": refused.refusal.where,
        "reason": refused.refusal.reason,
        "data": refused.arrival.payload,
    }


def refused_record(batch: Opened, item: StoredRecord, reason: str) -> Entry:
    """A device's record that no driver reads; the batch it came in is taken."""
    return {
        "clinic_id": batch.origin.clinic,
        "gateway_id": batch.origin.gateway,
        "topic": f"{item.device} {item.family}",
        "part": "record",
        "reason": reason,
        "data": item.data,
    }
