"""What patients see of themselves: their sessions and what was prescribed, in plain words."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from monitor_api.http.paging import PageWanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries.courses import patient_course
from monitor_api.http.queries.sessions import SessionsWanted, sessions
from monitor_api.http.queries.triage import prescribed
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.definitions import WEEK_DAYS
from monitor_api.screens.histories import history_of
from monitor_api.screens.page import HOMES, After, Page, go
from monitor_api.screens.plain import plain_regimen, plain_session, plain_strand
from monitor_api.screens.strip import strip
from monitor_api.screens.words import device_name
from vocabulary.identity import PatientId

routes = APIRouter()

LATEST: Final = PageWanted(cursor=None, limit=20)


@routes.get("/me")
def show_own(
    request: Request, visit: Annotated[Visit, page_for(Permission.SEE_SESSIONS)], after: After = None
) -> Response:
    """The last session, the week, the plan, the sessions before."""
    if visit.caller.patient is None:
        return go(HOMES[visit.caller.role])
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    return page.show("me.html", **_own(visit, visit.caller.patient))


def _own(visit: Visit, who: PatientId) -> dict[str, Any]:
    with visit.reading() as session:
        me = history_of(session, visit.caller, who, visit.now)
        versions = tuple(prescribed(session, visit.caller, who, visit.now))
        course = patient_course(session, visit.caller, who, visit.now)
        latest = sessions(session, visit.caller, SessionsWanted(patient=who), LATEST).items
    in_force = {one.regimen.modality for one in me.in_force}
    return {
        "strands": [plain_strand(one, course.today) for one in course.strands if one.modality in in_force],
        "zone": me.zone,
        "cells": strip(me.days.last(WEEK_DAYS, visit.now), me.record),
        "held": [device_name(one.modality) for one in me.devices if one.uid in me.held],
        "regimens": [plain_regimen(one, visit.now) for one in me.in_force],
        "sessions": [plain_session(one, versions, visit.now) for one in latest],
    }
