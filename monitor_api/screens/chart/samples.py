"""The samples of a session as points over time, as few as a chart needs, and where some lack."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from clinical.facts import SAMPLE
from monitor_api.http.decimation import Column, kept_rows
from monitor_api.screens.chart.model import Line, Stretch
from monitor_api.sessions.assembly import Account
from monitor_api.telemetry.series import Series
from vocabulary.readings import Sign

POINTS: Final = 600
"""Points of a chart: more than its pixels show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """All samples of a session. `kept` are the rows that are drawn: every extreme of every column is among them."""

    interval_s: float
    sequence: tuple[int, ...]
    columns: dict[str, Column]
    signs: tuple[int, ...]
    kept: tuple[int, ...]

    def line(self, name: str) -> Line:
        """A column as it is drawn."""
        column = self.columns.get(name) or (None,) * len(self.sequence)
        return Line(
            times_s=tuple(self.at_s(row) for row in self.kept),
            values=tuple(column[row] for row in self.kept),
            breaks=frozenset(self._breaks()),
        )

    def at_s(self, row: int) -> float:
        """The time of a row in the session."""
        return self.sequence[row] * self.interval_s

    def stretches(self, holds: Callable[[int], bool]) -> tuple[Stretch, ...]:
        """When something held, by rows without a gap between them; each sample stands for the time until the next."""
        return tuple(
            Stretch(self.at_s(rows[0]), self.at_s(rows[-1]) + self.interval_s)
            for held, members in groupby(range(len(self.sequence)), key=lambda row: (holds(row), self._lane(row)))
            if held[0] and (rows := list(members))
        )

    def gaps(self, known: Sequence[tuple[int, int]]) -> tuple[Stretch, ...]:
        """Where samples lack: between others, and those that are known to have been before or after."""
        here = [(number, number) for number in self.sequence]
        last = max((*self.sequence[-1:], *(end for _, end in known)), default=-1)
        edges = [(-1, -1), *here, (last + 1, last + 1)]
        return tuple(
            Stretch((before + 1) * self.interval_s, after * self.interval_s)
            for (_, before), (after, _) in pairwise(edges)
            if after > before + 1
        )

    def _lane(self, row: int) -> int:
        """The same for rows without a gap between them."""
        return self.sequence[row] - row

    def _breaks(self) -> Iterator[int]:
        for point, (before, row) in enumerate(pairwise(self.kept), start=1):
            if self._lane(before) != self._lane(row):
                yield point


def points_of(account: Account, series: Series, names: Sequence[str]) -> Points:
    """The points of a session, with the columns of these names that the device gave."""
    columns = {name: series.column(name) for name in names}
    signs = account.samples.signs
    bits = [[signs_ & bit for signs_ in signs] for bit in map(int, (Sign.CONTACT, Sign.PAUSED, Sign.TRIP))]
    return Points(
        interval_s=SAMPLE.total_seconds(),
        sequence=account.samples.sequence,
        columns={name: column for name, column in columns.items() if any(value is not None for value in column)},
        signs=signs,
        kept=tuple(kept_rows([*columns.values(), *bits], POINTS)),
    )
