"""A session by itself: for physicians, makers, and the patient whose it is; and alerts, which somebody takes on."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from alerts.errors import MoveRefused
from monitor_api.http.csrf import own_path
from monitor_api.http.deeds.alerts import acknowledge_alert
from monitor_api.http.policy import Permission
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.page import After, Page, go
from monitor_api.screens.session import view_session
from vocabulary.identity import AlertId, SessionId

routes = APIRouter()


@routes.get("/sessions/{session_id}")
def show_session(
    request: Request,
    visit: Annotated[Visit, page_for(Permission.SEE_SESSIONS)],
    session_id: UUID,
    after: After = None,
) -> Response:
    """A session in full."""
    page = Page.begin(request, visit, after)
    news = page.news()
    with visit.reading() as session:
        view = view_session(page, session, SessionId(session_id))
    about = {str(session_id), view.session.device_uid, *(str(one.id) for one in view.attention.alerts)}
    if news is not None and not (about & news.subjects or view.session.patient_id in news.patients):
        return page.unchanged()
    visit.saw(view.session.patient_id)
    return page.show("session.html", view=view)


@routes.post("/alerts/{alert_id}/acknowledge")
def take_on(
    visit: Annotated[Visit, page_for(Permission.ACKNOWLEDGE)], alert_id: UUID, back: Annotated[str, Form()] = "/"
) -> Response:
    """Take an alert on, and go back to where that is seen; who comes second finds there who was first."""
    with suppress(MoveRefused), visit.writing() as writing:
        acknowledge_alert(writing, AlertId(alert_id))
    return go(own_path(back))
