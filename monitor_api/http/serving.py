"""The API and the screens behind uvicorn, on one address."""

from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from fastapi import APIRouter, FastAPI

from monitor_api.clock import Clocks
from monitor_api.http.app import make_api
from monitor_api.http.parts import ApiParts
from monitor_api.records.database import Database
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.settings import ServerSettings
from monitor_api.telemetry.port import Telemetry

GRACE_S = 2
"""How long open streams may keep a server that is to stop."""


@dataclass(frozen=True, slots=True)
class Screens:
    """What people see: rooms with pages, the names of those that anybody may enter, and what the app needs for them."""

    rooms: tuple[APIRouter, ...]
    public: frozenset[str]
    furnish: Callable[[FastAPI], None]


def make_app(parts: ApiParts, screens: Screens) -> FastAPI:
    """The API with its screens."""
    app = make_api(parts, screens.rooms, screens.public)
    screens.furnish(app)
    return app


def make_server(
    settings: ServerSettings, database: Database, telemetry: Telemetry, clocks: Clocks, *, screens: Screens
) -> uvicorn.Server:
    """A server that has not begun to listen; it writes its access log by itself."""
    parts = ApiParts(
        database=database,
        telemetry=telemetry,
        clocks=clocks,
        settings=settings,
        key_wrap=KeyWrap(settings.secret_bytes),
    )
    config = uvicorn.Config(
        make_app(parts, screens),
        host=settings.http.host,
        port=settings.http.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)
