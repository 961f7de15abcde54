"""A phase as a Timing of FHIR R4, and back: `repeat` with frequency, period, bounds, duration and days of the week."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

from clinical.errors import RegimenRefused
from clinical.plan import Phase, Timing, Weekday
from clinical.regimen.checks import timing_reasons

_DAYS: Final = {day: day.name[:3].lower() for day in Weekday}
_PERIODS: Final = {"d": timedelta(days=1), "wk": timedelta(days=7)}
_DURATIONS: Final = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1)}
_BOUNDS: Final = _PERIODS
UCUM: Final = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What a FHIR Timing says of a phase: all but its dose. `lasts` is None where it is not bounded."""

    timing: Timing
    lasts: timedelta | None
    duration: timedelta


def to_fhir(phase: Phase) -> dict[str, Any]:
    """The Timing of a phase."""
    timing = phase.timing
    unit = "wk" if timing.period % _PERIODS["wk"] == timedelta(0) else "d"
    repeat: dict[str, Any] = {
        "frequency": timing.frequency,
        "period": timing.period // _PERIODS[unit],
        "periodUnit": unit,
        "duration": _plain(phase.duration / _DURATIONS["min"]),
        "durationUnit": "min",
    }
    if timing.weekdays:  # on each of these days, every week
        repeat |= {"frequency": 1, "period": 1, "dayOfWeek": [_DAYS[day] for day in timing.weekdays]}
    if phase.lasts is not None:
        weeks = _plain(phase.lasts / _BOUNDS["wk"])
        repeat["boundsDuration"] = {"value": weeks, "unit": "wk", "system": UCUM, "code": "wk"}
    return {"repeat": repeat}


def from_fhir(timing: dict[str, Any]) -> Repeat:
    """What a Timing says. Raises RegimenRefused with every part that is missing, wrong, or says more than a phase."""
    repeat, reasons = timing.get("repeat"), {}
    if not isinstance(repeat, dict):
        raise RegimenRefused({"repeat": "expected an object"})
    said: dict[str, Any] = repeat  # pyright: ignore[reportUnknownVariableType]
    known = {"frequency", "period", "periodUnit", "duration", "durationUnit", "dayOfWeek", "boundsDuration"}
    reasons = {f"repeat.{name}": "a phase says nothing of this" for name in said if name not in known}
    reasons |= {f"repeat.{field}": reason for field, reason in _wrong(said)}
    if reasons:
        raise RegimenRefused(reasons)
    weekdays = tuple(sorted(day for day in Weekday if _DAYS[day] in said.get("dayOfWeek", ())))
    bounds = said.get("boundsDuration")
    read = Timing(
        frequency=len(weekdays) or said["frequency"],
        period=said["period"] * _PERIODS[said["periodUnit"]],
        weekdays=weekdays,
    )
    if wrong := {f"repeat.{field}": reason for field, reason in timing_reasons(read)}:
        raise RegimenRefused(wrong)
    return Repeat(
        timing=read,
        lasts=None if bounds is None else bounds["value"] * _BOUNDS[bounds["code"]],
        duration=said["duration"] * _DURATIONS[said["durationUnit"]],
    )


def _wrong(said: dict[str, Any]) -> list[tuple[str, str]]:
    bounds, days = said.get("boundsDuration"), said.get("dayOfWeek", [])
    checks = (
        ("frequency", _is_whole(said.get("frequency")), "expected a whole number"),
        ("period", _is_number(said.get("period")), "expected a number"),
        ("periodUnit", said.get("periodUnit") in _PERIODS, "expected d or wk"),
        ("duration", _is_number(said.get("duration")), "expected a number"),
        ("durationUnit", said.get("durationUnit") in _DURATIONS, "expected s, min or h"),
        ("dayOfWeek", isinstance(days, list) and {*map(str, days)} <= {*_DAYS.values()}, "expected mon to sun"),  # pyright: ignore[reportUnknownArgumentType]
        ("boundsDuration", bounds is None or _is_bound(bounds), "expected a value with code d or wk"),
        ("frequency", not days or said.get("frequency") == 1, "with dayOfWeek, expected 1 on each day"),
    )
    return [(field, reason) for field, holds, reason in checks if not holds]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and 0 < value < 1e6)


def _is_bound(bounds: object) -> bool:
    said = cast("dict[str, object]", bounds) if isinstance(bounds, dict) else {}
    return _is_number(said.get("value")) and said.get("code") in _BOUNDS


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value
