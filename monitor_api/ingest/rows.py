"""What a group of batches says, as rows: one a device and one a session, however many items named them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from monitor_api.ingest.opening import Opened
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import DeviceUid, session_id
from vocabulary.wire.batches import (
    DeviceItem,
    Gap,
    GuardStop,
    LinkStatus,
    ReportedMark,
    SampleBlock,
    SeenAnchor,
    SeenDevice,
    StoredRecord,
)

Row = dict[str, Any]


def series_key(batch: Opened, item: SampleBlock | Gap | StoredRecord | GuardStop, counter: int) -> SeriesKey:
    """The session that an item is of, in the clinic that the batch comes from."""
    return SeriesKey(clinic=batch.origin.clinic, session=session_id(DeviceUid(item.device), counter, item.epoch))


def sample_blocks(batches: Iterable[Opened]) -> list[tuple[SeriesKey, SampleBlock]]:
    """All blocks, each with its session."""
    return [(series_key(batch, block, block.counter), block) for batch in batches for block in batch.body.samples]


def batch_rows(batches: Iterable[Opened]) -> list[Row]:
    """The register of a group."""
    return [
        {
            "gateway_id": batch.origin.gateway,
            "epoch": f"{batch.header.epoch:016x}",
            "number": batch.header.number,
            "tag": batch.tag,
            "sealed_at": batch.body.sealed_at,
        }
        for batch in batches
    ]


def gap_rows(batches: Iterable[Opened]) -> list[Row]:
    """All gaps."""
    return [
        {"clinic_id": key.clinic, "session_id": key.session, "first": gap.first, "last": gap.last}
        for batch in batches
        for gap in batch.body.gaps
        for key in (series_key(batch, gap, gap.counter),)
    ]


def anchor_rows(batches: Iterable[Opened]) -> list[Row]:
    """All anchors."""
    return [
        {
            "clinic_id": batch.origin.clinic,
            "device_uid": anchor.device,
            "timeline": anchor.timeline,
            "tick_s": anchor.tick_s,
            "at": anchor.at,
            "uncertainty_s": anchor.uncertainty_s,
        }
        for batch in batches
        for anchor in batch.body.anchors
    ]


def mark_rows(batches: Iterable[Opened]) -> list[Row]:
    """All reported states."""
    return [
        {
            "clinic_id": batch.origin.clinic,
            "device_uid": mark.device,
            "at": mark.at,
            "state": mark.state,
            "detail": {
                "lockout": mark.lockout,
                "faults": mark.faults,
                "newest": mark.newest,
                "timeline": mark.timeline,
                "battery_percent": mark.battery_percent,
            },
        }
        for batch in batches
        for mark in batch.body.marks
    ]


def live_sessions(batches: Iterable[Opened]) -> set[SeriesKey]:
    """The sessions that samples or gaps name."""
    return {series_key(batch, item, item.counter) for batch in batches for item in _live_items(batch)}


def _live_items(batch: Opened) -> list[SampleBlock | Gap]:
    return [*batch.body.samples, *batch.body.gaps]


def session_rows(batches: Iterable[Opened]) -> list[Row]:
    """Every session that samples or gaps name, as it is before its first check."""
    rows: dict[SeriesKey, Row] = {}
    for batch in batches:
        for item in _live_items(batch):
            key = series_key(batch, item, item.counter)
            row = rows.setdefault(key, new_session(batch, item, item.counter))
            row["heard_at"] = max(row["heard_at"], batch.body.sealed_at)
            row["live_start_at"] = min(filter(None, (row["live_start_at"], _live_start(item))), default=None)
    return list(rows.values())


def _live_start(item: SampleBlock | Gap) -> datetime | None:
    if isinstance(item, Gap):
        return None
    return item.received_at - timedelta(seconds=item.columns.active_s[-1])


def new_session(batch: Opened, item: SampleBlock | Gap | StoredRecord, counter: int) -> Row:
    """A session of which nothing is known but its name and where it was heard."""
    key = series_key(batch, item, counter)
    return {
        "clinic_id": key.clinic,
        "id": key.session,
        "device_uid": item.device,
        "counter": counter,
        "gateway_id": batch.origin.gateway,
        "first_heard_at": batch.body.sealed_at,
        "heard_at": batch.body.sealed_at,
        "live_start_at": None,
        "recorded": False,
        "zones": [],
        "samples_stored": 0,
        "samples_missing": 0,
    }


def device_rows(batches: Iterable[Opened]) -> list[Row]:
    """Every device that any item names, with the latest that items say of it."""
    rows: dict[tuple[Any, str], Row] = {}
    for batch in sorted(batches, key=lambda one: one.body.sealed_at):
        for item in _items(batch):
            row = rows.setdefault((batch.origin.clinic, item.device), _new_device(batch, item.device))
            row.update(_news(item, batch.body.sealed_at))
            row["heard_at"] = max(filter(None, (row["heard_at"], _heard_at(item))), default=None)
    for row in rows.values():
        row["heard_at"] = row["heard_at"] or row["first_seen_at"]
    return list(rows.values())


SAID = ("family", "modality", "model", "serial", "firmware", "features")
"""What a device says of itself; what is not said leaves what was."""

STATE = ("state", "lockout", "faults", "battery_percent", "state_at")
"""What it reports, as of `state_at`."""

LINK = ("connected", "link_at")
"""Whether the gateway has a link to it, as of `link_at`."""


def _items(batch: Opened) -> list[DeviceItem]:
    body = batch.body
    return [*body.devices, *body.samples, *body.gaps, *body.records, *body.anchors, *body.marks, *body.links]


def _new_device(batch: Opened, uid: str) -> Row:
    return {
        "clinic_id": batch.origin.clinic,
        "uid": uid,
        "gateway_id": batch.origin.gateway,
        "heard_at": None,
        "first_seen_at": batch.body.sealed_at,
        **dict.fromkeys((*SAID, *STATE, *LINK)),
    }


def _news(item: DeviceItem, sealed_at: datetime) -> Row:
    match item:
        case SeenDevice():
            return {word: getattr(item, word) for word in SAID}
        case SampleBlock():
            return {"modality": item.modality}
        case ReportedMark():
            return {"state_at": item.at, **{word: getattr(item, word) for word in STATE if word != "state_at"}}
        case LinkStatus():
            return {"connected": item.connected, "link_at": sealed_at}
        case _:
            return {}


def _heard_at(item: DeviceItem) -> datetime | None:
    """When the device itself was heard; None for an item that says nothing of that."""
    match item:
        case SampleBlock() | StoredRecord():
            return item.received_at
        case SeenAnchor() | ReportedMark():
            return item.at
        case LinkStatus():
            return item.heard_at
        case _:
            return None
