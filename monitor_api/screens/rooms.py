"""All pages, as the server takes them."""

from typing import Final

from fastapi import FastAPI

from monitor_api.http.parts import Api
from monitor_api.http.serving import Screens
from monitor_api.screens import static_files
from monitor_api.screens.error_pages import ErrorPages
from monitor_api.screens.memory import give_memory
from monitor_api.screens.routes import (
    candidates,
    drafts,
    logins,
    orders,
    own,
    patients,
    regimens,
    sessions,
    triage,
    upkeep,
)


def furnish(app: FastAPI) -> None:
    """Give an app what its pages need: something to remember with, and problems in words."""
    api: Api = app.state.api
    give_memory(app)
    app.add_middleware(ErrorPages, notice=api.parts.settings.http.notice)


SCREENS: Final = Screens(
    rooms=tuple(
        one.routes
        for one in (logins, triage, patients, regimens, drafts, sessions, orders, candidates, own, upkeep, static_files)
    ),
    public=frozenset({"show_login", "take_login", "read_static"}),
    furnish=furnish,
)
