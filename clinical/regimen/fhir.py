"""A phase as a Timing of FHIR R4, and back: `repeat` with frequency, period, bounds, duration and days of the week."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any, Final, cast

from clinical.errors import RegimenRefused
from clinical.plan import Phase, Timing, Weekday
from clinical.regimen.checks import LONGEST_PERIOD, LONGEST_PHASE, LONGEST_SESSION, WEEK, by_field, timing_reasons
from clinical.regimen.written import write_timing

_DAYS: Final = {day.name[:3].lower(): day for day in Weekday}
_PERIODS: Final = {"d": timedelta(days=1), "wk": timedelta(days=7)}
_DURATIONS: Final = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1)}
_NAMES: Final = {"period_days": "period", "weekdays": "dayOfWeek", "frequency": "frequency"}
_KNOWN: Final = frozenset({*_NAMES.values(), "periodUnit", "duration", "durationUnit", "boundsDuration"})
_OF_BOUNDS: Final = frozenset({"value", "unit", "system", "code"})
UCUM: Final = "http://unitsofmeasure.org"

_Reasons = Iterator[tuple[str, str]]
_Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What a FHIR Timing says of a phase: all but its dose. `lasts` is None where it is not bounded."""

    timing: Timing
    lasts: timedelta | None
    duration: timedelta


def to_fhir(phase: Phase) -> dict[str, Any]:
    """The Timing of a phase."""
    timing = phase.timing
    lasting = "s" if phase.duration % _DURATIONS["min"] else "min"
    unit = "wk" if timing.period % _PERIODS["wk"] == timedelta(0) else "d"
    repeat: dict[str, Any] = {
        "frequency": timing.frequency,
        "period": timing.period // _PERIODS[unit],
        "periodUnit": unit,
        "duration": _plain(phase.duration / _DURATIONS[lasting]),
        "durationUnit": lasting,
    }
    if timing.weekdays:  # on each of these days, every week
        days = [name for name, day in _DAYS.items() if day in timing.weekdays]
        repeat |= {"frequency": 1, "period": 1, "dayOfWeek": days}
    if phase.lasts is not None:
        weeks = _plain(phase.lasts / _PERIODS["wk"])
        repeat["boundsDuration"] = {"value": weeks, "unit": "wk", "system": UCUM, "code": "wk"}
    return {"repeat": repeat}


def from_fhir(timing: object) -> Repeat:
    """What a Timing says, whatever JSON it is given as.

    Raises RegimenRefused with every part that is missing, wrong, beyond what a phase may be, or says more than a phase.
    """
    whole = _object(timing)
    said = None if whole is None else _object(whole.get("repeat"))
    if whole is None or said is None:
        raise RegimenRefused({"repeat": "expected an object"})
    reasons = [(name, "a phase says nothing of this") for name in whole if name != "repeat"]
    reasons += [(f"repeat.{field}", reason) for field, reason in _wrong(said)]
    if not reasons:
        read = _read(said)
        reasons = [(f"repeat.{_NAMES[field]}", reason) for field, reason in timing_reasons(read.timing)]
        if not reasons:
            return read
    raise RegimenRefused(by_field(reasons))


def write_repeat(repeat: Repeat) -> dict[str, Any]:
    """As a phase of a regimen has it written, all but the dose."""
    return {
        "weeks": None if repeat.lasts is None else repeat.lasts // WEEK,
        "timing": write_timing(repeat.timing),
        "duration_s": repeat.duration.total_seconds(),
    }


def _read(said: _Json) -> Repeat:
    """A repeat of which no part is wrong by itself."""
    weekdays = tuple(sorted(_DAYS[name] for name in cast("list[str]", said.get("dayOfWeek", []))))
    bounds = _object(said.get("boundsDuration"))
    return Repeat(
        timing=Timing(
            frequency=len(weekdays) or cast("int", said["frequency"]),
            period=_span(said, "period", "periodUnit", _PERIODS),
            weekdays=weekdays,
        ),
        lasts=None if bounds is None else _span(bounds, "value", "code", _PERIODS),
        duration=_span(said, "duration", "durationUnit", _DURATIONS),
    )


def _wrong(said: _Json) -> _Reasons:
    """What is wrong with each part by itself."""
    yield from ((name, "a phase says nothing of this") for name in said if name not in _KNOWN)
    days = said.get("dayOfWeek", [])
    if not _is_whole(said.get("frequency")):
        yield "frequency", "expected a whole number"
    elif days and said["frequency"] != 1:
        yield "frequency", "with dayOfWeek, expected 1 on each day"
    yield from _wrong_span(said, ("period", "periodUnit"), _PERIODS, LONGEST_PERIOD)
    yield from _wrong_span(said, ("duration", "durationUnit"), _DURATIONS, LONGEST_SESSION)
    if not isinstance(days, list) or not _are_days(cast("list[object]", days)):
        yield "dayOfWeek", "expected some of mon to sun, each once"
    if "boundsDuration" in said and not _is_bound(_object(said["boundsDuration"])):
        yield "boundsDuration", f"expected 1 to {LONGEST_PHASE // WEEK} whole weeks: a value with code d or wk (UCUM)"


def _wrong_span(said: _Json, names: tuple[str, str], units: Mapping[str, timedelta], most: timedelta) -> _Reasons:
    number, unit = names
    length = units.get(_text(said.get(unit)))
    if length is None:
        yield unit, f"expected {' or '.join(units)}"
    elif not _is_within(said.get(number), most / length) or not _span(said, number, unit, units):
        yield number, f"expected more than 0 and up to {most / length:g} {said[unit]}"
    if length is None and not _is_within(said.get(number), inf):
        yield number, "expected a number more than 0"


def _is_bound(bounds: _Json | None) -> bool:
    if bounds is None or bounds.keys() - _OF_BOUNDS or bounds.get("system", UCUM) != UCUM:
        return False
    length = _PERIODS.get(_text(bounds.get("code")))
    if length is None or not _is_within(bounds.get("value"), LONGEST_PHASE / length):
        return False
    lasts = _span(bounds, "value", "code", _PERIODS)
    return bool(lasts) and lasts % WEEK == timedelta(0)


def _are_days(days: list[object]) -> bool:
    names = [_text(one) for one in days]
    return {*names} <= _DAYS.keys() and len({*names}) == len(names)


def _span(said: _Json, number: str, unit: str, units: Mapping[str, timedelta]) -> timedelta:
    return cast("float", said[number]) * units[cast("str", said[unit])]


def _object(value: object) -> _Json | None:
    return cast("_Json", value) if isinstance(value, dict) else None


def _text(value: object) -> str:
    """What may name a unit or a day; nothing does by another type."""
    return value if isinstance(value, str) else ""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_within(value: object, most: float) -> bool:
    """Whether it is a number more than zero, and up to a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value
