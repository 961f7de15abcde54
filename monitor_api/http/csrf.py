"""Whether a browser sends a request because its user meant to.

Rules, kept here:
- Every unsafe request that a cookie proves carries the token of its login: in the header X-CSRF-Token, or in the
  field `csrf` of a form. A bearer token is sent by no browser on its own, so it needs none.
- As a second line, a browser that names the request's origin names ours.
"""

from hmac import compare_digest
from typing import Final

from starlette.requests import Request

from monitor_api.http.errors import Forbidden

HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def check_origin(request: Request, ours: str) -> None:
    """Refuse an unsafe request that a browser sends for another site. Raises Forbidden."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    same = site == "same-origin" if site is not None else origin in (None, ours)
    if not same:
        raise Forbidden(
            f"Another site sent this ({origin or site})",
            remedy=f"Use the pages at {ours}; other sites may not act here.",
        )


def own_path(asked: str) -> str:
    """Where to go after a login: the path of ours that was asked for, else the front page; never another site."""
    ours = asked.startswith("/") and asked.isprintable() and not asked.startswith(("//", "/\\"))
    return asked if ours else "/"


async def check_csrf(request: Request, expected: str) -> None:
    """Refuse an unsafe request without the token of its login. Raises Forbidden."""
    if request.method in SAFE:
        return
    given = request.headers.get(HEADER) or await _field(request)
    if not compare_digest(given.encode(), expected.encode()):
        raise Forbidden(
            "The CSRF token of this login is missing, or is another login's",
            remedy="Send `csrf_token` of GET /api/v1/me in the header X-CSRF-Token, or reload the page.",
        )


async def _field(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    value = (await request.form()).get(FIELD)
    return value if isinstance(value, str) else ""
