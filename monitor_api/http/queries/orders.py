"""What was asked of devices, and how far each order is: asked, sent, at the gateway, done."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.queries.scope import in_clinic
from monitor_api.http.queries.sessions import HeldAgainst
from monitor_api.http.queries.users import names
from monitor_api.orders.asking import IN_FORCE, WishKind, desired_wish, hold_in_force
from monitor_api.records.devices import DeviceRow
from monitor_api.records.orders import OrderReportRow, SendingRow, WishRow
from monitor_api.records.trail import ActorKind
from vocabulary.identity import DeviceUid, GatewayId, RegimenId, UserId
from vocabulary.wire.batches import OrderOutcome

NEWEST: Final = 20
"""Orders of a device that are listed."""


class Standing(StrEnum):
    """How far an order is.

    A stop whose time is over did not reach its device (UNREACHABLE) only where the gateway says that it tried: it may
    as well have come too late (EXPIRED), have been sent with no word of what came of it (UNCONFIRMED), or not (UNSENT).
    """

    WAITING = "waiting"
    SENT = "sent"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    UNSENT = "unsent"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSending:
    """An order on its way to a gateway; `taken_at` is when the gateway had it."""

    gateway_id: GatewayId
    times: int
    first_at: datetime | None
    last_at: datetime | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReport:
    """What a gateway says came of an order."""

    gateway_id: GatewayId
    outcome: OrderOutcome
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOrder:
    """What somebody asked of a device: a stop that is tried until `until_at`, or another state than before.

    A hold lasts until `until_at`, null: until it is lifted. `by` is null where nobody did it by name. What a hold or
    the end of one says of its way is also that of the later states that have it in them. `gateway_id` is where the
    device is, and alone tells how far the order is; null once it is over, when the word of any gateway stands.
    """

    id: UUID
    device_uid: DeviceUid
    kind: WishKind
    reason: str
    actor_kind: ActorKind
    by: str | None
    asked_at: datetime
    until_at: datetime | None
    gateway_id: GatewayId | None
    standing: Standing
    sendings: tuple[SeenSending, ...]
    reports: tuple[SeenReport, ...]

    @property
    def taken_at(self) -> datetime | None:
        """Since when the gateway has it."""
        found = (one.taken_at for one in self.sendings if one.taken_at and self.gateway_id in {None, one.gateway_id})
        return min(found, default=None)

    def report(self, outcome: OrderOutcome) -> SeenReport | None:
        """The first report of an outcome that counts."""
        found = (one for one in self.reports if one.outcome is outcome and self.gateway_id in {None, one.gateway_id})
        return min(found, key=lambda one: one.at, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOrders:
    """What is wanted of a device as of an instant, and its newest orders, the latest first.

    `hold` is the one that is in force; `limits` names the regimen whose limits the home holds sessions to, null where
    it is told the standing ones.
    """

    uid: DeviceUid
    as_of: datetime
    hold: SeenOrder | None
    limits: HeldAgainst | None
    orders: tuple[SeenOrder, ...]


def device_orders(session: Session, caller: Caller, uid: DeviceUid, now: datetime) -> DeviceOrders:
    """The orders of one device. Raises NotThere."""
    known = select(DeviceRow.uid).where(*in_clinic(caller, DeviceRow.clinic_id), DeviceRow.uid == uid)
    if session.scalar(known) is None:
        raise NotThere
    mine = (*in_clinic(caller, WishRow.clinic_id), WishRow.device_uid == uid)
    newest = session.scalars(select(WishRow).where(*mine).order_by(WishRow.asked_at.desc(), WishRow.id).limit(NEWEST))
    desired = desired_wish(session, caller.clinic, uid)
    hold = hold_in_force(session, desired, now)
    return DeviceOrders(
        uid=uid,
        as_of=now,
        hold=None if hold is None else next(seen(session, caller, [hold], now)),
        limits=_limits(desired),
        orders=tuple(seen(session, caller, newest.all(), now)),
    )


def order(session: Session, caller: Caller, uid: DeviceUid, which: UUID, *, now: datetime) -> SeenOrder:
    """One order of a device. Raises NotThere."""
    mine = (*in_clinic(caller, WishRow.clinic_id), WishRow.device_uid == uid, WishRow.id == which)
    row = session.scalar(select(WishRow).where(*mine))
    if row is None:
        raise NotThere
    return next(seen(session, caller, [row], now))


def held_devices(session: Session, caller: Caller, now: datetime) -> frozenset[DeviceUid]:
    """The devices of the clinic that are held."""
    hold = aliased(WishRow)
    lasting = or_(hold.until_at.is_(None), hold.until_at > now)
    query = select(WishRow.device_uid).join(hold, hold.id == WishRow.hold_id).where(*IN_FORCE, lasting)
    return frozenset(map(DeviceUid, session.scalars(query.where(*in_clinic(caller, WishRow.clinic_id)))))


def _limits(desired: WishRow | None) -> HeldAgainst | None:
    if desired is None or desired.regimen_id is None or desired.regimen_version is None:
        return None
    return HeldAgainst(regimen_id=RegimenId(desired.regimen_id), version=desired.regimen_version)


def seen(session: Session, caller: Caller, wishes: Sequence[WishRow], now: datetime) -> Iterator[SeenOrder]:
    """Orders out of their rows."""
    by = names(session, caller, [UserId(one.actor_id) for one in wishes if one.actor_id])
    bearers = {one.id: _bearers(session, one) for one in wishes}
    ids = [each.id for found in bearers.values() for each in found]
    sendings, reports = _sendings(session, ids), _reports(session, caller, ids)
    for wish in wishes:
        found = bearers[wish.id]
        way = _Way(
            gateway=_present(session, wish) if any(one.ended_at is None for one in found) else None,
            sendings=tuple(chain.from_iterable(sendings[one.id] for one in found)),
            reports=tuple(chain.from_iterable(reports[one.id] for one in found)),
        )
        yield _order(wish, by, way, now)


def _bearers(session: Session, wish: WishRow) -> Sequence[WishRow]:
    """The wishes that carry what one asks: whoever has any state that holds has the hold, and so with its end."""
    of_device = (WishRow.clinic_id == wish.clinic_id, WishRow.device_uid == wish.device_uid)
    match wish.kind:
        case WishKind.HOLD:
            bears = or_(WishRow.id == wish.id, WishRow.hold_id == wish.id)
        case WishKind.LIFT:
            later = (WishRow.kind == WishKind.HOLD, WishRow.revision > wish.revision)
            held = session.scalar(select(func.min(WishRow.revision)).where(*of_device, *later))
            bears = and_(WishRow.revision >= wish.revision, true() if held is None else WishRow.revision < held)
        case _:
            return [wish]
    return session.scalars(select(WishRow).where(*of_device, bears)).all()


def _present(session: Session, wish: WishRow) -> GatewayId:
    """The gateway that heard the device last."""
    return GatewayId(session.get_one(DeviceRow, (wish.clinic_id, wish.device_uid)).gateway_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Where an order went, and what came of it; `gateway` as `SeenOrder.gateway_id`."""

    gateway: GatewayId | None
    sendings: tuple[SeenSending, ...]
    reports: tuple[SeenReport, ...]

    def at_present(self) -> "_Way":
        """The part of it that counts."""
        if self.gateway is None:
            return self
        return replace(
            self,
            sendings=tuple(one for one in self.sendings if one.gateway_id == self.gateway),
            reports=tuple(one for one in self.reports if one.gateway_id == self.gateway),
        )


