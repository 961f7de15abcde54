"""Store what homes report: what came of orders, stops by their local guards, incidents. Twice changes nothing."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.ingest.group import series_key
from monitor_api.ingest.hours import OurTime
from monitor_api.ingest.opening import Opened
from monitor_api.ingest.rows import Row
from monitor_api.orders.news import announce_device
from monitor_api.records.orders import GuardStopRow, IncidentRow, OrderReportRow, SendingRow, WishRow
from monitor_api.records.sessions import SessionRow
from monitor_api.records.trail import Change, ChangeKind, announce
from monitor_api.records.upsert import insert_new, upsert
from vocabulary.identity import DeviceUid, PatientId
from vocabulary.wire.batches import OrderOutcome, ReportedOrder

GIVEN_UP: Final = frozenset({OrderOutcome.REFUSED, OrderOutcome.UNSUPPORTED, OrderOutcome.EXPIRED})
"""What a gateway says of a stop that it will not try any more; one that is out of reach may come back."""

HAS: Final = frozenset({OrderOutcome.TAKEN, OrderOutcome.DONE})
"""What says that the gateway has a wish, and acts on it."""

AT_ONCE: Final = 500
"""Wishes looked up in one statement: a store takes only so many parameters."""

_Report = tuple[Opened, ReportedOrder, datetime]
"""A report, and when that was in the service's time: not before its wish was made, whatever is known of the clock."""

_log = logging.getLogger(__name__)


def store_reports(session: Session, batches: Sequence[Opened], now: datetime, ours: OurTime) -> None:
    """Store the reports of a group of batches, in the service's time, and announce what they change."""
    _store_orders(session, batches, now, ours)
    _store_guard_stops(session, batches, now, ours)
    _store_incidents(session, batches, now, ours)


def _store_orders(session: Session, batches: Iterable[Opened], now: datetime, ours: OurTime) -> None:
    found = _of_ours(session, [(batch, report) for batch in batches for report in batch.body.orders], ours)
    insert_new(session, OrderReportRow, [_order_row(*one) for one in found])
    _stop_sending(session, found)
    _end_stops(session, [report for _, report, _ in found], now)
    for clinic, device in {(batch.origin.clinic, report.device) for batch, report, _ in found}:
        announce_device(session, clinic, DeviceUid(device), now)


def _of_ours(session: Session, said: Sequence[tuple[Opened, ReportedOrder]], ours: OurTime) -> list[_Report]:
    """The reports of wishes that were sent to who reports them, for the device that they name."""
    wishes = list({UUID(report.wish) for _, report in said})
    asked_at: dict[tuple[UUID, str, UUID, str], datetime] = {}
    for start in range(0, len(wishes), AT_ONCE):
        query = (
            select(WishRow.clinic_id, SendingRow.gateway_id, WishRow.id, WishRow.device_uid, WishRow.asked_at)
            .join(SendingRow, SendingRow.wish_id == WishRow.id)
            .where(WishRow.id.in_(wishes[start : start + AT_ONCE]))
        )
        asked_at |= {
            (clinic, gateway, wish, device): at for clinic, gateway, wish, device, at in session.execute(query)
        }
    names = ((batch.origin.clinic, batch.origin.gateway, UUID(report.wish), report.device) for batch, report in said)
    found = [
        (batch, report, max(asked_at[name], ours(batch, report.at)))
        for name, (batch, report) in zip(names, said, strict=True)
        if name in asked_at
    ]
    if len(found) < len(said):
        _log.warning("%d reports of orders that their gateways were never sent", len(said) - len(found))
    return found


def _stop_sending(session: Session, found: Iterable[_Report]) -> None:
    """The gateway heard the wish: it goes there again at its birth only."""
    taken: dict[tuple[UUID, str], datetime | None] = {}
    for batch, report, at in found:
        name = (UUID(report.wish), batch.origin.gateway)
        known = taken.setdefault(name, None)
        if report.outcome in HAS:
            taken[name] = at if known is None else min(known, at)
    for (wish, gateway), since in taken.items():
        session.execute(
            update(SendingRow)
            .where(SendingRow.wish_id == wish, SendingRow.gateway_id == gateway)
            .values(taken_at=func.coalesce(SendingRow.taken_at, since), due_at=None)
        )


