"""Sessions: list, read, and their samples."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from monitor_api.http.decimation import FEWEST
from monitor_api.http.describing import told
from monitor_api.http.etags import IfNoneMatch, etag_of, is_known
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import sessions as queries
from monitor_api.http.queries.samples import SessionSamples, session_samples
from monitor_api.http.queries.sessions import SessionDetail, SessionSummary, SessionsWanted
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs
from monitor_api.http.wanted import Instant
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import DeviceUid, PatientId, SessionId

routes = APIRouter(prefix="/sessions", tags=["sessions"])


def _which(
    patient: UUID | None = None,
    device: Annotated[str | None, Query(pattern="^[0-9a-f]{16}$")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="Began at or after.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Began before.")] = None,
) -> SessionsWanted:
    return SessionsWanted(
        patient=None if patient is None else PatientId(patient),
        device=None if device is None else DeviceUid(device),
        since=since,
        until=until,
    )


@routes.get("", **told("List sessions", examples.page(examples.SUMMARY)))
def list_sessions(
    visit: Annotated[Visit, needs(Permission.SEE_SESSIONS)],
    which: Annotated[SessionsWanted, Depends(_which)],
    wanted: Wanted,
) -> Page[SessionSummary]:
    """Sessions, newest first; for a patient, their own."""
    with visit.reading() as session:
        found = queries.sessions(session, visit.caller, which, wanted)
    if found.items:
        visit.saw(which.patient)
    return found


@routes.get("/{session_id}", **told("Read a session", examples.SESSION))
def read_session(visit: Annotated[Visit, needs(Permission.SEE_SESSIONS)], session_id: UUID) -> SessionDetail:
    """One session with what the rules say of it and which samples are missing."""
    with visit.reading() as session:
        found = queries.session_detail(session, visit.caller, SessionId(session_id))
    visit.saw(found.session.patient_id)
    return found


@routes.get(
    "/{session_id}/samples", response_model=SessionSamples, **told("Read a session's samples", examples.SAMPLES, 304)
)
def read_samples(
    visit: Annotated[Visit, needs(Permission.SEE_SESSIONS)],
    session_id: UUID,
    points: Annotated[int | None, Query(ge=FEWEST, le=5000, description="At most so many; all without it.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All samples in columns, or so many that a chart needs; of every column the lowest and the highest stay."""
    with visit.reading() as session:
        row = queries.session_row(session, visit.caller, SessionId(session_id))
    visit.saw(row.patient_id)
    series = visit.parts.telemetry.series(SeriesKey(clinic=visit.caller.clinic, session=SessionId(session_id)))
    body = msgspec.json.encode(session_samples(SessionId(session_id), series, points))
    tags = {"ETag": etag_of(body), "Cache-Control": "private, no-cache"}
    if is_known(if_none_match, tags["ETag"]):
        return Response(status_code=304, headers=tags)
    return Response(body, headers=tags, media_type="application/json")
