"""What changes, as it changes: server-sent events."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query

from monitor_api.http.event_stream import EventStream
from monitor_api.http.policy import Permission
from monitor_api.http.visits import Visit, needs

routes = APIRouter(tags=["events"])

_BIG: Final = 2**63
_EXAMPLE: Final = """retry: 1000
id: 41
event: hello
data: {}

id: 42
event: alert
data: {"id":"5f0c0ee4-8c2e-5b53-8f3a-0b9b5c1a2d11","at":"2026-03-02T19:34:00Z"}

: still here

"""
_TOLD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}}
}


@routes.get("/events", summary="Follow what changes", status_code=200, response_class=EventStream, responses=_TOLD)
async def follow_events(
    visit: Annotated[Visit, needs(Permission.FOLLOW_EVENTS)],
    after: Annotated[int | None, Query(ge=0, lt=_BIG, description="Cursor to go on from; now without it.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=20, description="What a browser sends by itself.")] = None,
) -> EventStream:
    """Follow the clinic's changes as far as the caller may see them; a patient follows their own.

    Every message but `hello` and `reset` is named by the kind of thing that changed and carries its id; read the
    thing again to see how. `reset` means that too much was missed: read everything again. A comment comes every 15 s.
    """
    return EventStream(visit, _cursor(last_event_id, after))


def _cursor(last_event_id: str | None, after: int | None) -> int | None:
    """Where to go on from; what cannot be read is a cursor that lies too far ahead, and leads to a reset."""
    if last_event_id is None:
        return after
    return int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else _BIG - 1
