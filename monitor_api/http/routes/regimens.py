"""Regimens: list, read, prescribe, change, end."""

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import regimens as deeds
from monitor_api.http.deeds.regimens import NewRegimen, NewVersion
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.etags import IfMatch, etag
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import regimens as queries
from monitor_api.http.queries.regimens import RegimenDetail, SeenRegimen
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from vocabulary.identity import PatientId, RegimenId

_T = TypeVar("_T")
routes = APIRouter(prefix="/regimens", tags=["regimens"])


@routes.get("", **told("List regimens", examples.page(examples.REGIMEN)))
def list_regimens(
    visit: Annotated[Visit, needs(Permission.SEE_REGIMENS)], wanted: Wanted, patient: UUID | None = None
) -> Page[SeenRegimen]:
    """Regimens with their newest version, newest first; for a patient, their own."""
    which = None if patient is None else PatientId(patient)
    with visit.reading() as session:
        found = queries.regimens(session, visit.caller, which, wanted)
    if found.items:
        visit.saw(which)
    return found


@routes.post("", response_model=SeenRegimen, **told("Prescribe a regimen", examples.REGIMEN, 404, 409, status=201))
def prescribe_regimen(visit: Annotated[Visit, creates(Permission.PRESCRIBE)], wanted: NewRegimen) -> Response:
    """Prescribe for one patient and modality. Sessions since `from_at` are checked again."""

    def deed(writing: Writing) -> Created:
        made = deeds.prescribe(writing, wanted)
        return Created(thing=made, id=made.id, version=made.etag_version)

    return create(visit, wanted, deed)


@routes.get("/{regimen_id}", **told("Read a regimen", examples.REGIMEN_DETAIL))
def read_regimen(
    visit: Annotated[Visit, needs(Permission.SEE_REGIMENS)], regimen_id: UUID, response: Response
) -> RegimenDetail:
    """One regimen with all its versions; its ETag is what a change has to name."""
    with visit.reading() as session:
        found = queries.regimen_detail(session, visit.caller, RegimenId(regimen_id))
    visit.saw(found.regimen.patient_id)
    return _tagged(found, found.regimen, response)


@routes.put("/{regimen_id}", **told("Prescribe a regimen's next version", examples.REGIMEN, 409, 412, 428))
def put_regimen(
    visit: Annotated[Visit, needs(Permission.PRESCRIBE)],
    regimen_id: UUID,
    wanted: NewVersion,
    response: Response,
    *,
    if_match: IfMatch = None,
) -> SeenRegimen:
    """Write the next version; the ones before stay as they are. Sessions since `from_at` are checked again."""
    with visit.writing() as writing:
        made = deeds.prescribe_anew(writing, RegimenId(regimen_id), wanted, if_match)
    return _tagged(made, made, response)


@routes.post("/{regimen_id}/end", **told("End a regimen", examples.REGIMEN, 409, 412, 428))
def end_regimen(
    visit: Annotated[Visit, needs(Permission.PRESCRIBE)],
    regimen_id: UUID,
    response: Response,
    if_match: IfMatch = None,
) -> SeenRegimen:
    """End a regimen now; nothing is prescribed from here on."""
    with visit.writing() as writing:
        ended = deeds.end_regimen(writing, RegimenId(regimen_id), if_match)
    return _tagged(ended, ended, response)


def _tagged(answer: _T, regimen: SeenRegimen, response: Response) -> _T:
    response.headers["ETag"] = etag(regimen.etag_version)
    return answer
