"""A template's figures in words: which field, what it says, from where, and how that is known."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from clinical.plan import Timing, Weekday
from clinical.regimen.templates import Mark, Sourced, Template
from clinical.regimen.wording import timing_words
from monitor_api.screens.words import lasting
from vocabulary.devices import Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a template, said."""

    field: str
    name: str
    words: str
    source: str
    mark: Mark
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A template, said: its figures, and the fields that nobody published."""

    name: str
    title: str
    modality: Modality
    figures: tuple[Figure, ...]
    to_fill: tuple[str, ...]


def beginning(template: Template) -> Beginning:
    """A template in words."""
    return Beginning(
        name=template.name,
        title=template.title,
        modality=template.modality,
        figures=tuple(figure(one) for one in template.figures),
        to_fill=tuple(_name(one) for one in template.to_fill),
    )


def figure(one: Sourced) -> Figure:
    """A figure in words."""
    return Figure(
        field=one.field,
        name=_name(one.field),
        words=_value(one),
        source=one.source,
        mark=one.mark,
        weak=one.weak,
    )


def _timing(value: Any) -> str:  # noqa: ANN401 - JSON
    weekdays = tuple(Weekday[day.upper()] for day in value["weekdays"])
    period = timedelta(days=value["period_days"])
    return timing_words(Timing(frequency=value["frequency"], period=period, weekdays=weekdays))


def _light(value: Any) -> str:  # noqa: ANN401
    return ", ".join(f"{one['band']} {one['wavelength_nm']} nm" for one in value)


_FIELDS: Final[tuple[tuple[str, str, Callable[[Any], str]], ...]] = (
    (r"phases\.(\d+)\.timing", "Phase {}, how often", _timing),
    (r"phases\.(\d+)\.duration_s", "Phase {}, a session lasts", lasting),
    (r"phases\.(\d+)\.weeks", "Phase {}, for so many weeks", str),
    (r"phases\.(\d+)\.dose", "Phase {}, dose of a session", str),
    (r"programmes\.(\d+)\.number", "Programme {}, its number on the device", str),
    (r"programmes\.(\d+)\.light", "Programme {}, light", _light),
    (r"limits\.skin_celsius", "Skin at most", lambda value: f"{value} °C"),
    (r"cem43", "Thermal dose: note, warn, alert, stop", lambda value: f"{_listed(value.values())} min"),
    (r"phototypes", "Phototypes", lambda value: _listed(value["allowed"])),
)
"""How each field that templates speak of is called, and how its value is said."""


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(one) for one in values)


def _name(field: str) -> str:
    name, _, hit = _said(field)
    return name.format(*(int(one) + 1 for one in hit.groups()))


def _value(one: Sourced) -> str:
    _, say, _ = _said(one.field)
    return say(one.value)


def _said(field: str) -> tuple[str, Callable[[Any], str], re.Match[str]]:
    return next((name, say, hit) for pattern, name, say in _FIELDS if (hit := re.fullmatch(pattern, field)))
