"""A patient's own things in plain words: no numbers without what they mean, no verdicts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Final

from clinical.adherence.days import DAY
from clinical.adherence.slots import SlotState
from clinical.regimen.wording import timing_words
from monitor_api.http.queries.courses import SeenSlot, SeenStrand
from monitor_api.http.queries.sessions import SessionSummary
from monitor_api.http.queries.triage import Prescribed
from monitor_api.screens.progress import Progress, progress
from monitor_api.screens.strip import Cell, Kind
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainStrand:
    """What is planned with one device these days: its slots, and sentences about them."""

    device: str
    slots: tuple[SeenSlot, ...]
    sentences: tuple[str, ...]


def plain_session(session: SessionSummary, versions: Iterable[Prescribed], now: datetime) -> PlainSession:
    """A session in plain words; `versions` are those of the patient's regimens."""
    held = session.regimen
    mine = (one for one in versions if held and (one.regimen.id, one.regimen.version) == astuple(held))
    placed = session.started if session.started and session.started.known_by is not Known.BRACKET else None
    began_at = None if placed is None else placed.earliest
    return PlainSession(session=session, began_at=began_at, sentences=tuple(_sentences(session, next(mine, None), now)))


def plain_regimen(one: Prescribed, now: datetime) -> tuple[str, ...]:
    """What was prescribed, in plain words: what holds now, and what comes next."""
    rest = one.regimen.limits.rest
    said = (_plan(one, now), *_next_phase(one, now))
    return (*said, f"Leave at least {lasting(rest.total_seconds())} between two sessions.") if rest else said


def _plan(one: Prescribed, now: datetime) -> str:
    phase, name = one.phase_at(now), device_name(one.regimen.modality)
    if phase is None:
        return f"The plan for your {name} is over. Ask your clinic how to go on."
    return f"Use your {name} for {lasting(phase.duration.total_seconds())}, {timing_words(phase.timing)}."


def _next_phase(one: Prescribed, now: datetime) -> tuple[str, ...]:
    turns_at = one.phases.turns_at(now)
    following = None if turns_at is None else one.phase_at(turns_at)
    if turns_at is None or following is None:
        return ()
    how_long, begins = lasting(following.duration.total_seconds()), one.days.of(turns_at)
    return (f"From {begins:%-d %B} on: {timing_words(following.timing)}, for {how_long}.",)


def plain_strand(strand: SeenStrand, today: date) -> PlainStrand:
    """What was planned for these days and what was done of it, never what was not."""
    slots = _these_days(strand.slots, today)
    return PlainStrand(
        device=device_name(strand.modality),
        slots=slots,
        sentences=tuple(_progress(slots, strand.slots, today)),
    )


def _these_days(slots: Sequence[SeenSlot], today: date) -> tuple[SeenSlot, ...]:
    """Those of the round that runs; where each day is a round, those of the last seven."""
    running = tuple(one for one in slots if one.first <= today < one.end)
    if any(one.end - one.first > DAY for one in running):
        return running
    return tuple(one for one in slots if one.end > today - 6 * DAY)


def _progress(slots: Sequence[SeenSlot], every: Sequence[SeenSlot], today: date) -> Iterator[str]:
    counted = Counter(one.state for one in slots)
    planned = len(slots) - counted[SlotState.EXCUSED]
    if slots:
        first, last = min(one.first for one in slots), max(one.end for one in slots) - DAY
        yield f"{count(planned, 'session is', 'sessions are')} planned from {_day(first)} to {_day(last)}."
    if done := counted[SlotState.TAKEN]:
        yield f"{count(done, 'is', 'are')} done."
    if part := counted[SlotState.PARTIAL]:
        yield f"{count(part, 'was', 'were')} done in part."
    if left := counted[SlotState.OPEN]:
        yield f"{count(left, 'is', 'are')} still to come."
    if excused := counted[SlotState.EXCUSED]:
        yield f"{count(excused, 'is', 'are')} excused: you need not make up for {'it' if excused == 1 else 'them'}."
    if unknown := counted[SlotState.UNKNOWN]:
        yield f"Of {unknown} we do not know yet: your device has not told us."
    yield "A rest day never breaks a streak."
    if so_far := sum(one.state is SlotState.TAKEN for one in every if one.first <= today):
        yield f"So far you have done {count(so_far, 'planned session')} in the last weeks."


def _day(day: date) -> str:
    return f"{day:%A %-d %B}"


def plain_day(cell: Cell) -> str:
    """What a day is marked with."""
    return DAYS[cell.kind]


def _sentences(session: SessionSummary, held: Prescribed | None, now: datetime) -> list[str]:
    how = progress(session, now)
    if how is Progress.RUNNING:
        return ["This session is running now."]
    said = [f"It lasted {lasting(session.active_s)}." if session.active_s else "How long it lasted is not known."]
    if how is Progress.WAITING:
        return [*said, "The device still has to send its own record of it."]
    return [*said, *_ended(session), *_dosed(session, held), *_warmed(session, held)]


def _ended(session: SessionSummary) -> list[str]:
    return [ENDED[session.end_reason]] if session.end_reason and session.end_reason in ENDED else []


def _warmed(session: SessionSummary, held: Prescribed | None) -> list[str]:
    hottest, limit = session.highest_skin_celsius, held.limits_at(held.from_at).skin_celsius if held else None
    if hottest is None or limit is None or hottest <= limit:
        return []
    return ["Your skin got warmer than planned. Your clinic can see this."]


def _dosed(session: SessionSummary, held: Prescribed | None) -> list[str]:
    wanted = held.dose_at(session.started.earliest if session.started else held.from_at) if held else None
    if session.dose is None or wanted is None or wanted.unit is not session.dose.unit:
        return []
    part = session.dose.value / wanted.value
    if part > OVER:
        return [f"You received more than planned: {part:.0%} of the dose. Your clinic can see this."]
    return ["You received the full dose."] if part >= FULL else [f"You received {part:.0%} of the planned dose."]
