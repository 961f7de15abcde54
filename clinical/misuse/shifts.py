"""Shifts of a device from its own baseline: several sessions in a row that differ from the median of those before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from clinical.adherence.practice import Practice
from clinical.course import PastSession
from clinical.misuse.course_rules import CourseAt
from vocabulary.identity import DeviceUid, SessionId

Figure = Callable[[PastSession], float | None]
Away = Callable[[float, float], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Sessions in a row whose figure lay away from the `normal` one, and the first session that was as before."""

    run: tuple[PastSession, ...]
    normal: float
    figure: float
    ended_by: PastSession | None


def by_device(at: CourseAt) -> dict[DeviceUid, tuple[PastSession, ...]]:
    """The recorded sessions of each device, each once and by counter: those of the look-back, and a baseline before.

    The baseline is counted twice, so that one which begins within it has settled when the look-back begins.
    """
    since = at.now - timedelta(days=at.practice.look_back_days)
    devices: dict[DeviceUid, dict[SessionId, PastSession]] = {}
    for session in at.course.sessions:
        if session.recorded:
            devices.setdefault(session.device, {})[session.session] = session
    return {uid: _recent(sessions.values(), since, 2 * at.practice.baseline) for uid, sessions in devices.items()}


def _recent(sessions: Iterable[PastSession], since: datetime, before: int) -> tuple[PastSession, ...]:
    ordered = sorted(sessions, key=lambda one: one.counter)
    first = next((index for index, one in enumerate(ordered) if when(one) > since), len(ordered))
    return tuple(ordered[max(0, first - before) :])


def shifts(sessions: Sequence[PastSession], figure: Figure, away: Away, practice: Practice) -> Iterator[Shift]:
    """Every run of at least `practice.drift` sessions away from the median of those before that were not.

    Sessions without the figure are passed over. Until `practice.learned` have one, nothing is away from anything.
    """
    normal: deque[float] = deque(maxlen=practice.baseline)
    run: list[tuple[PastSession, float]] = []
    for session in sessions:
        value = figure(session)
        if value is None:
            continue
        if len(normal) >= practice.learned and away(value, median(normal)):
            run.append((session, value))
            continue
        if len(run) >= practice.drift:
            yield _shift(run, median(normal), session)
        run = []
        normal.append(value)
    if len(run) >= practice.drift:
        yield _shift(run, median(normal), None)


def fell_silent(sessions: Sequence[PastSession], figure: Figure, practice: Practice) -> bool:
    """Whether the last sessions lack a figure that enough of those before had."""
    values = [figure(session) for session in sessions]
    before = [value for value in values[: -practice.drift] if value is not None]
    return len(before) >= practice.learned and not any(value is not None for value in values[-practice.drift :])


def when(session: PastSession) -> datetime:
    """When a session was, or was heard of where nothing places it."""
    return session.started.at if session.started else session.heard_at


def _shift(run: Sequence[tuple[PastSession, float]], normal: float, ended_by: PastSession | None) -> Shift:
    return Shift(
        run=tuple(session for session, _ in run),
        normal=normal,
        figure=median(value for _, value in run),
        ended_by=ended_by,
    )
