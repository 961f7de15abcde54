"""Errors as RFC 9457 problem details: what, where, and what to do; never an input, never a traceback."""

import logging
from dataclasses import asdict, dataclass
from functools import singledispatch
from typing import Final, cast
from urllib.parse import quote

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from alerts.errors import AlertUnknown, MoveRefused
from clinical.errors import PracticeRefused, RegimenRefused, StepRefused
from monitor_api.errors import CandidateRefused, SigningKeyMissing, SigningKeyUnusable, StoreUnavailable, StoreUnusable
from monitor_api.http.errors import (
    Conflict,
    FrameworkRefused,
    HttpError,
    LoginWanted,
    NotThere,
    Unacceptable,
    Unavailable,
)

MEDIA_TYPE: Final = "application/problem+json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request was not done (RFC 9457).

    `detail` says what is wrong and where, `remedy` what to do, `reasons` what is wrong with each part of the request.
    """

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    instance: str
    request_id: str
    reasons: dict[str, str]


def problem(error: HttpError, scope: Scope) -> Problem:
    """The problem that an error is, in one request."""
    return Problem(
        type=f"urn:lumenward:problem:{error.kind}",
        title=error.title,
        status=error.status_code,
        detail=error.detail,
        remedy=error.remedy,
        instance=quote(scope["path"]),
        request_id=scope.get("state", {}).get("request_id", ""),
        reasons=error.reasons,
    )


def answer(error: HttpError, scope: Scope) -> Response:
    """The response that tells of an error."""
    body = msgspec.json.encode(asdict(problem(error, scope)))
    return Response(body, error.status_code, error.headers, MEDIA_TYPE)


@singledispatch
def meaning(error: Exception) -> HttpError:
    """What an error of the layers below means to a client."""
    return HttpError(f"The service failed with {type(error).__name__}")


@meaning.register
def _(error: HttpError) -> HttpError:
    return error


@meaning.register
def _(error: HTTPException) -> HttpError:
    return FrameworkRefused(error.status_code, str(error.detail), error.headers)


@meaning.register
def _(error: RequestValidationError) -> HttpError:
    reasons = {".".join(str(part) for part in one["loc"]): str(one["msg"]) for one in error.errors()}
    return Unacceptable(f"{len(reasons)} part(s) of the request cannot be read", reasons=reasons)


@meaning.register
def _(error: RegimenRefused) -> HttpError:
    return Unacceptable("The regimen contradicts itself", reasons=error.reasons)


@meaning.register
def _(error: PracticeRefused) -> HttpError:
    reasons = {f"body.figures.{figure}": reason for figure, reason in error.reasons.items()}
    return Unacceptable(f"The clinic cannot decide so on {len(reasons)} figure(s)", reasons=reasons)


@meaning.register
def _(error: CandidateRefused) -> HttpError:
    reasons = {f"body.candidate.{part}": reason for part, reason in error.reasons.items()}
    return Unacceptable("The candidate cannot be held beside what holds now", reasons=reasons)


@meaning.register
def _(error: StepRefused) -> HttpError:
    return Conflict(str(error).capitalize())


@meaning.register
def _(error: SigningKeyMissing) -> HttpError:
    return Conflict("This service has no key for your clinic, so nothing can be signed", remedy=str(error))


@meaning.register
def _(error: SigningKeyUnusable) -> HttpError:
    _log.error("%s", error)
    return Unavailable("The key that your clinic signs with cannot be used")


@meaning.register
def _(_error: AlertUnknown) -> HttpError:
    return NotThere()


@meaning.register
def _(error: MoveRefused) -> HttpError:
    return Conflict(str(error))


@meaning.register
def _(error: StoreUnavailable | StoreUnusable) -> HttpError:
    _log.warning("%s", error)
    return Unavailable(f"The {error.store} store fails for now")


@meaning.register
def _(_error: IntegrityError) -> HttpError:
    return Conflict("Another request did something at the same moment that excludes this")


def answer_errors(app: FastAPI) -> None:
    """Have the app answer each of our errors with its problem."""

    async def tell(request: Request, error: Exception) -> Response:
        return answer(meaning(error), request.scope)

    async def send_to_login(_request: Request, error: Exception) -> Response:
        return RedirectResponse(f"/login?next={quote(cast('LoginWanted', error).wanted, safe='')}", 303)

    for kind in meaning.registry.keys() - {object}:
        app.add_exception_handler(cast("type[Exception]", kind), tell)
    app.add_exception_handler(LoginWanted, send_to_login)
