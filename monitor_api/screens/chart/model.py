"""What a session's chart shows, in seconds of the session and in the units of each quantity."""

from dataclasses import dataclass

from vocabulary.quantities import Unit
from vocabulary.severity import Severity


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one second of a session to another."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a rule, or the chart itself, says of a panel; `severity` is None for what calls nobody."""

    words: str
    severity: Severity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The values at the bottom and the top of a panel."""

    low: float
    high: float

    def part(self, value: float) -> float:
        """Where a value lies: 0 at the bottom, 1 at the top; outside when it does not fit."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The points that are drawn: one time each, and a value or None; `breaks` are points before which samples lack."""

    times_s: tuple[float, ...]
    values: tuple[float | None, ...]
    breaks: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One quantity over a session.

    `prescribed` says what the regimen sets, `limit` is what must not be passed, `wanted` the range to end in.
    `departures` are the stretches that passed the limit, `departed` how bad that is.
    """

    key: str
    title: str
    unit: Unit
    prescribed: str
    scale: Scale
    line: Line
    limit: float | None
    wanted: tuple[float, float] | None
    departures: tuple[Stretch, ...]
    departed: Severity | None
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A thin strip below the panels: when something was so."""

    key: str
    title: str
    stretches: tuple[Stretch, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A line of the table: a time and the values of all panels, or, where samples lack, from when to when."""

    start_s: float
    end_s: float | None
    values: tuple[float | None, ...]
    contact: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChart:
    """A whole chart. `length_s` is the width of the time axis; `gaps` where samples lack; no samples: no panels."""

    length_s: float
    panels: tuple[Panel, ...]
    lanes: tuple[Lane, ...]
    gaps: tuple[Stretch, ...]
    table: tuple[TableRow, ...]
