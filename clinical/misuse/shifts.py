"""Shifts of a device from its own baseline: several sessions in a row that differ from the median of those before."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from clinical.adherence.usual import Usual
from clinical.course import PastSession
from clinical.practice import Practice

Figure = Callable[[PastSession], float | None]
Away = Callable[[float, float], bool]
"""Whether a figure is away from the normal one; what lies nearer to it on the same side never is where that is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Sessions in a row whose figure lay away from the `normal` one, and the first session that was as before."""

    run: tuple[PastSession, ...]
    normal: float
    figure: float
    ended_by: PastSession | None


def shifts(sessions: Sequence[PastSession], figure: Figure, away: Away, practice: Practice) -> Iterator[Shift]:
    """Every run of at least `practice.drift` sessions away from the median of those before that were not.

    Sessions without the figure are passed over. Until `practice.learned` have one, nothing is away from anything.
    """
    values = list(map(figure, sessions))
    if not _may_shift([value for value in values if value is not None], away, practice):
        return
    known = [(one, value) for one, value in zip(sessions, values, strict=True) if value is not None]
    normal = Usual(practice.baseline)
    run: list[tuple[PastSession, float]] = []
    for session, value in known:
        if len(normal) >= practice.learned and away(value, normal.median()):
            run.append((session, value))
            continue
        if len(run) >= practice.drift:
            yield _shift(run, normal.median(), session)
        run = []
        normal.add(value)
    if len(run) >= practice.drift:
        yield _shift(run, normal.median(), None)


def _may_shift(values: Sequence[float], away: Away, practice: Practice) -> bool:
    """A quick look: whether enough in a row are away from the lowest or the highest, for any median lies between."""
    low, high, row = min(values, default=0.0), max(values, default=0.0), 0
    if not away(low, high) and not away(high, low):
        return False
    for value in values:
        row = row + 1 if away(value, low) or away(value, high) else 0
        if row >= practice.drift:
            return True
    return False


def fell_silent(sessions: Sequence[PastSession], figure: Figure, practice: Practice) -> bool:
    """Whether the last sessions lack a figure that enough of those before had."""
    if any(figure(session) is not None for session in sessions[-practice.drift :]):
        return False
    return sum(figure(session) is not None for session in sessions[: -practice.drift]) >= practice.learned


def _shift(run: Sequence[tuple[PastSession, float]], normal: float, ended_by: PastSession | None) -> Shift:
    return Shift(
        run=tuple(session for session, _ in run),
        normal=normal,
        figure=median(value for _, value in run),
        ended_by=ended_by,
    )
