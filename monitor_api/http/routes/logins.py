"""Log in, say who one is, renew, log out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from monitor_api.http.callers import Caller, credential_of
from monitor_api.http.csrf import check_origin
from monitor_api.http.deeds import logins as deeds
from monitor_api.http.deeds.logins import LoginTry, NewLogin, remaining
from monitor_api.http.describing import told
from monitor_api.http.parts import ApiParts, api_of
from monitor_api.http.policy import Permission, Role
from monitor_api.http.queries.clinics import Clinic, own_clinic
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs
from monitor_api.records.trail import ActorKind
from vocabulary.identity import PatientId

routes = APIRouter(tags=["login"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the caller is and what they may do. `csrf_token` goes into X-CSRF-Token; a token's machine has none."""

    kind: ActorKind
    id: UUID
    name: str
    role: Role
    permissions: tuple[Permission, ...]
    clinic: Clinic
    patient_id: PatientId | None
    csrf_token: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A login that began or was renewed; the cookie came with it."""

    role: Role
    csrf_token: str
    expires_at: datetime


_LOGGED_IN = LoggedIn(role=Role.PHYSICIAN, csrf_token="kQ3…", expires_at=examples.AT)  # noqa: S106 - an example
_ME = Me(
    kind=ActorKind.USER,
    id=examples.USER.id,
    name=examples.USER.name,
    role=Role.PHYSICIAN,
    permissions=(Permission.SEE_ALERTS, Permission.ACKNOWLEDGE),
    clinic=examples.CLINIC,
    patient_id=None,
    csrf_token="kQ3…",  # noqa: S106
    expires_at=examples.AT,
)


@routes.post("/login", **told("Log in", _LOGGED_IN, 401, 403, 429, 503))
def log_in(request: Request, response: Response, wanted: LoginTry) -> LoggedIn:
    """Begin a login. After ten wrong tries it takes some minutes until another one is looked at."""
    api = api_of(request)
    check_origin(request, api.parts.origin)
    present = credential_of(request, api.parts.cookie)
    begun = deeds.log_in(api, wanted, address_of(request), present)
    set_cookie(response, api.parts, begun)
    return _logged_in(begun.caller)


@routes.post("/login/renewal", **told("Renew a login's secrets", _LOGGED_IN))
def renew_login(visit: Annotated[Visit, needs(Permission.END_LOGIN)], response: Response) -> LoggedIn:
    """Go on under a new cookie and a new CSRF token, until the same end; the old ones are worth nothing at once."""
    with visit.writing() as writing:
        renewed = deeds.renew_login(writing)
    set_cookie(response, visit.parts, renewed)
    return _logged_in(renewed.caller)


@routes.delete("/login", **told("Log out", None, status=204), response_class=Response)
def log_out(visit: Annotated[Visit, needs(Permission.END_LOGIN)], response: Response) -> None:
    """End this login."""
    with visit.writing() as writing:
        deeds.log_out(writing)
    clear_cookie(response, visit.parts)


@routes.get("/me", **told("Who am I?", _ME))
def read_me(visit: Annotated[Visit, needs(Permission.KNOW_ONESELF)]) -> Me:
    """Who the caller is and what they may do."""
    caller = visit.caller
    with visit.reading() as session:
        clinic = own_clinic(session, caller)
    return Me(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        role=caller.role,
        permissions=tuple(sorted(caller.permissions)),
        clinic=clinic,
        patient_id=caller.patient,
        csrf_token=caller.csrf_token,
        expires_at=caller.expires_at,
    )


def address_of(request: Request) -> str:
    """Where a request comes from, as far as the server knows."""
    return request.client.host if request.client else "unknown"


def set_cookie(response: Response, parts: ApiParts, begun: NewLogin) -> None:
    """Give a browser its login."""
    lasts = remaining(begun.caller, parts.clocks.wall())
    response.set_cookie(
        parts.cookie,
        begun.secret,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=parts.secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, parts: ApiParts) -> None:
    """Take a browser's login away."""
    response.delete_cookie(parts.cookie, path="/", secure=parts.secure, httponly=True, samesite="lax")


def _logged_in(caller: Caller) -> LoggedIn:
    return LoggedIn(role=caller.role, csrf_token=caller.csrf_token or "", expires_at=caller.expires_at)
