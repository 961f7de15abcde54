"""The way in and the way out."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from pydantic import SecretStr, ValidationError
from starlette.responses import HTMLResponse, Response

from monitor_api.http.callers import credential_of
from monitor_api.http.csrf import check_origin, own_path
from monitor_api.http.deeds import logins as deeds
from monitor_api.http.deeds.logins import LoginTry
from monitor_api.http.errors import Unauthenticated
from monitor_api.http.parts import api_of
from monitor_api.http.policy import Permission
from monitor_api.http.routes.logins import address_of, clear_cookie, set_cookie
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.drawing import draw
from monitor_api.screens.page import go

routes = APIRouter()

_WRONG: Final = "This login and password do not belong together."


@routes.get("/login")
def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the parameter's name on the wire
    """The form."""
    return _form(request, HTTPStatus.OK, next=own_path(next), login="", wrong=None)


@routes.post("/login")
def take_login(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - as above
) -> Response:
    """Begin a login and go where the browser wanted to go; the form again when it is wrong."""
    api = api_of(request)
    check_origin(request, api.parts.origin)
    try:
        wanted = LoginTry(login=login, password=SecretStr(password))
        begun = deeds.log_in(api, wanted, address_of(request), credential_of(request, api.parts.cookie))
    except (Unauthenticated, ValidationError):
        return _form(request, HTTPStatus.UNAUTHORIZED, next=own_path(next), login=login[:120], wrong=_WRONG)
    response = go(own_path(next))
    set_cookie(response, api.parts, begun)
    return response


@routes.post("/logout")
def leave(visit: Annotated[Visit, page_for(Permission.END_LOGIN)]) -> Response:
    """End the login."""
    with visit.writing() as writing:
        deeds.log_out(writing)
    response = go("/login")
    clear_cookie(response, visit.parts)
    return response


def _form(request: Request, status: HTTPStatus, **about: Any) -> Response:  # noqa: ANN401 - what the template is told
    notice = api_of(request).parts.settings.http.notice
    return HTMLResponse(draw("login.html", notice=notice, **about), status)
