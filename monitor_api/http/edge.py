"""What every request passes on its way in and out: plain ASGI, because a stream must stay small in memory.

Outermost first: `SecurityHeaders`, `FrontDoor` (request id, access log, the answer when everything else failed),
`BodyLimit`.
"""

import logging
import time
import traceback
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor_api.http.callers import Caller
from monitor_api.http.errors import HttpError, TooLarge
from monitor_api.http.problems import answer

BODY_BYTES: Final = 1024 * 1024
"""A request's body at most."""

_access = logging.getLogger("monitor_api.http.access")
_log = logging.getLogger(__name__)

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

_HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS: Final = "max-age=31536000; includeSubDomains"


class FrontDoor:
    """Names each request, writes its line in the access log, and answers 500 for what nobody else answered.

    The line has no query, no body and no names: they may hold what only a clinic may know.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send)
        try:
            await self._app(scope, receive, passage.send)
        except Exception as error:  # noqa: BLE001 - the last place where a failure can be answered
            await passage.fail(error, receive)
        finally:
            passage.log()


class _Passage:
    """One request on its way through the front door."""

    __slots__ = ("_began_s", "_bytes", "_id", "_scope", "_send", "_status")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send, self._began_s = scope, send, time.perf_counter()
        self._id = str(uuid4())
        self._status, self._bytes = 0, 0
        scope.setdefault("state", {})["request_id"] = self._id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(scope=message)["X-Request-ID"] = self._id
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    async def fail(self, error: Exception, receive: Receive) -> None:
        # Not the error's own words: a statement that failed quotes its values, and they may be somebody's.
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("request %s failed with %s\n%s", self._id, type(error).__name__, where)
        if self._status == 0:
            failure = HttpError("The service failed while it worked on this")
            await answer(failure, self._scope)(self._scope, receive, self.send)

    def log(self) -> None:
        caller: Caller | None = self._scope["state"].get("caller")
        who = f"{caller.kind}:{caller.id}" if caller else "-"
        took_ms = (time.perf_counter() - self._began_s) * 1000
        what = f"{self._scope['method']} {quote(self._scope['path'])[:200]}"
        _access.info("%s %s %s %d %dB %.1fms", self._id, who, what, self._status, self._bytes, took_ms)


class SecurityHeaders:
    """Adds what a browser needs to keep our pages ours; an answer is kept by nobody unless it says so itself."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": _HSTS} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Stops reading a body that is longer than it may be, whatever its Content-Length says."""

    def __init__(self, app: ASGIApp, most: int = BODY_BYTES) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > self._most:
            await answer(self._too_large(), scope)(scope, receive, send)
            return
        read = 0

        async def receive_within() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise self._too_large()
            return message

        await self._app(scope, receive_within, send)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is over {self._most} bytes")
