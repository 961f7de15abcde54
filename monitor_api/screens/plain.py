"""A patient's own things in plain words: no numbers without what they mean, no verdicts."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final

from clinical.regimen import Regimen
from monitor_api.http.queries.sessions import SessionSummary
from monitor_api.http.queries.triage import Prescribed
from monitor_api.screens.progress import Progress, progress
from monitor_api.screens.strip import Cell, Kind
from monitor_api.screens.triage import Week
from monitor_api.screens.words import count, device_name, lasting
from vocabulary.instants import Known
from vocabulary.readings import EndReason

FULL: Final = 0.95
OVER: Final = 1.05
"""Parts of the prescribed dose between which a person may call it the full one."""

ENDED: Final = {
    EndReason.OVER_TEMPERATURE: "The device stopped it because it got too warm.",
    EndReason.CONTACT: "The device stopped it because it lost contact with the skin.",
    EndReason.BATTERY: "The device stopped it because its battery was empty.",
    EndReason.FAULT: "The device stopped it because of a fault.",
    EndReason.USER: "You ended it.",
}
"""How a session ended that did not end as planned."""

_DONE: Final = "a session"
DAYS: Final = {
    Kind.DOSE: _DONE,
    Kind.OVER: _DONE,
    Kind.UNMEASURED: _DONE,
    Kind.NONE: "no session",
    Kind.UNKNOWN: "your device has not told us yet",
    Kind.RUNNING: "today, nothing yet",
    Kind.BEFORE: "before you had your device",
}
"""What is known of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSession:
    """A session: when it began, None when only two contacts bound that, and sentences about it."""

    session: SessionSummary
    began_at: datetime | None
    sentences: tuple[str, ...]


def plain_session(session: SessionSummary, versions: Iterable[Prescribed], now: datetime) -> PlainSession:
    """A session in plain words; `versions` are those of the patient's regimens."""
    held = session.regimen
    mine = (one.regimen for one in versions if held and (one.regimen.id, one.regimen.version) == astuple(held))
    placed = session.started if session.started and session.started.known_by is not Known.BRACKET else None
    began_at = None if placed is None else placed.earliest
    return PlainSession(session=session, began_at=began_at, sentences=tuple(_sentences(session, next(mine, None), now)))


def plain_regimen(regimen: Regimen) -> tuple[str, ...]:
    """What was prescribed, in plain words."""
    times = "once" if regimen.sessions_per_week == 1 else f"{regimen.sessions_per_week} times"
    how_long, rest = lasting(regimen.duration.total_seconds()), regimen.limits.rest
    first = f"Use your {device_name(regimen.modality)} for {how_long}, {times} a week."
    return (first, f"Leave at least {lasting(rest.total_seconds())} between two sessions.") if rest else (first,)


def plain_week(week: Week) -> str:
    """How many sessions there were lately, of how many."""
    if week.asked is None:
        return f"{count(week.done, 'session')} in the last 7 days"
    return f"{week.done} of {count(week.asked, 'session')} in the last 7 days"


def plain_day(cell: Cell) -> str:
    """What a day is marked with."""
    return DAYS[cell.kind]


def _sentences(session: SessionSummary, regimen: Regimen | None, now: datetime) -> list[str]:
    how = progress(session, now)
    if how is Progress.RUNNING:
        return ["This session is running now."]
    said = [f"It lasted {lasting(session.active_s)}." if session.active_s else "How long it lasted is not known."]
    if how is Progress.WAITING:
        return [*said, "The device still has to send its own record of it."]
    return [*said, *_ended(session), *_dosed(session, regimen), *_warmed(session, regimen)]


def _ended(session: SessionSummary) -> list[str]:
    return [ENDED[session.end_reason]] if session.end_reason and session.end_reason in ENDED else []


def _warmed(session: SessionSummary, regimen: Regimen | None) -> list[str]:
    hottest, limit = session.highest_skin_celsius, regimen.held_to.skin_celsius if regimen else None
    if hottest is None or limit is None or hottest <= limit:
        return []
    return ["Your skin got warmer than planned. Your clinic can see this."]


def _dosed(session: SessionSummary, regimen: Regimen | None) -> list[str]:
    if session.dose is None or regimen is None or regimen.dose.unit is not session.dose.unit:
        return []
    part = session.dose.value / regimen.dose.value
    if part > OVER:
        return [f"You received more than planned: {part:.0%} of the dose. Your clinic can see this."]
    return ["You received the full dose."] if part >= FULL else [f"You received {part:.0%} of the planned dose."]
