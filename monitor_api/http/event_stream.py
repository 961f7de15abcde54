"""Server-sent events for one client: what it missed, then what happens, until it leaves or is let go."""

from collections.abc import Iterable
from typing import Final

import anyio
import msgspec
from anyio import to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from monitor_api.http.change_feed import ChangeFeed, Inbox
from monitor_api.http.queries.changes import SeenChange, backlog
from monitor_api.http.visits import Visit

HEARTBEAT: Final = b": still here\n\n"
RETRY_MS: Final = 1000


class EventStream(Response):
    """A response that follows the feed.

    It begins with `hello`, which carries the cursor to follow from; `reset` says that changes may have been missed
    and everything shown must be read again. The id of every message is a cursor that can be resumed from: nothing
    after it is missed, some of it may come again.
    """

    media_type = "text/event-stream"

    def __init__(self, visit: Visit, after: int | None) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._visit, self._feed = visit, visit.api.feed
        self._after = self._feed.watermark if after is None else after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002, D102 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with self._feed.subscribed(self._visit.caller) as inbox:
            async with anyio.create_task_group() as group:
                group.start_soon(self._close_when_it_leaves, receive, inbox)
                await self._send_all(send, inbox)
                group.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def _close_when_it_leaves(receive: Receive, inbox: Inbox) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        inbox.close()

    async def _send_all(self, send: Send, inbox: Inbox) -> None:
        sent = await self._catch_up(send)
        while not inbox.closed:
            taken = await inbox.take()
            if inbox.overflown:
                inbox.overflown = False
                await _send(send, _message("reset", self._feed.watermark, {}))
                continue
            # Someone who has just caught up may find the same changes in the inbox.
            new = [item for item in taken if item is None or item.id not in sent]
            if new:
                await _send(send, _messages(new, self._feed))

    async def _catch_up(self, send: Send) -> set[int]:
        """Send what was missed; gives the ids of what was sent."""
        missed = await to_thread.run_sync(self._backlog)
        if missed is None:
            await _send(send, _message("reset", self._feed.watermark, {}))
            return set()
        hello = f"retry: {RETRY_MS}\n".encode() + _message("hello", self._after, {})
        await _send(send, hello + _messages(missed, self._feed))
        return {change.id for change in missed}

    def _backlog(self) -> list[SeenChange] | None:
        with self._visit.reading() as session:
            return backlog(session, self._visit.caller, self._after)


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _messages(items: Iterable[SeenChange | None], feed: ChangeFeed) -> bytes:
    return b"".join(
        HEARTBEAT
        if item is None
        else _message(item.kind, min(item.id, feed.watermark), {"id": item.subject_id, "at": item.at})
        for item in items
    )


def _message(event: str, cursor: int, data: object) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (cursor, event.encode(), msgspec.json.encode(data))
