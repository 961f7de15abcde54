"""The description of the API, and a page to read it on that needs nothing from elsewhere."""

from enum import StrEnum
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from monitor_api.http.describing import describe
from monitor_api.http.parts import api_of

routes = APIRouter(include_in_schema=False)

_OURS: Final = files("monitor_api.http") / "static"
_SWAGGER: Final = files("fastapi_offline") / "static"


class DocsFile(StrEnum):
    """What the page is made of."""

    INIT = "init.js"
    BUNDLE = "swagger-ui-bundle.js"
    STYLE = "swagger-ui.css"
    ICON = "favicon.png"


@routes.get("/v1/openapi.json")
def read_description(request: Request) -> Response:
    """The description of all operations."""
    app: FastAPI = request.app
    app.openapi_schema = app.openapi_schema or describe(app, api_of(request).parts)
    return JSONResponse(app.openapi_schema)


@routes.get("/docs")
def show_docs() -> Response:
    """The page."""
    return HTMLResponse((_OURS / "docs.html").read_text())


@routes.get("/docs/{file}")
def read_docs_file(file: DocsFile) -> Response:
    """A file of the page."""
    folder = _OURS if file is DocsFile.INIT else _SWAGGER
    return FileResponse(str(folder / file), headers={"Cache-Control": "public, max-age=3600"})
