"""The front page: triage for physicians; everybody else is sent to a page of their own."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from monitor_api.http.policy import Permission, Role
from monitor_api.http.queries.triage import newest_change_of, triage_facts
from monitor_api.http.visits import Visit, page_for
from monitor_api.screens.histories import wanted
from monitor_api.screens.news import News
from monitor_api.screens.page import HOMES, After, Page, go
from monitor_api.screens.triage import Row, Show, rows, salvage_order
from vocabulary.severity import Severity

routes = APIRouter()

SHOWN: Final = 300
"""Rows on a page; the others are found by their filter or their name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: those of a filter whose name or number holds a text."""

    show: Show
    find: str


def _asked(show: Show = Show.ALL, find: Annotated[str, Query(max_length=120)] = "") -> Wanted:
    return Wanted(show, find)


@routes.get("/")
def show_front(
    request: Request,
    visit: Annotated[Visit, page_for(Permission.KNOW_ONESELF)],
    asked: Annotated[Wanted, Depends(_asked)],
    after: After = None,
) -> Response:
    """The triage list, whole, or only the rows that changed since a cursor."""
    if visit.caller.role is not Role.PHYSICIAN:
        return go(HOMES[visit.caller.role])
    page = Page.begin(request, visit, after)
    news = page.news()
    if news is not None and not news:
        return page.unchanged()
    every = _rows(page)
    found = [row for row in every if row.is_in(asked.show) and row.is_named(asked.find)]
    if asked.show is Show.HELP:
        found.sort(key=salvage_order)
    shown = found[:SHOWN] if news is None else [row for row in every if _is_touched(row, news)]
    firing = [row.attention for row in every if row.attention.severity is Severity.HIGH]
    return page.show(
        "triage.html",
        rows=shown,
        found=len(found),
        counts={one: sum(row.is_in(one) for row in every) for one in Show},
        waiting=[alert for one in firing for alert in one.firing if alert.severity is Severity.HIGH],
        show=asked.show,
        find=asked.find,
    )


def _rows(page: Page) -> tuple[Row, ...]:
    """All rows, read again after every change, and each minute, because a day may have begun."""
    visit, now = page.visit, page.visit.now
    with visit.reading() as session:
        minute = int(now.timestamp() // 60)
        key = (visit.caller.clinic, newest_change_of(session, visit.caller), page.cursor, minute)
        return page.memory.lists.get(key, lambda: rows(triage_facts(session, visit.caller, wanted(now, None)), now))


def _is_touched(row: Row, news: News) -> bool:
    """Whether a change was about a row: its patient, one of its devices, or a device that is nobody's."""
    devices = {device.uid for device in row.devices}
    return row.patient in news.patients or bool(devices & news.subjects) or (news.nobodys and row.patient is None)
