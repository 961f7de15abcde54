"""Templates, and the words they use; everything that comes from outside is escaped."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from clinical.misuse.rules import parts
from monitor_api.screens import adherence, plain, words
from monitor_api.screens.chart import svg
from monitor_api.screens.definitions import TRIAGE
from monitor_api.screens.kept import Kept
from monitor_api.screens.static_files import static
from monitor_api.screens.triage import Row

_TEMPLATES: Final = Environment(
    loader=PackageLoader("monitor_api.screens"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
    auto_reload=False,
)
_FILTERS: Final[dict[str, Any]] = {
    "amount": words.amount,
    "began": words.began,
    "clock_time": words.clock_time,
    "count": words.count,
    "exact": words.exact,
    "in_full": words.in_full,
    "lasting": words.lasting,
    "long_day": words.long_day,
    "figure": words.figure,
    "moment": words.moment,
    "number": words.number,
    "parts": parts,
    "plain_day": plain.plain_day,
    "precisely": words.precisely,
    "said": words.said,
    "strength": words.strength,
    "time_of_day": words.time_of_day,
    "window": words.window,
}


_ROWS: Final = Kept[Markup](5000)
"""Rows of triage lists as they were drawn: most are the same from one look to the next."""


def aged(at: datetime | None, now: datetime, never: str = "never", *, brief: bool = False) -> Markup:
    """How long ago something was; a page that is open counts on. In brief: without "ago"."""
    if at is None:
        return Markup("<span>{}</span>").format(never)
    ago = "" if brief else " ago"
    time = Markup('<time datetime="{}" data-age="{}">{}{}</time>')
    return time.format(f"{at:%Y-%m-%dT%H:%M:%SZ}", ago, words.age(at, now), ago)


def draw_row(row: Row, now: datetime) -> Markup:
    """A row of a triage list."""
    ages = tuple(at and words.age(at, now) for at in row.instants)
    return _ROWS.get((row, ages), lambda: _macro("rows.html", "row")(row, now))


@cache
def _macro(template: str, name: str) -> Callable[[Row, datetime], Markup]:
    return cast("Callable[[Row, datetime], Markup]", getattr(_TEMPLATES.get_template(template).module, name))


_GLOBALS: Final[dict[str, Any]] = {
    "aged": aged,
    "axis_svg": svg.axis_svg,
    "definitions": TRIAGE,
    "device_name": words.device_name,
    "engagements": adherence.ENGAGEMENTS,
    "lane_svg": svg.lane_svg,
    "met": adherence.MET,
    "panel_svg": svg.panel_svg,
    "plain_slots": adherence.PLAIN_SLOTS,
    "proof_words": words.proof_words,
    "reach_words": adherence.reach_words,
    "row": draw_row,
    "shapes": words.SHAPES,
    "share_words": adherence.share_words,
    "slot_meanings": adherence.SLOT_WORDS,
    "standing_skin": words.standing_skin,
    "static": static,
    "symbols": words.SYMBOLS,
    "time_svg": svg.time_svg,
}

_TEMPLATES.filters.update(_FILTERS)
_TEMPLATES.globals.update(_GLOBALS)


def draw(template: str, **about: Any) -> str:  # noqa: ANN401 - what a template is told
    """A page."""
    return _TEMPLATES.get_template(template).render(**about)
