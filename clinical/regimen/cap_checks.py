"""Checks of the caps over days and weeks: each is of something that is treated, and leaves room for what is planned."""

from collections.abc import Iterator
from datetime import timedelta
from math import isfinite
from typing import Final

from clinical.plan import Cap, Phase
from clinical.regimen.prescription import DOSE_UNITS, Prescription, Programme
from vocabulary.devices import Modality, Zone
from vocabulary.light import Band

Reasons = Iterator[tuple[str, str]]

LONGEST_WINDOW: Final = timedelta(days=366)


def caps(wanted: Prescription) -> Reasons:
    """Each cap is in the unit of the dose, of a band and zone that are treated, and above what the phases plan."""
    for place, cap in enumerate(wanted.caps):
        yield from ((f"caps.{place}.{field}", reason) for field, reason in _cap(wanted, cap))


def _cap(wanted: Prescription, cap: Cap) -> Reasons:
    unit = DOSE_UNITS.get(wanted.modality)
    if not timedelta(0) < cap.window <= LONGEST_WINDOW:
        yield "window_s", f"expected up to {LONGEST_WINDOW.days} days"
    if not isfinite(cap.dose.value) or cap.dose.value <= 0:
        yield "dose", "a cap is more than zero"
    elif unit and cap.dose.unit is not unit:
        yield "dose", f"{wanted.modality} is dosed in {unit}, not {cap.dose.unit}"
    else:
        yield from _room(wanted, cap)
    yield from _band(wanted, cap.band)
    treated = not wanted.zones or cap.zone is None or {cap.zone, Zone.WHOLE_FACE} & {*wanted.zones}
    if not treated:
        yield "zone", "no zone that is treated"


def _band(wanted: Prescription, band: Band | None) -> Reasons:
    if band is None:
        return
    if wanted.modality is not Modality.LED:
        yield "band", f"{wanted.modality} gives no light"
    given = {light.band for programme in wanted.programmes for light in programme.light}
    if given and band not in given:
        yield "band", f"no programme gives {band}"


def _room(wanted: Prescription, cap: Cap) -> Reasons:
    """A cap lies above one session of every phase, and above the sessions of all periods that its window holds."""
    for number, phase in enumerate(wanted.phases):
        planned = _least_part(wanted, cap) * phase.dose.value
        sessions = _least_sessions(phase, cap.window)
        if planned > cap.dose.value:
            yield "dose", f"lies below one session of phase {number + 1}"
        elif planned * sessions > cap.dose.value * (1 + 1e-9):
            yield "dose", f"lies below the {sessions} sessions that phase {number + 1} plans in its window"


def _least_sessions(phase: Phase, window: timedelta) -> int:
    period = phase.timing.period
    return max(1, window // period * phase.timing.frequency) if period > timedelta(0) else 1


def _least_part(wanted: Prescription, cap: Cap) -> float:
    """The part of a session's dose that counts for a cap at the least, whichever programme is used."""
    if wanted.modality is Modality.RF:
        return _of_zones(wanted, cap)
    return min((_of_bands(one, cap.band) for one in wanted.programmes if one.light), default=_UNKNOWN)


_UNKNOWN: Final = 1 / len(Band)
"""The least that the strongest of all bands can have of a dose."""


def _of_bands(programme: Programme, band: Band | None) -> float:
    """Irradiance divides a dose between bands; where it is not known, the strongest has no less than an equal part."""
    bands = {light.band for light in programme.light}
    known = {one: _irradiance(programme, one) for one in bands}
    if len(bands) == 1:
        return 1.0 if band in {None, *bands} else 0.0
    if any(one is None for one in known.values()):
        return 1 / len(bands) if band is None else 0.0
    figures = {one: value for one, value in known.items() if value is not None}
    whole = sum(figures.values())
    part = max(figures.values()) if band is None else figures.get(band, 0.0)
    return part / whole if whole > 0 else 0.0


def _irradiance(programme: Programme, band: Band) -> float | None:
    figures = [light.irradiance_mw_per_cm2 for light in programme.light if light.band is band]
    known = [one for one in figures if one is not None and isfinite(one)]
    return sum(known) if len(known) == len(figures) else None


def _of_zones(wanted: Prescription, cap: Cap) -> float:
    """Energy is divided between the zones; what one of them gets is not known, but the most is at least equal parts."""
    many = len(wanted.zones) or len(Zone)
    return 1.0 if many == 1 else 1 / many if cap.zone is None else 0.0
