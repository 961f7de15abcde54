"""Candidates in the shadow of what holds: start one, see what it would have called, end it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import shadows as deeds
from monitor_api.http.deeds.shadows import NewShadow
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.policy import Permission
from monitor_api.http.queries import shadows as queries
from monitor_api.http.queries.shadows import SeenShadow, ShadowDetail, Shadows
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import course_examples as examples
from monitor_api.http.visits import Visit, creates, needs

routes = APIRouter(prefix="/shadows", tags=["practice"])

_Seeing = Annotated[Visit, needs(Permission.SEE_SHADOWS)]


@routes.get("", **told("List candidates in the shadow", examples.SHADOWS))
def list_shadows(visit: _Seeing) -> Shadows:
    """Those that run and those that ended, the newest first: 20 are kept."""
    with visit.reading() as session:
        return queries.shadows(session, visit.caller, visit.now)


@routes.post("", response_model=SeenShadow, **told("Hold a candidate in the shadow", examples.SHADOW, 409, status=201))
def start_shadow(visit: Annotated[Visit, creates(Permission.TRY_CANDIDATES)], wanted: NewShadow) -> Response:
    """Hold rules left out, other limits and other figures beside what holds, on what comes from now on.

    Nobody is called by it, and nothing that holds is changed. Three run side by side at most, each for 90 days at most.
    """

    def deed(writing: Writing) -> Created:
        started = deeds.start_shadow(writing, wanted)
        return Created(thing=started, id=started.id)

    return create(visit, wanted, deed)


@routes.get("/{shadow_id}", **told("Read what a candidate would have called", examples.SHADOW_DETAIL))
def read_shadow(visit: _Seeing, shadow_id: UUID) -> ShadowDetail:
    """Whom it would have called since it began, whom it would not have, and whom both; with the age of that."""
    with visit.reading() as session:
        return queries.shadow(session, visit.caller, shadow_id, visit.now)


@routes.post("/{shadow_id}/end", **told("End a candidate in the shadow", examples.SHADOW))
def end_shadow(visit: Annotated[Visit, needs(Permission.TRY_CANDIDATES)], shadow_id: UUID) -> SeenShadow:
    """End it; what it found until then stays. One that has ended stays as it is."""
    with visit.writing() as writing:
        return deeds.end_shadow(writing, shadow_id)
