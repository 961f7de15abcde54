"""What a group of batches says, as rows: one a device and one a session, however many items named them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from monitor_api.ingest.group import Group, Heard, series_key
from monitor_api.ingest.hours import OurTime
from monitor_api.ingest.opening import Opened
from monitor_api.telemetry.series import SeriesKey
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


def anchor_rows(batches: Iterable[Opened], ours: OurTime) -> list[Row]:
    """All anchors, as the gateway gave them, and when they were."""
    return [
        {
            "clinic_id": batch.origin.clinic,
            "device_uid": anchor.device,
            "timeline": anchor.timeline,
            "tick_s": anchor.tick_s,
            "at": anchor.at,
            "uncertainty_s": anchor.uncertainty_s,
            "gateway_id": batch.origin.gateway,
            "boot": batch.body.boot,
            "contact_at": ours(batch, anchor.at),
        }
        for batch in batches
        for anchor in batch.body.anchors
    ]


def mark_rows(batches: Iterable[Opened], ours: OurTime) -> list[Row]:
    """All reported states."""
    return [
        {
            "clinic_id": batch.origin.clinic,
            "device_uid": mark.device,
            "at": ours(batch, mark.at),
            "state": mark.state,
            "detail": {
                "lockout": mark.lockout,
                "faults": mark.faults,
                "newest": mark.newest,
                "timeline": mark.timeline,
                "battery_percent": mark.battery_percent,
            },
            "by_at": ours.about(batch, mark.at),
            "learned_at": ours.now,
        }
        for batch in batches
        for mark in batch.body.marks
    ]


def session_rows(heard: Iterable[Heard], ours: OurTime) -> list[Row]:
    """Every session that samples or gaps name, as it is before its first check."""
    rows: dict[SeriesKey, Row] = {}
    for one in heard:
        first, last = (ours.now if at is None else ours.about(one.batch, at) for at in (one.first_at, one.last_at))
        row = rows.get(one.key)
        if row is None:
            rows[one.key] = row = new_session(one.batch, one.item, one.item.counter, first)
        row["first_heard_at"] = min(row["first_heard_at"], first)
        row["heard_at"] = max(row["heard_at"], last)
    return list(rows.values())


def live_start_rows(heard: Iterable[Heard]) -> list[Row]:
    """What samples say that their sessions began no later than, by the clock of the boot that received them."""
    return [
        {
            "clinic_id": one.key.clinic,
            "session_id": one.key.session,
            "gateway_id": one.batch.origin.gateway,
            "boot": one.batch.body.boot,
            "began_by": one.began_by,
        }
        for one in heard
        if one.began_by is not None
    ]


def new_session(batch: Opened, item: SampleBlock | Gap | StoredRecord, counter: int, heard_at: datetime) -> Row:
    """A session of which nothing is known but its name and where and when it was heard."""
    key = series_key(batch, item, counter)
    return {
        "clinic_id": key.clinic,
        "id": key.session,
        "device_uid": item.device,
        "counter": counter,
        "epoch": item.epoch,
        "gateway_id": batch.origin.gateway,
        "first_heard_at": heard_at,
        "heard_at": heard_at,
        "recorded": False,
        "zones": [],
        "samples_stored": 0,
        "samples_missing": 0,
    }


def device_rows(group: Group, ours: OurTime) -> list[Row]:
    """Every device that any item names, with the latest that items say of it."""
    rows: dict[tuple[Any, str], Row] = {}
    for one in group.heard:
        _note(rows, one.batch, one.latest or one.item, ours)
    for batch in sorted(group.telling, key=lambda one: ours(one, one.body.sealed_at)):
        for item in _items(batch):
            _note(rows, batch, item, ours)
    for row in rows.values():
        row["heard_at"] = row["heard_at"] or row["first_seen_at"]
    return list(rows.values())


def _note(rows: dict[tuple[Any, str], Row], batch: Opened, item: DeviceItem, ours: OurTime) -> None:
    name = (batch.origin.clinic, item.device)
    row = rows.get(name)
    if row is None:
        row = rows[name] = _new_device(batch, item.device, ours)
    heard_at = _heard_at(item)
    heard_at = heard_at and ours(batch, heard_at)
    row.update(_news(item, heard_at))
    if as_of := _AS_OF_SEALING.get(type(item)):
        row[as_of] = ours(batch, batch.body.sealed_at)
    if heard_at and (row["heard_at"] is None or row["heard_at"] <= heard_at):
        row.update(heard_at=heard_at, gateway_id=batch.origin.gateway)


SAID = ("family", "modality", "model", "serial", "firmware", "features", "said_at")
"""What a device says of itself, as of `said_at`; what is not said leaves what was."""

STATE = ("state", "lockout", "faults", "battery_percent", "state_at")
"""What it reports, as of `state_at`."""

LINK = ("connected", "link_at", "messages_lost")
"""Whether the gateway has a link to it, and what got lost on the way, as of `link_at`."""

_AS_OF_SEALING: Final[Mapping[type[DeviceItem], str]] = {SeenDevice: "said_at", LinkStatus: "link_at"}
"""Items that name no instant of what they say: it is as of when their batch was sealed."""


def _items(batch: Opened) -> list[DeviceItem]:
    """What says something of a device, beside samples and gaps; what came of an order is no sign of one."""
    body = batch.body
    return [*body.devices, *body.records, *body.anchors, *body.marks, *body.links, *body.guard_stops]


def _new_device(batch: Opened, uid: str, ours: OurTime) -> Row:
    return {
        "clinic_id": batch.origin.clinic,
        "uid": uid,
        "gateway_id": batch.origin.gateway,
        "heard_at": None,
        "first_seen_at": ours.heard(batch),
        **dict.fromkeys((*SAID, *STATE, *LINK)),
    }


def _news(item: DeviceItem, heard_at: datetime | None) -> Row:
    match item:
        case SeenDevice():
            return {word: getattr(item, word) for word in SAID if word != "said_at"}
        case SampleBlock():
            return {"modality": item.modality}
        case ReportedMark():
            return {"state_at": heard_at, **{word: getattr(item, word) for word in STATE if word != "state_at"}}
        case LinkStatus():
            lost = {} if item.messages_lost is None else {"messages_lost": item.messages_lost}
            return {"connected": item.connected, **lost}
        case _:
            return {}


def _heard_at(item: DeviceItem) -> datetime | None:
    """When the device itself was heard; None for an item that says nothing of that."""
    match item:
        case SampleBlock() | StoredRecord():
            return item.received_at
        case SeenAnchor() | ReportedMark() | GuardStop():
            return item.at
        case LinkStatus():
            return item.heard_at
        case _:
            return None