def _order(wish: WishRow, by: Mapping[UserId, str], way: _Way, now: datetime) -> SeenOrder:
    return SeenOrder(
        id=wish.id,
        device_uid=DeviceUid(wish.device_uid),
        kind=WishKind(wish.kind),
        reason=wish.reason,
        actor_kind=ActorKind(wish.actor_kind),
        by=by.get(UserId(wish.actor_id)) if wish.actor_id else None,
        asked_at=wish.asked_at,
        until_at=wish.until_at,
        gateway_id=way.gateway,
        standing=_standing(wish, way.at_present(), now),
        sendings=way.sendings,
        reports=way.reports,
    )


_GIVEN_UP: Final = {
    OrderOutcome.UNSUPPORTED: Standing.UNSUPPORTED,
    OrderOutcome.REFUSED: Standing.REFUSED,
    OrderOutcome.EXPIRED: Standing.EXPIRED,
}
"""Why nothing more will come of an order, the surest first."""


def _standing(wish: WishRow, way: _Way, now: datetime) -> Standing:
    if settled := _settled(wish, way):
        return settled
    if wish.kind == WishKind.STOP and wish.until_at is not None and wish.until_at <= now:
        return _run_out(way)
    if any(one.taken_at for one in way.sendings):
        return Standing.TAKEN
    if wish.kind != WishKind.STOP and way.gateway is None:
        return Standing.OVERTAKEN
    return Standing.SENT if any(one.first_at for one in way.sendings) else Standing.WAITING


def _settled(wish: WishRow, way: _Way) -> Standing | None:
    """What came of an order for good: done by one gateway, or given up by all that it went to."""
    outcomes = {one.outcome for one in way.reports}
    if OrderOutcome.DONE in outcomes:
        return Standing.DONE
    gave_up = {one.gateway_id for one in way.reports if one.outcome in _GIVEN_UP}
    if not {one.gateway_id for one in way.sendings} <= gave_up:
        return None
    found = next((standing for outcome, standing in _GIVEN_UP.items() if outcome in outcomes), None)
    tried = wish.kind == WishKind.STOP and OrderOutcome.UNREACHABLE in outcomes
    return Standing.UNREACHABLE if found is Standing.EXPIRED and tried else found


def _run_out(way: _Way) -> Standing:
    """How a stop ended that nobody settled in its time."""
    if any(one.outcome is OrderOutcome.UNREACHABLE for one in way.reports):
        return Standing.UNREACHABLE
    return Standing.UNCONFIRMED if any(one.first_at or one.taken_at for one in way.sendings) else Standing.UNSENT


def _sendings(session: Session, wishes: Sequence[UUID]) -> dict[UUID, list[SeenSending]]:
    found: dict[UUID, list[SeenSending]] = defaultdict(list)
    for row in session.scalars(select(SendingRow).where(SendingRow.wish_id.in_(wishes)).order_by(SendingRow.first_at)):
        sending = SeenSending(
            gateway_id=GatewayId(row.gateway_id),
            times=row.times,
            first_at=row.first_at,
            last_at=row.last_at,
            taken_at=row.taken_at,
        )
        found[row.wish_id].append(sending)
    return found


def _reports(session: Session, caller: Caller, wishes: Sequence[UUID]) -> dict[UUID, list[SeenReport]]:
    found: dict[UUID, list[SeenReport]] = defaultdict(list)
    mine = (*in_clinic(caller, OrderReportRow.clinic_id), OrderReportRow.wish_id.in_(wishes))
    for row in session.scalars(select(OrderReportRow).where(*mine).order_by(OrderReportRow.at)):
        report = SeenReport(
            gateway_id=GatewayId(row.gateway_id), outcome=OrderOutcome(row.outcome), at=row.at, detail=row.detail
        )
        found[row.wish_id].append(report)
    return found
