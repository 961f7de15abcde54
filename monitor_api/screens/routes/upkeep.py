"""Plain pages for who keeps the service running, and for who makes the devices."""

from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from monitor_api.cohorts.age import STALE
from monitor_api.http.paging import PageWanted
from monitor_api.http.policy import Permission, Role
from monitor_api.http.queries.clinics import own_clinic
from monitor_api.http.queries.devices import devices
from monitor_api.http.queries.gateways import gateways, incidents
from monitor_api.http.queries.practices import practice
from monitor_api.http.queries.sessions import SessionsWanted, sessions
from monitor_api.http.queries.triage import EVERY
from monitor_api.http.queries.upkeep import quarantine
from monitor_api.http.queries.users import names
from monitor_api.http.routes.upkeep import read_health_details
from monitor_api.http.visits import Visit, page_for
from monitor_api.records.presence import Part
from monitor_api.screens.page import HOMES, After, Page, go
from monitor_api.screens.progress import progress

routes = APIRouter()

LATEST: Final = PageWanted(cursor=None, limit=50)


@routes.get("/operator")
def show_service(
    request: Request, visit: Annotated[Visit, page_for(Permission.SEE_HEALTH)], after: After = None
) -> Response:
    """Gateways, devices and links with their ages, what was refused, and how the service is."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    with visit.reading() as session:
        caller = visit.caller
        homes = gateways(session, caller, EVERY).items
        owned = devices(session, caller, EVERY, visit.now).items
        refused = quarantine(session, caller, LATEST)
        failed = incidents(session, caller, None, LATEST)
        zone = ZoneInfo(own_clinic(session, caller).zone)
        decided = practice(session, caller).figures
        by = names(session, caller, {one.decided_by for one in decided if one.decided_by})
    health = read_health_details(visit)
    silent = {one.name for one in health.silent if one.part is Part.GATEWAY}
    made = health.stores.snapshot_as_of
    stale = made is not None and visit.now - made > STALE
    about = {
        "stale": stale,
        "silent": silent,
        "gateways": homes,
        "devices": owned,
        "refused": refused,
        "incidents": failed,
        "figures": decided,
        "by": by,
    }
    return page.show("operator.html", health=health, zone=zone, **about)


@routes.get("/maker")
def show_laboratory(
    request: Request, visit: Annotated[Visit, page_for(Permission.SEE_SESSIONS)], after: After = None
) -> Response:
    """The devices of a maker's laboratory, and their latest sessions."""
    if visit.caller.role is not Role.MAKER:
        return go(HOMES[visit.caller.role])
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    with visit.reading() as session:
        owned = devices(session, visit.caller, EVERY, visit.now).items
        latest = sessions(session, visit.caller, SessionsWanted(), LATEST).items
        zone = ZoneInfo(own_clinic(session, visit.caller).zone)
    told = [(one, progress(one, visit.now)) for one in latest]
    return page.show("maker.html", devices=owned, sessions=told, zone=zone)
