"""How the clocks of a patient's devices jumped while they were theirs, from what is stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinical.course import ClockStep, CourseDevice, Interval
from monitor_api.records.courses import SessionSumRow
from monitor_api.records.sessions import SessionRow
from monitor_api.sessions.device_clocks import Ahead, jumps, tick_jumps
from monitor_api.sessions.order import started_of
from vocabulary.identity import ClinicId


def clock_readings(sessions: Iterable[tuple[SessionRow, SessionSumRow]]) -> Mapping[str, Sequence[Ahead]]:
    """What sessions that a gateway saw as they happened say of their devices' clocks, by device."""
    found: defaultdict[str, list[Ahead]] = defaultdict(list)
    for row, sums in sessions:
        started = started_of(row)
        if started is not None and sums.clock_ahead_s is not None and sums.clock_doubt_s is not None:
            by, doubt = timedelta(seconds=sums.clock_ahead_s), timedelta(seconds=sums.clock_doubt_s)
            found[row.device_uid].append(Ahead(shown_by=str(row.id), at=started.at, by=by, doubt=doubt))
    return found


def clock_steps(
    session: Session, device: CourseDevice, clinic: ClinicId, readings: Sequence[Ahead]
) -> tuple[ClockStep, ...] | None:
    """The jumps of a device's clock while it was the patient's; None where no gateway could hold it against its own."""
    ticks = tick_jumps(session, clinic, device.uid)
    if ticks is None and not readings:
        return None
    steps = sorted([*(ticks or ()), *jumps(readings)], key=lambda step: (step.at, step.shown_by))
    return tuple(step for step in steps if any(_has(one, step.at) for one in device.given))


def _has(during: Interval, at: datetime) -> bool:
    return during.from_at <= at and (during.until_at is None or at < during.until_at)
