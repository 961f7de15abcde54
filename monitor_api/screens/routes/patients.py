"""A patient, for physicians, and what they note of them: excused times, and answers about the skin."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from clinical.adherence.days import DAY, TherapyDays
from clinical.regimen import Phototype
from monitor_api.http.csrf import own_path
from monitor_api.http.deeds import courses as deeds
from monitor_api.http.deeds.courses import NewExcuse, Skin
from monitor_api.http.errors import Unacceptable
from monitor_api.http.policy import Permission
from monitor_api.http.queries.patients import patient
from monitor_api.http.queries.practices import therapy_days
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.news import News
from monitor_api.screens.page import After, Page, go
from monitor_api.screens.patient import PatientView, Wanted, view_patient
from vocabulary.identity import PatientId, SessionId

routes = APIRouter()

_Noting = Annotated[Visit, page_for(Permission.NOTE_FACTS)]
_ANSWERS: Final = {"yes": True, "no": False, "": None}


@dataclass(frozen=True, slots=True)
class ExcuseForm:
    """What was typed to excuse a time: two days where the patient lives, both excused, and why."""

    first: str
    last: str
    because: str

    def wanted(self, days: TherapyDays) -> NewExcuse:
        """As the API takes it. Raises ValueError, OverflowError."""
        from_at = days.start(date.fromisoformat(self.first))
        until_at = days.start(date.fromisoformat(self.last) + DAY)
        return NewExcuse(from_at=from_at, until_at=until_at, because=self.because)


def _wanted(
    patient_id: UUID, session: UUID | None = None, older: Annotated[str | None, Query(max_length=300)] = None
) -> Wanted:
    shown = None if session is None else SessionId(session)
    return Wanted(patient=PatientId(patient_id), session=shown, older=older)


def _typed(
    first: Annotated[str, Form()] = "", last: Annotated[str, Form()] = "", because: Annotated[str, Form()] = ""
) -> ExcuseForm:
    return ExcuseForm(first, last, because)


@routes.get("/patients/{patient_id}")
def show_patient(
    request: Request,
    visit: Annotated[Visit, page_for(Permission.SEE_ALERTS)],
    wanted: Annotated[Wanted, Depends(_wanted)],
    after: After = None,
) -> Response:
    """Open alerts, adherence and how far the target is, a session in full, and the last ones in a list."""
    page = Page.begin(request, visit, after)
    news = page.news()
    with visit.reading() as session:
        view = view_patient(page, session, wanted)
    if news is not None and not _is_about(view, news):
        return page.unchanged()
    visit.saw(wanted.patient)
    return page.show("patient.html", view=view, wrong=None)


@routes.post("/patients/{patient_id}/excuses")
def note_excuse(
    request: Request,
    visit: _Noting,
    wanted: Annotated[Wanted, Depends(_wanted)],
    typed: Annotated[ExcuseForm, Depends(_typed)],
) -> Response:
    """Excuse whole days, and go back; the page again when it does not say which, or why."""
    who = wanted.patient
    try:
        with visit.writing() as writing:
            days = therapy_days(writing.session, visit.caller, patient(writing.session, visit.caller, who), visit.now)
            deeds.note_excuse(writing, who, typed.wanted(days))
    except (ValueError, OverflowError, Unacceptable):
        return _again(Page.begin(request, visit), wanted, typed)
    return go(f"/patients/{who}#excuses")


@routes.post("/excuses/{excuse_id}/withdraw")
def withdraw_excuse(visit: _Noting, excuse_id: UUID, back: Annotated[str, Form()] = "/") -> Response:
    """Let an excuse count no more, and go back."""
    with visit.writing() as writing:
        deeds.withdraw_excuse(writing, excuse_id)
    return go(own_path(back))


@routes.post("/patients/{patient_id}/skin")
def note_skin(
    visit: _Noting,
    patient_id: UUID,
    phototype: Annotated[Phototype | Literal[""], Form()] = "",
    photosensitised: Annotated[Literal["yes", "no", ""], Form()] = "",
) -> Response:
    """Note what a patient answered, and go back."""
    answered = Skin(phototype=phototype or None, photosensitised=_ANSWERS[photosensitised])
    with visit.writing() as writing:
        deeds.note_skin(writing, PatientId(patient_id), answered)
    return go(f"/patients/{patient_id}#skin")


def _again(page: Page, wanted: Wanted, typed: ExcuseForm) -> Response:
    with page.visit.reading() as session:
        view = view_patient(page, session, wanted)
    page.visit.saw(wanted.patient)
    response = page.show("patient.html", view=view, wrong=typed)
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return response


def _is_about(view: PatientView, news: News) -> bool:
    devices = {one.uid for one in view.history.devices}
    return view.patient.id in news.patients or bool(devices & news.subjects)
