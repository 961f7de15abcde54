"""Stop a device, hold it, lift the hold: plain forms, and a page that asks why before it holds."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from monitor_api.http.csrf import own_path
from monitor_api.http.deeds import orders as deeds
from monitor_api.http.deeds.orders import Lift, NewHold, NewStop
from monitor_api.http.errors import Conflict
from monitor_api.http.policy import Permission
from monitor_api.http.queries.clinics import own_clinic
from monitor_api.http.queries.devices import device
from monitor_api.http.queries.patients import patient
from monitor_api.http.visits import Visit, page_for
from monitor_api.http.wanted import UidPath
from monitor_api.screens.orders import order_desk
from monitor_api.screens.page import After, Page, go
from vocabulary.identity import DeviceUid

routes = APIRouter(prefix="/devices/{uid}")

LASTING: Final = {0: "until it is lifted", 24: "24 hours", 72: "3 days", 168: "1 week"}
"""For how many hours a hold may be asked for."""

_Ordering = Annotated[Visit, page_for(Permission.ORDER_DEVICES)]
_Back = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class HoldForm:
    """What was typed into the page that holds a device."""

    reason: str
    hours: int
    back: str


def _typed(reason: Annotated[str, Form()] = "", hours: Annotated[int, Form()] = 0, back: _Back = "/") -> HoldForm:
    return HoldForm(reason, hours if hours in LASTING else 0, own_path(back))


@routes.post("/stop")
def order_stop(visit: _Ordering, uid: UidPath, back: _Back = "/") -> Response:
    """Have a device stop, and go back to where one sees what becomes of it."""
    with visit.writing() as writing:
        deeds.stop_device(writing, DeviceUid(uid), NewStop())
    return go(own_path(back))


@routes.get("/hold")
def show_hold(request: Request, visit: _Ordering, uid: UidPath, back: str = "/", *, after: After = None) -> Response:
    """The page that asks why."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    return _hold_page(page, DeviceUid(uid), HoldForm("", 0, own_path(back)))


@routes.post("/hold")
def order_hold(
    request: Request, visit: _Ordering, uid: UidPath, typed: Annotated[HoldForm, Depends(_typed)]
) -> Response:
    """Hold a device, and go back; the page again when it does not say why."""
    until = visit.now + timedelta(hours=typed.hours) if typed.hours else None
    try:
        wanted = NewHold(reason=typed.reason, until=until)
    except ValidationError:
        response = _hold_page(Page.begin(request, visit), DeviceUid(uid), typed, wrong=True)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response
    with visit.writing() as writing:
        deeds.hold_device(writing, DeviceUid(uid), wanted)
    return go(typed.back)


@routes.post("/hold/lift")
def order_lift(visit: _Ordering, uid: UidPath, back: _Back = "/") -> Response:
    """Lift a hold, and go back; one that somebody lifted meanwhile is lifted."""
    with suppress(Conflict), visit.writing() as writing:
        deeds.lift_hold(writing, DeviceUid(uid), Lift())
    return go(own_path(back))


def _hold_page(page: Page, uid: DeviceUid, typed: HoldForm, *, wrong: bool = False) -> Response:
    visit = page.visit
    with visit.reading() as session:
        held = device(session, visit.caller, uid, visit.now)
        whose = patient(session, visit.caller, held.assignment.patient_id) if held.assignment else None
        zone = ZoneInfo(whose.zone if whose else own_clinic(session, visit.caller).zone)
        desk = order_desk(page, session, held, zone)
    if whose is not None:
        visit.saw(whose.id)
    about = {"device": held, "patient": whose, "desk": desk, "zone": zone}
    return page.show("hold.html", typed=typed, lasting=LASTING, wrong=wrong, **about)