def _end_stops(session: Session, reports: Iterable[ReportedOrder], now: datetime) -> None:
    """A stop is over once it is done, or every gateway that it went to has given it up."""
    done, given_up = set[UUID](), set[UUID]()
    for report in reports:
        if report.outcome is OrderOutcome.DONE:
            done.add(UUID(report.wish))
        elif report.outcome in GIVEN_UP:
            given_up.add(UUID(report.wish))
    if not done and not given_up:
        return
    ends = or_(WishRow.id.in_(done), and_(WishRow.id.in_(given_up), ~_open_elsewhere()))
    open_stop = (WishRow.revision.is_(None), WishRow.ended_at.is_(None))
    session.execute(update(WishRow).where(*open_stop, ends).values(ended_at=now))


def _open_elsewhere() -> ColumnElement[bool]:
    """Whether a gateway that a wish is sent to has not given it up."""
    gave_up = (
        exists()
        .where(
            OrderReportRow.clinic_id == WishRow.clinic_id,
            OrderReportRow.wish_id == SendingRow.wish_id,
            OrderReportRow.gateway_id == SendingRow.gateway_id,
            OrderReportRow.outcome.in_(GIVEN_UP),
        )
        .correlate(WishRow, SendingRow)
    )
    return exists().where(SendingRow.wish_id == WishRow.id, ~gave_up)


def _order_row(batch: Opened, report: ReportedOrder, at: datetime) -> Row:
    return {
        "clinic_id": batch.origin.clinic,
        "wish_id": UUID(report.wish),
        "gateway_id": batch.origin.gateway,
        "outcome": report.outcome,
        "at": at,
        "detail": report.detail,
    }


def _store_guard_stops(session: Session, batches: Iterable[Opened], now: datetime, ours: OurTime) -> None:
    found = [
        (series_key(batch, stop, stop.counter), batch, stop) for batch in batches for stop in batch.body.guard_stops
    ]
    rows: list[Row] = [
        {
            "clinic_id": key.clinic,
            "session_id": key.session,
            "rule": stop.rule,
            "shown_at": stop.at,
            "at": ours(batch, stop.at),
            "outcome": stop.outcome,
            "device_uid": stop.device,
            "gateway_id": batch.origin.gateway,
            "because": stop.because,
        }
        for key, batch, stop in found
    ]
    insert_new(session, GuardStopRow, rows)
    for key in {key for key, _, _ in found}:
        whose = session.scalar(
            select(SessionRow.patient_id).where(SessionRow.clinic_id == key.clinic, SessionRow.id == key.session)
        )
        patient = None if whose is None else PatientId(whose)
        change = Change(clinic=key.clinic, kind=ChangeKind.SESSION, subject_id=str(key.session), patient=patient)
        announce(session, change, now)


def _store_incidents(session: Session, batches: Iterable[Opened], now: datetime, ours: OurTime) -> None:
    found = [(batch, incident) for batch in batches for incident in batch.body.incidents]
    rows: dict[tuple[str, str, datetime], Row] = {}
    for batch, one in sorted(found, key=lambda each: ours(each[0], each[1].until)):
        rows[batch.origin.gateway, one.kind, one.at] = {
            "gateway_id": batch.origin.gateway,
            "kind": one.kind,
            "shown_at": one.at,
            "clinic_id": batch.origin.clinic,
            "at": ours(batch, one.at),
            "until_at": ours(batch, one.until),
            "detail": one.detail,
        }
    upsert(session, IncidentRow, list(rows.values()), _going_on)
    for clinic, gateway in {(batch.origin.clinic, batch.origin.gateway) for batch, _ in found}:
        announce(session, Change(clinic=clinic, kind=ChangeKind.GATEWAY, subject_id=gateway), now)


def _going_on(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    """The report that tells of the longest: they may come in any order."""
    stored = IncidentRow.__table__.c
    longer = stored.until_at < new.until_at
    return {word: case((longer, new[word]), else_=stored[word]) for word in ("at", "until_at", "detail")}
