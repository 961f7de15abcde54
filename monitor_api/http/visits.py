"""A request of somebody we know: who, when, and the ways into the stores. Every door asks for one permission."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request

from monitor_api.http.callers import Caller, credential_of, find_caller
from monitor_api.http.csrf import check_csrf, check_origin
from monitor_api.http.deeds.access import note_access
from monitor_api.http.deeds.writing import Writing, take_turn
from monitor_api.http.errors import Forbidden, HttpError, LoginWanted, NotThere, Unauthenticated
from monitor_api.http.parts import Api, ApiParts, api_of
from monitor_api.http.policy import Permission
from monitor_api.records.trail import ActorKind
from vocabulary.identity import PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of one caller; `now` is the civil time at which it came.

    `idempotency_key` is None but where a door takes one.
    """

    api: Api
    caller: Caller
    now: datetime
    path: str
    idempotency_key: str | None = None

    @property
    def parts(self) -> ApiParts:
        """What the API is made of."""
        return self.api.parts

    @contextmanager
    def reading(self) -> Generator[Session]:
        """A consistent view of the records."""
        with self.parts.database.read() as session:
            yield session

    @contextmanager
    def writing(self) -> Generator[Writing]:
        """A transaction of this caller; those of one clinic wait for each other."""
        with self.parts.database.write() as session:
            take_turn(session, self.caller.clinic)
            yield Writing(session=session, caller=self.caller, now=self.now, real_now=self.parts.clocks.wall())

    def saw(self, patient: PatientId | UUID | None) -> None:
        """Leave in the trail that the caller read this patient's data, once an hour."""
        if patient is not None and patient != self.caller.patient:
            note_access(self.parts.database, self.caller, PatientId(patient), self.now)


class Door:
    """A dependency that lets in those who have one permission, and gives their visit."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Visit:
        """Let a request in. Raises Unauthenticated, Forbidden, NotThere, TooMany."""
        visit = await run_in_threadpool(_admit, request, self.permission)
        if visit.caller.csrf_token is not None:
            check_origin(request, visit.parts.origin)
            await check_csrf(request, visit.caller.csrf_token)
        return visit


class CreatingDoor(Door):
    """A door for POSTs that create: it takes an Idempotency-Key, under which a repetition gets the first answer."""

    async def __call__(  # noqa: D102 - the base's contract
        self,
        request: Request,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=120, pattern="^[!-~]+$")] = None,
    ) -> Visit:
        return replace(await super().__call__(request), idempotency_key=idempotency_key)


class PageDoor(Door):
    """A door for pages: who is not logged in is sent to the login, and from there back."""

    async def __call__(self, request: Request) -> Visit:
        """Let a request in. Raises LoginWanted, Forbidden, NotThere, TooMany."""
        try:
            return await super().__call__(request)
        except Unauthenticated:
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            raise LoginWanted(asked if request.method == "GET" else "/") from None


def needs(permission: Permission) -> Any:  # noqa: ANN401 - what FastAPI calls a dependency has no type
    """Only for callers with the permission."""
    return Depends(Door(permission))


def creates(permission: Permission) -> Any:  # noqa: ANN401
    """Only for callers with the permission; answers repeated requests from the store."""
    return Depends(CreatingDoor(permission))


def page_for(permission: Permission) -> Any:  # noqa: ANN401
    """Only for callers with the permission; others are sent to the login."""
    return Depends(PageDoor(permission))


def _admit(request: HTTPConnection, permission: Permission) -> Visit:
    api = api_of(request)
    caller = _caller(request, api)
    request.state.caller = caller
    api.pace.request(str(caller.id))
    if permission not in caller.permissions:
        raise _refusal(request, caller, permission)
    return Visit(api=api, caller=caller, now=api.parts.clocks.civil(), path=request.url.path)


def _refusal(request: HTTPConnection, caller: Caller, permission: Permission) -> HttpError:
    """To a person, a thing that their role may not see is not there, whosever it is."""
    if request.path_params and caller.kind is ActorKind.USER:
        return NotThere()
    return Forbidden(f"A {caller.kind} in the role of {caller.role} may not {permission}")


def _caller(request: HTTPConnection, api: Api) -> Caller:
    credential = credential_of(request, api.parts.cookie)
    if credential is None:
        raise Unauthenticated("This request shows no login and no token")
    with api.parts.database.read() as session:
        caller = find_caller(session, credential, api.parts.clocks.wall())
    if caller is None:
        raise Unauthenticated("This login or token is unknown, expired or revoked")
    return caller
