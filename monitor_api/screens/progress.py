"""How far a session is, and what it is said to be."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor_api.http.queries.briefs import BriefSession
from monitor_api.http.queries.sessions import SessionDetail, SessionSummary
from monitor_api.screens.definitions import RUNNING_FOR
from monitor_api.screens.words import count


class Progress(StrEnum):
    """What of a session is here."""

    RUNNING = "running now"
    RECORDED = "recorded"
    WAITING = "waiting for the record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A session as it is listed: `lacking` says in words which of its samples are not here, None when none lack."""

    detail: SessionDetail
    progress: Progress
    lacking: str | None

    @property
    def session(self) -> SessionSummary:
        """Its facts."""
        return self.detail.session


def tell(detail: SessionDetail, now: datetime) -> Told:
    """A session as of now."""
    return Told(detail=detail, progress=progress(detail.session, now), lacking=_lacking(detail.session))


def progress(session: SessionSummary | BriefSession, now: datetime) -> Progress:
    """A session without its record is running as long as it is heard of."""
    if session.recorded:
        return Progress.RECORDED
    return Progress.RUNNING if now - session.heard_at <= RUNNING_FOR else Progress.WAITING


def _lacking(session: SessionSummary) -> str | None:
    missing, every = session.samples_missing, session.samples_stored + session.samples_missing
    if missing == 0:
        return None
    if session.samples_stored == 0:
        return "The device was out of reach: its record is here, its samples are not"
    return f"{missing:,} of {count(every, 'sample')} never arrived"
