"""Gateways and their keys, never the keys' bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import if_given, in_clinic
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.orders import IncidentRow
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import IncidentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenKey:
    """A gateway's key: its number, and whether it still opens anything."""

    key_id: int
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway in a home. `heard_at` is its own time in the last batch that was taken, null before the first."""

    id: GatewayId
    name: str
    registered_at: datetime
    heard_at: datetime | None
    keys: tuple[SeenKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIncident:
    """Something that went wrong with a gateway itself, from `at` until `until_at` by its own clock."""

    gateway_id: GatewayId
    kind: IncidentKind
    at: datetime
    until_at: datetime
    detail: str


def gateways(session: Session, caller: Caller, wanted: PageWanted) -> Page[Gateway]:
    """The clinic's gateways, in the order in which they were registered."""
    query = select(GatewayRow).where(*in_clinic(caller, GatewayRow.clinic_id))
    order = Order(by=(GatewayRow.registered_at, GatewayRow.id))
    return paged(session, query, order, wanted, make=lambda row: seen(session, row))


def gateway(session: Session, caller: Caller, which: GatewayId) -> Gateway:
    """One gateway. Raises NotThere."""
    return seen(session, gateway_row(session, caller, which))


def incidents(session: Session, caller: Caller, which: GatewayId | None, wanted: PageWanted) -> Page[SeenIncident]:
    """What went wrong with the clinic's gateways, or with one of them, newest first. Raises NotThere."""
    if which is not None:
        gateway_row(session, caller, which)
    mine = (*in_clinic(caller, IncidentRow.clinic_id), *if_given(which, lambda one: IncidentRow.gateway_id == one))
    order = Order(by=(IncidentRow.at, IncidentRow.gateway_id, IncidentRow.kind), newest_first=True)
    return paged(session, select(IncidentRow).where(*mine), order, wanted, make=_incident)


def gateway_row(session: Session, caller: Caller, which: GatewayId) -> GatewayRow:
    """The row of a gateway of the clinic. Raises NotThere."""
    row = session.scalar(select(GatewayRow).where(GatewayRow.id == which, *in_clinic(caller, GatewayRow.clinic_id)))
    if row is None:
        raise NotThere
    return row


def seen(session: Session, row: GatewayRow) -> Gateway:
    """A gateway out of its rows."""
    return Gateway(
        id=GatewayId(row.id),
        name=row.name,
        registered_at=row.registered_at,
        heard_at=row.heard_at,
        keys=tuple(
            SeenKey(key_id=key.key_id, created_at=key.created_at, retired_at=key.retired_at)
            for key in _keys(session, row)
        ),
    )


def _incident(row: IncidentRow) -> SeenIncident:
    return SeenIncident(
        gateway_id=GatewayId(row.gateway_id),
        kind=IncidentKind(row.kind),
        at=row.at,
        until_at=row.until_at,
        detail=row.detail,
    )


def _keys(session: Session, row: GatewayRow) -> Sequence[GatewayKeyRow]:
    of_gateway = select(GatewayKeyRow).where(GatewayKeyRow.gateway_id == row.id)
    return session.scalars(of_gateway.order_by(GatewayKeyRow.key_id)).all()
