"""What the HTTP API answers when it does not do what was asked.

HttpError (a MonitorError)
├── Unauthenticated       401  nobody we know
│   └── LoginWanted       303  the same on a page: a browser is sent to the login
├── Forbidden             403  somebody who may not
├── NotThere              404  missing, or another clinic's: the same answer
├── Conflict              409  true, but not possible as things are
├── Stale                 412  somebody else changed it meanwhile
├── TooLarge              413  more bytes than we read
├── Unacceptable          422  it contradicts itself, or what we know
├── PreconditionMissing   428  a change that does not say what it changes
├── TooMany               429  too often
├── Unavailable           503  a store fails for now
└── FrameworkRefused      what the framework refuses by itself: an unknown path, a wrong method
"""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException

from monitor_api.errors import MonitorError


class HttpError(MonitorError, HTTPException):
    """An answer that is not what was asked for: `detail` is what and where, `remedy` what to do about it.

    `reasons` maps each part of the request to what is wrong with it. It is also the framework's exception, which is
    the only one that gets through everywhere.
    """

    status_code: int = 500
    kind: str = "failure"
    title: str = "Something failed here"
    remedy: str = "Try again; if it stays, give the request id to whoever runs this service."

    def __init__(
        self,
        detail: str,
        *,
        remedy: str | None = None,
        reasons: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail
        self.remedy = remedy or self.remedy
        self.reasons, self.headers = dict(reasons or {}), dict(headers or {})
        MonitorError.__init__(self, detail)


class Unauthenticated(HttpError):
    """Nobody we know."""

    status_code = 401
    kind = "unauthenticated"
    title = "Who is asking?"
    remedy = "Log in at /api/v1/login, or send a token as  Authorization: Bearer lw_…"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class LoginWanted(Unauthenticated):
    """Nobody we know, on a page: the browser goes to the login and from there to `wanted`."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        super().__init__("This page is for people who are logged in")


class Forbidden(HttpError):
    """Somebody who may not."""

    status_code = 403
    kind = "forbidden"
    title = "You may not do that"
    remedy = "Use a login in a role that may: GET /api/v1/me lists what this one may do."


class NotThere(HttpError):
    """Missing, or another clinic's; nobody can tell which."""

    status_code = 404
    kind = "not-there"
    title = "There is no such thing"
    remedy = "Check the id; lists show what there is for you."

    def __init__(self) -> None:
        super().__init__("Nothing by this id is there for you")


class Conflict(HttpError):
    """Not possible as things are."""

    status_code = 409
    kind = "conflict"
    title = "That is not possible now"
    remedy = "Read the present state, and decide again."


class Stale(HttpError):
    """Somebody else changed it meanwhile."""

    status_code = 412
    kind = "stale"
    title = "Somebody changed this meanwhile"
    remedy = "Read it again, and repeat your change with the new ETag in If-Match."


class TooLarge(HttpError):
    """More bytes than we read."""

    status_code = 413
    kind = "too-large"
    title = "That is too large"
    remedy = "Send less at once."


class Unacceptable(HttpError):
    """It contradicts itself, or what we know."""

    status_code = 422
    kind = "unacceptable"
    title = "That cannot be taken"
    remedy = "Change what `reasons` names, and send it again."


class PreconditionMissing(HttpError):
    """A change that does not say what it changes."""

    status_code = 428
    kind = "precondition-missing"
    title = "Which version is this a change of?"
    remedy = "Read it first, and send its ETag in If-Match."


class TooMany(HttpError):
    """Too often."""

    status_code = 429
    kind = "too-many"
    title = "Too many requests"
    remedy = "Wait for the seconds that Retry-After gives."

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})


class Unavailable(HttpError):
    """A store fails for now."""

    status_code = 503
    kind = "unavailable"
    title = "The service cannot answer for now"
    remedy = "Try again in a few seconds."

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Retry-After": "3"})


class FrameworkRefused(HttpError):
    """What the framework refuses by itself: an unknown path, a wrong method, a body that is no JSON."""

    remedy = "The paths and what they take are listed at /api/docs."

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None) -> None:
        phrase = HTTPStatus(status)
        self.status_code, self.title = status, phrase.phrase
        self.kind = phrase.name.lower().replace("_", "-")
        super().__init__(detail, headers=headers)
