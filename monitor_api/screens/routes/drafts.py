"""Prescribe: begin with a template, fill a draft in, and sign it. Plain forms; what is typed is never lost."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from clinical.adherence.days import TherapyDays
from clinical.errors import RegimenRefused
from clinical.regimen import DOSE_UNITS
from clinical.regimen.templates import TEMPLATES
from monitor_api.errors import SigningKeyMissing, StoreUnavailable, StoreUnusable
from monitor_api.http.deeds import drafts as deeds
from monitor_api.http.deeds.drafts import NewDraft, Signing
from monitor_api.http.drafts import DraftBody
from monitor_api.http.errors import Conflict, HttpError, NotThere, Stale, Unacceptable
from monitor_api.http.policy import Permission
from monitor_api.http.problems import meaning
from monitor_api.http.queries.drafts import draft, signed_as
from monitor_api.http.queries.previews import RegimenPreview
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.drafting.deeds import SIGN, press
from monitor_api.screens.drafting.form import Typed, read_form, unreadable
from monitor_api.screens.drafting.views import (
    DraftView,
    LastView,
    PrescribeView,
    to_sign,
    try_on_the_last,
    try_on_the_past,
    view_beginnings,
    view_draft,
)
from monitor_api.screens.page import After, Page, go
from vocabulary.devices import Modality
from vocabulary.identity import PatientId

routes = APIRouter()

_Prescribing = Annotated[Visit, page_for(Permission.PRESCRIBE)]


@dataclass(frozen=True, slots=True)
class DraftForm:
    """The fields of a draft's form as they were sent, the ETag of what was seen, and the button that was pressed."""

    pairs: tuple[tuple[str, str], ...]
    seen: str
    do: str


@dataclass(frozen=True, slots=True)
class SignForm:
    """From which day it is to hold, empty for at once; whether it is meant; and the ETag of what was seen."""

    from_day: str
    meant: bool
    seen: str

    def from_at(self, days: TherapyDays) -> datetime | None:
        """When that day begins where the patient lives. Raises ValueError, OverflowError."""
        return days.start(date.fromisoformat(self.from_day)) if self.from_day else None


async def _sent(request: Request) -> DraftForm:
    form = await request.form()
    pairs = tuple((name, text) for name, text in form.multi_items() if isinstance(text, str))
    said = dict(pairs)
    return DraftForm(pairs, said.get("seen", "")[:200], said.get("do", "")[:80])


def _signing(
    from_day: Annotated[str, Form(max_length=10)] = "",
    meant: Annotated[str, Form(max_length=3)] = "",
    seen: Annotated[str, Form(max_length=200)] = "",
) -> SignForm:
    return SignForm(from_day, meant == "yes", seen)


@routes.get("/patients/{patient_id}/prescribe")
def show_beginnings(request: Request, visit: _Prescribing, patient_id: UUID, after: After = None) -> Response:
    """Templates with their sources, what is in force, and drafts that wait."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    with visit.reading() as session:
        view = view_beginnings(page, session, PatientId(patient_id))
    visit.saw(view.patient.id)
    return page.show("prescribe.html", view=view)


@routes.post("/patients/{patient_id}/prescribe")
def begin_draft(
    request: Request, visit: _Prescribing, patient_id: UUID, begin: Annotated[str, Form(max_length=80)] = ""
) -> Response:
    """Draft what a template knows, what is in force, or nothing yet; and go to the draft."""
    who = PatientId(patient_id)
    with visit.reading() as session:
        view = view_beginnings(Page.begin(request, visit), session, who)
    with visit.writing() as writing:
        made = deeds.make_draft(writing, NewDraft.model_validate(_begun(view, begin) | {"patient_id": who}))
    return go(f"/drafts/{made.id}")


@routes.get("/drafts/{draft_id}")
def show_draft(request: Request, visit: _Prescribing, draft_id: UUID, after: After = None) -> Response:
    """The form of a draft, what is in the way of signing it, and what it would change."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    return _draft_page(page, draft_id)


