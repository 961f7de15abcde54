"""Keep what is refused: its bytes and the reason, to be seen by a person; never deleted by the service."""

from datetime import datetime

from monitor_api.ingest.opening import Opened, Refused
from monitor_api.records.devices import QuarantineRow
from vocabulary.wire.batches import StoredRecord


def refused_batch(refused: Refused, now: datetime) -> QuarantineRow:
    """A whole batch that was refused."""
    origin = refused.origin
    return QuarantineRow(
        clinic_id=origin and origin.clinic,
        gateway_id=origin and origin.gateway,
        topic=refused.arrival.topic,
        part=refused.refusal.where,
        reason=refused.refusal.reason,
        data=refused.arrival.payload,
        received_at=now,
    )


def refused_record(batch: Opened, item: StoredRecord, reason: str, now: datetime) -> QuarantineRow:
    """A device's record that no driver reads; the batch it came in is taken."""
    return QuarantineRow(
        clinic_id=batch.origin.clinic,
        gateway_id=batch.origin.gateway,
        topic=f"{item.device} {item.family}",
        part="record",
        reason=reason,
        data=item.data,
        received_at=now,
    )
