"""A regimen and its versions, for physicians, and the steps that they take with it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from clinical.regimen.life import Step
from monitor_api.http.deeds.regimens import NewStep, take_step
from monitor_api.http.policy import Permission
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.page import After, Page, go
from monitor_api.screens.regimen import view_regimen
from vocabulary.identity import RegimenId

routes = APIRouter()

_Prescribing = Annotated[Visit, page_for(Permission.PRESCRIBE)]


@dataclass(frozen=True, slots=True)
class StepForm:
    """A step that somebody chose, why, and the ETag of what they saw when they did."""

    step: Literal[Step.PAUSED, Step.HELD, Step.RESUMED, Step.STOPPED]
    because: str
    seen: str


def _chosen(
    step: Annotated[Literal[Step.PAUSED, Step.HELD, Step.RESUMED, Step.STOPPED], Form()],
    seen: Annotated[str, Form(max_length=200)],
    because: Annotated[str, Form()] = "",
) -> StepForm:
    return StepForm(step, because, seen)


@routes.get("/regimens/{regimen_id}")
def show_regimen(request: Request, visit: _Prescribing, regimen_id: UUID, after: After = None) -> Response:
    """Every version: where it is in its life, its signature, and what it changed; and what may be done with it."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    return _regimen_page(page, RegimenId(regimen_id))


@routes.post("/regimens/{regimen_id}/steps")
def step_regimen(
    request: Request, visit: _Prescribing, regimen_id: UUID, chosen: Annotated[StepForm, Depends(_chosen)]
) -> Response:
    """Pause, hold, resume or stop what was seen, and go back; the page again when it does not say why."""
    try:
        wanted = NewStep(step=chosen.step, because=chosen.because)
    except ValidationError:
        response = _regimen_page(Page.begin(request, visit), RegimenId(regimen_id), wrong=True)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response
    with visit.writing() as writing:
        take_step(writing, RegimenId(regimen_id), wanted, chosen.seen)
    return go(f"/regimens/{regimen_id}")


def _regimen_page(page: Page, which: RegimenId, *, wrong: bool = False) -> Response:
    with page.visit.reading() as session:
        view = view_regimen(page, session, which)
    page.visit.saw(view.patient.id)
    return page.show("regimen.html", view=view, wrong=wrong)