@routes.post("/drafts/{draft_id}")
def save_draft(
    request: Request, visit: _Prescribing, draft_id: UUID, sent: Annotated[DraftForm, Depends(_sent)]
) -> Response:
    """Store what was typed, and go on; the page again, with all of it, where that cannot be."""
    with visit.reading() as session:
        modality = draft(session, visit.caller, draft_id).modality
    typed = read_form(sent.pairs, modality)
    done = press(typed.written, sent.do)
    if wrong := typed.wrong | unreadable(done.written):
        typed = replace(typed, wrong=wrong)
        return _draft_page(Page.begin(request, visit), draft_id, typed, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with visit.writing() as writing:
            deeds.change_draft(writing, draft_id, DraftBody.model_validate(done.written), sent.seen)
    except Stale:
        return _draft_page(Page.begin(request, visit), draft_id, typed, HTTPStatus.PRECONDITION_FAILED)
    return go(f"/drafts/{draft_id}/sign" if sent.do == SIGN else f"/drafts/{draft_id}#{done.at}")


@routes.post("/drafts/{draft_id}/discard")
def discard_draft(visit: _Prescribing, draft_id: UUID, seen: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Let a draft go, and go back to the patient."""
    with visit.writing() as writing:
        gone = deeds.discard_draft(writing, draft_id, seen)
    return go(f"/patients/{gone.patient_id}#regimen")


@routes.get("/drafts/{draft_id}/sign")
def show_signing(request: Request, visit: _Prescribing, draft_id: UUID, after: After = None) -> Response:
    """What would be prescribed, in words, and what it changes; or what is in the way. Once signed, the regimen."""
    page = Page.begin(request, visit, after)
    if page.nothing_new():
        return page.unchanged()
    try:
        return _sign_page(page, draft_id)
    except NotThere:
        return _its_regimen(visit, draft_id)


@routes.post("/drafts/{draft_id}/sign")
def sign_draft(
    request: Request, visit: _Prescribing, draft_id: UUID, typed: Annotated[SignForm, Depends(_signing)]
) -> Response:
    """Prescribe what was read, and go to the regimen; the page again where it is not meant, or cannot be.

    One that is sent twice signs once, and both go to the regimen.
    """
    page = Page.begin(request, visit)
    try:
        return _sign(page, draft_id, typed)
    except NotThere:
        return _its_regimen(visit, draft_id)


def _sign(page: Page, draft_id: UUID, typed: SignForm) -> Response:
    with page.visit.reading() as session:
        view = view_draft(page, session, draft_id)
    try:
        wanted = Signing(from_at=typed.from_at(view.therapy_days))
    except (ValueError, OverflowError):
        return _sign_page(page, draft_id, typed, _NO_DAY)
    if not typed.meant:
        return _sign_page(page, draft_id, typed, _NOT_MEANT)
    try:
        with page.visit.writing() as writing:
            signed = deeds.sign_draft(writing, draft_id, wanted, typed.seen)
    except Stale:
        return _sign_page(page, draft_id, typed, _CHANGED)
    except (Conflict, RegimenRefused, SigningKeyMissing) as error:
        return _sign_page(page, draft_id, typed, meaning(error))
    return go(f"/regimens/{signed.id}")


_NO_DAY: Final = Unacceptable(
    "That is no day from 2000 to 2099.", remedy="Write it as 2026-03-02, or leave it empty for at once."
)
_CHANGED: Final = Stale(
    "Nothing is signed: this draft, or the version it follows, was changed after you opened it.",
    remedy="Below is what is stored now. Read it, tick that you prescribe it, and sign again.",
)
_NOT_MEANT: Final = Unacceptable("Nothing is signed yet.", remedy="Tick that you prescribe this, and sign again.")


def _begun(view: PrescribeView, begin: str) -> dict[str, Any]:
    """What to make of a button of the page where one begins. Raises NotThere."""
    for one in TEMPLATES:
        if one.name == begin:
            return {"template": begin, "modality": one.modality}
    for regimen in view.in_force:
        if str(regimen.id) == begin:
            return {"prescription": regimen.newest.prescription.model_dump(), "modality": regimen.modality}
    if begin not in DOSE_UNITS:
        raise NotThere
    return {"prescription": DraftBody(), "modality": Modality(begin)}


def _draft_page(page: Page, which: UUID, typed: Typed | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    with page.visit.reading() as session:
        view = view_draft(page, session, which, typed)
        last, unread = (None, False) if view.typed or view.reasons else _last(page, session, view)
    page.visit.saw(view.patient.id)
    stale = status is HTTPStatus.PRECONDITION_FAILED
    response = page.show("draft.html", view=view, last=last, unread=unread, stale=stale)
    response.status_code = status
    return response


def _last(page: Page, session: Session, view: DraftView) -> tuple[LastView | None, bool]:
    """The last session under a draft, and whether its samples cannot be read: a draft can be written all the same."""
    try:
        return try_on_the_last(page, session, view), False
    except (StoreUnavailable, StoreUnusable):
        return None, True


def _its_regimen(visit: Visit, which: UUID) -> Response:
    """To the regimen that a draft became. Raises NotThere where nobody signed it."""
    with visit.reading() as session:
        return go(f"/regimens/{signed_as(session, visit.caller, which)}")


def _past(page: Page, session: Session, view: DraftView) -> RegimenPreview | None:
    """What it would have called; None where samples cannot be read: a treatment can be changed all the same."""
    try:
        return try_on_the_past(page, session, view)
    except (StoreUnavailable, StoreUnusable):
        return None


def _sign_page(page: Page, which: UUID, typed: SignForm | None = None, problem: HttpError | None = None) -> Response:
    with page.visit.reading() as session:
        view = view_draft(page, session, which)
        wanted = None if view.draft.reasons else to_sign(view)
        tried = None if wanted is None else _past(page, session, view)
    page.visit.saw(view.patient.id)
    response = page.show("sign.html", view=view, wanted=wanted, tried=tried, typed=typed, problem=problem)
    response.status_code = problem.status_code if problem else HTTPStatus.OK
    return response
