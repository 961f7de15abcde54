"""Read a session into a chart: the same samples, limits and findings that its alerts rest on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from clinical.regimen import STANDING_LIMITS, Limits, Regimen
from clinical.verdicts import Outcome
from monitor_api.http.queries.sessions import SeenFinding
from monitor_api.screens.chart.model import Lane, Line, Panel, Remark, Scale, SessionChart, Stretch, TableRow
from monitor_api.screens.chart.samples import Points, points_of
from monitor_api.screens.words import clock_time, lasting, said
from monitor_api.sessions.assembly import DOSES, Account
from monitor_api.sessions.evidence import Evidence
from vocabulary.devices import Feature, Modality
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import Sign
from vocabulary.severity import Severity

LEVELS: Final = {
    Modality.LED: ("irradiance_mw_per_cm2", "Irradiance", Unit.MILLIWATT_PER_CM2),
    Modality.RF: ("rf_power_w", "Power", Unit.WATT),
}
"""By modality: the column of what a device emits, its title and its unit."""

DOSE_TITLES: Final = {Modality.LED: "Dose", Modality.RF: "Energy"}
SKIN: Final = "skin_celsius"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that a chart is read from: the version that the session is held against, and the dose it asked then."""

    evidence: Evidence
    account: Account
    regimen: Regimen | None
    dose: Quantity | None
    findings: tuple[SeenFinding, ...]

    @property
    def limits(self) -> Limits:
        """What the rules hold the session against."""
        if self.regimen is None:
            return STANDING_LIMITS[self.account.modality]
        return self.regimen.held_to(self.dose or self.regimen.strongest_dose)

    def remarks(self, *rules: str) -> tuple[Remark, ...]:
        """What these rules found."""
        return tuple(
            Remark(words=said(one.because), severity=one.severity if one.outcome is Outcome.FIRES else None)
            for one in self.findings
            if one.rule in rules
        )


def read_chart(told: Told) -> SessionChart:
    """The chart of a session as far as it is known."""
    modality = told.account.modality
    level, dose = LEVELS.get(modality), DOSES.get(modality)
    names = (SKIN, *(one[0] for one in (level, dose) if one))
    points = points_of(told.account, told.evidence.series, names)
    panels = _panels(told, points)
    gaps = points.gaps(told.evidence.gaps)
    return SessionChart(
        length_s=_length_s(told, points, gaps),
        panels=panels if points.sequence else (),
        lanes=_lanes(told, points) if points.sequence else (),
        gaps=gaps,
        table=tuple(_table(points, panels, gaps)),
    )


def _panels(told: Told, points: Points) -> tuple[Panel, ...]:
    modality = told.account.modality
    panels = [_skin_panel(told, points)]
    if modality in LEVELS:
        panels.append(_level_panel(told, points))
    if modality in DOSES:
        panels.append(_dose_panel(told, points))
    return tuple(panels)


def _skin_panel(told: Told, points: Points) -> Panel:
    limit, grace_s = told.limits.skin_celsius, told.limits.skin_grace.total_seconds()
    departures = _above(points, SKIN, limit)
    remarks = told.remarks("too-hot") or tuple(_brief(departures, limit, grace_s))
    line = points.line(SKIN)
    return Panel(
        key="skin",
        title="Skin temperature",
        unit=Unit.CELSIUS,
        prescribed="no limit" if limit is None else f"not above {limit:g} for {lasting(grace_s)}",
        scale=_warm(line, limit),
        line=line,
        limit=limit,
        wanted=None,
        departures=departures,
        departed=_worst(remarks),
        remarks=remarks or _nothing_given(line),
    )


def _level_panel(told: Told, points: Points) -> Panel:
    name, title, unit = LEVELS[told.account.modality]
    line, limit = points.line(name), told.limits.duration
    too_long = told.remarks("too-long")
    return Panel(
        key="level",
        title=title,
        unit=unit,
        prescribed="no limit" if limit is None else f"for at most {lasting(limit.total_seconds())}",
        scale=_from_zero(line),
        line=line,
        limit=None,
        wanted=None,
        departures=_after(points, None if limit is None else limit.total_seconds()) if too_long else (),
        departed=_worst(too_long),
        remarks=too_long or _nothing_given(line),
    )


def _dose_panel(told: Told, points: Points) -> Panel:
    name, unit = DOSES[told.account.modality]
    line = points.line(name)
    wanted = told.dose.value if told.dose else None
    limit = told.limits.dose.value if told.limits.dose else None
    remarks = told.remarks("over-dose")
    return Panel(
        key="dose",
        title=DOSE_TITLES[told.account.modality],
        unit=unit,
        prescribed=_prescribed_dose(told),
        scale=_from_zero(line, limit, wanted),
        line=line,
        limit=limit,
        wanted=None if wanted is None else (wanted, wanted if limit is None else limit),
        departures=_above(points, name, limit),
        departed=_worst(remarks),
        remarks=remarks or _nothing_given(line),
    )


