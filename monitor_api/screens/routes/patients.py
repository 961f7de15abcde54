"""A patient, for physicians."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from monitor_api.http.policy import Permission
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.news import News
from monitor_api.screens.page import After, Page
from monitor_api.screens.patient import PatientView, Wanted, view_patient
from vocabulary.identity import PatientId, SessionId

routes = APIRouter()


def _wanted(
    patient_id: UUID, session: UUID | None = None, older: Annotated[str | None, Query(max_length=300)] = None
) -> Wanted:
    shown = None if session is None else SessionId(session)
    return Wanted(patient=PatientId(patient_id), session=shown, older=older)


@routes.get("/patients/{patient_id}")
def show_patient(
    request: Request,
    visit: Annotated[Visit, page_for(Permission.SEE_ALERTS)],
    wanted: Annotated[Wanted, Depends(_wanted)],
    after: After = None,
) -> Response:
    """Open alerts, a session in full, and the last ones in a list."""
    page = Page.begin(request, visit, after)
    news = page.news()
    with visit.reading() as session:
        view = view_patient(page, session, wanted)
    if news is not None and not _is_about(view, news):
        return page.unchanged()
    visit.saw(wanted.patient)
    return page.show("patient.html", view=view)


def _is_about(view: PatientView, news: News) -> bool:
    devices = {one.uid for one in view.history.devices}
    return view.patient.id in news.patients or bool(devices & news.subjects)
