"""A regimen and its versions, for physicians."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from monitor_api.http.policy import Permission
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.page import After, Page
from monitor_api.screens.regimen import view_regimen
from vocabulary.identity import RegimenId

routes = APIRouter()


@routes.get("/regimens/{regimen_id}")
def show_regimen(
    request: Request, visit: Annotated[Visit, page_for(Permission.PRESCRIBE)], regimen_id: UUID, after: After = None
) -> Response:
    """Every version: where it is in its life, its signature, and what it changed."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    with visit.reading() as session:
        view = view_regimen(page, session, RegimenId(regimen_id))
    visit.saw(view.patient.id)
    return page.show("regimen.html", view=view)
