"""Problems as pages, for browsers: what anything inside answers as problem details is shown to people in words."""

import gzip
import json
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor_api.http.problems import MEDIA_TYPE
from monitor_api.screens.drawing import draw

_API: Final = "/api/"


class ErrorPages:
    """Outermost, so that it sees also the answer for what nobody else could answer."""

    def __init__(self, app: ASGIApp, *, notice: str | None) -> None:
        self._app, self._notice = app, notice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        is_page = scope["type"] == "http" and not scope["path"].startswith(_API)
        if is_page and "text/html" in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, _Answer(send, self._notice).send)
        else:
            await self._app(scope, receive, send)


class _Answer:
    """One answer on its way out: a problem is held back until it is whole."""

    __slots__ = ("_body", "_notice", "_send", "_start")

    def __init__(self, send: Send, notice: str | None) -> None:
        self._send, self._notice = send, notice
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass a message on, or hold it back."""
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        headers = MutableHeaders(scope=start)
        body = gzip.decompress(self._body) if headers.get("content-encoding") == "gzip" else self._body
        problem: dict[str, Any] = json.loads(body)
        page = draw("problem.html", problem=problem, notice=self._notice).encode()
        del headers["content-encoding"]
        headers["content-type"], headers["content-length"] = "text/html; charset=utf-8", str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(MEDIA_TYPE)
