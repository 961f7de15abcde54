"""Thermal dose: minutes of heat, each as many minutes at 43 °C as do the same harm (CEM43)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import inf
from typing import Final

from msgspec import Struct

from clinical.course import Between
from clinical.facts import SAMPLE, Samples
from vocabulary.devices import Zone

BRIDGED: Final = 5
"""Samples missing in a row that are still taken to be as warm as the cooler end of their gap: what the sensor's inertia
allows. A proposal that a physician owns."""

_SAMPLES_IN_A_MINUTE: Final = timedelta(minutes=1) / SAMPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalDose:
    """What one zone took in a session; zone None: the samples that name none.

    `cem43_min.high` is infinite where samples are missing and nothing says how hot the skin was at most. `measured` is
    the time with a temperature, `open` the time without one that may have been this zone's.
    """

    zone: Zone | None
    cem43_min: Between
    measured: timedelta
    open: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What the samples leave to be known: how many are `missing`, the hottest the record gives, the sensor's error."""

    missing: int
    highest_celsius: float | None
    sensor_celsius: float


class _Point(Struct, frozen=True):
    number: int
    celsius: float
    zone: Zone | None


@dataclass(frozen=True, slots=True)
class _Hole:
    """Consecutive seconds without a temperature, and the points at its ends: one where it is the first or last."""

    size: int
    ends: tuple[_Point, ...]


class _Sum(Struct):
    """In samples at 43 °C, so that minutes come out exact where degrees do."""

    low: float = 0.0
    high: float = 0.0
    measured: int = 0
    open: int = 0


def equivalent(celsius: float, lasting: float) -> float:
    """Time at 43 °C that does what `lasting` at `celsius` does: R^(43 - T), R 0.5 from 43 °C on and 0.25 below.

    Sapareto and Dewey 1984, Int J Radiat Oncol Biol Phys 10:787. Below 39 °C some take R as 0; it makes no difference
    that anybody could see, so the curve is left whole.
    """
    ratio = 0.5 if celsius >= 43 else 0.25
    return float(lasting * ratio ** (43 - celsius))


def thermal_doses(samples: Samples, doubt: Doubt) -> tuple[ThermalDose, ...]:
    """What each zone took, in the order in which they were treated; empty where no sample has a temperature.

    A sample stands for one second. What is missing counts nothing to the lower end, but for short gaps, and to the
    upper end as much as the highest temperature of the session allows. A hole between two zones may be either's.
    """
    points = [
        _Point(number, celsius, zone)
        for number, celsius, zone in zip(samples.sequence, samples.skin_celsius, samples.zone, strict=True)
        if celsius is not None
    ]
    sums: dict[Zone | None, _Sum] = {}
    for point in points:
        _add_point(sums.setdefault(point.zone, _Sum()), point, doubt.sensor_celsius)
    for hole in _holes(points, len(samples.sequence) + doubt.missing):
        _add_hole(sums, hole, doubt)
    return tuple(
        ThermalDose(
            zone=zone,
            cem43_min=Between(low=one.low / _SAMPLES_IN_A_MINUTE, high=one.high / _SAMPLES_IN_A_MINUTE),
            measured=one.measured * SAMPLE,
            open=one.open * SAMPLE,
        )
        for zone, one in sums.items()
    )


def hottest(doses: Iterable[ThermalDose]) -> Between | None:
    """What the zone that took most took; None without any temperature."""
    every = [dose.cem43_min for dose in doses]
    if not every:
        return None
    return Between(low=max(one.low for one in every), high=max(one.high for one in every))


def _holes(points: list[_Point], total: int) -> Iterator[_Hole]:
    """Where temperatures are missing among `total` samples, or more where a number says that there were more."""
    if not points:
        return
    first, last = points[0], points[-1]
    if first.number:
        yield _Hole(first.number, (first,))
    for before, after in pairwise(points):
        if after.number > before.number + 1:
            yield _Hole(after.number - before.number - 1, (before, after))
    if total > last.number + 1:
        yield _Hole(total - last.number - 1, (last,))


def _add_point(zone: _Sum, point: _Point, error: float) -> None:
    zone.low += equivalent(point.celsius - error, 1)
    zone.high += equivalent(point.celsius + error, 1)
    zone.measured += 1


def _add_hole(sums: dict[Zone | None, _Sum], hole: _Hole, doubt: Doubt) -> None:
    zones = {end.zone for end in hole.ends}
    highest = inf if doubt.highest_celsius is None else max(doubt.highest_celsius, *(end.celsius for end in hole.ends))
    at_most = inf if highest == inf else equivalent(highest + doubt.sensor_celsius, hole.size)
    for zone in zones:
        sums[zone].high += at_most
        sums[zone].open += hole.size
    if len(hole.ends) == 2 and len(zones) == 1 and hole.size <= BRIDGED:
        cooler = min(end.celsius for end in hole.ends) - doubt.sensor_celsius
        sums[hole.ends[0].zone].low += equivalent(cooler, hole.size)
