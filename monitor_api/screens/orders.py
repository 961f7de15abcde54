"""What was asked of a device, and the truth about how far it is: never more than the home has said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from monitor_api.http.policy import Permission
from monitor_api.http.queries.devices import Device
from monitor_api.http.queries.orders import DeviceOrders, SeenOrder, Standing, device_orders
from monitor_api.orders.asking import WishKind
from monitor_api.screens.page import Page
from monitor_api.screens.words import moment, time_of_day
from vocabulary.wire.batches import OrderOutcome

TOLD_FOR: Final = timedelta(days=1)
"""How long a page goes on telling of an order that is over."""

_ASKED: Final = {WishKind.STOP: "Stop asked", WishKind.HOLD: "Held", WishKind.LIFT: "Hold lifted"}
_DONE: Final = {WishKind.STOP: "the device stopped", WishKind.HOLD: "no session was running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOrder:
    """An order in words. `waiting_since` is set while nobody has confirmed it: a page counts on from there."""

    order: SeenOrder
    words: str
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDesk:
    """What a person may ask of a device, and what became of what was asked; `may_ask` for who may ask anything."""

    device: Device
    hold: ToldOrder | None
    told: tuple[ToldOrder, ...]
    may_ask: bool


def order_desk(page: Page, session: Session, device: Device, zone: ZoneInfo) -> OrderDesk | None:
    """The desk of a device; None for who may not see orders."""
    caller, now = page.visit.caller, page.visit.now
    if Permission.SEE_ORDERS not in caller.permissions:
        return None
    orders = device_orders(session, caller, device.uid, now)
    return OrderDesk(
        device=device,
        hold=None if orders.hold is None else tell(orders.hold, now, zone),
        told=tuple(tell(one, now, zone) for one in _worth_telling(orders, now)),
        may_ask=Permission.ORDER_DEVICES in caller.permissions,
    )


def tell(order: SeenOrder, now: datetime, zone: ZoneInfo) -> ToldOrder:
    """An order as of now."""
    words = " · ".join(_parts(order, now, zone))
    return ToldOrder(order=order, words=words, waiting_since=order.asked_at if _waits(order) else None)


def _waits(order: SeenOrder) -> bool:
    """Whether nobody has confirmed it yet, and somebody may."""
    return order.standing in {Standing.WAITING, Standing.SENT}


def _worth_telling(orders: DeviceOrders, now: datetime) -> Iterator[SeenOrder]:
    """The newest stop, and the end of the hold that was; a hold that is in force is told by itself."""
    recent = [one for one in orders.orders if _waits(one) or now - one.asked_at < TOLD_FOR]
    yield from [one for one in recent if one.kind is WishKind.STOP][:1]
    if orders.hold is None:
        yield from [one for one in recent if one.kind is WishKind.LIFT][:1]


def _parts(order: SeenOrder, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    until = None if order.until_at is None else _at(order.until_at, now, zone)
    by = f" by {order.by}" if order.by else ""
    yield f"{_ASKED.get(order.kind, 'Asked')} {_at(order.asked_at, now, zone)}{by}"
    if order.kind is WishKind.HOLD:
        yield f"until {until}" if until else "until it is lifted"
    if order.taken_at:
        yield f"the gateway has it since {_at(order.taken_at, now, zone)}"
    match order.standing:
        case Standing.WAITING | Standing.SENT:
            yield "not confirmed yet"
        case Standing.TAKEN:
            yield from _pursued(order, until)
        case Standing.UNREACHABLE:
            yield f"could not reach the device; tried until {until}"
        case Standing.UNCONFIRMED:
            yield f"not confirmed; sent until {until}"
        case Standing.UNSENT:
            yield f"not sent: there was no way to the gateway until {until}"
        case Standing.OVERTAKEN:
            yield "a later order took its place"
        case _:
            yield from _settled(order, now, zone)


def _pursued(order: SeenOrder, until: str | None) -> Iterator[str]:
    """What the gateway still has to do, and whether it can."""
    out_of_reach = order.report(OrderOutcome.UNREACHABLE) is not None
    if order.kind is WishKind.STOP:
        yield f"the device is out of its reach; it tries until {until}" if out_of_reach else "not stopped yet"
    elif order.kind is WishKind.HOLD and out_of_reach:
        yield "the device was out of its reach, and is held when it is back"


def _settled(order: SeenOrder, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """What came of it for good, in the gateway's words."""
    report = order.report(OrderOutcome(order.standing))
    if report is None:
        return
    words = {
        Standing.DONE: _DONE.get(order.kind, "done"),
        Standing.REFUSED: "refused",
        Standing.UNSUPPORTED: "this device cannot be told so",
        Standing.EXPIRED: "not done in its time",
    }[order.standing]
    yield f"{words} {_at(report.at, now, zone)}" + (f": {report.detail}" if report.detail else "")


def _at(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time of today, or a day and a time."""
    today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return time_of_day(at, zone) if today else moment(at, zone)
