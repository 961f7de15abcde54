"""Drafts of regimens: list, make, read, change, discard, sign."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import drafts as deeds
from monitor_api.http.deeds.drafts import NewDraft, Signing
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.drafts import DraftBody
from monitor_api.http.etags import IfMatch, etag
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import drafts as queries
from monitor_api.http.queries.drafts import SeenDraft
from monitor_api.http.queries.regimens import SeenRegimen
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from vocabulary.identity import PatientId

routes = APIRouter(prefix="/regimen-drafts", tags=["regimens"])

_Prescribing = Annotated[Visit, needs(Permission.PRESCRIBE)]


@routes.get("", **told("List drafts of regimens", examples.page(examples.DRAFT)))
def list_drafts(visit: _Prescribing, wanted: Wanted, patient: UUID | None = None) -> Page[SeenDraft]:
    """Prescriptions that nobody has signed yet, newest first."""
    which = None if patient is None else PatientId(patient)
    with visit.reading() as session:
        found = queries.drafts(session, visit.caller, which, wanted)
    if found.items:
        visit.saw(which)
    return found


@routes.post("", response_model=SeenDraft, **told("Draft a regimen", examples.DRAFT, 404, 409, status=201))
def make_draft(visit: Annotated[Visit, creates(Permission.PRESCRIBE)], wanted: NewDraft) -> Response:
    """Begin with a template, or with a prescription as far as it is written; it may contradict itself."""

    def deed(writing: Writing) -> Created:
        made = deeds.make_draft(writing, wanted)
        return Created(thing=made, id=made.id, version=made.etag_version)

    return create(visit, wanted, deed)


@routes.get("/{draft_id}", **told("Read a draft of a regimen", examples.DRAFT))
def read_draft(visit: _Prescribing, draft_id: UUID, response: Response) -> SeenDraft:
    """A draft, what is in the way of signing it, and what it would change; its ETag is what a change has to name."""
    with visit.reading() as session:
        found = queries.draft(session, visit.caller, draft_id)
    visit.saw(found.patient_id)
    return _tagged(found, response)


@routes.put("/{draft_id}", **told("Change a draft of a regimen", examples.DRAFT, 412, 428))
def put_draft(
    visit: _Prescribing, draft_id: UUID, wanted: DraftBody, response: Response, *, if_match: IfMatch = None
) -> SeenDraft:
    """Put another prescription in its place. Its ETag also changes when what it follows does."""
    with visit.writing() as writing:
        changed = deeds.change_draft(writing, draft_id, wanted, if_match)
    return _tagged(changed, response)


@routes.post(
    "/{draft_id}/sign",
    response_model=SeenRegimen,
    **told("Sign a draft of a regimen", examples.REGIMEN, 409, 412, 428, status=201),
)
def sign_draft(
    visit: Annotated[Visit, creates(Permission.PRESCRIBE)], draft_id: UUID, wanted: Signing, if_match: IfMatch = None
) -> Response:
    """Prescribe what it says, in your name: the next version of the patient's regimen, or its first. The draft goes.

    What is in the way is refused, every reason at once.
    """

    def deed(writing: Writing) -> Created:
        made = deeds.sign_draft(writing, draft_id, wanted, if_match)
        return Created(thing=made, id=made.id, version=made.etag_version, place=f"/api/v1/regimens/{made.id}")

    return create(visit, wanted, deed)


@routes.delete("/{draft_id}", **told("Discard a draft of a regimen", examples.DRAFT, 412, 428))
def discard_draft(visit: _Prescribing, draft_id: UUID, if_match: IfMatch = None) -> SeenDraft:
    """Let a draft go; the answer is what it was."""
    with visit.writing() as writing:
        return deeds.discard_draft(writing, draft_id, if_match)


def _tagged(draft: SeenDraft, response: Response) -> SeenDraft:
    response.headers["ETag"] = etag(draft.etag_version)
    return draft