def _prescribed_dose(told: Told) -> str:
    if told.dose is None:
        return "nothing prescribed"
    limit = told.limits.dose
    return f"prescribed {_bare(told.dose)}" + (f", at most {_bare(limit)}" if limit else "")


def _bare(quantity: Quantity) -> str:
    return f"{quantity.value:,g}"


def _lanes(told: Told, points: Points) -> tuple[Lane, ...]:
    """Contact where the device senses it; pauses and trips where there were any."""

    def lane(key: str, title: str, sign: Sign, *rules: str) -> Lane:
        found = points.stretches(lambda row: bool(points.signs[row] & sign))
        return Lane(key=key, title=title, stretches=found, remarks=told.remarks(*rules))

    lanes = [lane("pause", "Paused", Sign.PAUSED), lane("trip", "Safety trip", Sign.TRIP)]
    contact = lane("contact", "Contact", Sign.CONTACT, "contact-lost", "not-worn")
    senses = Feature.CONTACT in told.evidence.device.features or contact.stretches
    return (*([contact] if senses else []), *(one for one in lanes if one.stretches))


def _table(points: Points, panels: Sequence[Panel], gaps: Sequence[Stretch]) -> Iterable[TableRow]:
    rows = [
        TableRow(
            start_s=points.at_s(row),
            end_s=None,
            values=tuple(panel.line.values[point] for panel in panels),
            contact=bool(points.signs[row] & Sign.CONTACT),
        )
        for point, row in enumerate(points.kept)
    ]
    lacking = [TableRow(start_s=one.start_s, end_s=one.end_s, values=(), contact=None) for one in gaps]
    return sorted((*rows, *lacking), key=lambda row: row.start_s)


def _length_s(told: Told, points: Points, gaps: Sequence[Stretch]) -> float:
    """As long as the session is to last, or as long as it lasted."""
    record, remaining = told.account.record, told.evidence.series.column("remaining_s")
    seen_s = (points.sequence[-1] + 1) * points.interval_s if points.sequence else 0
    known_s = max((seen_s, *(one.end_s for one in gaps[-1:])))
    to_come_s = 0 if record or not remaining else remaining[-1]
    planned_s = record.planned.total_seconds() if record else 0
    return max(known_s + to_come_s, planned_s, 1)


def _above(points: Points, name: str, limit: float | None) -> tuple[Stretch, ...]:
    column = points.columns.get(name)
    if column is None or limit is None:
        return ()
    return points.stretches(lambda row: (value := column[row]) is not None and value > limit)


def _after(points: Points, limit_s: float | None) -> tuple[Stretch, ...]:
    if limit_s is None:
        return ()
    return points.stretches(lambda row: points.at_s(row) >= limit_s)


def _brief(departures: Sequence[Stretch], limit: float | None, grace_s: float) -> Iterable[Remark]:
    """What passed the limit and is no finding is said all the same: it was too short, or was not checked yet."""
    if departures:
        longest = max(departures, key=lambda one: one.length_s)
        allowed = f", within the {lasting(grace_s)} allowed" if longest.length_s <= grace_s else ""
        lasted = f"{lasting(longest.length_s)} from {clock_time(longest.start_s)}"
        yield Remark(words=f"above {limit:g} °C for {lasted}{allowed}", severity=None)


def _nothing_given(line: Line) -> tuple[Remark, ...]:
    given = any(value is not None for value in line.values)
    return () if given else (Remark(words="the device gave none", severity=None),)


def _worst(remarks: Sequence[Remark]) -> Severity | None:
    return min((one.severity for one in remarks if one.severity), key=lambda one: one.rank, default=None)


def _warm(line: Line, limit: float | None) -> Scale:
    """From the coolest to the hottest, with the limit in sight, in whole degrees."""
    values = [value for value in (*line.values, limit) if value is not None] or [30.0, 40.0]
    return Scale(low=floor(min(values) - 0.5), high=ceil(max(values) + 0.5))


def _from_zero(line: Line, *marks: float | None) -> Scale:
    highest = max((value for value in (*line.values, *marks) if value is not None), default=0)
    return Scale(low=0, high=_round_up(highest * 1.1) if highest > 0 else 1)


def _round_up(value: float) -> float:
    """The next number of two digits that is even."""
    step = 2 * 10.0 ** (floor(log10(value)) - 1)
    return ceil(value / step) * step
