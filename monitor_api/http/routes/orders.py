"""Orders: stop a device, hold it, lift the hold, and see what came of it."""

from collections.abc import Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from monitor_api.http.deeds import orders as deeds
from monitor_api.http.deeds.orders import Lift, NewHold, NewStop
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.policy import Permission
from monitor_api.http.queries import orders as queries
from monitor_api.http.queries.orders import DeviceOrders, SeenOrder
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from monitor_api.http.wanted import UidPath
from vocabulary.identity import DeviceUid

_Wanted = TypeVar("_Wanted", bound=BaseModel)
_Deed = Callable[[Writing, DeviceUid, _Wanted], SeenOrder]
routes = APIRouter(prefix="/devices/{uid}", tags=["orders"])


@routes.get("/orders", **told("Read what a device was told", examples.ORDERS))
def read_orders(visit: Annotated[Visit, needs(Permission.SEE_ORDERS)], uid: UidPath) -> DeviceOrders:
    """What is wanted of a device, and its newest orders: asked by whom, sent when, and what the home says of them."""
    with visit.reading() as session:
        return queries.device_orders(session, visit.caller, DeviceUid(uid), visit.now)


@routes.get("/orders/{order_id}", **told("Read an order", examples.STOP))
def read_order(visit: Annotated[Visit, needs(Permission.SEE_ORDERS)], uid: UidPath, order_id: UUID) -> SeenOrder:
    """One order, and how far it is."""
    with visit.reading() as session:
        return queries.order(session, visit.caller, DeviceUid(uid), order_id, now=visit.now)


@routes.post("/stop", response_model=SeenOrder, **told("Stop a device", examples.STOP, status=201))
def stop_device(visit: Annotated[Visit, creates(Permission.ORDER_DEVICES)], uid: UidPath, wanted: NewStop) -> Response:
    """Have a device stop now. It is tried for a minute, or as long as `lasts_s` says, and not made up for later."""
    return _order(visit, uid, wanted, deeds.stop_device)


@routes.post("/hold", response_model=SeenOrder, **told("Hold a device", examples.HOLD, status=201))
def hold_device(visit: Annotated[Visit, creates(Permission.ORDER_DEVICES)], uid: UidPath, wanted: NewHold) -> Response:
    """Have no session run on a device, also while its home is offline. A hold before it is replaced."""
    return _order(visit, uid, wanted, deeds.hold_device)


@routes.post("/hold/lift", response_model=SeenOrder, **told("Lift a hold", examples.LIFT, 409, status=201))
def lift_hold(visit: Annotated[Visit, creates(Permission.ORDER_DEVICES)], uid: UidPath, wanted: Lift) -> Response:
    """End the hold of a device."""
    return _order(visit, uid, wanted, deeds.lift_hold)


def _order(visit: Visit, uid: str, wanted: _Wanted, deed: _Deed[_Wanted]) -> Response:
    above = visit.path[: visit.path.index(uid) + len(uid)]

    def ask(writing: Writing) -> Created:
        asked = deed(writing, DeviceUid(uid), wanted)
        return Created(thing=asked, id=asked.id, place=f"{above}/orders/{asked.id}")

    return create(visit, wanted, ask)
