"""A session's samples in columns, all of them or as many as a chart can show."""

from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

from monitor_api.http.decimation import Column, kept_rows
from monitor_api.telemetry.series import Series
from vocabulary.devices import DeviceState, Zone
from vocabulary.identity import SessionId
from vocabulary.readings import Sign
from vocabulary.wire.batches import COLUMN_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRun:
    """Samples `first` to `last`, without a gap, in one state and zone."""

    first: int
    last: int
    state: DeviceState
    zone: Zone | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRun:
    """Samples `first` to `last`, between others, that are not here."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSamples:
    """The samples of a session.

    `columns` holds `sequence`, the number of each sample (one a second while the device emits), and every quantity
    the device gave, a list each, all of one length; names carry the unit, `signs` are bits (1 contact, 2 moving,
    4 eye shield, 8 charging, 16 paused, 32 trip, 64 level measured, 128 dose estimated). `stored` counts all samples
    that are here; with fewer `shown` than that, the lowest and highest of every column are among those that are.
    `clashes` counts samples that came twice and differ.
    """

    session_id: SessionId
    stored: int
    shown: int
    clashes: int
    columns: dict[str, tuple[float | None, ...]]
    states: tuple[StateRun, ...]
    missing: tuple[MissingRun, ...]


def session_samples(session: SessionId, series: Series, points: int | None) -> SessionSamples:
    """All samples of a session, or at most `points` of them that keep every extreme."""
    columns: dict[str, Column] = {"sequence": series.sequence()}
    columns |= {name: column for name in COLUMN_NAMES if (column := series.column(name)) and any_given(column)}
    if points is not None:
        rows = kept_rows(_peaked(columns), points)
        columns = {name: [column[row] for row in rows] for name, column in columns.items()}
    return SessionSamples(
        session_id=session,
        stored=series.count,
        shown=len(columns["sequence"]),
        clashes=series.clashes,
        columns={name: tuple(column) for name, column in columns.items()},
        states=_states(series),
        missing=_missing(series),
    )


def any_given(column: Column) -> bool:
    """Whether the device gave a value at all."""
    return any(value is not None for value in column)


def _peaked(columns: dict[str, Column]) -> list[Column]:
    """The columns whose extremes count; of the signs, each bit by itself."""
    signs = [int(value or 0) for value in columns.get("signs", ())]
    changing = reduce(int.__or__, signs, 0) & ~reduce(int.__and__, signs, -1)
    bits = [[value & bit for value in signs] for bit in map(int, Sign) if bit & changing]
    return [*(column for name, column in columns.items() if name != "signs"), *bits]


def _states(series: Series) -> tuple[StateRun, ...]:
    runs: list[StateRun] = []
    for one in series.stretches:
        run = StateRun(first=one.first, last=one.first + one.count - 1, state=one.state, zone=one.zone)
        before = runs[-1] if runs else None
        if before and (before.last + 1, before.state, before.zone) == (run.first, run.state, run.zone):
            runs[-1] = replace(before, last=run.last)
        else:
            runs.append(run)
    return tuple(runs)


def _missing(series: Series) -> tuple[MissingRun, ...]:
    ends = [(one.first, one.first + one.count - 1) for one in series.stretches]
    return tuple(
        MissingRun(first=before[1] + 1, last=after[0] - 1)
        for before, after in pairwise(ends)
        if after[0] > before[1] + 1
    )
