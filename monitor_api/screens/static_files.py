"""Style sheet, scripts and icon, served under a name made from their content, so that a browser keeps them for good."""

from hashlib import blake2b
from importlib.resources import files
from pathlib import PurePath
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.errors import NotThere

routes = APIRouter()

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOLDER: Final = files("monitor_api.screens") / "static"
_FILES: Final = {one.name: one.read_bytes() for one in _FOLDER.iterdir() if PurePath(one.name).suffix in _TYPES}

BUILD: Final = blake2b(repr(sorted(_FILES.items())).encode(), digest_size=6).hexdigest()
"""One name for all of them, as a folder: scripts find each other beside them."""


def static(name: str) -> str:
    """The path of a file. Raises KeyError when there is none."""
    _ = _FILES[name]
    return f"/static/{BUILD}/{name}"


@routes.get("/static/{build}/{name}")
def read_static(build: str, name: str) -> Response:
    """A file; of another build's name the present one, which nobody keeps."""
    content = _FILES.get(name)
    if content is None:
        raise NotThere
    kept = "public, max-age=31536000, immutable" if build == BUILD else "no-store"
    return Response(content, media_type=_TYPES[PurePath(name).suffix], headers={"Cache-Control": kept})
