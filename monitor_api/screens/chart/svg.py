"""A chart's panels and lanes as SVG. Sizes are parts of the width and height there is; text is never stretched.

What is drawn in a box of its own (`viewBox`) follows the shape of the panel; strokes keep their width by the style
sheet. Colours are classes: the page follows the reader's theme.
"""

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from monitor_api.screens.chart.model import Lane, Line, Panel, SessionChart, Stretch
from monitor_api.screens.words import clock_time
from vocabulary.severity import Severity

WIDTH: Final = 1000
HEIGHT: Final = 100

_TICK_STEPS_S: Final = (5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1800)
_TICKS_AT_MOST: Final = 6
_NEAR: Final = 0.2
"""Labels closer than this part of the height would touch."""

_EDGE: Final = 0.05
"""Half of a label's height."""

_CURSOR: Final = Markup('<line class="cursor" y2="{}"/>').format(HEIGHT)
"""Where a reader looks; scripts move it."""


def panel_svg(chart: SessionChart, panel: Panel) -> Markup:
    """One panel: what is wanted, the limit, where samples lack, the line, and again what passed the limit."""
    inner = Markup("").join(
        [
            *_wanted(panel),
            *_limit(panel),
            *_gaps(chart),
            _box(_path(chart, panel, None, "line"), *_departures(chart, panel), _CURSOR),
        ]
    )
    return Markup('<svg class="plot" aria-hidden="true" focusable="false">{}</svg>').format(inner)


def axis_svg(panel: Panel) -> Markup:
    """The values beside a panel: bottom and top, and the limit, which takes the place of a top that is near."""
    scale, limit = panel.scale, panel.limit
    values = [scale.low, *([] if limit is None else [limit])]
    if limit is None or scale.part(limit) < 1 - _NEAR:
        values.append(scale.high)
    label = Markup('<text x="100%" y="{}%">{:,g}</text>')
    inside = ((min(max(1 - scale.part(value), _EDGE), 1 - _EDGE), value) for value in values)
    labels = Markup("").join(label.format(_percent(place), value) for place, value in inside)
    return Markup('<svg class="axis" aria-hidden="true" focusable="false">{}</svg>').format(labels)


def lane_svg(chart: SessionChart, lane: Lane) -> Markup:
    """One lane: filled while it was so, hatched where that is not known."""
    bars = [_rect(chart, one, lane.key) for one in lane.stretches]
    inner = Markup("").join([*bars, *_gaps(chart, text=False)])
    return Markup('<svg class="lane" aria-hidden="true" focusable="false">{}</svg>').format(inner)


def time_svg(chart: SessionChart) -> Markup:
    """The time axis, in minutes and seconds of the session."""
    label = Markup('<text x="{}%" y="12" class="{}">{}</text>')
    labels = (
        label.format(_percent(at_s / chart.length_s), _anchor(at_s / chart.length_s), clock_time(at_s))
        for at_s in ticks(chart.length_s)
    )
    return Markup('<svg class="time" aria-hidden="true" focusable="false">{}</svg>').format(Markup("").join(labels))


def _anchor(part: float) -> str:
    """How a label stands at its place, so that the first and the last stay inside."""
    return "start" if part == 0 else "end" if part > 0.97 else "tick"


def ticks(length_s: float) -> list[float]:
    """Round times from the start to the end, few enough to be read."""
    step = next((one for one in _TICK_STEPS_S if length_s / one < _TICKS_AT_MOST), _TICK_STEPS_S[-1] * 2)
    return [float(at_s) for at_s in range(0, int(length_s) + 1, step)]


def _wanted(panel: Panel) -> Iterator[Markup]:
    """The range to stay in or to end in; below a limit all of it."""
    if panel.wanted or panel.limit is not None:
        low, high = panel.wanted or (panel.scale.low, panel.limit or panel.scale.high)
        top, bottom = 1 - panel.scale.part(high), 1 - panel.scale.part(low)
        yield Markup('<rect class="wanted" width="100%" y="{}%" height="{}%"/>').format(
            _percent(top), _percent(max(bottom - top, 0))
        )


def _limit(panel: Panel) -> Iterator[Markup]:
    if panel.limit is not None:
        y = _percent(1 - panel.scale.part(panel.limit))
        yield Markup('<line class="limit" x2="100%" y1="{0}%" y2="{0}%"/>').format(y)


def _gaps(chart: SessionChart, *, text: bool = True) -> Iterator[Markup]:
    for gap in chart.gaps:
        yield _rect(chart, gap, "nodata", "url(#hatch)")
        if text and gap.length_s / chart.length_s > 0.1:
            middle = (gap.start_s + gap.end_s) / 2 / chart.length_s
            yield Markup('<text class="nodata-word" x="{}%" y="55%">no data</text>').format(_percent(middle))


def _departures(chart: SessionChart, panel: Panel) -> Iterator[Markup]:
    """What is yellow or cyan has a dark line under it, or it would not be seen on white."""
    severity = panel.departed or "slight"
    for departure in panel.departures:
        if severity in {Severity.MEDIUM, Severity.LOW}:
            yield _path(chart, panel, departure, "departure under")
        yield _path(chart, panel, departure, f"departure {severity}")


def _rect(chart: SessionChart, stretch: Stretch, css: str, fill: str = "currentColor") -> Markup:
    start, end = stretch.start_s / chart.length_s, min(stretch.end_s / chart.length_s, 1)
    return Markup('<rect class="{}" fill="{}" x="{}%" width="{}%" height="100%"/>').format(
        css, fill, _percent(start), _percent(max(end - start, 0.002))
    )


def _box(*paths: Markup) -> Markup:
    box = Markup('<svg viewBox="0 0 {} {}" preserveAspectRatio="none" width="100%" height="100%">{}</svg>')
    return box.format(WIDTH, HEIGHT, Markup("").join(paths))


def _path(chart: SessionChart, panel: Panel, within: Stretch | None, css: str) -> Markup:
    """The line of a panel, or the part of it within a stretch."""

    def point(time_s: float, value: float) -> str:
        return f"{time_s / chart.length_s * WIDTH:.1f},{(1 - panel.scale.part(value)) * HEIGHT:.1f}"

    drawn = (" ".join(point(*one) for one in piece) for piece in pieces_of(panel.line, within))
    return Markup('<path class="{}" d="{}"/>').format(css, " ".join(f"M{piece}" for piece in drawn))


def pieces_of(line: Line, within: Stretch | None) -> list[list[tuple[float, float]]]:
    """The points of a line in pieces: it is broken where samples or values lack, and drawn across nothing."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for point, (time_s, value) in enumerate(zip(line.times_s, line.values, strict=True)):
        inside = within is None or within.start_s <= time_s < within.end_s
        if point in line.breaks or value is None or not inside:
            pieces.append([])
        if value is not None and inside:
            pieces[-1].append((time_s, value))
    return [piece if len(piece) > 1 else piece * 2 for piece in pieces if piece]


def _percent(part: float) -> str:
    return f"{part * 100:.2f}"
