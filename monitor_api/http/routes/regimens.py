"""Regimens: list, read, compare, prescribe, change, pause, hold, stop, end."""

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from monitor_api.http.deeds import regimens as deeds
from monitor_api.http.deeds.regimens import NewRegimen, NewStep, NewVersion
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.etags import IfMatch, etag
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import regimens as queries
from monitor_api.http.queries.regimens import Difference, Looking, RegimenDetail, SeenRegimen
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from vocabulary.identity import PatientId, RegimenId

_T = TypeVar("_T")
Version = Annotated[int, Query(ge=1, le=10**6, description="The number of a version.")]
routes = APIRouter(prefix="/regimens", tags=["regimens"])


@routes.get("", **told("List regimens", examples.page(examples.REGIMEN)))
def list_regimens(
    visit: Annotated[Visit, needs(Permission.SEE_REGIMENS)], wanted: Wanted, patient: UUID | None = None
) -> Page[SeenRegimen]:
    """Regimens with their newest version, newest first; for a patient, their own."""
    which = None if patient is None else PatientId(patient)
    with visit.reading() as session:
        found = queries.regimens(_looking(visit, session), which, wanted)
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
        found = queries.regimen_detail(_looking(visit, session), RegimenId(regimen_id))
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


@routes.post(
    "/{regimen_id}/steps",
    response_model=SeenRegimen,
    **told("Pause, hold, resume or stop a treatment", examples.REGIMEN, 409, 412, 428),
)
def step_regimen(
    visit: Annotated[Visit, creates(Permission.PRESCRIBE)],
    regimen_id: UUID,
    wanted: NewStep,
    if_match: IfMatch = None,
) -> Response:
    """A pause excuses sessions. A hold and a stop also hold the patient's devices; resuming lifts those holds."""

    def deed(writing: Writing) -> Created:
        taken = deeds.take_step(writing, RegimenId(regimen_id), wanted, if_match)
        return Created(thing=taken, id=taken.id, version=taken.etag_version, status=200)

    return create(visit, wanted, deed)


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


@routes.get("/{regimen_id}/changes", **told("Compare two versions of a regimen", examples.DIFFERENCE))
def compare_versions(
    visit: Annotated[Visit, needs(Permission.SEE_REGIMENS)],
    regimen_id: UUID,
    old: Version | None = None,
    new: Version | None = None,
) -> Difference:
    """Each field that differs, in words too. Without `new` its newest version, without `old` the one before that."""
    with visit.reading() as session:
        regimen, found = queries.difference(_looking(visit, session), RegimenId(regimen_id), old, new)
    visit.saw(regimen.patient_id)
    return found


def _looking(visit: Visit, session: Session) -> Looking:
    return Looking(session=session, caller=visit.caller, signatures=visit.parts.signatures, now=visit.now)


def _tagged(answer: _T, regimen: SeenRegimen, response: Response) -> _T:
    response.headers["ETag"] = etag(regimen.etag_version)
    return answer
