"""The API as one application, from its parts. Building it fails when a route has no door."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Lifespan

from monitor_api.http.change_feed import ChangeFeed
from monitor_api.http.describing import check_doors
from monitor_api.http.edge import BodyLimit, FrontDoor, SecurityHeaders
from monitor_api.http.pace import Pace
from monitor_api.http.parts import Api, ApiParts
from monitor_api.http.policy import PUBLIC
from monitor_api.http.problems import answer_errors
from monitor_api.http.routes import (
    alerts,
    courses,
    devices,
    docs,
    drafts,
    events,
    gateways,
    logins,
    orders,
    patients,
    practices,
    previews,
    regimens,
    sessions,
    shadows,
    templates,
    upkeep,
    users,
)

_V1: Final = (
    logins,
    patients,
    courses,
    users,
    gateways,
    devices,
    orders,
    sessions,
    regimens,
    drafts,
    previews,
    templates,
    practices,
    shadows,
    alerts,
    upkeep,
    events,
)


def make_api(parts: ApiParts, rooms: Iterable[APIRouter] = (), public: Iterable[str] = ()) -> FastAPI:
    """The API; `rooms` are the routes of screens, `public` the names of those that anybody may use.

    Raises RuntimeError when a route neither asks for a permission nor is public.
    """
    api = Api(parts, Pace(parts.limits), ChangeFeed(parts.database, parts.clocks.wall))
    app = FastAPI(
        title="Lumenward",
        version=version("lumenward"),
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        middleware=_edge(parts),
        lifespan=_lifespan(api),
        # What it would export holds the words of errors, and they may be somebody's.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.api = api
    for module in _V1:
        app.include_router(module.routes, prefix="/api/v1")
    app.include_router(docs.routes, prefix="/api")
    for room in rooms:
        app.include_router(room, include_in_schema=False)
    answer_errors(app)
    check_doors(app, PUBLIC | frozenset(public))
    return app


def _edge(parts: ApiParts) -> list[Middleware]:
    """Outermost first."""
    return [
        Middleware(SecurityHeaders, https=parts.secure),
        Middleware(FrontDoor),
        Middleware(BodyLimit),
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
    ]


def _lifespan(api: Api) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with api.feed.running():
            yield

    return lifespan
