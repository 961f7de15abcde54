"""One page for one visit: drawn, or not at all when nothing changed since it was drawn last."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Header, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor_api.http.policy import Role
from monitor_api.http.queries.clinics import Clinic, own_clinic
from monitor_api.http.visits import Visit
from monitor_api.screens.drawing import draw
from monitor_api.screens.memory import Memory, memory_of
from monitor_api.screens.news import News, news_since

CURSOR: Final = "Lumenward-Cursor"
"""The header by which a page says up to which change it shows everything."""

NOW: Final = "Lumenward-Now"
"""The header that says what time it is here: a page counts its ages on from there."""

After = Annotated[int | None, Header(alias="Lumenward-After", ge=0, lt=2**63)]
"""The cursor that a page has when it asks for itself again; None when it is asked for the first time, or as a whole."""

HOMES: Final = {Role.PHYSICIAN: "/", Role.PATIENT: "/me", Role.OPERATOR: "/operator", Role.MAKER: "/maker"}
NAVIGATION: Final = {
    Role.PHYSICIAN: (("/", "Triage"), ("/candidates", "Candidates")),
    Role.OPERATOR: (("/operator", "Service"),),
    Role.MAKER: (("/maker", "Devices"),),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page being made. Its cursor is taken before anything is read, so that no change falls between the two."""

    visit: Visit
    here: str
    memory: Memory
    cursor: int
    after: int | None

    @classmethod
    def begin(cls, request: Request, visit: Visit, after: int | None = None) -> "Page":
        """Before anything is read."""
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return cls(visit, here, memory_of(request), visit.api.feed.watermark, after)

    def news(self) -> News | None:
        """What changed since the page was drawn; None when all of it is to be shown."""
        if self.after is None:
            return None
        with self.visit.reading() as session:
            return news_since(session, self.visit.caller, self.after)

    def nothing_new(self) -> bool:
        """Whether the page, as it was drawn last, is still what it would be."""
        news = self.news()
        return news is not None and not news

    def show(self, template: str, **about: Any) -> Response:  # noqa: ANN401 - what the template is told
        """Draw the page."""
        with self.visit.reading() as session:
            clinic = own_clinic(session, self.visit.caller)
        text = draw(template, **(self._always(clinic) | about))
        return HTMLResponse(text, headers=self._headers)

    def unchanged(self) -> Response:
        """Nothing that the page shows has changed."""
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {CURSOR: str(self.cursor), NOW: self.visit.now.isoformat()}

    def _always(self, clinic: Clinic) -> dict[str, Any]:
        caller = self.visit.caller
        return {
            "caller": caller,
            "clinic": clinic,
            "csrf": caller.csrf_token or "",
            "cursor": self.cursor,
            "here": self.here,
            "navigation": NAVIGATION.get(caller.role, ()),
            "notice": self.visit.parts.settings.http.notice,
            "partial": self.after is not None,
            "now": self.visit.now,
            "path": self.visit.path,
            "zone": ZoneInfo(clinic.zone),
        }


def go(path: str) -> Response:
    """Send a browser on, after a form or to where it belongs."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
