"""Candidates in the shadow, for physicians: those that run and what they would call, start one, end one."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from monitor_api.errors import CandidateRefused
from monitor_api.http.deeds.shadows import NewShadow, end_shadow, start_shadow
from monitor_api.http.errors import Conflict, Unacceptable
from monitor_api.http.policy import Permission
from monitor_api.http.queries.shadows import shadow, shadows
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.candidates import MOST_TYPED, Typed, parted, read_typed, view_candidate, with_wrong
from monitor_api.screens.page import After, Page, go

routes = APIRouter()

_Trying = Annotated[Visit, page_for(Permission.TRY_CANDIDATES)]
_Seeing = Annotated[Visit, page_for(Permission.SEE_SHADOWS)]


def _typed(
    because: Annotated[str, Form(max_length=MOST_TYPED)] = "",
    candidate: Annotated[str, Form(max_length=MOST_TYPED)] = "",
) -> Typed:
    return Typed(because=because, candidate=candidate)


@routes.get("/candidates")
def show_candidates(request: Request, visit: _Seeing, after: After = None) -> Response:
    """Those that run with what they would have called, those that ended, and where to start one."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    return _candidates_page(page, Typed())


@routes.get("/candidates/{shadow_id}")
def show_candidate(request: Request, visit: _Seeing, shadow_id: UUID, after: After = None) -> Response:
    """One of them, also one that ended."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    with visit.reading() as session:
        found = shadow(session, visit.caller, shadow_id, visit.now)
        view = view_candidate(session, visit.caller, found.shadow, found)
    return page.show("candidate.html", view=view)


@routes.post("/candidates")
def start_candidate(request: Request, visit: _Trying, typed: Annotated[Typed, Depends(_typed)]) -> Response:
    """Start what was typed, and go back; the page again, with what was typed, where it makes no sense."""
    wanted = read_typed(typed)
    wrong = _started(visit, typed, wanted) if isinstance(wanted, NewShadow) else wanted
    if wrong is None:
        return go("/candidates")
    response = _candidates_page(Page.begin(request, visit), wrong)
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return response


@routes.post("/candidates/{shadow_id}/end")
def end_candidate(visit: _Trying, shadow_id: UUID) -> Response:
    """End it, and go to what it found."""
    with visit.writing() as writing:
        end_shadow(writing, shadow_id)
    return go(f"/candidates/{shadow_id}")


def _started(visit: Visit, typed: Typed, wanted: NewShadow) -> Typed | None:
    """Start it; or what was typed with why that cannot be."""
    try:
        with visit.writing() as writing:
            start_shadow(writing, wanted)
    except CandidateRefused as refused:
        return with_wrong(typed, refused.reasons)
    except Unacceptable as refused:
        return with_wrong(typed, refused.reasons)
    except Conflict as refused:
        return with_wrong(typed, {"candidate": f"{refused.detail}. {refused.remedy}"})
    return None


def _candidates_page(page: Page, typed: Typed) -> Response:
    visit = page.visit
    with visit.reading() as session:
        running, ended = parted(shadows(session, visit.caller, visit.now).items)
        details = [shadow(session, visit.caller, one.id, visit.now) for one in running]
        views = [view_candidate(session, visit.caller, one.shadow, one) for one in details]
        over = [view_candidate(session, visit.caller, one, None) for one in ended]
    return page.show("candidates.html", running=views, ended=over, typed=typed)
